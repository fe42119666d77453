/* The rows about the kernel: what it costs to enter it, to switch between processes, and to manage their memory. */
#define _GNU_SOURCE
#include "axbench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
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
void run_pagefault(void) { result("zeros", touch_pages(MAPPINGS, PAGES, 0)); }

/* A new process that executes a program that does nothing. */
void run_forkexec(void) { result("good", fork_exec(EXECS)); }

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
void run_pipe(void) { pipe_ping_pong(PIPE_TRIPS, ANYWHERE); }

/* The turn goes to and fro between two threads. */
void run_futex(void) { futex_ping_pong(FUTEX_TRIPS, ANYWHERE); }

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
