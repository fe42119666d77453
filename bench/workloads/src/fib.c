/* Recursion: calls and returns. */
#include "axbench.h"

static long fib(long n) {
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static long tak(long x, long y, long z) {
	return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

void run_fib(void) {
	result("fib", (uint64_t)fib(38));
	result("tak", (uint64_t)tak(22, 15, 8));
}
