/* Byte manipulation against the same in plain C; the extensions only where the variant's processor has them. */
#include "suite.h"

#define OPERATE(op, a, b) \
	({ \
		uint64_t out_; \
		__asm__ volatile(op " %1,%2,%0" : "=r"(out_) : "r"(a), "r"(b)); \
		out_; \
	})

/* SAME(op, expression) compares on a value a and every byte offset b, beyond 7 too: only three bits count. */
#define SAME(op, expression) \
	do { \
		uint64_t state = 42; \
		for (int i = 0; i < 500; i++) { \
			uint64_t a = i ? next(&state) : 0x8081828384858687, b = i < 64 ? (uint64_t)i : next(&state); \
			uint64_t got = OPERATE(op, a, b), want = (expression); \
			if (got != want) \
				fail("%s %#lx, %#lx is %#lx, want %#lx", op, a, b, got, want); \
		} \
	} while (0)

#define MASK(bytes) ((bytes) == 8 ? -1UL : (1UL << (bytes) * 8) - 1)

/* The three kinds of a byte instruction, low and high: n bytes of a value, at offset b, in a pair of words. */
static uint64_t ext_low(uint64_t a, uint64_t b, int n) { return a >> (b & 7) * 8 & MASK(n); }
static uint64_t ext_high(uint64_t a, uint64_t b, int n) { return (b & 7 ? a << (64 - (b & 7) * 8) : a) & MASK(n); }
static uint64_t ins_low(uint64_t a, uint64_t b, int n) { return (a & MASK(n)) << (b & 7) * 8; }
static uint64_t ins_high(uint64_t a, uint64_t b, int n) { return b & 7 ? (a & MASK(n)) >> (64 - (b & 7) * 8) : 0; }
static uint64_t msk_low(uint64_t a, uint64_t b, int n) { return a & ~(MASK(n) << (b & 7) * 8); }
static uint64_t msk_high(uint64_t a, uint64_t b, int n) { return b & 7 ? a & ~(MASK(n) >> (64 - (b & 7) * 8)) : a; }

static uint64_t zapped(uint64_t a, uint64_t bits) {
	for (int i = 0; i < 8; i++)
		if (bits >> i & 1)
			a &= ~(0xffUL << i * 8);
	return a;
}

static uint64_t compared(uint64_t a, uint64_t b) {
	uint64_t bits = 0;
	for (int i = 0; i < 8; i++)
		bits |= (uint64_t)((uint8_t)(a >> i * 8) >= (uint8_t)(b >> i * 8)) << i;
	return bits;
}

CHECK(bytes_extract) {
	SAME("extbl", ext_low(a, b, 1));
	SAME("extwl", ext_low(a, b, 2));
	SAME("extll", ext_low(a, b, 4));
	SAME("extql", ext_low(a, b, 8));
	SAME("extwh", ext_high(a, b, 2));
	SAME("extlh", ext_high(a, b, 4));
	SAME("extqh", ext_high(a, b, 8));
}

CHECK(bytes_insert) {
	SAME("insbl", ins_low(a, b, 1));
	SAME("inswl", ins_low(a, b, 2));
	SAME("insll", ins_low(a, b, 4));
	SAME("insql", ins_low(a, b, 8));
	SAME("inswh", ins_high(a, b, 2));
	SAME("inslh", ins_high(a, b, 4));
	SAME("insqh", ins_high(a, b, 8));
}

CHECK(bytes_mask) {
	SAME("mskbl", msk_low(a, b, 1));
	SAME("mskwl", msk_low(a, b, 2));
	SAME("mskll", msk_low(a, b, 4));
	SAME("mskql", msk_low(a, b, 8));
	SAME("mskwh", msk_high(a, b, 2));
	SAME("msklh", msk_high(a, b, 4));
	SAME("mskqh", msk_high(a, b, 8));
	SAME("zap", zapped(a, b & 255));
	SAME("zapnot", zapped(a, ~b & 255));
	SAME("cmpbge", compared(a, b));
}

#ifdef __alpha_bwx__
CHECK(bytes_bwx) {
	uint8_t memory[16];
	SAME("sextb %2,%0 #", (uint64_t)(int8_t)b);
	SAME("sextw %2,%0 #", (uint64_t)(int16_t)b);
	for (int i = 0; i < 15; i++) {
		uint64_t got;
		memset(memory, 0xa5, sizeof memory);
		__asm__ volatile("stb %1,0(%2)\n\tldbu %0,0(%2)" : "=&r"(got) : "r"(0x123456789abcdef0 + (uint64_t)i), "r"(memory + i) : "memory");
		EQUAL(got, 0xf0 + i);
		EQUAL(memory[i + 1], 0xa5);
		if (i % 2)
			continue;
		__asm__ volatile("stw %1,0(%2)\n\tldwu %0,0(%2)" : "=&r"(got) : "r"(0x123456789abcdef0 + (uint64_t)i), "r"(memory + i) : "memory");
		EQUAL(got, 0xdef0 + i);
	}
}
#endif

#ifdef __alpha_cix__
static uint64_t count_bits(uint64_t x) {
	uint64_t n = 0;
	for (; x; x &= x - 1)
		n++;
	return n;
}

