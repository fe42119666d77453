/*
 * aio: what Linux on Alpha must answer to io_submit with a bad pointer.
 *
 * After Dmitry V. Levin's reproducer of https://bugs.gentoo.org/672040 (from strace's test suite). The pointer is in
 * a page that was mapped a moment ago and is not any more, so the kernel's own read of it faults, and its fault
 * handler has to make EFAULT of that. The answer is printed, and is this program's status: 0 means EFAULT.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <asm/unistd.h>

int main(void)
{
	unsigned long ctx = 0;
	if (syscall(__NR_io_setup, 1, &ctx))
		err(1, "io_setup");

	const size_t page_size = sysconf(_SC_PAGESIZE);
	const size_t size = page_size * 2;
	char *ptr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (MAP_FAILED == ptr)
		err(1, "mmap(%zu)", size);
	if (munmap(ptr, size))
		err(1, "munmap");

	long got = syscall(__NR_io_submit, ctx, 1, ptr + page_size);
	int why = errno;
	if (got < 0)
		printf("io_submit: %s\n", strerror(why));
	else
		printf("io_submit: returned %ld, wanted Bad address\n", got);

	syscall(__NR_io_destroy, ctx);
	return got < 0 && why == EFAULT ? 0 : 1;
}
