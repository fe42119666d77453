/* Signals: what siginfo says, masks, alternate stacks, and that a handler disturbs nothing. */
#include "suite.h"

#include <sys/syscall.h>
#include <sys/time.h>

static volatile siginfo_t seen;
static volatile int count;

static void note(int number, siginfo_t *info, void *context) {
	(void)context;
	(void)number;
	memcpy((void *)&seen, info, sizeof seen);
	count++;
}

static void handle(int number, int flags) {
	struct sigaction a = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};
	if (sigaction(number, &a, NULL))
		fail("sigaction: %s", strerror(errno));
}

CHECK(signal_sent) {
	handle(SIGUSR1, 0);
	handle(SIGRTMIN + 3, 0);
	kill(getpid(), SIGUSR1);
	EXPECT(count == 1 && seen.si_signo == SIGUSR1 && seen.si_code == SI_USER && seen.si_pid == getpid() && seen.si_uid == 0);
	raise(SIGUSR1);
	EXPECT(count == 2 && seen.si_code == SI_TKILL && seen.si_pid == getpid());
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_ptr = (void *)0x123456789abcdef0});
	EXPECT(count == 3 && seen.si_signo == SIGRTMIN + 3 && seen.si_code == SI_QUEUE);
	EQUAL(seen.si_value.sival_ptr, 0x123456789abcdef0);
}