CHECK(bytes_cix) {
	SAME("ctpop %2,%0 #", count_bits(b));
	SAME("cttz %2,%0 #", b ? count_bits((b & -b) - 1) : 64);
	SAME("ctlz %2,%0 #", ({ uint64_t n = 64, x = b; for (; x; x >>= 1) n--; n; }));
}
#endif

#ifdef __alpha_max__
/* lanes applies min or max to each lane of the given width. */
static uint64_t lanes(uint64_t a, uint64_t b, int width, int is_signed, int want_max) {
	uint64_t out = 0;
	for (int i = 0; i < 64; i += width) {
		int shift = 64 - width;
		uint64_t x = a >> i << shift, y = b >> i << shift; /* the lane at the top: one comparison for every width */
		int less = is_signed ? (int64_t)x < (int64_t)y : x < y;
		out |= (less != want_max ? x : y) >> shift << i;
	}
	return out;
}

static uint64_t error_sum(uint64_t a, uint64_t b) {
	uint64_t sum = 0;
	for (int i = 0; i < 64; i += 8) {
		int x = (uint8_t)(a >> i), y = (uint8_t)(b >> i);
		sum += (uint64_t)(x > y ? x - y : y - x);
	}
	return sum;
}

CHECK(bytes_mvi) {
	SAME("minub8", lanes(a, b, 8, 0, 0));
	SAME("minsb8", lanes(a, b, 8, 1, 0));
	SAME("minuw4", lanes(a, b, 16, 0, 0));
	SAME("minsw4", lanes(a, b, 16, 1, 0));
	SAME("maxub8", lanes(a, b, 8, 0, 1));
	SAME("maxsb8", lanes(a, b, 8, 1, 1));
	SAME("maxuw4", lanes(a, b, 16, 0, 1));
	SAME("maxsw4", lanes(a, b, 16, 1, 1));
	SAME("perr", error_sum(a, b));
	SAME("pklb %1,%0 #", (a & 0xff) | (a >> 24 & 0xff00));
	SAME("unpkbl %1,%0 #", (a & 0xff) | (a & 0xff00) << 24);
	SAME("pkwb %1,%0 #", (a & 0xff) | (a >> 8 & 0xff00) | (a >> 16 & 0xff0000) | (a >> 24 & 0xff000000));
	SAME("unpkbw %1,%0 #", (a & 0xff) | (a & 0xff00) << 8 | (a & 0xff0000) << 16 | (a & 0xff000000) << 24);
}
#endif

/* The library's string functions at every alignment, up to the last byte before a page that is not there. */
CHECK(bytes_strings) {
	enum { ROOM = 200 };
	uint8_t *end = (uint8_t *)pages(3, PROT_READ | PROT_WRITE) + 2 * PAGE, *from = pages(2, PROT_READ | PROT_WRITE), want[ROOM];
	uint64_t state = 7, digest = 0;
	mprotect(end, PAGE, PROT_NONE);
	for (int i = 0; i < ROOM; i++)
		from[PAGE - 1 - i] = (uint8_t)(next(&state) % 255 + 1);
	for (size_t size = 0; size < 70; size++)
		for (size_t shift = 0; shift < 9; shift++) {
			uint8_t *to = end - size, *source = from + PAGE - size - shift;
			memset(end - ROOM, 0xee, ROOM);
			for (size_t i = 0; i < size; i++)
				want[i] = source[i];
			memcpy(to, source, size);
			EXPECT(memcmp(to, want, size) == 0 && to[-1] == 0xee);
			memmove(to - shift, to, size);
			EXPECT(memcmp(to - shift, want, size) == 0);
			memset(to, 0, size);
			if (size == 0)
				continue;
			memcpy(to, source, size - 1);
			EQUAL(strlen((char *)to), size - 1);
			EQUAL(strcmp((char *)to, (char *)to), 0);
			EXPECT(strchr((char *)to, 0) == (char *)end - 1 && memchr(to, 0, size) == end - 1);
			mix(&digest, (uint64_t)(strcmp((char *)to, (char *)source) > 0) + strlen(strcpy((char *)want, (char *)to)));
		}
	result("%016lx", digest);
}

struct packed {
	uint8_t a;
	uint16_t b;
	uint32_t c;
	uint64_t d;
	float e;
	double f;
	unsigned g : 3, h : 13, i : 31;
	long j : 51;
} __attribute__((packed));

/* Unaligned fields and bit fields: what the compiler makes out of ldq_u, ext, ins, msk. */
CHECK(bytes_packed) {
	static struct packed all[9];
	for (unsigned n = 0; n < 9; n++)
		all[n] = (struct packed){(uint8_t)n, (uint16_t)(0xbbb0 + n), 0xcccccc00 + n, 0xdddddddddddddd00 + n, 1.5f + (float)n, -2.25 * n,
			n % 8, 0x1550 + n, 0x12345670 + n, -1000000000000L - (long)n};
	for (unsigned n = 0; n < 9; n++) {
		struct packed *p = (struct packed *)hide((uint64_t)&all[n]);
		EXPECT(p->a == n && p->b == 0xbbb0 + n && p->c == 0xcccccc00 + n && p->d == 0xdddddddddddddd00 + n);
		EXPECT(p->e == 1.5f + (float)n && p->f == -2.25 * n);
		EXPECT(p->g == n % 8 && p->h == 0x1550 + n && p->i == 0x12345670 + n && p->j == -1000000000000L - (long)n);
	}
}
