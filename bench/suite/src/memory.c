/* mmap and mprotect games: the address and code of faults, copies on write, mappings that come and go. */
#include "suite.h"

#include <fcntl.h>

/* fault runs an access and checks the signal it makes; code 0 is none. */
#define FAULT(access, number, want_code, where) \
	do { \
		caught.count = 0; \
		access; \
		if (caught.count != 1 || caught.signal != (number) || caught.code != (want_code) || caught.address != (unsigned long)(where)) \
			fail("line %d: %s: %d signals, number %d, code %d, address %#lx; want %d, %d, %#lx", __LINE__, #access, caught.count, caught.signal, \
				caught.code, caught.address, number, want_code, (unsigned long)(where)); \
	} while (0)

static void load(void *p) {
	uint64_t x;
	__asm__ volatile("ldq %0,0(%1)" : "=r"(x) : "r"(p) : "memory");
}

static void store(void *p) { __asm__ volatile("stq $31,0(%0)" ::"r"(p) : "memory"); }

CHECK(memory_fault_codes) {
	catch_signals(SIGSEGV, SIGBUS, 0);
	char *p = pages(4, PROT_READ | PROT_WRITE);
	memset(p, 1, 4 * PAGE);
	mprotect(p + PAGE, PAGE, PROT_NONE);
	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	munmap(p + 3 * PAGE, PAGE);
	FAULT(load(p + PAGE + 8), SIGSEGV, SEGV_ACCERR, p + PAGE + 8);
	FAULT(store(p + PAGE + 16), SIGSEGV, SEGV_ACCERR, p + PAGE + 16);
	FAULT(store(p + 2 * PAGE + 24), SIGSEGV, SEGV_ACCERR, p + 2 * PAGE + 24);
	FAULT(load(p + 3 * PAGE + 32), SIGSEGV, SEGV_MAPERR, p + 3 * PAGE + 32);
	FAULT(store(p + 3 * PAGE + 40), SIGSEGV, SEGV_MAPERR, p + 3 * PAGE + 40);
	FAULT(load(NULL), SIGSEGV, SEGV_MAPERR, 0);
	caught.count = 0;
	load(p + 2 * PAGE);
	store(p);
	EQUAL(caught.count, 0);
}

/* The kernel's addresses and those that are no addresses. */
CHECK(memory_wild) {
	static const unsigned long where[] = {0xfffffc0000000000, 0xfffffc0001010000, 0xfffffffe00000000, 0xfffffffffffffff8, 0x8000000000000000,
		0x0000080000000000, 0x000007fffffffff8, 0x0010000000000000, 0xfffffd01fc000000, 0xfffffc8000000000, 0x40000000000, 0x3fffffffff8};
	catch_signals(SIGSEGV, SIGBUS, SIGILL, 0);
	for (unsigned i = 0; i < sizeof where / sizeof *where; i++) {
		caught.count = 0;
		load((void *)hide(where[i]));
		if (caught.count != 1 || caught.signal != SIGSEGV)
			fail("load of %#lx: %d signals, number %d", where[i], caught.count, caught.signal);
		store((void *)hide(where[i]));
		if (caught.count != 2 || caught.signal != SIGSEGV)
			fail("store to %#lx: %d signals, number %d", where[i], caught.count, caught.signal);
	}
}

/* The program counter of a fault is the access itself, with everything before it done and nothing after. */
CHECK(memory_precise) {
	uint64_t before, after, at;
	catch_signals(SIGSEGV, 0);
	caught.count = 0;
	__asm__ volatile(
		"lda %0,1($31)\n\tlda %1,1($31)\n\t"
		"br %2,1f\n1:\taddq %0,%0,%0\n\taddq %0,1,%0\n\tstq %0,8($31)\n\taddq %1,4,%1"
		: "=&r"(before), "=&r"(after), "=&r"(at)
		:
		: "memory");
	EXPECT(caught.count == 1 && before == 3 && after == 5);
	EQUAL(caught.pc, at + 8);
	EQUAL(caught.address, 8);
	/* A load that faults leaves its register alone; a prefetch does not fault. */
	uint64_t target = hide(99);
	__asm__ volatile("ldq %0,16($31)" : "+r"(target));
	EQUAL(target, 99);
	EQUAL(caught.count, 2);
	__asm__ volatile("ldl $31,16($31)\n\tlds $f31,16($31)\n\tldt $f31,16($31)\n\tldq $31,16($31)\n\tldq_u $31,0($31)");
	EQUAL(caught.count, 2);
}

