/* The rows about two CPUs: the same work for two threads or processes, each kept on a CPU of its own. */
#define _GNU_SOURCE
#include "axbench.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	STEPS = 24000000, /* of both threads */
	PIPE_TRIPS = 10000,
	FUTEX_TRIPS = 10000,
	EXECS = 60, /* of each process */
	PAGES = 512,
	MAPPINGS = 40,
};

/* keep keeps the calling thread on one of two CPUs, if there are two. */
static void keep(int cpu) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}

static void both(void *(*act)(void *), uint64_t results[2]) {
	pthread_t thread[2];
	for (intptr_t i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, act, (void *)i))
			die("pthread_create");
	for (int i = 0; i < 2; i++) {
		void *r;
		if (pthread_join(thread[i], &r))
			die("pthread_join");
		results[i] = (uint64_t)(uintptr_t)r;
	}
}

/* Each thread computes half: random numbers, a table that fits the cache, doubles. */
static void *compute(void *arg) {
	static uint32_t tables[2][4096];
	int who = (int)(intptr_t)arg;
	keep(who);
	uint32_t *table = tables[who];
	uint64_t state = 17 + (uint64_t)who, sum = 0;
	double f = 1;
	for (int i = 0; i < STEPS / 2; i++) {
		uint64_t r = rng(&state);
		uint32_t *p = &table[r >> 52];
		*p = *p * 5 + (uint32_t)r;
		sum += *p;
		f = f * 0.999 + (double)(*p & 255);
	}
	return (void *)(uintptr_t)(sum ^ bits_of(f));
}

void run_smp_compute(void) {
	uint64_t r[2];
	both(compute, r);
	result("first", r[0]);
	result("second", r[1]);
}

/* The turn goes to and fro between two CPUs. */
static uint32_t turn;
static void *pass(void *arg) {
	uint32_t mine = (uint32_t)(intptr_t)arg;
	keep((int)mine);
	for (int i = 0; i < FUTEX_TRIPS; i++) {
		for (;;) {
			uint32_t now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
			if (now == mine)
				break;
			if (syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0) < 0 && errno != EAGAIN && errno != EINTR)
				die("futex");
		}
		__atomic_store_n(&turn, 1 - mine, __ATOMIC_RELEASE);
		if (syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) < 0)
			die("futex");
	}
	return NULL;
}

void run_smp_futex(void) {
	uint64_t r[2];
	both(pass, r);
	result("turn", turn);
}

static int await(pid_t pid) {
	int status;
	if (pid < 0)
		die("fork");
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* A byte goes to and fro between two processes, each on a CPU. */
void run_smp_pipe(void) {
	int there[2], back[2];
	unsigned char c = 0;
	if (pipe(there) || pipe(back))
		die("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		keep(1);
		close(there[1]);
		while (read(there[0], &c, 1) == 1) {
			c++;
			if (write(back[1], &c, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	keep(0);
	uint64_t sum = 0;
	for (int i = 0; i < PIPE_TRIPS; i++) {
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			die("pipe");
		sum = mix(sum, c);
	}
	close(there[1]);
	result("status", (uint64_t)await(pid));
	result("sum", sum);
}

/* Two processes fork and execute programs that do nothing, side by side. */
void run_smp_forkexec(void) {
	pid_t pid[2];
	for (int who = 0; who < 2; who++) {
		pid[who] = fork();
		if (pid[who] != 0)
			continue;
		keep(who);
		int good = 0;
		for (int i = 0; i < EXECS; i++) {
			pid_t child = fork();
			if (child == 0) {
				execl("/proc/self/exe", "axbench", "nothing", (char *)NULL);
				_exit(1);
			}
			good += await(child) == 0;
		}
		_exit(good);
	}
	result("first", (uint64_t)await(pid[0]));
	result("second", (uint64_t)await(pid[1]));
}

/* Two threads of a process touch new pages, change their protection and give them back: each such change is told to the
 * other CPU. */
static void *touch(void *arg) {
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t zeros = 0;
	keep((int)(intptr_t)arg);
	for (int i = 0; i < MAPPINGS; i++) {
		char *p = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			die("mmap");
		for (size_t k = 0; k < PAGES; k++) {
			zeros += p[k * page] == 0;
			p[k * page] = 1;
		}
		if (mprotect(p, PAGES * page, PROT_READ) || munmap(p, PAGES * page))
			die("munmap");
	}
	return (void *)(uintptr_t)zeros;
}

void run_smp_pagefault(void) {
	uint64_t r[2];
	both(touch, r);
	result("zeros", r[0] + r[1]);
}
