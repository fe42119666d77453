/* The sieve of Eratosthenes: byte stores with a stride, then a byte scan. */
#include "axbench.h"

enum { LIMIT = 2000000, ROUNDS = 30 };

void run_sieve(void) {
	unsigned char *composite = allocate(LIMIT);
	uint64_t count = 0;
	for (int round = 0; round < ROUNDS; round++) {
		memset(composite, 0, LIMIT);
		for (long i = 2; i * i < LIMIT; i++) {
			if (composite[i])
				continue;
			for (long j = i * i; j < LIMIT; j += i)
				composite[j] = 1;
		}
		for (long i = 2; i < LIMIT; i++)
			count += !composite[i];
	}
	result("primes", count);
	free(composite);
}
