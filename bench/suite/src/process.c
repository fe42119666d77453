/* Processes: trees of them, vfork and exec in loops, pipes, clone, and what a parent hears of their end. */
#include "suite.h"
#include "library.h"

#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <time.h>

extern char **environ;

static void tree(int depth) {
	int status[2];
	pid_t pids[2];
	if (depth == 0)
		return;
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			fail("fork: %s", strerror(errno));
		if (pids[i] == 0) {
			tree(depth - 1);
			_exit(depth * 2 + i);
		}
	}
	for (int i = 0; i < 2; i++) {
		EXPECT(waitpid(pids[i], &status[i], 0) == pids[i]);
		EXPECT(WIFEXITED(status[i]) && WEXITSTATUS(status[i]) == depth * 2 + i);
	}
}

CHECK(process_tree) { tree(5); }

CHECK(process_fork_loop) {
	volatile uint64_t *memory = pages(4, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 100; i++) {
		memory[i] = (uint64_t)i;
		pid_t pid = fork();
		if (pid == 0) {
			uint64_t sum = 0;
			for (int k = 0; k <= i; k++)
				sum += memory[k];
			memory[0] = 99999;
			_exit(sum == (uint64_t)i * (uint64_t)(i + 1) / 2 ? i & 127 : 255);
		}
		int status;
		waitpid(pid, &status, 0);
		EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == (i & 127) && memory[0] == 0);
	}
}

/* vfork: the child runs in the parent's memory until it executes. */
CHECK(process_vfork_exec) {
	char number[12];
	char *arguments[] = {"suite", "exit", number, NULL};
	volatile int touched = 0;
	for (int i = 0; i < 25; i++) {
		snprintf(number, sizeof number, "%d", i);
		pid_t pid = vfork();
		if (pid == 0) {
			touched++;
			execv("/proc/self/exe", arguments);
			_exit(255);
		}
		int status;
		EXPECT(touched == i + 1);
		waitpid(pid, &status, 0);
		EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == i);
	}
}

/* Two programs in turn, hundreds of times, from children that share the parent's memory and from ones that do not. */
CHECK(process_exec_loop) {
	char number[12];
	char *ours[] = {"suite", "exit", number, NULL}, *others[] = {"second", NULL};
	for (int i = 0; i < 300; i++) {
		snprintf(number, sizeof number, "%d", i & 127);
		pid_t pid = i / 2 & 1 ? vfork() : fork();
		if (pid == 0) {
			if (i & 1)
				execv(SECOND, others);
			else
				execv("/proc/self/exe", ours);
			_exit(255);
		}
		int status;
		EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
		EQUAL(WEXITSTATUS(status), i & 1 ? second_status(0) : i & 127);
	}
}

CHECK(process_spawn) {
	char *arguments[] = {"suite", "exit", "42", NULL};
	pid_t pid;
	int status;
	EQUAL(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ), 0);
	waitpid(pid, &status, 0);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	EXPECT(posix_spawn(&pid, "/nowhere", NULL, NULL, arguments, environ) == ENOENT);
}

CHECK(process_pipe) {
	int there[2], back[2];
	uint64_t x = 0;
	if (pipe(there) || pipe(back))
		fail("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		close(there[1]);
		while (read(there[0], &x, sizeof x) == sizeof x) {
			x = x * 3 + 1;
			if (write(back[1], &x, sizeof x) != sizeof x)
				_exit(1);
		}
		_exit(0);
	}
	uint64_t want = 0;
	for (int i = 0; i < 500; i++) {
		want = want * 3 + 1;
		if (write(there[1], &x, sizeof x) != sizeof x || read(back[0], &x, sizeof x) != sizeof x)
			fail("pipe: %s", strerror(errno));
		EQUAL(x, want);
	}
	close(there[1]);
	int status;
	waitpid(pid, &status, 0);
	EQUAL(status, 0);
}

static void die_by(void *number) {
	raise(*(int *)number);
}

static void fault(void *p) {
	(void)p;
	*(volatile int *)hide(16) = 1;
}

static void illegal(void *p) {
	(void)p;
	__asm__ volatile("call_pal 0");
}

CHECK(process_status) {
	static const int numbers[] = {SIGTERM, SIGKILL, SIGABRT, SIGUSR1, SIGFPE};
	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		int status = run_child(die_by, (void *)&numbers[i]);
		EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
	}
	int status = run_child(fault, NULL);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = run_child(illegal, NULL);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
}

CHECK(process_stop) {
	int status;
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	for (int i = 0; i < 5; i++) {
		kill(pid, SIGSTOP);
		EXPECT(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
		kill(pid, SIGCONT);
		EXPECT(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static int shared_body(void *p) {
	for (int i = 0; i < 1000; i++)
		__atomic_add_fetch((long *)p, 1, __ATOMIC_SEQ_CST);
	return 5;
}

/* clone with one memory: system calls, stacks and the thread's word. */
CHECK(process_clone) {
	long counter = 0;
	for (int i = 0; i < 10; i++) {
		char *stack = pages(4, PROT_READ | PROT_WRITE);
		int status;
		pid_t pid = clone(shared_body, stack + 4 * PAGE, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, &counter);
		EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 5);
		munmap(stack, 4 * PAGE);
	}
	EQUAL(counter, 10000);
}

/* Time goes on, and by the right amount: seconds and the nanoseconds agree, sleeping is not too short. */
CHECK(process_clock) {
	struct timespec a, b, t = {0, 20000000};
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < 2000; i++) {
		clock_gettime(CLOCK_MONOTONIC, &b);
		EXPECT(b.tv_nsec < 1000000000 && (b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec)));
		a = b;
	}
	nanosleep(&t, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	EXPECT((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 20000000);
}
