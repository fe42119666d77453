/* What the files of the program for guests with several CPUs share. */
#ifndef SMP_H
#define SMP_H

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CPUS = 4 };

extern int cpus; /* that are online */

/* die ends the program with what perror says. */
void die(const char *what) __attribute__((noreturn));

/* Prints "smp: TEXT", one line, in one write. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* pin keeps the calling thread on a CPU, counted modulo those online. */
void pin(int cpu);

/* again is called in a loop that waits for one of some threads. It spins, so that the other's doing is seen at once; only if
 * there are more threads than CPUs it gives the CPU away. Such a loop should load, compare and branch, and no more: a
 * machine that sees that nothing changes may then let its host do something else. */
static inline void again(int threads) {
	if (threads > cpus)
		sched_yield();
}

/* A barrier for n threads. Who waits counts to eager first, which is not seen to be for nothing, so that they leave it
 * together if all come soon. */
struct barrier {
	int n;
	volatile int waiting, round;
};
void await_all(struct barrier *b, int eager);

/* wanted says whether name is in a list of names that are joined by +, or the list is "all". */
int wanted(const char *list, const char *name);

/* litmus runs the tests of a list; it returns how many outcomes were not allowed. */
uint64_t litmus(const char *list, uint64_t rounds);

/* stress runs workers of the kinds of a list for a time; it returns how many failures there were. */
uint64_t stress(const char *kinds, int seconds);

/* How often somebody who waits is told that the work goes on. */
enum { NEWS_SECONDS = 60 };

/* seconds_now is the time since some start. */
static inline double seconds_now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void mb(void) { __asm__ __volatile__("mb" : : : "memory"); }
static inline void wmb(void) { __asm__ __volatile__("wmb" : : : "memory"); }

static inline uint64_t rng(uint64_t *s) { /* Marsaglia's xorshift64 */
	*s ^= *s << 13;
	*s ^= *s >> 7;
	return *s ^= *s << 17;
}

#endif
