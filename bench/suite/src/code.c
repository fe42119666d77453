/* Code that changes: written, overwritten, moved, mapped twice, unmapped and replaced. Nothing stale may ever run. */
#include "suite.h"
#include "library.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { RET = 0x6bfa8001, NOP = 0x47ff041f, RWX = PROT_READ | PROT_WRITE | PROT_EXEC };

typedef long function(long);

/* load_constant is lda $0,value($31). */
static uint32_t load_constant(int value) { return 0x201f0000 | (uint16_t)value; }
/* add_constant is lda $0,value($16). */
static uint32_t add_constant(int value) { return 0x20100000 | (uint16_t)value; }

static long call(void *code, long argument) {
	function *f = (function *)hide((uint64_t)code);
	return f(argument);
}

CHECK(code_rewrite) {
	uint32_t *code = pages(1, RWX);
	code[1] = RET;
	for (int i = 0; i < 1000; i++) {
		code[0] = load_constant(i);
		imb();
		EQUAL(call(code, 0), i);
		EQUAL(call(code, 0), i);
	}
}

/* One instruction of a loop that was hot. */
CHECK(code_patch_loop) {
	uint32_t *code = pages(1, RWX);
	/* $0 = 0; do $0 += N while (--$16); return */
	static const uint32_t loop[] = {0x47ff0400, 0x20000000, 0x42003530, 0xf61ffffd, RET};
	memcpy(code, loop, sizeof loop);
	for (int i = 1; i < 60; i++) {
		code[1] = 0x20000000 | (uint32_t)i; /* lda $0,i($0) */
		imb();
		EQUAL(call(code, 3000), 3000 * i);
	}
}

/* Data in the page of code: stores there must not cost the code its place, and the code must see them. */
CHECK(code_beside_data) {
	uint32_t *code = pages(1, RWX);
	volatile long *data = (volatile long *)(code + 1024);
	static const uint32_t add[] = {0xa4101000, 0x40100400, RET}; /* ldq $0,4096($16); addq $0,$16,$0 */
	memcpy(code, add, sizeof add);
	imb();
	for (long i = 0; i < 3000; i++) {
		*data = i;
		EQUAL(call(code, (long)code), i + (long)code);
	}
}

/* A function over the end of a page; the second page changes. */
CHECK(code_across_pages) {
	uint32_t *code = (uint32_t *)pages(2, RWX) + PAGE / 4 - 2;
	code[0] = add_constant(100);
	code[1] = NOP;
	code[3] = RET;
	for (int i = 0; i < 200; i++) {
		code[2] = 0x20000000 | (uint32_t)i; /* lda $0,i($0) */
		imb();
		EQUAL(call(code, 5), 105 + i);
		if (i % 50 == 49) {
			code[0] = add_constant(100);
			mprotect(code + 2, PAGE, PROT_READ | PROT_EXEC);
			EQUAL(call(code, 6), 106 + i);
			mprotect(code + 2, PAGE, RWX);
		}
	}
}

/* The same page at two addresses: written here, run there. And the same bytes in two pages. */
CHECK(code_two_addresses) {
	char name[] = "codeXXXXXX";
	int f = mkstemp(name);
	unlink(name);
	if (f < 0 || ftruncate(f, PAGE))
		fail("file");
	uint32_t *write_here = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	uint32_t *run_here = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, f, 0);
	uint32_t *and_here = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, f, 0);
	uint32_t *copy = pages(1, RWX);
	for (int i = 0; i < 200; i++) {
		write_here[0] = 0xc3600000; /* br $27,.+4 */
		write_here[1] = 0x437f0400; /* addq $27,$31,$0 */
		write_here[2] = 0x20000000 | (uint32_t)i; /* lda $0,i($0) */
		write_here[3] = RET;
		memcpy(copy, write_here, 16);
		imb();
		EQUAL(call(run_here, 0), (long)(run_here + 1) + i);
		EQUAL(call(and_here, 0), (long)(and_here + 1) + i);
		EQUAL(call(copy, 0), (long)(copy + 1) + i);
	}
	/* the file's write() changes it as well */
	uint32_t again[] = {load_constant(4321), RET};
	if (pwrite(f, again, sizeof again, 0) != sizeof again)
		fail("pwrite");
	imb();
	EQUAL(call(run_here, 0), 4321);
}

static volatile long answer;

/* try_call calls what may fault; then the program goes on behind the call. */
static void __attribute__((noinline)) try_call(void *code) {
	register void *pv __asm__("$27") = code;
	register long v0 __asm__("$0") = -2;
	caught.count = 0;
	__asm__ volatile("br $1,1f\n1:\tlda $1,2f-1b($1)\n\tstq $1,%2\n\tjsr $26,(%1)\n2:" : "+r"(v0), "+r"(pv), "=m"(caught.resume_at) : : "$1", "$26", "memory");
	answer = v0;
}

