/* ptrace: registers, memory, single steps, breakpoints. The kernel steps on Alpha by breakpoints that it writes into
 * the program's code: another way in which code changes. */
#include "suite.h"

#include <sys/ptrace.h>

enum { PC = 64, BPT = 0x80 };

/* stepped is what the child runs between two stops: a loop, a branch either way, a call. $0 is the result. */
__attribute__((noinline, noclone)) static long stepped(void) {
	register long v0 __asm__("$0");
	__asm__ volatile(
		"lda $1,3($31)\n\tlda %0,0($31)\n"
		"1:\taddq %0,$1,%0\n\tsubq $1,1,$1\n\tbne $1,1b\n\t"
		"br $26,2f\n\tbr $31,3f\n"
		"2:\taddq %0,100,%0\n\tret $31,($26),1\n"
		"3:\tblbs %0,4f\n\taddq %0,%0,%0\n4:\tnop"
		: "=&r"(v0)
		:
		: "$1", "$26");
	return v0;
}

static pid_t start(void) {
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		long x = stepped();
		raise(SIGUSR1);
		_exit(x == 212 ? 3 : 4);
	}
	return pid;
}

static int wait_stop(pid_t pid) {
	int status;
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid: %s", strerror(errno));
	return WIFSTOPPED(status) ? WSTOPSIG(status) : -status - 1000;
}

static unsigned long peek(pid_t pid, long where) { return (unsigned long)ptrace(PTRACE_PEEKUSER, pid, (void *)where, NULL); }

/* ends_well lets the child go on to its end. One that was stepping stops once more: when a signal stops it, Linux takes
 * its breakpoint away and afterwards puts it back, whatever the debugger says. */
static void ends_well(pid_t pid) {
	int status;
	do {
		ptrace(PTRACE_CONT, pid, NULL, NULL);
		EXPECT(waitpid(pid, &status, 0) == pid);
	} while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 3)
		fail("the child's status is %#x", status);
}

/* Each step is one instruction: the sequence of program counters inside stepped is known. */
CHECK(trace_step) {
	pid_t pid = start();
	unsigned long from = (unsigned long)stepped, to = from + 200, at, first = 0, digest = 0, steps = 0, total = 0;
	EQUAL(wait_stop(pid), SIGSTOP);
	for (;;) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL))
			fail("PTRACE_SINGLESTEP: %s", strerror(errno));
		int number = wait_stop(pid);
		if (number == SIGUSR1)
			break;
		EQUAL(number, SIGTRAP);
		at = peek(pid, PC);
		if (++total > 4000)
			fail("%lu steps", total);
		if (at < from || at >= to)
			continue;
		unsigned word = (unsigned)ptrace(PTRACE_PEEKTEXT, pid, (void *)(at & ~7UL), NULL);
		word = at & 4 ? (unsigned)((unsigned long)ptrace(PTRACE_PEEKTEXT, pid, (void *)(at & ~7UL), NULL) >> 32) : word;
		if (word == 0x203f0003) /* lda $1,3($31): the first of ours */
			first = at;
		if (!first)
			continue;
		steps++;
		mix(&digest, at - first);
		if (at - first == 12 * 4) /* behind the nop */
			first = 0;
	}
	EQUAL(steps, 19);
	result("%016lx", digest);
	ends_well(pid);
}

/* A breakpoint in the code, hit, taken away, and put back, as a debugger does. */
CHECK(trace_breakpoint) {
	pid_t pid = start();
	EQUAL(wait_stop(pid), SIGSTOP);
	unsigned long at = (unsigned long)stepped & ~7UL, old = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, (void *)at, NULL);
	int shift = (unsigned long)stepped & 4 ? 32 : 0;
	unsigned long with = (old & ~(0xffffffffUL << shift)) | (unsigned long)BPT << shift;
	EQUAL(ptrace(PTRACE_POKETEXT, pid, (void *)at, (void *)with), 0);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	EQUAL(wait_stop(pid), SIGTRAP);
	siginfo_t info;
	EQUAL(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info), 0);
	EQUAL(info.si_code, TRAP_BRKPT);
	EQUAL(peek(pid, PC), (unsigned long)stepped + 4);
	EQUAL(ptrace(PTRACE_POKETEXT, pid, (void *)at, (void *)old), 0);
	ptrace(PTRACE_POKEUSER, pid, (void *)PC, (void *)stepped);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	EQUAL(wait_stop(pid), SIGUSR1);
	ends_well(pid);
}

