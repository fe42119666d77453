package fpu

import (
	"math"

	"axpress/lifter/isa"
)

// Fast executes the common cases on the host's floating-point unit: IEEE
// operations to nearest without /I, on zeros and normal numbers, with a result
// that is a comfortable normal number or an exact zero. There the host rounds
// the same way, and no condition other than inexact, which is not asked for,
// comes up. !ok: not such a case; nothing has been done.
//
// The smallest exponent of a result is left to the exact path, because a number
// that only rounding lifts to the smallest normal counts as underflow.
func Fast(id isa.Op, round isa.Round, trap isa.Trap, a, b, fpcr uint64) (v uint64, ok bool) {
	fast := fastOps[id]
	if fast == nil || trap&isa.TrapI != 0 {
		return 0, false
	}
	if round == isa.RoundDynamic {
		round = isa.Round(fpcr >> fpcrDyn & 3)
	}
	if round != isa.RoundNormal && id != isa.OpCVTTQ {
		return 0, false
	}
	return fast(round, a, b)
}

var fastOps = [isa.NumOps]func(round isa.Round, a, b uint64) (v uint64, ok bool){
	isa.OpADDT: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return doubleResult(a, b, f64(a)+f64(b), true)
	},
	isa.OpSUBT: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return doubleResult(a, b, f64(a)-f64(b), true)
	},
	isa.OpMULT: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return doubleResult(a, b, f64(a)*f64(b), a<<1 == 0 || b<<1 == 0)
	},
	isa.OpDIVT: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return doubleResult(a, b, f64(a)/f64(b), a<<1 == 0)
	},
	isa.OpSQRTT: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return doubleResult(a, b, math.Sqrt(f64(b)), true)
	},
	isa.OpADDS: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return singleResult(a, b, f32(a)+f32(b), true)
	},
	isa.OpSUBS: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return singleResult(a, b, f32(a)-f32(b), true)
	},
	isa.OpMULS: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return singleResult(a, b, f32(a)*f32(b), a<<1 == 0 || b<<1 == 0)
	},
	isa.OpDIVS: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return singleResult(a, b, f32(a)/f32(b), a<<1 == 0)
	},
	isa.OpCMPTEQ: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return truth(f64(a) == f64(b)), ordinary(a) && ordinary(b)
	},
	isa.OpCMPTLT: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return truth(f64(a) < f64(b)), ordinary(a) && ordinary(b)
	},
	isa.OpCMPTLE: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return truth(f64(a) <= f64(b)), ordinary(a) && ordinary(b)
	},
	isa.OpCMPTUN: func(_ isa.Round, a, b uint64) (uint64, bool) {
		return 0, ordinary(a) && ordinary(b)
	},
	isa.OpCVTQT: func(_ isa.Round, _, b uint64) (uint64, bool) {
		return math.Float64bits(float64(int64(b))), true
	},
	isa.OpCVTQS: func(_ isa.Round, _, b uint64) (uint64, bool) {
		return math.Float64bits(float64(float32(int64(b)))), true
	},
	isa.OpCVTTQ: func(round isa.Round, _, b uint64) (uint64, bool) {
		// Below 2**62 in magnitude nothing overflows.
		return uint64(int64(f64(b))), round == isa.RoundChopped && ordinary(b) && b>>52&0x7ff < 1023+62
	},
	isa.OpCVTTS: func(_ isa.Round, _, b uint64) (uint64, bool) {
		v := math.Float64bits(float64(float32(f64(b))))
		return v, ordinary(b) && (inRangeS(v) || b<<1 == 0)
	},
	isa.OpCVTST: func(_ isa.Round, _, b uint64) (uint64, bool) { return b, ordinary(b) },
}

func f64(x uint64) float64 { return math.Float64frombits(x) }

// f32 is the value of a register as a single; singleResult checks that it is one.
func f32(x uint64) float32 { return float32(f64(x)) }

func truth(b bool) uint64 {
	if b {
		return fpTrue
	}
	return 0
}

// ordinary tells that x is a zero or a normal number.
func ordinary(x uint64) bool { return x>>52&0x7ff-1 < 0x7fe || x<<1 == 0 }

// doubleResult accepts r, computed from a and b. exactZero: a zero is exact.
func doubleResult(a, b uint64, r float64, exactZero bool) (uint64, bool) {
	v := math.Float64bits(r)
	e := v >> 52 & 0x7ff
	return v, ordinary(a) && ordinary(b) && (e > 1 && e < 0x7ff || exactZero && v<<1 == 0)
}

// singleResult is doubleResult for operands and a result that are singles.
func singleResult(a, b uint64, r float32, exactZero bool) (uint64, bool) {
	v := math.Float64bits(float64(r))
	return v, isSingle(a) && isSingle(b) && (inRangeS(v) || exactZero && v<<1 == 0)
}

// isSingle tells that x is a zero or a normal number of S format.
func isSingle(x uint64) bool {
	e := x >> 52 & 0x7ff
	return x<<35 == 0 && (e > 1023-127 && e < 1023+128 || x<<1 == 0)
}

// inRangeS tells that the exponent of x is one of S, but not the smallest.
func inRangeS(x uint64) bool {
	e := x >> 52 & 0x7ff
	return e > 1023-126 && e < 1023+128
}
