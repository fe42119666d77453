package gocode

import "math"

// Arithmetic that rounds towards zero, which Alpha's routines for integer division use.
// Go rounds to nearest: the error of that says whether the result is one too far from
// zero. It is exact unless something underflows on the way or overflows; where that could
// be, the result is a NaN, which emitted code leaves to the interpreter as it does all
// unusual results.

// least is a number of which, and above which, errors are exact: 53 bits of a product or
// a quotient, and as many of its error, are above those of the smallest denormal number,
// 2 to the -1074.
const least = 0x1p-960

// AddChopped is x + y. The error is that of Knuth's TwoSum (The Art of Computer
// Programming, volume 2, section 4.2.2, theorem B).
func AddChopped(x, y float64) float64 {
	s := x + y
	if math.Abs(s) >= 0x1p1022 {
		return math.NaN()
	}
	b := s - x
	return towardsZero(s, (x-(s-b))+(y-b))
}

// SubChopped is x - y.
func SubChopped(x, y float64) float64 { return AddChopped(x, -y) }

// MulChopped is x * y.
func MulChopped(x, y float64) float64 {
	p := float64(x * y)
	if (math.Abs(p) < least || math.IsInf(p, 0)) && x != 0 && y != 0 {
		return math.NaN()
	}
	return towardsZero(p, math.FMA(x, y, -p))
}

// DivChopped is x / y. The rest has the sign of x unless the quotient is too large.
func DivChopped(x, y float64) float64 {
	if math.Abs(x) < least && x != 0 {
		return math.NaN()
	}
	q := x / y
	if math.IsInf(q, 0) {
		return q
	}
	rest := math.FMA(-q, y, x)
	if x > 0 && rest < 0 || x < 0 && rest > 0 {
		return math.Float64frombits(math.Float64bits(q) - 1)
	}
	return q
}

// towardsZero returns what the number with the nearest neighbour v, which it is more than
// by e, is rounded to.
func towardsZero(v, e float64) float64 {
	if v > 0 && e < 0 || v < 0 && e > 0 {
		return math.Float64frombits(math.Float64bits(v) - 1)
	}
	return v
}
