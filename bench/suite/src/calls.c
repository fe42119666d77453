/* Calls out of the ordinary: variable arguments, structures by value, setjmp and longjmp, deep recursion. */
#include "suite.h"

#include <setjmp.h>
#include <stdarg.h>

struct triple {
	long a;
	double b;
	char c[9];
};

/* gather reads what format names: i int, l long, d double, L long double, s structure, p pointer. */
static uint64_t gather(const char *format, ...) {
	uint64_t digest = 0;
	va_list list, again;
	va_start(list, format);
	va_copy(again, list);
	for (int pass = 0; pass < 2; pass++) {
		va_list *v = pass ? &again : &list;
		for (const char *f = format; *f; f++) {
			switch (*f) {
			case 'i':
				mix(&digest, (uint64_t)va_arg(*v, int));
				break;
			case 'l':
				mix(&digest, (uint64_t)va_arg(*v, long));
				break;
			case 'd':
				mix(&digest, (uint64_t)(int64_t)(va_arg(*v, double) * 16));
				break;
			case 'L':
				mix(&digest, (uint64_t)(int64_t)(va_arg(*v, long double) * 16));
				break;
			case 'p':
				mix(&digest, *va_arg(*v, unsigned char *));
				break;
			case 's': {
				struct triple t = va_arg(*v, struct triple);
				mix(&digest, (uint64_t)t.a + (uint64_t)(int64_t)t.b + (uint64_t)t.c[8]);
			}
			}
		}
	}
	va_end(list);
	va_end(again);
	return digest;
}

/* expected does without variable arguments what gather does. */
static uint64_t expected(const uint64_t *values, int count) {
	uint64_t digest = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < count; i++)
			mix(&digest, values[i]);
	return digest;
}

CHECK(call_varargs) {
	struct triple t = {-5, 7.5, "abcdefgh"};
	t.c[8] = 3;
	uint64_t integers[] = {-1UL, -2UL, 3, 4, 5, 6, 7, 8, 9}, doubles[] = {8, 24, 40, 56, 72, 88, 104, 120, 136};
	EQUAL(gather("iliililli", -1, -2L, 3, 4, 5L, 6, 7L, 8L, 9), expected(integers, 9));
	EQUAL(gather("ddddddddd", 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5), expected(doubles, 9));
	uint64_t mixed[] = {1, 24, 5, 40, 'x', 56, -3UL, 5, 72};
	EQUAL(gather("idsdpdiLd", 1, 1.5, t, 2.5, "x", 3.5, -3, 0.3125L, 4.5), expected(mixed, 9));
}

CHECK(call_printf) {
	char text[200];
	int n = snprintf(text, sizeof text, "%d %5.2f|%-8s|%08lx %c %Lg %+ld %e %.3s %zu", -42, 3.14159, "ab", 0xdeadbeefUL, 'z', 2.5L,
		123456789012345L, 1e-300, "xyzw", sizeof text);
	const char *want = "-42  3.14|ab      |deadbeef z 2.5 +123456789012345 1.000000e-300 xyz 200";
	if (strcmp(text, want))
		fail("%s", text);
	EQUAL(n, strlen(want));
	double d;
	long l;
	EQUAL(sscanf("0x1.8p+3 -77 tail", "%lf %ld %199s", &d, &l, text), 3);
	EXPECT(d == 12.0 && l == -77 && strcmp(text, "tail") == 0);
}

static struct triple turn(struct triple t, long more) {
	t.a += more;
	t.b = -t.b;
	t.c[0] = 'Z';
	return t;
}

CHECK(call_structures) {
	struct triple t = {1, 2.5, "12345678"};
	struct triple (*volatile f)(struct triple, long) = turn;
	struct triple u = f(f(t, 10), 100);
	EXPECT(u.a == 111 && u.b == 2.5 && u.c[0] == 'Z' && u.c[7] == '8' && t.c[0] == '1');
}

static jmp_buf there;
static sigjmp_buf home;

static void __attribute__((noinline)) dive(long depth, uint64_t *sum) {
	volatile long local[8] = {depth, depth + 1};
	if (depth == 0)
		longjmp(there, 77);
	dive(depth - 1, sum);
	*sum += (uint64_t)local[1];
}

