/* What the rows about the kernel and about two CPUs share. Those about the kernel leave it to the scheduler where their
 * two threads or processes run; the others keep each of them on a CPU of its own. */
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

void keep(int who, enum where where) {
	if (where == ANYWHERE)
		return;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(one_cpu ? 0 : who, &set);
	(void)sched_setaffinity(0, sizeof set, &set); /* if there is only one CPU, it stays there */
}

void both(void *(*act)(void *), uint64_t results[2]) {
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

int await(pid_t pid) {
	int status;
	if (pid < 0)
		die("fork");
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

uint64_t fork_exec(int times) {
	uint64_t good = 0;
	for (int i = 0; i < times; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			execl("/proc/self/exe", "axbench", "nothing", (char *)NULL);
			_exit(1);
		}
		good += await(pid) == 0;
	}
	return good;
}

uint64_t touch_pages(int mappings, size_t pages, int protect) {
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t zeros = 0;
	for (int i = 0; i < mappings; i++) {
		char *p = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			die("mmap");
		for (size_t k = 0; k < pages; k++) {
			zeros += p[k * page] == 0;
			p[k * page] = 1;
		}
		if (protect && mprotect(p, pages * page, PROT_READ))
			die("mprotect");
		if (munmap(p, pages * page))
			die("munmap");
	}
	return zeros;
}

void pipe_ping_pong(int trips, enum where where) {
	int there[2], back[2];
	unsigned char c = 0;
	if (pipe(there) || pipe(back))
		die("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		keep(1, where);
		close(there[1]);
		while (read(there[0], &c, 1) == 1) {
			c++;
			if (write(back[1], &c, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	keep(0, where);
	uint64_t sum = 0;
	for (int i = 0; i < trips; i++) {
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			die("pipe");
		sum = mix(sum, c);
	}
	close(there[1]);
	result("status", (uint64_t)await(pid));
	result("sum", sum);
}

static uint32_t turn;
static int trips_each;
static enum where threads_run;

/* pass waits for the turn and gives it to the other thread, again and again. */
static void *pass(void *arg) {
	uint32_t mine = (uint32_t)(intptr_t)arg;
	keep((int)mine, threads_run);
	for (int i = 0; i < trips_each; i++) {
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

void futex_ping_pong(int trips, enum where where) {
	uint64_t r[2];
	trips_each = trips;
	threads_run = where;
	both(pass, r);
	result("turn", turn);
}
