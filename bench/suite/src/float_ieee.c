/* Floating point as the compiler makes it of C: with -mieee everything that IEEE 754 knows, without it finite numbers. */
#include "suite.h"

#include <fenv.h>
#include <float.h>
#include <math.h>

static volatile double zero = 0, one = 1, three = 3, tiny = DBL_MIN, huge = DBL_MAX;
static volatile float tiny_single = FLT_MIN;

CHECK(ieee_finite) {
	double sum = 0, x = one;
	float single = 0;
	for (int i = 1; i < 2000; i++) {
		sum += x / i;
		x = -x * 1.0001;
		single += (float)(sum * i);
		if (single > 1e6f)
			single /= 3;
	}
	double root = sqrt(2 * one), power = pow(1.5 * one, 20.5), sine = sin(one), log_of = log(10 * one), parts = fmod(1e10 * one, 7);
	EXPECT(root * root > 1.9999999 && root * root < 2.0000001);
	EXPECT(fabs(power - 4072.59) < 0.01 && fabs(sine - 0.8414709848) < 1e-9 && fabs(log_of - 2.302585093) < 1e-9 && parts == 4);
	result("%a %a %a %a %a %a", sum, (double)single, root, power, sine, log_of);
}

CHECK(ieee_integers) {
	uint64_t state = 9, digest = 0;
	for (int i = 0; i < 500; i++) {
		uint64_t bits = next(&state) >> (i & 63);
		volatile double d = (double)(int64_t)bits, u = (double)bits;
		volatile float f = (float)(int64_t)bits, g = (float)(int32_t)bits;
		mix(&digest, (uint64_t)(int64_t)(d / 2) + (uint64_t)(int64_t)(f / 4) + (uint64_t)(int64_t)g);
		mix(&digest, (uint64_t)(u / 2));
		mix(&digest, (uint64_t)(int32_t)(int64_t)(g / 4096));
	}
	result("%016lx", digest);
}

/* Quadruple precision is software in the C library. */
CHECK(ieee_long_double) {
	volatile long double a = 1.0L / 3, b = a * 3 - 1, c = 1e4000L;
	EXPECT(b > -1e-33L && b < 1e-33L && c * 10 > c && (double)(c / 1e3990L) > 9.9e9);
	char text[60];
	snprintf(text, sizeof text, "%.33Lf", a);
	if (strcmp(text, "0.333333333333333333333333333333333"))
		fail("%s", text);
}

#ifdef _IEEE_FP
CHECK(ieee_denormals) {
	double half = tiny / 2, least = tiny * DBL_EPSILON;
	EXPECT(half > 0 && half * 2 == tiny && least > 0 && least / 2 == 0 && least * 0.75 == least);
	EXPECT(least + least == 2 * least && tiny - least < tiny && tiny - least > 0);
	float half_single = tiny_single / 2;
	EXPECT(half_single > 0 && half_single * 2 == tiny_single && (double)half_single == (double)tiny_single / 2);
	EXPECT((float)(tiny * one) == 0 && fpclassify(half) == FP_SUBNORMAL && fpclassify(half_single) == FP_SUBNORMAL);
	/* a loop that meets denormals all the time */
	double x = one, sum = 0;
	for (int i = 0; i < 1100; i++) {
		x *= 0.5;
		sum += x * 0x1p52;
	}
	EXPECT(x == 0 && sum > 0);
	result("%a", sum);
}

CHECK(ieee_special) {
	double infinite = huge * 10, nan = zero / zero;
	EXPECT(isinf(infinite) && infinite > huge && -infinite < -huge && 1 / infinite == 0 && one / zero == infinite && -one / zero == -infinite);
	EXPECT(isnan(nan) && nan != nan && !(nan < one) && !(nan > one) && !(nan == one) && isnan(nan + one) && isnan(infinite - infinite) && isnan(zero * infinite));
	EXPECT(isunordered(nan, one) && !isgreater(nan, one) && isnan((float)nan) && isinf((float)huge));
	EXPECT(signbit(-zero) && -zero == zero && 1 / -zero == -infinite && copysign(three, -zero) == -3);
	EXPECT(isnan(sqrt(-one)) && sqrt(infinite) == infinite && isnan(log(-one)) && exp(1000 * one) == infinite);
	EXPECT(fmax(nan, one) == 1 && fmin(one, nan) == 1);
}

CHECK(ieee_flags) {
	feclearexcept(FE_ALL_EXCEPT);
	volatile double x = one / zero;
	EXPECT(fetestexcept(FE_DIVBYZERO) && !fetestexcept(FE_INVALID | FE_OVERFLOW));
	feclearexcept(FE_ALL_EXCEPT);
	x = zero / zero;
	EXPECT(fetestexcept(FE_INVALID) && !fetestexcept(FE_DIVBYZERO));
	feclearexcept(FE_ALL_EXCEPT);
	x = huge * huge;
	EXPECT(fetestexcept(FE_OVERFLOW) && !fetestexcept(FE_UNDERFLOW));
	feclearexcept(FE_ALL_EXCEPT);
	x = tiny * tiny;
	EXPECT(fetestexcept(FE_UNDERFLOW) && !fetestexcept(FE_OVERFLOW));
	fenv_t saved;
	EXPECT(feholdexcept(&saved) == 0 && fetestexcept(FE_ALL_EXCEPT) == 0);
	x = one / zero;
	feupdateenv(&saved);
	EXPECT(fetestexcept(FE_DIVBYZERO) && fetestexcept(FE_UNDERFLOW));
	(void)x;
}

CHECK(ieee_nearbyint) {
	static const struct {
		int mode;
		double want[6];
	} rows[] = {
		{FE_TONEAREST, {2, 2, 4, -2, -2, 0}}, {FE_UPWARD, {2, 3, 4, -1, -2, 1}}, {FE_DOWNWARD, {1, 2, 3, -2, -3, 0}}, {FE_TOWARDZERO, {1, 2, 3, -1, -2, 0}},
	};
	static const double in[6] = {1.5, 2.5, 3.5, -1.5, -2.5, 0.25};
	for (unsigned i = 0; i < 4; i++) {
		fesetround(rows[i].mode);
		for (int k = 0; k < 6; k++) {
			volatile double v = in[k];
			if (rint(v) != rows[i].want[k] || nearbyint(v) != rows[i].want[k])
				fail("rint(%g) in mode %d is %g", v, rows[i].mode, rint(v));
		}
	}
}
#endif
