/* Floating point: rounding modes, exceptions, denormals, NaNs. All instructions here are written out, with software
 * completion (/s), so that every variant does the same. float_ieee.c has what the compiler makes of C. */
#include "suite.h"

#include <fenv.h>
#include <math.h>

static uint64_t bits(double d) {
	uint64_t b;
	memcpy(&b, &d, sizeof b);
	return b;
}

static double number(uint64_t b) {
	double d;
	memcpy(&d, &b, sizeof d);
	return d;
}

/* FLOAT2(op, a, b) and FLOAT1(op, b) execute an instruction. */
#define FLOAT2(op, a, b) \
	({ \
		double out_; \
		__asm__ volatile("trapb\n\t" op " %1,%2,%0\n\ttrapb" : "=&f"(out_) : "f"(a), "f"(b)); \
		out_; \
	})
#define FLOAT1(op, b) \
	({ \
		double out_; \
		__asm__ volatile("trapb\n\t" op " %1,%0\n\ttrapb" : "=&f"(out_) : "f"(b)); \
		out_; \
	})

static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};

CHECK(float_rounding) {
	const double tiny = 0x1p-60;
	/* 1 + tiny, -1 - tiny, 1/3, -1/3, in each mode */
	static const uint64_t want[4][4] = {
		{0x3ff0000000000000, 0xbff0000000000000, 0x3fd5555555555555, 0xbfd5555555555555},
		{0x3ff0000000000000, 0xbff0000000000001, 0x3fd5555555555555, 0xbfd5555555555556},
		{0x3ff0000000000001, 0xbff0000000000000, 0x3fd5555555555556, 0xbfd5555555555555},
		{0x3ff0000000000000, 0xbff0000000000000, 0x3fd5555555555555, 0xbfd5555555555555},
	};
	for (int m = 0; m < 4; m++) {
		fesetround(modes[m]);
		EQUAL(fegetround(), modes[m]);
		EQUAL(bits(FLOAT2("addt/suid", 1.0, tiny)), want[m][0]);
		EQUAL(bits(FLOAT2("subt/suid", -1.0, tiny)), want[m][1]);
		EQUAL(bits(FLOAT2("divt/suid", 1.0, 3.0)), want[m][2]);
		EQUAL(bits(FLOAT2("divt/suid", -1.0, 3.0)), want[m][3]);
		/* modes that the instruction names do not depend on it */
		EQUAL(bits(FLOAT2("divt/sui", 1.0, 3.0)), want[0][2]);
		EQUAL(bits(FLOAT2("divt/suim", -1.0, 3.0)), want[1][3]);
		EQUAL(bits(FLOAT2("divt/suic", -1.0, 3.0)), want[3][3]);
	}
	fesetround(FE_UPWARD);
	EQUAL(bits(FLOAT2("adds/suid", 1.0, tiny)), 0x3ff0000020000000);
	EQUAL(bits(FLOAT1("cvtts/suid", number(0x3ff0000000000001))), 0x3ff0000020000000);
	EQUAL(bits(FLOAT1("cvttq/svid", number(0x4004000000000000))), 3); /* 2.5 */
	fesetround(FE_DOWNWARD);
	EQUAL(bits(FLOAT1("cvttq/svid", number(0xc004000000000000))), -3UL);
	EQUAL(bits(FLOAT1("cvttq/svi", number(0xc004000000000000))), -2UL); /* to even */
	EQUAL(bits(FLOAT1("cvttq/svic", number(0xc007ffffffffffff))), -2UL);
	EQUAL(bits(FLOAT1("cvtqt/suid", number(0x7fffffffffffffff))), 0x43dfffffffffffff);
	EQUAL(bits(FLOAT1("cvtqt/sui", number(0x7fffffffffffffff))), 0x43e0000000000000);
}

