/* The C library's qsort: calls through a pointer, copies, unpredictable branches. */
#include "axbench.h"

enum { COUNT = 250000, ROUNDS = 4 };

static int compare(const void *x, const void *y) {
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
	return (a > b) - (a < b);
}

void run_qsort(void) {
	int64_t *values = allocate(COUNT * sizeof *values);
	uint64_t state = 42, sum = 0;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < COUNT; i++)
			values[i] = (int64_t)rng(&state);
		qsort(values, COUNT, sizeof *values, compare);
		for (int i = 0; i < COUNT; i++)
			sum = mix(sum, (uint64_t)values[i]);
	}
	result("sorted", sum);
	free(values);
}
