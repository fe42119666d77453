/* Traps: the codes of SIGFPE, SIGILL, SIGTRAP, and where they say they happened. */
#include "suite.h"

#include <fenv.h>

/* TRAP(text, outputs...) runs assembly between two labels of which $27 gets the first; at is its address. */
static unsigned long at;

#define TRAP(text, ...) \
	do { \
		caught.count = 0; \
		__asm__ volatile("trapb\n\tbr %0,1f\n1:\t" text "\n\ttrapb" : "=&r"(at)__VA_OPT__(, ) __VA_ARGS__); \
	} while (0)

/* CAUGHT(signal, code, offset) checks the one signal that came; offset is that of the reported PC from the text. */
#define CAUGHT(number, want_code, offset) \
	do { \
		if (caught.count != 1 || caught.signal != (number) || caught.code != (want_code) || caught.pc - at != (offset)) \
			fail("line %d: %d signals, number %d, code %d, pc +%ld; want 1, %d, %d, +%d", __LINE__, caught.count, caught.signal, caught.code, \
				(long)(caught.pc - at), number, want_code, offset); \
	} while (0)

static double number(uint64_t b) {
	double d;
	memcpy(&d, &b, sizeof d);
	return d;
}

/* Instructions without software completion trap on what they cannot do; Linux has one code for all of them. */
CHECK(trap_float) {
	double out, one = 1, zero = 0, denormal = number(1), infinite = number(0x7ff0000000000000), huge = number(0x7fefffffffffffff);
	catch_signals(SIGFPE, 0);
	TRAP("divt %2,%3,%1", "=&f"(out) : "f"(one), "f"(zero));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("fnop\n\tdivt %2,%3,%1", "=&f"(out) : "f"(zero), "f"(zero));
	CAUGHT(SIGFPE, FPE_FLTINV, 8);
	TRAP("addt %2,%3,%1", "=&f"(out) : "f"(one), "f"(denormal));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("mult %2,%3,%1", "=&f"(out) : "f"(infinite), "f"(one));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("mult %2,%3,%1", "=&f"(out) : "f"(huge), "f"(huge));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("cmptlt %2,%3,%1", "=&f"(out) : "f"(number(0x7ff8000000000000)), "f"(one));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	/* underflow without /u is silently zero, and finite numbers do not trap */
	TRAP("mult %2,%2,%1", "=&f"(out) : "f"(number(0x0010000000000000)));
	EXPECT(caught.count == 0 && out == 0);
	TRAP("divt %2,%3,%1", "=&f"(out) : "f"(one), "f"(number(0x4000000000000000)));
	EXPECT(caught.count == 0 && out == 0.5);
}

/* With software completion, what the program has asked for traps, with a code that says what it was. */
CHECK(trap_float_enabled) {
	double out, one = 1, zero = 0, three = 3, huge = number(0x7fefffffffffffff), tiny = number(0x0010000000000000);
	catch_signals(SIGFPE, 0);
	feclearexcept(FE_ALL_EXCEPT);
	TRAP("divt/su %2,%3,%1", "=&f"(out) : "f"(one), "f"(zero));
	EQUAL(caught.count, 0);
	static const struct {
		int exception, code;
	} rows[] = {{FE_DIVBYZERO, FPE_FLTDIV}, {FE_INVALID, FPE_FLTINV}, {FE_OVERFLOW, FPE_FLTOVF}, {FE_UNDERFLOW, FPE_FLTUND}, {FE_INEXACT, FPE_FLTRES}};
	for (int i = 0; i < 5; i++) {
		feclearexcept(FE_ALL_EXCEPT);
		feenableexcept(rows[i].exception);
		EQUAL(fegetexcept(), rows[i].exception);
		switch (rows[i].exception) {
		case FE_DIVBYZERO:
			TRAP("divt/sui %2,%3,%1", "=&f"(out) : "f"(one), "f"(zero));
			break;
		case FE_INVALID:
			TRAP("divt/sui %2,%2,%1", "=&f"(out) : "f"(zero));
			break;
		case FE_OVERFLOW:
			TRAP("mult/sui %2,%2,%1", "=&f"(out) : "f"(huge));
			break;
		case FE_UNDERFLOW:
			TRAP("mult/sui %2,%2,%1", "=&f"(out) : "f"(tiny));
			break;
		case FE_INEXACT:
			TRAP("divt/sui %2,%3,%1", "=&f"(out) : "f"(one), "f"(three));
			break;
		}
		CAUGHT(SIGFPE, rows[i].code, 4);
		TRAP("addt/sui %2,%2,%1", "=&f"(out) : "f"(one));
		EXPECT(caught.count == 0 && out == 2);
		fedisableexcept(FE_ALL_EXCEPT);
	}
}

