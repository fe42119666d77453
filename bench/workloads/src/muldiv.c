/* 64-bit multiplication, its high half, and division, which Alpha has no instruction for. */
#include "axbench.h"

static uint64_t high(uint64_t a, uint64_t b) {
	return (uint64_t)((unsigned __int128)a * b >> 64);
}

void run_muldiv(void) {
	uint64_t a = 0x123456789abcdefULL, b = 0xfedcba987654321ULL, sum = 0;
	for (long i = 1; i <= 30000000; i++) {
		a = a * 6364136223846793005ULL + 1442695040888963407ULL;
		b += high(a, b | 1) ^ (a >> 5);
		sum += a / 10 + b % 1000003;
	}
	result("products", mix(sum, b));
	uint64_t state = 5, quotients = 0;
	int64_t rests = 0;
	for (long i = 1; i <= 1500000; i++) {
		uint64_t n = rng(&state), d = rng(&state) >> (i & 63);
		d += !d;
		quotients += n / d;
		rests += (int64_t)n % (int64_t)(d >> 1 | 1);
	}
	result("quotients", quotients);
	result("rests", (uint64_t)rests);
}
