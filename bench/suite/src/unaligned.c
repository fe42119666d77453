/* Unaligned accesses: the kernel finishes them, unless the process has asked for a signal. */
#include "suite.h"

#include <sys/syscall.h>

enum { SSI_NVPAIRS = 1, SSIN_UACPROC = 6, UAC_NOPRINT = 1, UAC_NOFIX = 2, UAC_SIGBUS = 4 };

static void set_uac(unsigned flags) {
	unsigned pair[2] = {SSIN_UACPROC, flags};
	if (syscall(SYS_osf_setsysinfo, SSI_NVPAIRS, pair, 1, 0, 0, 0))
		fail("setsysinfo: %s", strerror(errno));
}

static uint64_t read_bytes(const uint8_t *p, int n) {
	uint64_t x = 0;
	for (int i = n - 1; i >= 0; i--)
		x = x << 8 | p[i];
	return x;
}

static uint64_t inside(uint32_t single) { /* what a register holds of it */
	uint64_t exponent = single >> 23 & 255;
	return (uint64_t)(single >> 31) << 63 | (exponent == 255 ? 0x7ff : exponent ? exponent + 896 : 0) << 52 | (uint64_t)(single & 0x7fffff) << 29;
}

#define LOAD(op, p) \
	({ \
		uint64_t x_; \
		__asm__ volatile(op " %0,0(%1)" : "=r"(x_) : "r"(p) : "memory"); \
		x_; \
	})
#define LOAD_FLOAT(op, p) \
	({ \
		uint64_t x_; \
		__asm__ volatile(op " $f10,0(%1)\n\tstt $f10,0(%0)" ::"r"(&x_), "r"(p) : "$f10", "memory"); \
		x_; \
	})

CHECK(unaligned_loads) {
	uint8_t *p = pages(2, PROT_READ | PROT_WRITE);
	uint64_t state = 4;
	set_uac(UAC_NOPRINT);
	for (int i = 0; i < 2 * PAGE; i++)
		p[i] = (uint8_t)next(&state);
	p += PAGE - 16; /* the page's end is among the addresses */
	for (int i = 0; i < 24; i++, p++) {
		EQUAL(LOAD("ldl", p), (int32_t)read_bytes(p, 4));
		EQUAL(LOAD("ldq", p), read_bytes(p, 8));
		EQUAL(LOAD("ldq_u", p), read_bytes((uint8_t *)((uintptr_t)p & ~7UL), 8));
		EQUAL(LOAD_FLOAT("ldt", p), read_bytes(p, 8));
		EQUAL(LOAD_FLOAT("lds", p), inside((uint32_t)read_bytes(p, 4)));
#ifdef __alpha_bwx__
		EQUAL(LOAD("ldwu", p), read_bytes(p, 2));
#endif
	}
}

/* STORE(op, p, n) stores the low n bytes of value and checks them and their neighbours. */
#define STORE(text, p, n) \
	do { \
		memset((p)-8, 0xaa, 24); \
		__asm__ volatile("ldt $f10,0(%2)\n\t" text ::"r"(value), "r"(p), "r"(&value) : "$f10", "memory"); \
		EQUAL(read_bytes(p, n), (n) == 8 ? value : value & ((1UL << (n)*8) - 1)); \
		EXPECT((p)[-1] == 0xaa && (p)[n] == 0xaa); \
	} while (0)

CHECK(unaligned_stores) {
	uint8_t *p = (uint8_t *)pages(2, PROT_READ | PROT_WRITE) + PAGE - 16;
	uint64_t value = hide(0x8123456789abcdef);
	set_uac(UAC_NOPRINT);
	for (int i = 0; i < 24; i++, p++) {
		STORE("stl %0,0(%1)", p, 4);
		STORE("stq %0,0(%1)", p, 8);
		STORE("stt $f10,0(%1)", p, 8);
#ifdef __alpha_bwx__
		STORE("stw %0,0(%1)", p, 2);
#endif
		uint32_t single = 0x40490fdb + (uint32_t)i;
		__asm__ volatile("lds $f10,0(%0)\n\tsts $f10,0(%1)" ::"r"(&single), "r"(p) : "$f10", "memory");
		EQUAL(read_bytes(p, 4), single);
	}
}

