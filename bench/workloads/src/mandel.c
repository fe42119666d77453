/* The Mandelbrot set: a short loop of multiplications, additions and a compare. */
#include "axbench.h"

enum { WIDTH = 400, HEIGHT = 300, LIMIT = 500 };

void run_mandel(void) {
	uint64_t sum = 0, inside = 0;
	for (int py = 0; py < HEIGHT; py++) {
		for (int px = 0; px < WIDTH; px++) {
			double cx = -2.2 + 3.2 * px / WIDTH + 1e-3, cy = -1.2 + 2.4 * py / HEIGHT + 1e-3;
			double x = cx, y = cy;
			int n = 0;
			for (; n < LIMIT; n++) {
				double xx = x * x, yy = y * y;
				if (xx + yy > 4)
					break;
				y = 2 * x * y + cy;
				x = xx - yy + cx;
			}
			inside += n == LIMIT;
			sum = mix(sum, (uint64_t)n);
		}
	}
	result("inside", inside);
	result("sum", sum);
}
