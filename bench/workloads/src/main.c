/* axbench WORKLOAD runs one workload; with "one" after that, all of it on one CPU. As init, or called with driver, it is
 * what runs them (driver.c). */
#include "axbench.h"

#include <unistd.h>

static const struct {
	const char *name;
	void (*run)(void);
} workloads[] = {
	{"intloop", run_intloop},
	{"sieve", run_sieve},
	{"qsort", run_qsort},
	{"hash", run_hash},
	{"fib", run_fib},
	{"chase", run_chase},
	{"strings-ev4", run_strings_ev4},
	{"strings-ev67", run_strings_ev67},
	{"muldiv", run_muldiv},
	{"unaligned", run_unaligned},
	{"dispatch", run_dispatch},
	{"matmul", run_matmul},
	{"matmulf", run_matmulf},
	{"nbody", run_nbody},
	{"fft", run_fft},
	{"mandel", run_mandel},
	{"getppid", run_getppid},
	{"pagefault", run_pagefault},
	{"forkexec", run_forkexec},
	{"forkwait", run_forkwait},
	{"pipe", run_pipe},
	{"futex", run_futex},
	{"filecopy", run_filecopy},
	{"signal", run_signal},
	{"smp-compute", run_smp_compute},
	{"smp-sort", run_smp_sort},
	{"smp-futex", run_smp_futex},
	{"smp-pipe", run_smp_pipe},
	{"smp-forkexec", run_smp_forkexec},
	{"smp-pagefault", run_smp_pagefault},
};

int one_cpu;

void result(const char *what, uint64_t value) {
	printf("%s %016llx\n", what, (unsigned long long)value);
}

uint64_t bits_of(double d) {
	uint64_t bits;
	memcpy(&bits, &d, sizeof bits);
	return bits;
}

void die(const char *what) {
	perror(what);
	exit(1);
}

void *allocate(size_t size) {
	void *p = malloc(size);
	if (!p)
		die("malloc");
	return p;
}

int main(int argc, char **argv) {
	if (getpid() == 1 || (argc > 1 && strcmp(argv[1], "driver") == 0))
		return drive(argc, argv);
	if (argc == 2 && strcmp(argv[1], "nothing") == 0)
		return 0; /* what forkexec executes */
	one_cpu = argc == 3 && strcmp(argv[2], "one") == 0;
	for (size_t i = 0; argc == 2 + one_cpu && i < sizeof workloads / sizeof *workloads; i++) {
		if (strcmp(argv[1], workloads[i].name) == 0) {
			workloads[i].run();
			return 0;
		}
	}
	fprintf(stderr, "usage: axbench WORKLOAD [one], of:");
	for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
		fprintf(stderr, " %s", workloads[i].name);
	fprintf(stderr, "\n");
	return 2;
}