/* The registers that the kernel keeps elsewhere than the others, a register that is its own base, and none. */
CHECK(unaligned_registers) {
	uint8_t *p = (uint8_t *)pages(1, PROT_READ | PROT_WRITE) + 3;
	uint64_t got, want = 0x1020304050607080;
	set_uac(UAC_NOPRINT);
	memcpy(p, &want, 8);
/* clobbers must name the register, unless the compiler never gives it to others */
#define THROUGH(reg, ...) \
	__asm__ volatile("mov $" #reg ",$1\n\tldq $" #reg ",0(%1)\n\tmov $" #reg ",%0\n\tmov $1,$" #reg : "=&r"(got) : "r"(p) : "$1", "memory" __VA_OPT__(, ) __VA_ARGS__); \
	EQUAL(got, want)
	THROUGH(0, "$0");
	THROUGH(9, "$9");
	THROUGH(15);
	THROUGH(16, "$16");
	THROUGH(17, "$17");
	THROUGH(18, "$18");
	THROUGH(19, "$19");
	THROUGH(26, "$26");
	THROUGH(27, "$27");
	THROUGH(29);
	THROUGH(30);
	uint64_t self = (uint64_t)p;
	__asm__ volatile("ldq %0,0(%0)" : "+r"(self)::"memory");
	EQUAL(self, want);
	__asm__ volatile("ldq $31,0(%0)\n\tldt $f31,0(%0)\n\tstq $31,16(%0)" ::"r"(p) : "memory");
	EQUAL(read_bytes(p + 16, 8), 0);
	__asm__ volatile("ldq %0,-1(%1)" : "=r"(got) : "r"(p) : "memory");
	EQUAL(got, read_bytes(p - 1, 8));
}

CHECK(unaligned_sigbus) {
	uint8_t *p = (uint8_t *)pages(1, PROT_READ | PROT_WRITE) + 1;
	unsigned long at;
	uint64_t kept = 77;
	catch_signals(SIGBUS, SIGSEGV, 0);
	set_uac(UAC_NOPRINT | UAC_SIGBUS);
#define BUS(text) \
	caught.count = 0; \
	__asm__ volatile("br %0,1f\n1:\t" text : "=&r"(at), "+r"(kept) : "r"(p) : "memory"); \
	if (caught.count != 1 || caught.signal != SIGBUS || caught.code != BUS_ADRALN || caught.address != (unsigned long)p || caught.pc != at || kept != 77) \
	fail("%s: %d signals, number %d, code %d, address p%+ld, pc %+ld", text, caught.count, caught.signal, caught.code, (long)(caught.address - (unsigned long)p), \
		(long)(caught.pc - at))
	BUS("ldl %1,0(%2)");
	BUS("ldq %1,0(%2)");
	BUS("stl %1,0(%2)");
	BUS("stq %1,0(%2)");
	BUS("lds $f11,0(%2)");
	BUS("ldt $f11,0(%2)");
	BUS("sts $f11,0(%2)");
	BUS("stt $f11,0(%2)");
}

/* The kernel does not finish the locked ones. */
CHECK(unaligned_locked) {
	uint8_t *p = (uint8_t *)pages(1, PROT_READ | PROT_WRITE) + 4;
	unsigned long at;
	uint64_t kept = 77;
	catch_signals(SIGBUS, SIGSEGV, 0);
	BUS("ldq_l %1,0(%2)");
	p -= 2;
	BUS("ldl_l %1,0(%2)");
}

CHECK(unaligned_nofix) {
	uint8_t *p = (uint8_t *)pages(1, PROT_READ | PROT_WRITE) + 1;
	uint64_t x = 5;
	catch_signals(SIGBUS, SIGSEGV, 0);
	set_uac(UAC_NOPRINT | UAC_NOFIX);
	memset(p, 0x33, 16);
	__asm__ volatile("ldq %0,0(%1)" : "+r"(x) : "r"(p) : "memory");
	EQUAL(caught.count, 0);
	EQUAL(x, 5); /* left alone */
}

/* Over the edge of what is mapped. */
CHECK(unaligned_fault) {
	uint8_t *end = (uint8_t *)pages(2, PROT_READ | PROT_WRITE) + PAGE;
	uint64_t x = 5;
	catch_signals(SIGBUS, SIGSEGV, 0);
	set_uac(UAC_NOPRINT);
	memset(end - 8, 0x44, 8);
	mprotect(end, PAGE, PROT_NONE);
	__asm__ volatile("ldq %0,-3(%1)" : "+r"(x) : "r"(end) : "memory");
	EXPECT(caught.count == 1 && caught.signal == SIGSEGV && x == 5);
	result("code %d, address end%+ld", caught.code, (long)(caught.address - (unsigned long)end));
	__asm__ volatile("stq %0,-3(%1)" ::"r"(x), "r"(end) : "memory");
	EXPECT(caught.count == 2 && caught.signal == SIGSEGV);
}

/* Many of them in a loop: slow, but right. */
CHECK(unaligned_loop) {
	uint8_t *p = pages(1, PROT_READ | PROT_WRITE);
	uint64_t digest = 0, state = 8;
	set_uac(UAC_NOPRINT);
	for (int i = 0; i < PAGE; i++)
		p[i] = (uint8_t)next(&state);
	for (int i = 0; i < 2000; i++) {
		uint64_t x = LOAD("ldq", p + i), y = LOAD("ldl", p + i * 3);
		mix(&digest, x + y);
		__asm__ volatile("stq %0,0(%1)" ::"r"(digest), "r"(p + i + 9) : "memory");
	}
	result("%016lx", digest);
}
