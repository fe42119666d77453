/* Code of files that is mapped at any address, at several at once, and one after the other at the same. */
#include "suite.h"
#include "library.h"

#include <elf.h>
#include <fcntl.h>

enum { RWX = PROT_READ | PROT_WRITE | PROT_EXEC, ROUNDS = 5000, R_RELATIVE = 27 };

typedef unsigned long run_function(unsigned long x, unsigned long rounds);

struct library {
	char *base;
	size_t size;
	run_function *run;
};

/* map_library maps a shared library at an address, or anywhere, and relocates it, as a dynamic linker does. */
static struct library map_library(const char *path, char *at) {
	struct library l = {0};
	Elf64_Ehdr head;
	Elf64_Phdr segments[12];
	int f = open(path, O_RDONLY);
	if (f < 0 || read(f, &head, sizeof head) != sizeof head || head.e_type != ET_DYN || head.e_phnum > 12)
		fail("%s: %s", path, strerror(errno));
	ssize_t bytes = head.e_phnum * (ssize_t)sizeof *segments;
	EXPECT(pread(f, segments, (size_t)bytes, (off_t)head.e_phoff) == bytes);
	for (int i = 0; i < head.e_phnum; i++)
		if (segments[i].p_type == PT_LOAD)
			l.size = (segments[i].p_vaddr + segments[i].p_memsz + PAGE - 1) & ~(PAGE - 1UL);
	l.base = mmap(at, l.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);
	EXPECT(l.base != MAP_FAILED);
	Elf64_Dyn *dynamic = NULL;
	for (Elf64_Phdr *p = segments; p < segments + head.e_phnum; p++) {
		unsigned long within = p->p_vaddr & (PAGE - 1);
		int protection = PROT_READ | (p->p_flags & PF_W ? PROT_WRITE : 0) | (p->p_flags & PF_X ? PROT_EXEC : 0);
		if (p->p_type == PT_DYNAMIC)
			dynamic = (Elf64_Dyn *)(l.base + p->p_vaddr);
		if (p->p_type != PT_LOAD)
			continue;
		EXPECT(p->p_memsz <= p->p_filesz + within + PAGE); /* a little .bss at most: what is behind the file's end in its last page is zero */
		void *got = mmap(l.base + p->p_vaddr - within, p->p_filesz + within, protection, MAP_PRIVATE | MAP_FIXED, f, (off_t)(p->p_offset - within));
		EXPECT(got == l.base + p->p_vaddr - within);
	}
	close(f);
	Elf64_Rela *relocations = NULL;
	unsigned long count = 0;
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_RELA)
			relocations = (Elf64_Rela *)(l.base + dynamic->d_un.d_ptr);
		if (dynamic->d_tag == DT_RELASZ)
			count = dynamic->d_un.d_val / sizeof *relocations;
	}
	EXPECT(count > 0);
	for (unsigned long i = 0; i < count; i++) {
		EQUAL(ELF64_R_TYPE(relocations[i].r_info), R_RELATIVE);
		*(unsigned long *)(l.base + relocations[i].r_offset) = (unsigned long)l.base + (unsigned long)relocations[i].r_addend;
	}
	l.run = (run_function *)(l.base + head.e_entry);
	return l;
}

static unsigned long run(const struct library *l, unsigned long x) {
	return ((run_function *)hide((uint64_t)l->run))(x, ROUNDS);
}

static void in_child(void *p) {
	struct library *first = p, more = map_library("/lib/three.so", NULL);
	EQUAL(run(&more, 7), library_value(7, ROUNDS, 3));
	EQUAL(run(first, 8), library_value(8, ROUNDS, 3));
}

/* One library at two addresses of a process, and in others. */
CHECK(mapped_twice) {
	struct library a = map_library("/lib/three.so", NULL), b = map_library("/lib/three.so", NULL);
	EXPECT(a.base != b.base);
	for (unsigned long i = 0; i < 40; i++) {
		EQUAL(run(&a, i), library_value(i, ROUNDS, 3));
		EQUAL(run(&b, ~i), library_value(~i, ROUNDS, 3));
	}
	for (int i = 0; i < 10; i++)
		EQUAL(run_child(in_child, &a), 0);
}

/* Two libraries in turn at one address: with the old one unmapped before, and mapped over. */
CHECK(mapped_in_turn) {
	char *at = NULL;
	for (unsigned long i = 0; i < 200; i++) {
		struct library l = map_library(i & 1 ? "/lib/five.so" : "/lib/three.so", at);
		EXPECT(!at || l.base == at);
		EQUAL(run(&l, i), library_value(i, ROUNDS, i & 1 ? 5 : 3));
		if (i & 2)
			munmap(l.base, l.size);
		at = l.base;
	}
}

/* The page that has a library's code is written: what is in the file goes on, and other mappings of it. */
CHECK(mapped_and_changed) {
	struct library a = map_library("/lib/three.so", NULL), b = map_library("/lib/three.so", NULL);
	uint32_t *code = (uint32_t *)b.run, *page = (uint32_t *)((unsigned long)code & ~(PAGE - 1UL));
	EQUAL(mprotect(page, PAGE, RWX), 0);
	for (int i = 0; i < 100; i++) {
		uint32_t saved[2] = {code[0], code[1]};
		code[0] = 0x201f0000 | (uint32_t)i; /* lda $0,i($31) */
		code[1] = 0x6bfa8001; /* ret */
		imb();
		EQUAL(run(&b, 1), i);
		EQUAL(run(&a, 1), library_value(1, ROUNDS, 3));
		memcpy(code, saved, sizeof saved);
		imb();
		EQUAL(run(&b, 1), library_value(1, ROUNDS, 3));
	}
}
