/* Pointer chasing through 2 MB in random order: the latency of one dependent load after another. */
#include "axbench.h"

enum { BYTES = 2 << 20, COUNT = BYTES / sizeof(void *), STEPS = 16000000 };

void run_chase(void) {
	void **ring = allocate(BYTES);
	uint32_t *order = allocate(COUNT * sizeof *order);
	uint64_t state = 99;
	for (uint32_t i = 0; i < COUNT; i++)
		order[i] = i;
	for (uint32_t i = COUNT - 1; i > 0; i--) {
		uint32_t j = (uint32_t)(rng(&state) >> 32) % (i + 1), t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
	for (uint32_t i = 0; i < COUNT; i++)
		ring[order[i]] = &ring[order[(i + 1) % COUNT]];
	void **p = &ring[order[0]];
	for (long i = 0; i < STEPS; i++)
		p = *p;
	result("at", (uint64_t)(p - ring));
	free(order);
	free(ring);
}