CHECK(call_longjmp) {
	volatile int rounds = 0;
	uint64_t sum = 0;
	register uint64_t kept = hide(0x1122334455667788);
	register double kept_double = (double)hide(12345) / 2;
	int value = setjmp(there);
	if (rounds++ < 20) {
		EQUAL(value, rounds == 1 ? 0 : 77);
		dive(200, &sum);
		fail("longjmp came back");
	}
	EQUAL(value, 77);
	EQUAL(sum, 0);
	EQUAL(kept, 0x1122334455667788);
	EXPECT(kept_double == 6172.5);
	volatile int once = 0;
	value = setjmp(there);
	if (!once++)
		longjmp(there, 0);
	EQUAL(value, 1); /* never 0 */
}

static void leave(int number) { siglongjmp(home, number); }

static long on_fault(long *where) {
	if (sigsetjmp(home, 1))
		return -1;
	return *(volatile long *)where;
}

/* Out of handlers: of faults, of a signal that was sent, and with the mask as it was. */
CHECK(call_longjmp_handler) {
	struct sigaction a = {.sa_handler = leave};
	sigset_t now;
	long here = 5;
	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGUSR1, &a, NULL);
	long *nowhere = pages(1, PROT_NONE);
	for (volatile int i = 0; i < 300; i++) {
		EQUAL(on_fault(&here), 5);
		EQUAL(on_fault(nowhere), -1);
		int got = sigsetjmp(home, 1);
		if (got == 0) {
			raise(SIGUSR1);
			fail("the handler came back");
		}
		EQUAL(got, SIGUSR1);
		sigprocmask(SIG_BLOCK, NULL, &now);
		EXPECT(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGSEGV));
	}
}

static uint64_t __attribute__((noinline)) deep(uint64_t n) {
	volatile uint64_t local[4] = {n, n + 1, n + 2, n + 3};
	return n == 0 ? 1 : deep(n - 1) * 3 + local[n & 3];
}

static uint64_t __attribute__((noinline)) odd(uint64_t n);
static uint64_t __attribute__((noinline)) even(uint64_t n) { return n == 0 ? 1 : odd(n - 1); }
static uint64_t __attribute__((noinline)) odd(uint64_t n) { return n == 0 ? 0 : even(n - 1); }

/* Deeper than any stack of return addresses, and tail calls. */
CHECK(call_deep) {
	uint64_t want = 1;
	for (uint64_t n = 1; n <= 30000; n++)
		want = want * 3 + n + (n & 3);
	EQUAL(deep(30000), want);
	EQUAL(even(hide(30001)), 0);
}

/* A return address that is not the caller's: the jump must go where the register says. */
CHECK(call_other_return) {
	uint64_t got;
	__asm__ volatile(
		"lda %0,0($31)\n\t"
		"br $27,1f\n1:\tlda $26,2f-1b($27)\n\t"
		"br $31,3f\n"
		"2:\tlda %0,2(%0)\n\tbr $31,4f\n"
		"3:\tlda %0,1(%0)\n\tret $31,($26),1\n\tlda %0,100(%0)\n"
		"4:\tbr $26,5f\n5:\tlda $26,6f-5b($26)\n\tjsr_coroutine $27,($26)\n\tlda %0,100(%0)\n"
		"6:\tlda %0,4(%0)"
		: "=&r"(got)
		:
		: "$26", "$27");
	EQUAL(got, 7);
}

/* GCC's computed goto. */
CHECK(call_computed_goto) {
	static const unsigned char program[] = {0, 1, 2, 1, 0, 2, 2, 3};
	static const void *const labels[] = {&&add, &&twice, &&minus, &&end};
	long x = 1;
	const unsigned char *p = program;
	goto *labels[*p++];
add:
	x += 10;
	goto *labels[*p++];
twice:
	x *= 2;
	goto *labels[*p++];
minus:
	x -= 3;
	goto *labels[*p++];
end:
	EQUAL(x, ((1 + 10) * 2 - 3) * 2 + 10 - 3 - 3);
}
