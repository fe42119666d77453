/* Integer instructions against the same in plain C, on the operands where things go wrong. */
#include "suite.h"

static const uint64_t edges[] = {
	0, 1, 2, 3, 7, 8, 63, 64, 65, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
	0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, -1UL, -2UL, -128UL, -32768UL, 0xffffffff80000000,
	0xffffffff7fffffff, 0x0123456789abcdef, 0xfedcba9876543210, 0x00ff00ff00ff00ff, 0xaaaaaaaaaaaaaaaa,
};
enum { EDGES = sizeof edges / sizeof *edges };

static uint64_t sext32(uint64_t x) { return (uint64_t)(int64_t)(int32_t)x; }

/* high is the upper half of a product, by schoolbook multiplication. */
static uint64_t high(uint64_t a, uint64_t b) {
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t mid = ah * bl + (al * bl >> 32), low = al * bh + (uint32_t)mid;
	return ah * bh + (mid >> 32) + (low >> 32);
}

/* OPERATE(op, a, b) executes an instruction of two operands. */
#define OPERATE(op, a, b) \
	({ \
		uint64_t out_; \
		__asm__ volatile(op " %1,%2,%0" : "=r"(out_) : "r"(a), "r"(b)); \
		out_; \
	})

/* SAME(op, expression) compares an instruction with an expression of a and b. */
#define SAME(op, expression) \
	do { \
		for (int i = 0; i < EDGES; i++) \
			for (int j = 0; j < EDGES; j++) { \
				uint64_t a = edges[i], b = edges[j], got = OPERATE(op, a, b), want = (expression); \
				if (got != want) \
					fail("%s %#lx, %#lx is %#lx, want %#lx", op, a, b, got, want); \
			} \
	} while (0)

CHECK(int_add) {
	SAME("addq", a + b);
	SAME("addl", sext32(a + b));
	SAME("subq", a - b);
	SAME("subl", sext32(a - b));
	SAME("s4addq", a * 4 + b);
	SAME("s8addq", a * 8 + b);
	SAME("s4addl", sext32(a * 4 + b));
	SAME("s8addl", sext32(a * 8 + b));
	SAME("s4subq", a * 4 - b);
	SAME("s8subq", a * 8 - b);
	SAME("s4subl", sext32(a * 4 - b));
	SAME("s8subl", sext32(a * 8 - b));
}

CHECK(int_multiply) {
	SAME("mulq", a * b);
	SAME("mull", sext32(a * b));
	SAME("umulh", high(a, b));
	for (int i = 0; i < EDGES; i++)
		for (int j = 0; j < EDGES; j++) {
			__int128 p = (__int128)(int64_t)edges[i] * (int64_t)edges[j];
			uint64_t want = high(edges[i], edges[j]) - ((int64_t)edges[i] < 0 ? edges[j] : 0) - ((int64_t)edges[j] < 0 ? edges[i] : 0);
			EQUAL(p >> 64, want);
		}
}

CHECK(int_logic) {
	SAME("and", a & b);
	SAME("bic", a & ~b);
	SAME("bis", a | b);
	SAME("ornot", a | ~b);
	SAME("xor", a ^ b);
	SAME("eqv", a ^ ~b);
	SAME("sll", a << (b & 63));
	SAME("srl", a >> (b & 63));
	SAME("sra", (uint64_t)((int64_t)a >> (b & 63)));
}

CHECK(int_compare) {
	SAME("cmpeq", a == b);
	SAME("cmplt", (int64_t)a < (int64_t)b);
	SAME("cmple", (int64_t)a <= (int64_t)b);
	SAME("cmpult", a < b);
	SAME("cmpule", a <= b);
}

/* MOVES(op, condition) checks a conditional move: old if the condition of a does not hold. */
#define MOVES(op, condition) \
	do { \
		for (int i = 0; i < EDGES; i++) { \
			uint64_t a = edges[i], got = 111; \
			__asm__ volatile(op " %1,%2,%0" : "+r"(got) : "r"(a), "r"(222UL)); \
			if (got != ((condition) ? 222 : 111)) \
				fail("%s %#lx", op, a); \
		} \
	} while (0)

CHECK(int_cmov) {
	MOVES("cmoveq", a == 0);
	MOVES("cmovne", a != 0);
	MOVES("cmovlt", (int64_t)a < 0);
	MOVES("cmovle", (int64_t)a <= 0);
	MOVES("cmovgt", (int64_t)a > 0);
	MOVES("cmovge", (int64_t)a >= 0);
	MOVES("cmovlbs", a & 1);
	MOVES("cmovlbc", !(a & 1));
}

