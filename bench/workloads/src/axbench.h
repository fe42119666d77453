/* What the workloads share. Every workload is deterministic and prints what it computed, so that engines can be
 * compared; it prints integers only, floating-point values as their bits. */
#ifndef AXBENCH_H
#define AXBENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* result prints one line: what was computed, and its value. */
void result(const char *what, uint64_t value);

/* bits_of returns the representation of a double. */
uint64_t bits_of(double d);

/* rng is a small generator (xorshift64*); the state must not be 0. */
static inline uint64_t rng(uint64_t *state) {
	uint64_t x = *state;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

/* mix folds a value into a checksum. */
static inline uint64_t mix(uint64_t sum, uint64_t value) {
	sum ^= value;
	sum *= 0x100000001b3ULL;
	return sum ^ (sum >> 29);
}

/* The fault of a workload that cannot do its work: says what and ends the process. */
_Noreturn void die(const char *what);

/* allocate is malloc that does not fail. */
void *allocate(size_t size);

/* one_cpu keeps what belongs on two CPUs on one: the row to compare with. */
extern int one_cpu;

/* Where threads and processes run. */
enum where { ANYWHERE, OWN_CPU };

/* keep keeps the calling thread, who is 0 or 1, on a CPU of its own, if where says so. */
void keep(int who, enum where where);

/* both runs act in two threads, whose arguments are 0 and 1; results are what they return. */
void both(void *(*act)(void *), uint64_t results[2]);

/* await waits for a child and returns its exit status. */
int await(pid_t pid);

/* fork_exec executes a program that does nothing; it returns how often that went well. */
uint64_t fork_exec(int times);

/* touch_pages maps pages, touches each and gives them back, write-protected before if protect says so; it returns how
 * many were zero. */
uint64_t touch_pages(int mappings, size_t pages, int protect);

/* A byte goes to and fro between two processes, the turn between two threads by a futex. The results are printed. */
void pipe_ping_pong(int trips, enum where where);
void futex_ping_pong(int trips, enum where where);

/* The workloads, one file each. */
void run_intloop(void);
void run_sieve(void);
void run_qsort(void);
void run_hash(void);
void run_fib(void);
void run_chase(void);
void run_strings_ev4(void);
void run_strings_ev67(void);
void run_muldiv(void);
void run_unaligned(void);
void run_dispatch(void);
void run_matmul(void);
void run_matmulf(void);
void run_nbody(void);
void run_fft(void);
void run_mandel(void);
void run_getppid(void);
void run_pagefault(void);
void run_forkexec(void);
void run_forkwait(void);
void run_pipe(void);
void run_futex(void);
void run_filecopy(void);
void run_signal(void);
void run_smp_compute(void);
void run_smp_sort(void);
void run_smp_futex(void);
void run_smp_pipe(void);
void run_smp_forkexec(void);
void run_smp_pagefault(void);

/* The guest's init, and the program that runs the workloads on the host: see driver.c. */
int drive(int argc, char **argv);

#endif
