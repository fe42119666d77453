/* Hashing: CRC-32 by table over bytes, and an open hash table with SipHash-2-4 of its keys. */
#include "axbench.h"

enum { BYTES = 1 << 20, CRCS = 16, KEYS = 300000, SLOTS = 1 << 19, LOOKUPS = 900000 };

static uint32_t table[256];

static void make_table(void) {
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
		table[i] = c;
	}
}

static uint32_t crc32(uint32_t crc, const unsigned char *p, size_t n) {
	crc = ~crc;
	while (n--)
		crc = table[(crc ^ *p++) & 0xff] ^ (crc >> 8);
	return ~crc;
}

#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))

static inline void sip_round(uint64_t v[4]) {
	v[0] += v[1];
	v[1] = ROTATE(v[1], 13) ^ v[0];
	v[0] = ROTATE(v[0], 32);
	v[2] += v[3];
	v[3] = ROTATE(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTATE(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTATE(v[1], 17) ^ v[2];
	v[2] = ROTATE(v[2], 32);
}

/* siphash is SipHash-2-4 of one 8-byte key. */
static uint64_t siphash(uint64_t key) {
	uint64_t v[4] = {0x736f6d6570736575ULL, 0x646f72616e646f6dULL ^ 0x0706050403020100ULL,
			 0x6c7967656e657261ULL, 0x7465646279746573ULL ^ 0x0f0e0d0c0b0a0908ULL};
	v[3] ^= key;
	sip_round(v);
	sip_round(v);
	v[0] ^= key;
	v[3] ^= 8ULL << 56;
	sip_round(v);
	sip_round(v);
	v[0] ^= 8ULL << 56;
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct slot {
	uint64_t key, value;
};

/* find returns the slot of the key, or the empty one where it belongs. Keys are not 0. */
static struct slot *find(struct slot *slots, uint64_t key) {
	uint64_t i = siphash(key) & (SLOTS - 1);
	while (slots[i].key && slots[i].key != key)
		i = (i + 1) & (SLOTS - 1);
	return &slots[i];
}

void run_hash(void) {
	unsigned char *bytes = allocate(BYTES);
	uint64_t state = 7;
	for (int i = 0; i < BYTES; i++)
		bytes[i] = (unsigned char)(rng(&state) >> 56);
	make_table();
	uint32_t crc = 0;
	for (int i = 0; i < CRCS; i++)
		crc = crc32(crc, bytes, BYTES);
	result("crc", crc);
	free(bytes);

	struct slot *slots = calloc(SLOTS, sizeof *slots);
	if (!slots)
		die("calloc");
	for (uint64_t i = 1; i <= KEYS; i++) {
		struct slot *s = find(slots, i * 0x9e3779b97f4a7c15ULL);
		s->key = i * 0x9e3779b97f4a7c15ULL;
		s->value = i;
	}
	uint64_t hits = 0, sum = 0;
	for (int i = 0; i < LOOKUPS; i++) {
		uint64_t n = rng(&state) % (2 * KEYS) + 1;
		struct slot *s = find(slots, n * 0x9e3779b97f4a7c15ULL);
		hits += s->key != 0;
		sum = mix(sum, s->value);
	}
	result("hits", hits);
	result("sum", sum);
	free(slots);
}