/* Protections that change under a loop that was fast before. */
CHECK(memory_mprotect_loop) {
	catch_signals(SIGSEGV, 0);
	char *p = pages(2, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 200; i++) {
		caught.count = 0;
		mprotect(p, PAGE, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE);
		mprotect(p + PAGE, PAGE, i & 2 ? PROT_NONE : PROT_READ);
		store(p + i);
		load(p + PAGE + (i & ~7));
		int want = (i & 1) + !!(i & 2);
		if (caught.count != want && !(i & 7))
			fail("round %d: %d signals, want %d", i, caught.count, want);
	}
}

static void write_all(void *p) {
	char *c = p;
	for (int i = 0; i < 8 * PAGE; i += 512)
		c[i] = 'c';
	EXPECT(c[0] == 'c');
}

CHECK(memory_copy_on_write) {
	char *p = pages(8, PROT_READ | PROT_WRITE);
	char *both = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EXPECT(p[3 * PAGE] == 0); /* the zero page */
	for (int i = 0; i < 4 * PAGE; i++)
		p[i] = 'p';
	for (int round = 0; round < 10; round++) {
		EQUAL(run_child(write_all, p), 0);
		EXPECT(p[0] == 'p' && p[4 * PAGE - 1] == 'p' && p[5 * PAGE] == 0);
	}
	pid_t pid = fork();
	if (pid == 0) {
		both[0] = 'x';
		p[0] = 'q';
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	EXPECT(both[0] == 'x' && p[0] == 'p');
}

/* One page of a file at three addresses, two of them shared; and a page that is replaced under its address. */
CHECK(memory_aliases) {
	char name[] = "aliasXXXXXX";
	int f = mkstemp(name);
	unlink(name);
	if (f < 0 || ftruncate(f, 2 * PAGE))
		fail("file: %s", strerror(errno));
	volatile uint64_t *a = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	volatile uint64_t *b = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	volatile uint64_t *c = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
	EXPECT(a != MAP_FAILED && b != MAP_FAILED && c != MAP_FAILED);
	for (uint64_t i = 1; i < 500; i++) {
		a[i % 1024] = i;
		EQUAL(b[i % 1024], i);
		b[(i + 1) % 1024] = ~i;
		EQUAL(a[(i + 1) % 1024], ~i);
	}
	c[0] = 5;
	EQUAL(a[0], 0);
	a[0] = 6;
	EXPECT(b[0] == 6 && c[0] == 5);
	EXPECT(mmap((void *)b, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, f, PAGE) == b);
	a[1024] = 77;
	EXPECT(b[0] == 77);
	catch_signals(SIGSEGV, SIGBUS, 0);
	if (ftruncate(f, PAGE))
		fail("ftruncate");
	FAULT(load((void *)(a + 1024)), SIGBUS, BUS_ADRERR, a + 1024);
}

/* Many mappings and unmappings of the same addresses with other contents: no translation may outlive its page. */
CHECK(memory_reuse) {
	char *at = pages(4, PROT_NONE);
	catch_signals(SIGSEGV, 0);
	for (uint64_t i = 0; i < 300; i++) {
		char *p = mmap(at, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		EXPECT(p == at && *(uint64_t *)p == 0 && *(uint64_t *)(p + 2 * PAGE - 8) == 0);
		memset(p, (int)i, 2 * PAGE);
		char *q = mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 2 * PAGE);
		EXPECT(q == at + 2 * PAGE && (uint8_t)q[100] == (uint8_t)i);
		FAULT(load(at), SIGSEGV, SEGV_MAPERR, at);
		EXPECT((uint8_t)at[PAGE] == (uint8_t)i);
		munmap(at + PAGE, 2 * PAGE);
		FAULT(load(q), SIGSEGV, SEGV_MAPERR, q);
	}
}

/* madvise gives pages back: they are zero again. */
CHECK(memory_dontneed) {
	char *p = pages(4, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 100; i++) {
		memset(p, 0x11, 4 * PAGE);
		EQUAL(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED), 0);
		EXPECT(p[0] == 0x11 && p[PAGE] == 0 && p[3 * PAGE - 1] == 0 && p[3 * PAGE] == 0x11);
	}
}
