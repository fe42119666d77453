/* What every file of checks needs. A check is a function that returns if all is well; main.c runs each in a process of
 * its own. Every file is compiled once for each variant (processor and optimisation), with VARIANT its name. */
#ifndef SUITE_H
#define SUITE_H

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGE = 8192 };

struct check {
	const char *variant, *name;
	void (*run)(void);
};

/* CHECK(name) begins a check. It enters itself into the section that main.c walks: there is no list to keep. */
#define CHECK(name) \
	static void check_##name(void); \
	static const struct check entry_##name __attribute__((section("checks"), used, aligned(8))) = {VARIANT, #name, check_##name}; \
	static void check_##name(void)

/* fail ends the check, also out of a signal handler, a thread, or a child that the check made. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* result adds text to the line of a check that succeeds: what no check can know, but all machines must agree on. */
void result(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define EXPECT(condition) \
	do { \
		if (!(condition)) \
			fail("line %d: not so: %s", __LINE__, #condition); \
	} while (0)

#define EQUAL(got, want) \
	do { \
		unsigned long got_ = (unsigned long)(got), want_ = (unsigned long)(want); \
		if (got_ != want_) \
			fail("line %d: %s is %#lx, want %#lx", __LINE__, #got, got_, want_); \
	} while (0)

/* next is a generator of numbers that look random: the same everywhere. */
static inline uint64_t next(uint64_t *state) {
	uint64_t x = *state += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* mix folds a value into a digest. */
static inline void mix(uint64_t *digest, uint64_t value) {
	*digest = (*digest ^ value) * 0x100000001b3 ^ *digest >> 29;
}

/* hide returns its argument; the compiler cannot know that. */
static inline uint64_t hide(uint64_t x) {
	__asm__ volatile("" : "+r"(x));
	return x;
}

static inline void imb(void) {
	__asm__ volatile("call_pal 0x86" ::: "memory");
}

/* pages maps fresh memory. */
static inline void *pages(size_t count, int protection) {
	void *p = mmap(NULL, count * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	return p;
}

/* What the last signal that catch_signals caught said. The handler goes on at resume_at, or, if that is 0, behind the
 * instruction that made the signal. */
struct caught {
	volatile int count, signal, code;
	volatile unsigned long address, pc;
	volatile unsigned long resume_at;
};
extern struct caught caught;

/* catch_signals has these signals recorded in caught, and nothing else changed; the list ends with 0. */
void catch_signals(int first, ...);

/* What hostile.c's checks do depends on this alone. */
extern uint64_t hostile_seed, hostile_children;

/* disown makes of this process one whose failures are not the check's. */
void disown(void);

/* run_child runs body in a child process and returns its wait status. */
int run_child(void (*body)(void *), void *argument);

#endif