/* BRANCHES(op, condition) checks a conditional branch. */
#define BRANCHES(op, condition) \
	do { \
		for (int i = 0; i < EDGES; i++) { \
			uint64_t a = edges[i], got; \
			__asm__ volatile("lda %0,1($31)\n\t" op " %1,1f\n\tlda %0,0($31)\n1:" : "=&r"(got) : "r"(a)); \
			if (got != !!(condition)) \
				fail("%s %#lx", op, a); \
		} \
	} while (0)

CHECK(int_branch) {
	BRANCHES("beq", a == 0);
	BRANCHES("bne", a != 0);
	BRANCHES("blt", (int64_t)a < 0);
	BRANCHES("ble", (int64_t)a <= 0);
	BRANCHES("bgt", (int64_t)a > 0);
	BRANCHES("bge", (int64_t)a >= 0);
	BRANCHES("blbs", a & 1);
	BRANCHES("blbc", !(a & 1));
}

/* Division is a routine of the C library with a calling convention of its own. */
CHECK(int_divide) {
	for (int i = 0; i < EDGES; i++)
		for (int j = 1; j < EDGES; j++) {
			uint64_t a = hide(edges[i]), b = hide(edges[j]), q = a / b, r = a % b;
			EQUAL(q * b + r, a);
			EXPECT(r < b && high(q, b) == 0);
			int64_t sa = (int64_t)a, sb = (int64_t)b;
			if (sb == -1)
				continue; /* may overflow */
			EQUAL(sa / sb * sb + sa % sb, sa);
			EXPECT(sa % sb == 0 || (sa % sb < 0) == (sa < 0));
			uint32_t wa = (uint32_t)a, wb = (uint32_t)b;
			if (wb) {
				EQUAL(wa / wb, (uint64_t)wa / wb);
				EQUAL(wa % wb, (uint64_t)wa % wb);
			}
		}
	unsigned __int128 big = (unsigned __int128)0x0123456789abcdef << 64 | 0xfedcba9876543210;
	for (int i = 1; i < EDGES; i++) {
		unsigned __int128 q = big / hide(edges[i]), r = big % hide(edges[i]);
		EXPECT(q * edges[i] + r == big && r < edges[i]);
	}
}

/* Results that are thrown away, $31 as a source, literals, and a destination that is a source. */
CHECK(int_zero_register) {
	uint64_t x = 5, y;
	__asm__ volatile("addq %1,%1,$31\n\taddq $31,%1,%0" : "=r"(y) : "r"(hide(7)));
	EQUAL(y, 7);
	__asm__ volatile("addq %0,%0,%0\n\taddq %0,255,%0\n\tsubq $31,%0,%0" : "+r"(x));
	EQUAL(x, -265UL);
	__asm__ volatile("lda %0,-32768($31)\n\tldah %0,32767(%0)" : "=r"(y));
	EQUAL(y, 0x7ffe8000);
	__asm__ volatile("ldah %0,-32768($31)" : "=r"(y));
	EQUAL(y, 0xffffffff80000000);
}

static uint64_t ackermann(uint64_t m, uint64_t n) {
	return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static uint64_t switched(uint64_t x) {
	switch (x) {
	case 0: return 17;
	case 1: return x * 3;
	case 2: return ~x;
	case 3: return x << 7;
	case 4: return x ^ 0x55;
	case 5: return 1000;
	case 6: return x - 100;
	case 7: return x % 3;
	case 11: return 4;
	case 13: return switched(x - 9) + 1;
	default: return x / 3;
	}
}

/* What compilers make of ordinary code: recursion, jump tables, pointers to functions, loops over everything above. */
CHECK(int_program) {
	static uint64_t (*const table[])(uint64_t) = {switched, sext32, hide};
	uint64_t state = 1, digest = 0;
	EQUAL(ackermann(2, 9), 21);
	for (int i = 0; i < 20000; i++) {
		uint64_t x = next(&state), y = next(&state) >> (x & 63);
		mix(&digest, table[x % 3](y % 16));
		mix(&digest, (uint64_t)((int64_t)x >> (y & 63)) + (x > y ? x - y : y * 10));
		mix(&digest, (int32_t)x < (int32_t)y ? (uint16_t)x : (uint64_t)(int8_t)y);
		mix(&digest, y ? x / y : high(x, x));
	}
	result("%016lx", digest);
}
