/* Programs that do all they can to hurt the machine they run in. How a child ends does not matter, and that it ends is
 * not its choice: what matters is that the machine goes on, and that this process's memory is as it was. */
#include "suite.h"

#include <sys/resource.h>
#include <sys/time.h>

enum { WORDS = 2 * PAGE / 4 };

/* cage takes from a child what could hurt the guest itself, which is not the point here. */
static void cage(void) {
	struct rlimit one_second = {1, 1}, few = {64, 64}, none = {0, 0}, memory = {64 << 20, 64 << 20};
	disown();
	setrlimit(RLIMIT_CPU, &one_second);
	setrlimit(RLIMIT_FSIZE, &none);
	setrlimit(RLIMIT_NOFILE, &none);
	setrlimit(RLIMIT_AS, &memory);
	if (setgid(65534) || setuid(65534))
		_exit(1);
	setrlimit(RLIMIT_NPROC, &few);
	for (int f = 0; f < 64; f++)
		close(f);
}

/* run_children runs body(seed) in children of their own, and kills those that only sleep. */
static void run_children(void (*body)(uint64_t)) {
	volatile uint64_t *canary = pages(1, PROT_READ | PROT_WRITE);
	for (int i = 0; i < PAGE / 8; i++)
		canary[i] = 0xc0ffee00 + (uint64_t)i;
	for (uint64_t seed = hostile_seed; seed < hostile_seed + hostile_children; seed++) {
		alarm(60); /* the patience is for one child, not for as many as somebody asks for */
		pid_t pid = fork();
		if (pid < 0)
			fail("fork: %s", strerror(errno));
		if (pid == 0) {
			setpgid(0, 0);
			cage();
			body(seed);
			_exit(0);
		}
		setpgid(pid, pid);
		int status;
		for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms++) {
			if (ms == 3000)
				kill(-pid, SIGKILL);
			usleep(1000);
		}
		kill(-pid, SIGKILL);
	}
	for (int i = 0; i < PAGE / 8; i++)
		EQUAL(canary[i], 0xc0ffee00 + i);
}

/* a_word makes instructions that do something more often than random bits would. */
static uint32_t a_word(uint64_t *state) {
	uint64_t r = next(state);
	uint32_t word = (uint32_t)(r >> 32);
	switch (r % 8) {
	case 0: /* any CALL_PAL */
		return (uint32_t)(r >> 40) & 0xff;
	case 1: /* a branch that stays near */
		return 0xc0000000 | (word & 0x3fe00000) | (((uint32_t)(r >> 20 & 255) - 128) & 0x1fffff);
	case 2: /* a jump */
		return 0x68000000 | (word & 0x03ffffff);
	case 3: /* memory near a register */
		return 0xa0000000 | (word & 0x1fffffff);
	case 4: /* floating point */
		return 0x58000000 | (word & 0x07ffffff);
	case 5: /* byte operations, shifts, multiplications */
		return 0x40000000 | (word & 0x0fffffff);
	default:
		return word;
	}
}