/* The rounding mode belongs to the process: it survives switches, and does not leave it. */
CHECK(float_rounding_switch) {
	int ends[2];
	char c = 0;
	if (pipe(ends))
		fail("pipe");
	pid_t pid = fork();
	fesetround(pid ? FE_UPWARD : FE_DOWNWARD);
	uint64_t want = pid ? 0x3fd5555555555556 : 0xbfd5555555555556;
	for (int i = 0; i < 100; i++) {
		EQUAL(bits(FLOAT2("divt/suid", pid ? 1.0 : -1.0, 3.0)), want);
		if (write(ends[1], "x", 1) != 1 || read(ends[0], &c, 1) != 1)
			fail("pipe: %s", strerror(errno));
	}
	if (pid == 0)
		_exit(0);
	int status;
	waitpid(pid, &status, 0);
	EQUAL(status, 0);
}

#define FLAGS(operation, want) \
	do { \
		feclearexcept(FE_ALL_EXCEPT); \
		(void)(operation); \
		int got_ = fetestexcept(FE_ALL_EXCEPT); \
		if (got_ != (want)) \
			fail("line %d: %s raises %#x, want %#x", __LINE__, #operation, got_, (want)); \
	} while (0)

CHECK(float_flags) {
	const double max = 0x1.fffffffffffffp1023, min = 0x1p-1022, signaling = number(0x7ff4000000000000), quiet = number(0x7ff8000000000000);
	FLAGS(FLOAT2("addt/sui", 1.0, 2.0), 0);
	FLAGS(FLOAT2("divt/sui", 1.0, 3.0), FE_INEXACT);
	FLAGS(FLOAT2("divt/sui", 1.0, 0.0), FE_DIVBYZERO);
	FLAGS(FLOAT2("divt/sui", 0.0, 0.0), FE_INVALID);
	FLAGS(FLOAT2("mult/sui", max, max), FE_OVERFLOW | FE_INEXACT);
	FLAGS(FLOAT2("mult/sui", min, min), FE_UNDERFLOW | FE_INEXACT);
	FLAGS(FLOAT2("subt/sui", INFINITY, INFINITY), FE_INVALID);
	FLAGS(FLOAT2("addt/sui", quiet, 1.0), 0);
	FLAGS(FLOAT2("addt/sui", signaling, 1.0), FE_INVALID);
	FLAGS(FLOAT2("cmptlt/su", quiet, 1.0), FE_INVALID);
	FLAGS(FLOAT2("cmpteq/su", quiet, 1.0), 0);
	FLAGS(FLOAT2("cmptun/su", signaling, 1.0), FE_INVALID);
	FLAGS(FLOAT1("cvtts/sui", max), FE_OVERFLOW | FE_INEXACT);
	FLAGS(FLOAT1("cvtts/sui", 0x1p-200), FE_UNDERFLOW | FE_INEXACT);
	FLAGS(FLOAT1("cvttq/svic", 2.5), FE_INEXACT);
	FLAGS(FLOAT1("cvttq/svic", quiet), FE_INVALID);
}

/* Values where the rules meet: zeros, denormals, the ends of the ranges, infinities, NaNs of both kinds. */
static const uint64_t edges[] = {
	0, 0x8000000000000000, 1, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x8010000000000000, 0x0010000000000001,
	0x3ca0000000000000, 0x3fe0000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x3ff0000000000001, 0x3fefffffffffffff,
	0x4000000000000000, 0xc008000000000000, 0x36a0000000000000, 0x380fffffe0000000, 0x3810000000000000, 0x47efffffe0000000,
	0x47effffff0000000, 0x7fe0000000000000, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000,
	0x43e0000000000000, 0xc3e0000000000000, 0x43dfffffffffffff, 0x43f0000000000000, 0x41dfffffffc00000, 0x41e0000000000000,
	0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001, 0xfff7ffffffffffff, 0x7ffdeadbeef00000,
};
enum { EDGES = sizeof edges / sizeof *edges };

static int is_nan(uint64_t b) { return (b << 1) > 0xffe0000000000000; }

#define DIGEST2(op) \
	do { \
		digest = 0; \
		for (int i = 0; i < EDGES; i++) \
			for (int j = 0; j < EDGES; j++) { \
				if (is_nan(edges[i]) && is_nan(edges[j])) \
					continue; /* float_two_nans */ \
				feclearexcept(FE_ALL_EXCEPT); \
				mix(&digest, bits(FLOAT2(op, number(edges[i]), number(edges[j])))); \
				mix(&digest, (uint64_t)fetestexcept(FE_ALL_EXCEPT)); \
			} \
		length += snprintf(text + length, sizeof text - (size_t)length, " %s %08x", op, (unsigned)(digest >> 32)); \
	} while (0)
#define DIGEST1(op) DIGEST1_OF(op, number(edges[i]))
/* SINGLE is edge i as a number of the S format: what S instructions do to others is not defined. */
#define SINGLE FLOAT1("cvtts/sui", number(edges[i]))
#define DIGEST1_OF(op, value) \
	do { \
		digest = 0; \
		for (int i = 0; i < EDGES; i++) { \
			double value_ = (value); \
			feclearexcept(FE_ALL_EXCEPT); \
			mix(&digest, bits(FLOAT1(op, value_))); \
			mix(&digest, (uint64_t)fetestexcept(FE_ALL_EXCEPT)); \
		} \
		length += snprintf(text + length, sizeof text - (size_t)length, " %s %08x", op, (unsigned)(digest >> 32)); \
	} while (0)

/* Results and flags of every operation on every pair of edges: all machines must agree. */
CHECK(float_edges) {
	char text[400];
	int length = 0;
	uint64_t digest;
	DIGEST2("addt/sui");
	DIGEST2("subt/sui");
	DIGEST2("mult/sui");
	DIGEST2("divt/sui");
	DIGEST2("cmpteq/su");
	DIGEST2("cmptlt/su");
	DIGEST2("cmptle/su");
	DIGEST2("cmptun/su");
	DIGEST2("cpys");
	DIGEST2("cpysn");
	DIGEST2("cpyse");
	result("%s", text + 1);
}

CHECK(float_edges_modes) {
	char text[400];
	int length = 0;
	uint64_t digest;
	for (int m = 1; m < 4; m++) {
		fesetround(modes[m]);
		DIGEST2("addt/suid");
		DIGEST2("mult/suid");
		DIGEST2("divt/suid");
	}
	result("%s", text + 1);
}

CHECK(float_convert) {
	char text[400];
	int length = 0;
	uint64_t digest;
	DIGEST1("cvtts/sui");
	DIGEST1("cvtts/suic");
	DIGEST1("cvtqt/sui");
	DIGEST1("cvtqs/suim");
	DIGEST1("cvtlq");
	result("%s", text + 1);
}

/* To an integer: in the range, and the low bits of what is out of it. */
CHECK(float_to_integer) {
	EQUAL(bits(FLOAT1("cvttq/svic", 1e18)), 1000000000000000000);
	EQUAL(bits(FLOAT1("cvttq/svic", -0.99)), 0);
	EQUAL(bits(FLOAT1("cvttq/svic", -0x1p63)), 0x8000000000000000);
	EQUAL(bits(FLOAT1("cvttq/svic", 0x1p63)), 0x8000000000000000);
	EQUAL(bits(FLOAT1("cvttq/svic", 0x1.8p64)), 0x8000000000000000);
	EQUAL(bits(FLOAT1("cvttq/svic", 0x1.0000000000001p65)), 0x2000);
	EQUAL(bits(FLOAT1("cvttq/svic", 0x1p200)), 0);
	EQUAL(bits(FLOAT1("cvttq/svic", INFINITY)), 0);
}

/* With two NaNs the second operand's counts. */
CHECK(float_two_nans) {
	const double a = number(0x7ff8000000000011), b = number(0xfff8000000000022), c = number(0x7ff4000000000033);
	EQUAL(bits(FLOAT2("addt/sui", a, b)), 0xfff8000000000022);
	EQUAL(bits(FLOAT2("subt/sui", b, a)), 0x7ff8000000000011);
	EQUAL(bits(FLOAT2("mult/sui", a, c)), 0x7ffc000000000033);
	EQUAL(bits(FLOAT2("divt/sui", c, b)), 0xfff8000000000022);
}

/* The two formats of a register's contents: loads and stores of S must keep every bit. */
CHECK(float_single_memory) {
	static const uint32_t singles[] = {0, 0x80000000, 1, 0x007fffff, 0x00800000, 0x3f800000, 0xbf800000, 0x7f7fffff, 0x7f800000, 0xff800000,
		0x7fc00000, 0x7fa00001, 0xffbfffff, 0x12345678, 0x40490fdb};
	for (unsigned i = 0; i < sizeof singles / sizeof *singles; i++) {
		uint32_t in = singles[i], out = 0;
		uint64_t inside, exponent = in >> 23 & 255;
		__asm__ volatile("lds $f10,0(%1)\n\tsts $f10,0(%2)\n\tstt $f10,0(%3)" : "=m"(out) : "r"(&in), "r"(&out), "r"(&inside) : "$f10", "memory");
		EQUAL(out, in);
		uint64_t wide = exponent == 255 ? 0x7ff : exponent == 0 ? 0 : exponent + 896;
		EQUAL(inside, (uint64_t)(in >> 31) << 63 | wide << 52 | (uint64_t)(in & 0x7fffff) << 29);
	}
}

CHECK(float_cmov) {
	static const struct {
		uint64_t value;
		int eq, ne, lt, le, gt, ge;
	} rows[] = {
		{0, 1, 0, 0, 1, 0, 1}, {0x8000000000000000, 1, 0, 0, 1, 0, 1}, {0x3ff0000000000000, 0, 1, 0, 0, 1, 1},
		{0xbff0000000000000, 0, 1, 1, 1, 0, 0}, {1, 0, 1, 0, 0, 1, 1}, {0xffffffffffffffff, 0, 1, 1, 1, 0, 0}, {0x7ff8000000000000, 0, 1, 0, 0, 1, 1},
	};
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		double old = 1, d;
#define MOVES(op, want) \
	__asm__ volatile("cpys %1,%1,%0\n\t" op " %2,%3,%0" : "=&f"(d) : "f"(old), "f"(number(rows[i].value)), "f"(2.0)); \
	EXPECT(d == ((want) ? 2 : 1))
		MOVES("fcmoveq", rows[i].eq);
		MOVES("fcmovne", rows[i].ne);
		MOVES("fcmovlt", rows[i].lt);
		MOVES("fcmovle", rows[i].le);
		MOVES("fcmovgt", rows[i].gt);
		MOVES("fcmovge", rows[i].ge);
	}
}

#ifdef __alpha_fix__
CHECK(float_fix) {
	char text[400];
	int length = 0;
	uint64_t digest, x;
	EQUAL(bits(FLOAT1("sqrtt/sui", 2.0)), 0x3ff6a09e667f3bcd);
	EQUAL(bits(FLOAT1("sqrtt/sui", -0.0)), 0x8000000000000000);
	DIGEST1("sqrtt/sui");
	DIGEST1_OF("sqrts/suim", SINGLE);
	double d;
	__asm__ volatile("itoft %2,%0\n\tftoit %0,%1" : "=&f"(d), "=r"(x) : "r"(0x123456789abcdef0));
	EQUAL(x, 0x123456789abcdef0);
	__asm__ volatile("itofs %2,%0\n\tftois %0,%1" : "=&f"(d), "=r"(x) : "r"(0xffffffff3fc00000));
	EQUAL(x, 0x3fc00000);
	EXPECT(d == 1.5);
	__asm__ volatile("itofs %2,%0\n\tftois %0,%1" : "=&f"(d), "=r"(x) : "r"(0xbfc00000));
	EQUAL(x, 0xffffffffbfc00000);
	result("%s", text + 1);
}
#endif
