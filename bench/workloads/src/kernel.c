/* The rows about the kernel: what it costs to enter it, to switch between processes, and to manage their memory. */
#define _GNU_SOURCE
#include "axbench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CALLS = 1000000,
	PAGES = 4096,
	MAPPINGS = 20,
	EXECS = 150,
	FORKS = 400,
	PIPE_TRIPS = 20000,
	FUTEX_TRIPS = 20000,
	COPY_BYTES = 16 << 20,
	COPIES = 8,
	SIGNALS = 200000,
};

/* A system call that does nothing. */
void run_getppid(void) {
	uint64_t same = 0;
	long parent = syscall(SYS_getppid);
	for (int i = 0; i < CALLS; i++)
		same += syscall(SYS_getppid) == parent;
	result("same", same);
}

/* First touches of anonymous pages. */
void run_pagefault(void) {
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t zeros = 0;
	for (int i = 0; i < MAPPINGS; i++) {
		char *p = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			die("mmap");
		for (size_t k = 0; k < PAGES; k++) {
			zeros += p[k * page] == 0;
			p[k * page] = 1;
		}
		if (munmap(p, PAGES * page))
			die("munmap");
	}
	result("zeros", zeros);
}

/* await waits for a child and returns its exit status. */
static int await(pid_t pid) {
	int status;
	if (pid < 0)
		die("fork");
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* A new process that executes a program that does nothing. */
void run_forkexec(void) {
	uint64_t good = 0;
	for (int i = 0; i < EXECS; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			execl("/proc/self/exe", "axbench", "nothing", (char *)NULL);
			_exit(1);
		}
		good += await(pid) == 0;
	}
	result("good", good);
}

/* A new process that ends at once. */
void run_forkwait(void) {
	uint64_t sum = 0;
	for (int i = 0; i < FORKS; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(i & 63);
		sum += (uint64_t)await(pid);
	}
	result("sum", sum);
}

/* A byte goes to and fro between two processes. */
void run_pipe(void) {
	int there[2], back[2];
	unsigned char c = 0;
	if (pipe(there) || pipe(back))
		die("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		close(there[1]);
		while (read(there[0], &c, 1) == 1) {
			c++;
			if (write(back[1], &c, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
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

static uint32_t turn;

/* pass waits until it is mine's turn, then gives the turn to the other. */
static void pass(uint32_t mine, uint32_t other) {
	for (;;) {
		uint32_t now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
		if (now == mine)
			break;
		if (syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0) < 0 && errno != EAGAIN &&
		    errno != EINTR)
			die("futex");
	}
	__atomic_store_n(&turn, other, __ATOMIC_RELEASE);
	if (syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) < 0)
		die("futex");
}

static void *other_thread(void *arg) {
	for (int i = 0; i < FUTEX_TRIPS; i++)
		pass(1, 0);
	return arg;
}

/* The turn goes to and fro between two threads. */
void run_futex(void) {
	pthread_t thread;
	if (pthread_create(&thread, NULL, other_thread, NULL))
		die("pthread_create");
	for (int i = 0; i < FUTEX_TRIPS; i++)
		pass(0, 1);
	if (pthread_join(thread, NULL))
		die("pthread_join");
	result("turn", turn);
}

/* A file is written to the working folder, then copied. */
void run_filecopy(void) {
	static unsigned char buffer[64 << 10];
	uint64_t state = 23, sum = 0;
	for (size_t i = 0; i < sizeof buffer; i++)
		buffer[i] = (unsigned char)(rng(&state) >> 56);
	int from = open("copy.from", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (from < 0)
		die("copy.from");
	for (long n = 0; n < COPY_BYTES; n += sizeof buffer)
		if (write(from, buffer, sizeof buffer) != sizeof buffer)
			die("write");
	for (int i = 0; i < COPIES; i++) {
		int to = open("copy.to", O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (to < 0 || lseek(from, 0, SEEK_SET) != 0)
			die("copy.to");
		ssize_t n;
		while ((n = read(from, buffer, sizeof buffer)) > 0)
			if (write(to, buffer, (size_t)n) != n)
				die("write");
		sum += (uint64_t)lseek(to, 0, SEEK_CUR);
		close(to);
	}
	close(from);
	unlink("copy.from");
	unlink("copy.to");
	for (size_t i = 0; i < sizeof buffer; i++)
		sum = mix(sum, buffer[i]);
	result("copied", sum);
}

static volatile sig_atomic_t handled;

static void handle(int number) {
	handled += number == SIGUSR1;
}

/* The process signals itself. */
void run_signal(void) {
	struct sigaction action = {.sa_handler = handle};
	if (sigaction(SIGUSR1, &action, NULL))
		die("sigaction");
	pid_t self = getpid();
	for (int i = 0; i < SIGNALS; i++)
		kill(self, SIGUSR1);
	result("handled", (uint64_t)handled);
}
