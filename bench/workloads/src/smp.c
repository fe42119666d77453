/* The rows about two CPUs: the same work for two threads or processes, each kept on a CPU of its own. */
#include "axbench.h"

#include <unistd.h>

enum {
	STEPS = 140000000, /* of each thread */
	NUMBERS = 1 << 18, /* for each thread, 2 MB */
	SORTS = 10,
	PIPE_TRIPS = 40000,
	FUTEX_TRIPS = 40000,
	EXECS = 120, /* of each process */
	PAGES = 512,
	MAPPINGS = 60,
};

/* What a thread computes with is on pages of its own: the two have nothing to do with each other. */
enum { PAGE = 8192, TABLE = 4096 };
static struct {
	uint32_t table[TABLE] __attribute__((aligned(PAGE)));
	uint64_t numbers[NUMBERS] __attribute__((aligned(PAGE)));
} own[2];

/* Random numbers, a table that fits the cache, doubles. */
static void *compute(void *arg) {
	int who = (int)(intptr_t)arg;
	keep(who, OWN_CPU);
	uint32_t *table = own[who].table;
	uint64_t state = 17 + (uint64_t)who, sum = 0;
	double f = 1;
	for (int i = 0; i < STEPS; i++) {
		uint64_t r = rng(&state);
		uint32_t *p = &table[r >> 52];
		*p = *p * 5 + (uint32_t)r;
		sum += *p;
		f = f * 0.999 + (double)(*p & 255);
	}
	return (void *)(uintptr_t)(sum ^ bits_of(f));
}

static void run_both(void *(*act)(void *)) {
	uint64_t r[2];
	both(act, r);
	result("first", r[0]);
	result("second", r[1]);
}

void run_smp_compute(void) { run_both(compute); }

/* Shell's sort: integers and memory, no call. */
static void sort(uint64_t *a, long n) {
	for (long gap = n; gap > 1;) {
		gap = gap < 5 ? 1 : gap * 4 / 9;
		for (long i = gap; i < n; i++) {
			uint64_t v = a[i];
			long k = i;
			for (; k >= gap && a[k - gap] > v; k -= gap)
				a[k] = a[k - gap];
			a[k] = v;
		}
	}
}

static void *sort_all(void *arg) {
	int who = (int)(intptr_t)arg;
	keep(who, OWN_CPU);
	uint64_t *a = own[who].numbers, state = 17 + (uint64_t)who, sum = 0;
	for (int times = 0; times < SORTS; times++) {
		for (long i = 0; i < NUMBERS; i++)
			a[i] = rng(&state);
		sort(a, NUMBERS);
		for (long i = 1; i < NUMBERS; i++)
			sum = mix(sum, a[i] + (a[i - 1] <= a[i]));
	}
	return (void *)(uintptr_t)sum;
}

void run_smp_sort(void) { run_both(sort_all); }

void run_smp_futex(void) { futex_ping_pong(FUTEX_TRIPS, OWN_CPU); }

void run_smp_pipe(void) { pipe_ping_pong(PIPE_TRIPS, OWN_CPU); }

/* Two processes fork and execute programs that do nothing, side by side. */
void run_smp_forkexec(void) {
	pid_t pid[2];
	for (int who = 0; who < 2; who++) {
		pid[who] = fork();
		if (pid[who] == 0) {
			keep(who, OWN_CPU);
			_exit((int)fork_exec(EXECS));
		}
	}
	result("first", (uint64_t)await(pid[0]));
	result("second", (uint64_t)await(pid[1]));
}

/* Two threads of a process touch new pages, change their protection and give them back: each such change is told to the
 * other CPU. */
static void *touch(void *arg) {
	keep((int)(intptr_t)arg, OWN_CPU);
	return (void *)(uintptr_t)touch_pages(MAPPINGS, PAGES, 1);
}

void run_smp_pagefault(void) {
	uint64_t r[2];
	both(touch, r);
	result("zeros", r[0] + r[1]);
}