/* A page of code that goes, and another that comes to its address. */
CHECK(code_reuse) {
	uint32_t *at = pages(1, PROT_NONE);
	catch_signals(SIGSEGV, SIGILL, 0);
	for (int i = 0; i < 200; i++) {
		uint32_t *code = mmap(at, PAGE, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		EXPECT(code == at);
		code[i % 7] = load_constant(i);
		code[i % 7 + 1] = RET;
		imb();
		EQUAL(call(code + i % 7, 0), i);
		munmap(code, PAGE);
		if (i % 20)
			continue;
		try_call(code + i % 7);
		EXPECT(caught.count == 1 && caught.code == SEGV_MAPERR && caught.pc == (unsigned long)(code + i % 7) && caught.address == caught.pc);
	}
}

/* Pages that may not be run; the address that is jumped to counts. */
CHECK(code_no_execute) {
	uint32_t *code = pages(2, RWX);
	catch_signals(SIGSEGV, SIGILL, SIGBUS, 0);
	code[0] = load_constant(7);
	code[1] = RET;
	imb();
	for (int i = 0; i < 50; i++) {
		mprotect(code, PAGE, RWX);
		try_call(code);
		EXPECT(caught.count == 0 && answer == 7);
		mprotect(code, PAGE, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE);
		try_call(code);
		if (caught.count != 1 || caught.signal != SIGSEGV || caught.code != SEGV_ACCERR || caught.pc != (unsigned long)code)
			fail("round %d: %d signals, number %d, code %d, pc %#lx, result %ld", i, caught.count, caught.signal, caught.code, caught.pc, answer);
	}
	static const unsigned long nowhere[] = {0, 8, 0xfffffc0001010000, 0x7fffffffff0, 0x8000000000000000};
	for (unsigned i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
		try_call((void *)nowhere[i]);
		EXPECT(caught.count == 1 && caught.signal == SIGSEGV && caught.address == nowhere[i]);
	}
	/* the two lowest bits of a jump's target do not count */
	mprotect(code, PAGE, RWX);
	try_call((char *)code + 3);
	EXPECT(caught.count == 0 && answer == 7);
}

/* A child that changes its copy of the code must not change the parent's. */
static void patch(void *p) {
	uint32_t *code = p;
	EQUAL(call(code, 0), 1);
	code[0] = load_constant(2);
	imb();
	EQUAL(call(code, 0), 2);
}

CHECK(code_copy_on_write) {
	uint32_t *code = pages(1, RWX);
	code[0] = load_constant(1);
	code[1] = RET;
	imb();
	for (int i = 0; i < 20; i++) {
		EQUAL(run_child(patch, code), 0);
		EQUAL(call(code, 0), 1);
	}
}

/* A function of this program that is overwritten, and put back. */
static long __attribute__((noinline, noclone)) original(long x) {
	__asm__ volatile("" : "+r"(x));
	return x * 3 + 1;
}

CHECK(code_patch_program) {
	uint32_t *code = (uint32_t *)original, saved[2];
	void *page = (void *)((uintptr_t)code & ~(PAGE - 1UL));
	if (mprotect(page, 2 * PAGE, RWX))
		fail("mprotect: %s", strerror(errno));
	memcpy(saved, code, sizeof saved);
	for (int i = 0; i < 20; i++) {
		EQUAL(original(5), 16);
		code[0] = load_constant(i);
		code[1] = RET;
		imb();
		EQUAL(original(5), i);
		memcpy(code, saved, sizeof saved);
		imb();
	}
	EQUAL(original(6), 19);
}

/* make_program writes an executable that ends with the given status: the smallest ELF file that Linux accepts. */
static void make_program(const char *path, int status) {
	struct {
		uint8_t ident[16];
		uint16_t type, machine;
		uint32_t version;
		uint64_t entry, segments, sections;
		uint32_t flags;
		uint16_t sizes[6];
		uint32_t p_type, p_flags;
		uint64_t offset, address, physical, in_file, in_memory, align;
		uint32_t code[4];
	} elf = {
		{0x7f, 'E', 'L', 'F', 2, 1, 1}, 2, 0x9026, 1, 0x120000078, 64, 0, 0, {64, 56, 1, 0, 0, 0},
		1, 5, 0, 0x120000000, 0x120000000, sizeof elf, sizeof elf, 0x10000,
		{0x201f0001, 0x221f0000 | (uint32_t)status, 0x00000083, 0}, /* lda $0,1; lda $16,status; callsys */
	};
	int f = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (f < 0 || fchmod(f, 0755) || write(f, &elf, sizeof elf) != sizeof elf || close(f))
		fail("%s: %s", path, strerror(errno));
}

static void execute(void *path) {
	char *arguments[] = {path, NULL};
	execv(path, arguments);
	fail("execv: %s", strerror(errno));
}

/* A program that is overwritten, and executed again. */
CHECK(code_overwritten_program) {
	char name[] = "programXXXXXX";
	close(mkstemp(name));
	for (int i = 0; i < 60; i++) {
		make_program(name, i);
		int status = run_child(execute, name);
		EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == i);
	}
	unlink(name);
}

/* The second program's file, overwritten with what is known and with what is not, in turn, and executed each time. */
CHECK(code_overwritten_second) {
	char name[] = "secondXXXXXX";
	static char content[1 << 17];
	int from = open(SECOND, O_RDONLY), to = mkstemp(name);
	ssize_t size = read(from, content, sizeof content);
	EXPECT(size > 1000 && size < (ssize_t)sizeof content);
	uint32_t *mark = NULL; /* the instruction that loads what is added to the status */
	for (uint32_t *p = (uint32_t *)content; p < (uint32_t *)(content + size - 4); p++)
		if (p[0] == MARK)
			mark = p + 1;
	EXPECT(mark);
	close(from);
	fchmod(to, 0755);
	close(to);
	for (int i = 0; i < 80; i++) {
		int more = i & 1 ? i : 0;
		*mark = (*mark & 0xffff0000) | (uint32_t)more;
		to = open(name, O_WRONLY); /* not truncated: its pages stay where they are */
		EXPECT(write(to, content, (size_t)size) == size && close(to) == 0);
		int status = run_child(execute, name);
		EXPECT(WIFEXITED(status));
		EQUAL(WEXITSTATUS(status), second_status(more));
	}
	unlink(name);
}
