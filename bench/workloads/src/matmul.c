/* Matrix products: double and single precision. */
#include "axbench.h"

enum { N = 256 };

#define PRODUCT(name, type)                                                                                            \
	static uint64_t name(int rounds) {                                                                             \
		type *a = allocate(N * N * sizeof *a), *b = allocate(N * N * sizeof *b), *c = allocate(N * N * sizeof *c); \
		for (int i = 0; i < N * N; i++) {                                                                      \
			a[i] = (type)(i % 37 + 1) / 64;                                                                \
			b[i] = (type)(i % 41 + 1) / 64;                                                                \
			c[i] = 1;                                                                                      \
		}                                                                                                      \
		for (int round = 0; round < rounds; round++)                                                           \
			for (int i = 0; i < N; i++)                                                                    \
				for (int j = 0; j < N; j++) {                                                          \
					type s = 0;                                                                    \
					for (int k = 0; k < N; k++)                                                    \
						s += a[i * N + k] * b[k * N + j];                                      \
					c[i * N + j] = c[i * N + j] / 2 + s;                                           \
				}                                                                                      \
		uint64_t sum = 0;                                                                                      \
		for (int i = 0; i < N * N; i++)                                                                        \
			sum = mix(sum, bits_of((double)c[i]));                                                         \
		free(a);                                                                                               \
		free(b);                                                                                               \
		free(c);                                                                                               \
		return sum;                                                                                            \
	}

PRODUCT(product, double)
PRODUCT(productf, float)

void run_matmul(void) {
	result("double", product(4));
}

void run_matmulf(void) {
	result("single", productf(3));
}
