/* What QEMU is known to do otherwise than an Alpha; suite/known.go says so of these checks. */
#include "suite.h"

/* LOADED is what a register holds after a load, OPERATED what an instruction makes of two such registers, $f10 and $f11, in
 * $f12. */
#define LOADED(op, p) \
	({ \
		uint64_t x_; \
		__asm__ volatile(op " $f10,0(%1)\n\tstt $f10,0(%0)" ::"r"(&x_), "r"(p) : "$f10", "memory"); \
		x_; \
	})
#define OPERATED(op, a, b) \
	({ \
		uint64_t x_, a_ = (a), b_ = (b); \
		__asm__ volatile("ldt $f10,0(%1)\n\tldt $f11,0(%2)\n\ttrapb\n\t" op "\n\ttrapb\n\tstt $f12,0(%0)" ::"r"(&x_), "r"(&a_), "r"(&b_) \
				 : "$f10", "$f11", "$f12", "memory"); \
		x_; \
	})

/* The NaN that an operation makes of numbers is negative (Handbook, 4.7.10.4: quiet NaN, sign 1, the rest of the fraction 0). The
 * kernel makes it here, so qemu-system-alpha agrees; qemu-alpha makes it itself, and it is positive. */
CHECK(float_made_nan) {
	uint64_t made = OPERATED("divt/sui $f10,$f11,$f12", 0, 0);
	double nan;
	char text[20];
	memcpy(&nan, &made, sizeof nan);
	snprintf(text, sizeof text, "%f", nan);
	if (strcmp(text, "-nan"))
		fail("0.0/0.0 is %#lx and is printed as %s", made, text);
}

/* VAX numbers: 1, 2 and 3 as F_floating in memory, and in a register. */
enum { F1 = 0x4080, F2 = 0x4100, F3 = 0x4140 };
#define R1 0x4010000000000000
#define R2 0x4020000000000000
#define R3 0x4028000000000000

CHECK(vax_load) {
	static const uint32_t f[] = {F1, F2, F3};
	EQUAL(LOADED("ldf", &f[0]), R1);
	EQUAL(LOADED("ldf", &f[1]), R2);
	EQUAL(LOADED("ldf", &f[2]), R3);
}

CHECK(vax_store) {
	uint64_t r = R3;
	uint32_t f = 0;
	__asm__ volatile("ldt $f10,0(%0)\n\tstf $f10,0(%1)" ::"r"(&r), "r"(&f) : "$f10", "memory");
	EQUAL(f, F3);
}

CHECK(vax_add) { EQUAL(OPERATED("addf $f10,$f11,$f12", R1, R2), R3); }

CHECK(vax_convert) { EQUAL(OPERATED("cvtqg $f11,$f12", 0, 3), R3); }

/* A conditional store to an address that is not aligned is a bus error: nobody finishes it. */
CHECK(unaligned_store_conditional) {
	static uint64_t cell[2];
	uint64_t x = 1;
	catch_signals(SIGBUS, 0);
	__asm__ volatile("ldq_l $1,0(%1)\n\tbr $27,1f\n1:\tstq_c %0,1(%1)" : "+r"(x) : "r"(cell) : "$1", "$27", "memory");
	if (caught.count != 1 || caught.signal != SIGBUS)
		fail("%d signals, number %d; want one, SIGBUS", caught.count, caught.signal);
	EXPECT(!cell[0] && !cell[1]);
}