CHECK(trap_integer_overflow) {
	uint64_t out, max = hide(0x7fffffffffffffff), max_word = hide(0x7fffffff);
	catch_signals(SIGFPE, 0);
	TRAP("addq/v %2,1,%1", "=&r"(out) : "r"(max));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("subq/v %2,%3,%1", "=&r"(out) : "r"(-2UL), "r"(max));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("mulq/v %2,%2,%1", "=&r"(out) : "r"(max));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("addl/v %2,1,%1", "=&r"(out) : "r"(max_word));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("subl/v %2,%3,%1", "=&r"(out) : "r"(-2UL), "r"(max_word));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("mull/v %2,%2,%1", "=&r"(out) : "r"(max_word));
	CAUGHT(SIGFPE, FPE_FLTINV, 4);
	TRAP("addq/v %2,1,%1\n\taddl/v %3,1,%1\n\tsubq/v %3,%2,%1\n\tmull/v %3,1,%1", "=&r"(out) : "r"(max - 1), "r"(max_word - 1));
	EQUAL(caught.count, 0);
}

/* The codes that software may raise, by gentrap. */
CHECK(trap_gentrap) {
	static const struct {
		long code;
		int signal, si_code;
	} rows[] = {
		{-1, SIGFPE, FPE_INTOVF}, {-2, SIGFPE, FPE_INTDIV}, {-3, SIGFPE, FPE_FLTOVF}, {-4, SIGFPE, FPE_FLTDIV}, {-5, SIGFPE, FPE_FLTUND},
		{-6, SIGFPE, FPE_FLTINV}, {-7, SIGFPE, FPE_FLTRES},
	};
	catch_signals(SIGFPE, SIGTRAP, 0);
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		register long a0 __asm__("$16") = rows[i].code;
		caught.count = 0;
		__asm__ volatile("br %0,1f\n1:\tcall_pal 0xaa" : "=&r"(at) : "r"(a0));
		CAUGHT(rows[i].signal, rows[i].si_code, 4);
	}
	static const long others[] = {-8, -9, -10, -17, -24, 0, 1, 1234567};
	uint64_t digest = 0;
	for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
		register long a0 __asm__("$16") = others[i];
		caught.count = 0;
		__asm__ volatile("call_pal 0xaa" : : "r"(a0));
		EQUAL(caught.count, 1);
		mix(&digest, (uint64_t)caught.signal * 1000 + (uint64_t)caught.code);
	}
	result("%016lx", digest);
}

CHECK(trap_divide_by_zero) {
	catch_signals(SIGFPE, 0);
	volatile long x = 5, y = 0;
	caught.count = 0;
	x = x / y;
	EXPECT(caught.count == 1 && caught.signal == SIGFPE && caught.code == FPE_INTDIV);
	caught.count = 0;
	x = (long)((unsigned)x % (unsigned)y);
	EXPECT(caught.count == 1 && caught.code == FPE_INTDIV);
}

/* What is no instruction, or not for programs. */
CHECK(trap_illegal) {
	catch_signals(SIGILL, SIGTRAP, SIGSEGV, 0);
	TRAP(".long 0x04000000"); /* an opcode that is reserved */
	CAUGHT(SIGILL, ILL_ILLOPC, 4);
	TRAP(".long 0x1c000000 | 0x70 << 5 | 1 << 12"); /* CIX and MVI: a function that is not there */
	result("0x1c: %d %d", caught.count, caught.count ? caught.signal : 0);
	TRAP("call_pal 0x00"); /* halt */
	CAUGHT(SIGILL, ILL_ILLOPC, 4);
	TRAP("call_pal 0x35"); /* swpipl */
	CAUGHT(SIGILL, ILL_ILLOPC, 4);
	TRAP("call_pal 0x3f"); /* rti */
	CAUGHT(SIGILL, ILL_ILLOPC, 4);
	TRAP("call_pal 0xbf"); /* not there */
	CAUGHT(SIGILL, ILL_ILLOPC, 4);
	TRAP(".long 0x64000000"); /* hw_mfpr */
	CAUGHT(SIGILL, ILL_ILLOPC, 4);
	TRAP(".long 0x78000000"); /* hw_ret */
	CAUGHT(SIGILL, ILL_ILLOPC, 4);
}

CHECK(trap_breakpoint) {
	catch_signals(SIGTRAP, SIGILL, 0);
	for (int i = 0; i < 50; i++) {
		TRAP("call_pal 0x80"); /* bpt */
		CAUGHT(SIGTRAP, TRAP_BRKPT, 4);
	}
	TRAP("call_pal 0x81"); /* bugchk */
	result("bugchk: %d, signal %d, code %d, +%ld", caught.count, caught.signal, caught.code, (long)(caught.pc - at));
}

/* Traps inside a loop must leave every other register as it is, also those that live in host registers. */
CHECK(trap_registers) {
	uint64_t sum = 0, want = 0, max = hide(0x7fffffffffffffff), state = 1;
	double d = 1;
	catch_signals(SIGFPE, SIGSEGV, 0);
	caught.count = 0;
	for (uint64_t i = 0; i < 400; i++) {
		uint64_t x = next(&state), out, a = i * 3, b = i ^ x, c = x >> 7;
		__asm__ volatile("addq/v %1,%2,%0\n\ttrapb" : "=&r"(out) : "r"(max), "r"(i & 1));
		__asm__ volatile("ldq %0,0($31)" : "+r"(a));
		d = d * 0.5 + (double)(i & 7);
		sum += a + b * c;
		want += i * 3 + (i ^ x) * (x >> 7);
	}
	EQUAL(caught.count, 600);
	EQUAL(sum, want);
	EXPECT(d > 0 && d < 16);
	result("%a", d);
}