/* A breakpoint that is put into code which has run before, while the program is stopped by a signal. */
CHECK(trace_breakpoint_later) {
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		for (;;) {
			raise(SIGSTOP);
			stepped();
		}
	}
	EQUAL(wait_stop(pid), SIGSTOP);
	/* the page is the child's own from now on: what comes into it later is no new page */
	unsigned long at = (unsigned long)stepped & ~7UL, old = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, (void *)at, NULL);
	int shift = (unsigned long)stepped & 4 ? 32 : 0;
	unsigned long with = (old & ~(0xffffffffUL << shift)) | (unsigned long)BPT << shift;
	EQUAL(ptrace(PTRACE_POKETEXT, pid, (void *)at, (void *)old), 0);
	for (int i = 0; i < 3; i++) {
		ptrace(PTRACE_CONT, pid, NULL, NULL);
		EQUAL(wait_stop(pid), SIGSTOP);
	}
	EQUAL(ptrace(PTRACE_POKETEXT, pid, (void *)at, (void *)with), 0);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	int number = wait_stop(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EQUAL(number, SIGTRAP);
}

/* A breakpoint that is put into code which runs already when the debugger comes: the page is a new one then. */
CHECK(trace_breakpoint_attached) {
	pid_t pid = fork();
	if (pid == 0) {
		for (;;) {
			stepped();
			usleep(1000);
		}
	}
	usleep(20000);
	EQUAL(ptrace(PTRACE_ATTACH, pid, NULL, NULL), 0);
	EQUAL(wait_stop(pid), SIGSTOP);
	unsigned long at = (unsigned long)stepped & ~7UL, old = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, (void *)at, NULL);
	int shift = (unsigned long)stepped & 4 ? 32 : 0;
	unsigned long with = (old & ~(0xffffffffUL << shift)) | (unsigned long)BPT << shift;
	EQUAL(ptrace(PTRACE_POKETEXT, pid, (void *)at, (void *)with), 0);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	usleep(50000);
	kill(pid, SIGSTOP); /* if it does not meet the breakpoint */
	int number = wait_stop(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EQUAL(number, SIGTRAP);
}

static volatile long cell = 11;

CHECK(trace_registers) {
	pid_t pid = start();
	EQUAL(wait_stop(pid), SIGSTOP);
	EXPECT(peek(pid, 30) > 0x10000 && peek(pid, PC) % 4 == 0);
	EQUAL(ptrace(PTRACE_PEEKDATA, pid, (void *)&cell, NULL), 11);
	EQUAL(ptrace(PTRACE_POKEDATA, pid, (void *)&cell, (void *)12), 0);
	EQUAL(ptrace(PTRACE_PEEKDATA, pid, (void *)&cell, NULL), 12);
	EQUAL(cell, 11);
	for (long r = 9; r < 15; r++) {
		unsigned long old = peek(pid, r);
		ptrace(PTRACE_POKEUSER, pid, (void *)r, (void *)(0x1000UL + (unsigned long)r));
		EQUAL(peek(pid, r), 0x1000 + r);
		ptrace(PTRACE_POKEUSER, pid, (void *)r, (void *)old);
	}
	errno = 0;
	EXPECT(ptrace(PTRACE_PEEKDATA, pid, (void *)16, NULL) == -1 && errno == EIO);
	kill(pid, SIGKILL);
	int status;
	waitpid(pid, &status, 0);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Every system call stops twice. */
CHECK(trace_syscall) {
	int status, stops = 0;
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		for (int i = 0; i < 10; i++)
			getppid();
		_exit(9);
	}
	EQUAL(wait_stop(pid), SIGSTOP);
	for (;;) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		if (waitpid(pid, &status, 0) != pid || WIFEXITED(status))
			break;
		EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
		stops++;
	}
	EXPECT(WEXITSTATUS(status) == 9);
	result("%d stops", stops);
}
