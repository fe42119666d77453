/* Integer loops: adds, shifts, logic, compares and conditional moves on values that stay in registers. */
#include "axbench.h"

void run_intloop(void) {
	uint64_t a = 1, b = 0x9e3779b97f4a7c15ULL, c = 0, odd = 0;
	int32_t w = 12345;
	for (long i = 0; i < 40000000; i++) {
		a ^= a << 13;
		a ^= a >> 7;
		a ^= a << 17;
		b = (b << 5 | b >> 59) + (a & 0xff);
		if (b & 1)
			odd++;
		c += b > a ? b - a : a - b;
		w = (int32_t)((uint32_t)w * 5 + (uint32_t)i);
		c ^= (uint64_t)(int64_t)w;
	}
	result("a", a);
	result("b", b);
	result("c", c);
	result("odd", odd);
}
