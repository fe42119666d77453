/* Unaligned fields of packed records: for Alpha the compiler reads and writes them with ldq_u, ext, ins and msk. */
#include "axbench.h"

struct __attribute__((packed)) record {
	uint8_t kind;
	uint64_t key;
	uint16_t flags;
	uint32_t count;
};

enum { RECORDS = 60000, ROUNDS = 400 };

void run_unaligned(void) {
	struct record *records = allocate(RECORDS * sizeof *records);
	uint64_t state = 11, sum = 0;
	for (int i = 0; i < RECORDS; i++) {
		uint64_t r = rng(&state);
		records[i].kind = (uint8_t)(r >> 60);
		records[i].key = r * 31;
		records[i].flags = (uint16_t)(r >> 8);
		records[i].count = (uint32_t)(r >> 24);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < RECORDS; i++) {
			struct record *r = &records[i];
			sum += r->key ^ r->count;
			r->count += r->flags;
			r->key ^= sum >> (r->kind & 7);
			r->flags = (uint16_t)(r->flags + r->kind);
		}
	}
	for (int i = 0; i < RECORDS; i++)
		sum = mix(sum, records[i].key ^ records[i].count ^ records[i].flags);
	result("sum", sum);
	free(records);
}
