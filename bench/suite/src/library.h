/* What library.c does, for those who check it. */
#ifndef LIBRARY_H
#define LIBRARY_H

#define SECOND "/bin/second"

/* library_step is one round of what library_run does. */
#define LIBRARY_STEP(x, factor) ((x) * (factor) + ((x) >> 7 ^ 0x55))

/* library_value is what library_run returns. */
static inline unsigned long library_value(unsigned long x, unsigned long rounds, unsigned long factor) {
	for (unsigned long i = 0; i < rounds; i++)
		x = LIBRARY_STEP(x, factor);
	return x;
}

/* The second program computes so much, and adds to its status what stands behind MARK, which is lda $31,0x4d4b($31). */
enum { SECOND_ROUNDS = 300, MARK = 0x23ff4d4b };

static inline int second_status(int more) {
	return (int)((library_value(1, SECOND_ROUNDS, 7) + (unsigned long)more) & 127);
}

#endif