CHECK(signal_queue) {
	sigset_t set, old;
	siginfo_t info;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	handle(SIGUSR2, 0);
	for (int i = 0; i < 5; i++) {
		sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
		kill(getpid(), SIGUSR2); /* these do not queue */
	}
	for (int i = 0; i < 5; i++) {
		sigset_t rt;
		sigemptyset(&rt);
		sigaddset(&rt, SIGRTMIN);
		EQUAL(sigwaitinfo(&rt, &info), SIGRTMIN);
		EQUAL(info.si_value.sival_int, i);
	}
	EQUAL(count, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	EQUAL(count, 1);
}

CHECK(signal_child) {
	handle(SIGCHLD, 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(23);
	while (count == 0)
		usleep(1000);
	EXPECT(seen.si_code == CLD_EXITED && seen.si_pid == pid && seen.si_status == 23);
	waitpid(pid, NULL, 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGKILL);
	while (count == 1)
		usleep(1000);
	EXPECT(seen.si_code == CLD_KILLED && seen.si_pid == pid && seen.si_status == SIGKILL);
	waitpid(pid, NULL, 0);
}

CHECK(signal_timer) {
	struct itimerval t = {.it_interval = {0, 2000}, .it_value = {0, 2000}};
	volatile uint64_t spins = 0;
	handle(SIGALRM, 0);
	setitimer(ITIMER_REAL, &t, NULL);
	while (count < 20)
		spins++;
	memset(&t, 0, sizeof t);
	setitimer(ITIMER_REAL, &t, NULL);
	EXPECT(seen.si_signo == SIGALRM && seen.si_code == SI_KERNEL);
}

static void interrupt_read(void *p) {
	int *pipe_ends = p;
	char c;
	struct itimerval t = {.it_value = {0, 30000}};
	handle(SIGALRM, 0);
	setitimer(ITIMER_REAL, &t, NULL);
	EQUAL(read(pipe_ends[0], &c, 1), -1UL);
	EQUAL(errno, EINTR);
}

CHECK(signal_restart) {
	int pipe_ends[2];
	char c = 0;
	struct itimerval t = {.it_value = {0, 30000}};
	if (pipe(pipe_ends))
		fail("pipe");
	EQUAL(run_child(interrupt_read, pipe_ends), 0);
	handle(SIGALRM, SA_RESTART);
	pid_t pid = fork();
	if (pid == 0) {
		usleep(150000);
		_exit(write(pipe_ends[1], "x", 1) != 1);
	}
	setitimer(ITIMER_REAL, &t, NULL);
	EQUAL(read(pipe_ends[0], &c, 1), 1);
	EXPECT(c == 'x' && count == 1);
	waitpid(pid, NULL, 0);
}

static volatile int depth, deepest;

static void nest(int number) {
	if (++depth > deepest)
		deepest = depth;
	if (depth < 4)
		raise(number);
	depth--;
}

CHECK(signal_masks) {
	struct sigaction a = {.sa_handler = nest, .sa_flags = SA_NODEFER};
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
	EQUAL(deepest, 4);
	struct sigaction after;
	handle(SIGUSR2, (int)SA_RESETHAND);
	raise(SIGUSR2);
	sigaction(SIGUSR2, NULL, &after);
	EXPECT(count == 1 && after.sa_handler == SIG_DFL);
}

static char *stack_low;
static volatile int on_stack, inside;

static void look(int number, siginfo_t *info, void *context) {
	stack_t s;
	char here;
	(void)number, (void)info, (void)context;
	sigaltstack(NULL, &s);
	on_stack = s.ss_flags == SS_ONSTACK;
	inside = &here >= stack_low && &here < stack_low + 4 * PAGE;
	count++;
}

static void __attribute__((noinline)) overflow(volatile char *above) {
	volatile char room[1000];
	room[0] = above[0];
	overflow(room);
	room[1] = 0;
}

static void overflow_it(void *p) {
	char c = 0;
	(void)p;
	overflow(&c);
}

static void end_on_stack(int number, siginfo_t *info, void *context) {
	look(number, info, context);
	EXPECT(on_stack && inside && (info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR));
	_exit(9);
}

CHECK(signal_altstack) {
	stack_low = pages(4, PROT_READ | PROT_WRITE);
	stack_t s = {.ss_sp = stack_low, .ss_size = 4 * PAGE}, old;
	struct sigaction a = {.sa_sigaction = look, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	EQUAL(sigaltstack(&s, &old), 0);
	EXPECT(old.ss_flags & SS_DISABLE);
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
	EXPECT(count == 1 && on_stack && inside);
	a.sa_flags = SA_SIGINFO;
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
	EXPECT(count == 2 && !on_stack && !inside);
	a.sa_flags |= SA_ONSTACK;
	a.sa_sigaction = end_on_stack;
	sigaction(SIGSEGV, &a, NULL);
	int status = run_child(overflow_it, NULL);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

static volatile uint64_t handler_sum;

static void scribble(int number) {
	(void)number;
	double d = (double)count;
	for (int i = 1; i < 20; i++)
		d = d * 1.25 + (double)i / 3;
	handler_sum += (uint64_t)d + 1;
	__asm__ volatile("lda $1,1\n\tlda $8,8\n\tlda $22,22\n\tlda $25,25\n\tcpys $f31,$f31,$f1\n\tcpys $f31,$f31,$f10\n\tcpys $f31,$f31,$f30" ::: "$1", "$8", "$22", "$25", "$f1", "$f10", "$f30");
	count++;
}

/* Signals at any time must not be seen by a computation that keeps its state in registers, integer and floating. */
CHECK(signal_registers) {
	struct sigaction a = {.sa_handler = scribble};
	struct itimerval t = {.it_interval = {0, 1000}, .it_value = {0, 1000}};
	uint64_t first = 0, digest;
	sigaction(SIGALRM, &a, NULL);
	for (int round = 0; count < 30; round++) {
		uint64_t state = 3;
		double d[6] = {1, 2, 3, 4, 5, 6};
		digest = 0;
		for (int i = 0; i < 20000; i++) {
			mix(&digest, next(&state));
			for (int k = 0; k < 6; k++)
				d[k] = d[k] * 0.75 + d[(k + 1) % 6] * 0.125 + 1;
		}
		for (int k = 0; k < 6; k++)
			mix(&digest, (uint64_t)(d[k] * 1e12));
		if (round == 0) {
			first = digest;
			setitimer(ITIMER_REAL, &t, NULL);
		}
		EQUAL(digest, first);
	}
	result("%016lx", first);
}

/* A handler that changes the registers of what it interrupted. */
static void change(int number, siginfo_t *info, void *context) {
	ucontext_t *u = context;
	(void)number, (void)info;
	u->uc_mcontext.sc_regs[1] = 0x7777;
	u->uc_mcontext.sc_fpregs[11] = 0x4045000000000000; /* 42 */
	u->uc_mcontext.sc_pc += 4;
}

CHECK(signal_context) {
	struct sigaction a = {.sa_sigaction = change, .sa_flags = SA_SIGINFO};
	uint64_t got;
	double number;
	sigaction(SIGSEGV, &a, NULL);
	__asm__ volatile("lda $1,0($31)\n\tcpys $f31,$f31,$f11\n\tldq $1,0($1)\n\tmov $1,%0\n\tcpys $f11,$f11,%1" : "=&r"(got), "=&f"(number) : : "$1", "$f11", "memory");
	EQUAL(got, 0x7777);
	EXPECT(number == 42);
}
