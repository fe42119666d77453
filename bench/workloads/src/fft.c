/* A radix-2 Fourier transform of doubles, there and back. The roots of unity come from square roots alone: the C
 * library's sine differs between machines in the last bit. */
#include "axbench.h"

#include <math.h>

enum { LOG = 13, N = 1 << LOG, ROUNDS = 60 };

struct complex {
	double re, im;
};

static struct complex roots[N / 2], data[N];

/* make_roots fills roots with exp(-2 pi i k / N): the root of 2^j-th order from that of 2^(j-1)-th by halving angles. */
static void make_roots(void) {
	struct complex halves[LOG + 1]; /* halves[j] = exp(-2 pi i / 2^j) */
	halves[1] = (struct complex){-1, 0};
	halves[2] = (struct complex){0, -1};
	for (int j = 3; j <= LOG; j++) {
		halves[j].re = sqrt((1 + halves[j - 1].re) / 2);
		halves[j].im = halves[j - 1].im / (2 * halves[j].re);
	}
	for (int k = 0; k < N / 2; k++) {
		struct complex w = {1, 0};
		for (int bit = 0; bit < LOG; bit++) {
			if (k >> bit & 1) {
				struct complex h = halves[LOG - bit];
				w = (struct complex){w.re * h.re - w.im * h.im, w.re * h.im + w.im * h.re};
			}
		}
		roots[k] = w;
	}
}

/* transform is the discrete Fourier transform, or with sign -1 its inverse times N. */
static void transform(double sign) {
	for (int i = 1, j = 0; i < N; i++) {
		int bit = N >> 1;
		for (; j & bit; bit >>= 1)
			j ^= bit;
		j |= bit;
		if (i < j) {
			struct complex t = data[i];
			data[i] = data[j];
			data[j] = t;
		}
	}
	for (int half = 1; half < N; half *= 2) {
		int step = N / (2 * half);
		for (int i = 0; i < N; i += 2 * half) {
			for (int k = 0; k < half; k++) {
				double wr = roots[k * step].re, wi = sign * roots[k * step].im;
				struct complex *a = &data[i + k], *b = &data[i + k + half];
				double re = b->re * wr - b->im * wi, im = b->re * wi + b->im * wr;
				b->re = a->re - re;
				b->im = a->im - im;
				a->re += re;
				a->im += im;
			}
		}
	}
}

void run_fft(void) {
	uint64_t state = 17;
	make_roots();
	for (int i = 0; i < N; i++)
		data[i] = (struct complex){(double)(rng(&state) >> 44) + 1, (double)(rng(&state) >> 44) + 1};
	for (int round = 0; round < ROUNDS; round++) {
		transform(1);
		transform(-1);
		for (int i = 0; i < N; i++) {
			data[i].re /= N;
			data[i].im /= N;
		}
	}
	uint64_t sum = 0;
	for (int i = 0; i < N; i++)
		sum = mix(mix(sum, bits_of(data[i].re)), bits_of(data[i].im));
	result("signal", sum);
}