/* Random words as code, entered anywhere, with registers that point at everything. */
static void random_code(uint64_t seed) {
	uint64_t state = seed * 77;
	uint32_t *code = pages(WORDS * 4 / PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	for (int i = 0; i < WORDS; i++)
		code[i] = a_word(&state);
	imb();
	uint64_t start = (uint64_t)(code + next(&state) % WORDS);
	__asm__ volatile(
		"mov %0,$27\n\tmov %1,$1\n\tmov %2,$2\n\tmov %3,$3\n\tmov $27,$16\n\tmov $30,$17\n\tlda $18,-1($31)\n\tlda $0,-1($31)\n\tjmp $31,($27)"
		:
		: "r"(start), "r"(&state), "r"(next(&state)), "r"(0xfffffc0001010000)
		: "memory");
}

CHECK(hostile_random_code) { run_children(random_code); }

/* Into the middle of the functions of this program: no place in it is a place that others must not jump to. */
static void random_jump(uint64_t seed) {
	extern char __executable_start[], etext[];
	uint64_t state = seed * 99, words = (uint64_t)(etext - __executable_start) / 4;
	uint64_t to = (uint64_t)__executable_start + next(&state) % words * 4;
	__asm__ volatile("mov %0,$27\n\tmov %1,$16\n\tmov %2,$0\n\tmov %3,$9\n\tmov $30,$10\n\tmov $27,$26\n\tmov $31,$29\n\tjmp $31,($27)"
		:
		: "r"(to), "r"(next(&state)), "r"(next(&state) % 600 + 1000), "r"(next(&state))
		: "memory");
}

CHECK(hostile_random_jump) { run_children(random_jump); }

static void skip(int number, siginfo_t *info, void *context) {
	ucontext_t *u = context;
	(void)info;
	if (number == SIGSEGV || number == SIGBUS)
		u->uc_mcontext.sc_pc += 4;
}

/* Loads, stores, locked ones and unaligned ones at wild addresses, thousands, each of which is a signal. */
static void random_access(uint64_t seed) {
	uint64_t state = seed * 55, x;
	struct sigaction a = {.sa_sigaction = skip, .sa_flags = SA_SIGINFO | SA_NODEFER};
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	for (int i = 0; i < 5; i++)
		sigaction(numbers[i], &a, NULL);
	for (int i = 0; i < 500; i++) {
		uint64_t r = next(&state), p = next(&state);
		p = r & 256 ? 0xfffffc0000000000 | p >> 24 : r & 512 ? p >> 21 : p;
		switch (r % 8) {
		case 0: __asm__ volatile("ldq %0,0(%1)" : "=r"(x) : "r"(p)); break;
		case 1: __asm__ volatile("stq %0,0(%0)" ::"r"(p)); break;
		case 2: __asm__ volatile("ldq_l %0,0(%1)" : "=r"(x) : "r"(p)); break;
		case 3: __asm__ volatile("mov %0,$1\n\tstl_c $1,0(%0)" ::"r"(p) : "$1"); break;
		case 4: __asm__ volatile("ldt $f10,0(%0)" ::"r"(p) : "$f10"); break;
		case 5: __asm__ volatile("ldq_u %0,0(%1)" : "=r"(x) : "r"(p)); break;
		case 6: __asm__ volatile("stt $f31,4(%0)" ::"r"(p)); break;
		case 7: __asm__ volatile("fetch (%0)\n\tldl %1,1(%0)" ::"r"(p), "r"(r)); break;
		}
	}
}

CHECK(hostile_random_access) { run_children(random_access); }

/* Every CALL_PAL there is, with wild arguments; those that end the process do that in its child. */
static void random_pal(uint64_t seed) {
	uint64_t state = seed * 33;
	struct sigaction a = {.sa_sigaction = skip, .sa_flags = SA_SIGINFO | SA_NODEFER};
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	uint32_t *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
	for (int i = 0; i < 5; i++)
		sigaction(numbers[i], &a, NULL);
	for (uint32_t n = 0; n < 1024; n++) {
		code[0] = n < 256 ? n : (uint32_t)next(&state) & 0x03ffffff;
		code[1] = 0x6bfa8001;
		if (code[0] == 0x9f) /* wruniq: the C library's thread pointer is in there */
			continue;
		imb();
		register uint64_t a0 __asm__("$16") = next(&state), a1 __asm__("$17") = next(&state) >> (n & 63), v0 __asm__("$0") = ~0UL;
		__asm__ volatile("jsr $26,(%3)" : "+r"(v0), "+r"(a0), "+r"(a1) : "r"(code) : "$1", "$2", "$3", "$18", "$19", "$20", "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28", "memory");
	}
}

CHECK(hostile_random_pal) { run_children(random_pal); }

/* Code that writes over itself while it runs, without telling anybody. */
static void eat_itself(uint64_t seed) {
	uint64_t state = seed * 11;
	/* stl $16,32($27); stl $17,8($27); addq $27,4,$27; br to the first */
	uint32_t *code = pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
	static const uint32_t loop[] = {0xb21b0020, 0xb23b0008, 0x4360941b, 0xc3fffffc};
	for (int i = 0; i < 2 * PAGE / 4; i++)
		code[i] = i < 4 ? loop[i] : a_word(&state);
	imb();
	register uint64_t pv __asm__("$27") = (uint64_t)code + (seed & 31) * 4, a0 __asm__("$16") = a_word(&state), a1 __asm__("$17") = a_word(&state);
	__asm__ volatile("jmp $31,(%0)" ::"r"(code), "r"(pv), "r"(a0), "r"(a1) : "memory");
}

CHECK(hostile_eat_itself) { run_children(eat_itself); }

/* The program's own functions, overwritten where they are used, with the cache told seldom. */
static void eat_program(uint64_t seed) {
	uint64_t state = seed * 13;
	char text[64] = "";
	char *const functions[] = {(char *)snprintf, (char *)strtoul, (char *)memcpy, (char *)qsort, (char *)next, (char *)eat_program};
	enum { COUNT = sizeof functions / sizeof *functions, REACH = 2048 };
	for (int i = 0; i < COUNT; i++)
		mprotect((void *)((uint64_t)functions[i] & ~(PAGE - 1UL)), 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	for (int i = 0; i < 500; i++) {
		uint64_t r = next(&state);
		uint32_t *at = (uint32_t *)(functions[r % COUNT] + (r >> 8) % REACH / 4 * 4);
		*at = r >> 20 & 1 ? a_word(&state) : at[1];
		if (r >> 24 & 1)
			imb();
		snprintf(text, sizeof text, "%lx", r);
		memcpy(text + 32, text, strtoul(text, NULL, 16) % 30);
	}
}

CHECK(hostile_eat_program) { run_children(eat_program); }

/* Stack pointers that point anywhere when a trap comes and a signal is to be delivered, with another stack for that and
 * without. */
static void random_stack(uint64_t seed) {
	uint64_t state = seed * 17;
	struct sigaction a = {.sa_sigaction = skip, .sa_flags = SA_SIGINFO | SA_NODEFER | (seed & 1 ? SA_ONSTACK : 0)};
	stack_t other = {.ss_sp = pages(4, PROT_READ | PROT_WRITE), .ss_size = 4 * PAGE};
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	char *mine = pages(4, PROT_READ | PROT_WRITE);
	sigaltstack(&other, NULL);
	for (int i = 0; i < 5; i++)
		sigaction(numbers[i], &a, NULL);
	for (int i = 0; i < 200; i++) {
		uint64_t r = next(&state), p = (uint64_t)mine + 3 * PAGE - (r >> 8 & 255);
		if (r & 0x10000)
			p = r & 0x20000 ? next(&state) : (uint64_t)mine + (r >> 8 & 255);
#define ON_STACK(trap) __asm__ volatile("mov $30,$9\n\tmov %0,$30\n\t" trap "\n\tmov $9,$30" : : "r"(p) : "$1", "$9", "$16", "memory")
		switch (r % 6) {
		case 0: ON_STACK("call_pal 0x80"); break;
		case 1: ON_STACK("call_pal 0xaa"); break;
		case 2: ON_STACK(".long 0x04000000"); break;
		case 3: ON_STACK("ldq $1,1($30)"); break;
		case 4: ON_STACK("stq $1,-8($30)"); break;
		case 5: ON_STACK("stq $31,0($31)"); break;
		}
	}
}

CHECK(hostile_random_stack) { run_children(random_stack); }
