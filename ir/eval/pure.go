package eval

import (
	"math"
	"math/bits"

	"axpress/ir"
)

// mask has the bits of t; all for Void.
func mask(t ir.Type) uint64 {
	if n := t.Bits(); n > 0 {
		return ^uint64(0) >> (64 - n)
	}
	return ^uint64(0)
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// sext sign-extends x from the width of t.
func sext(t ir.Type, x uint64) int64 {
	s := 64 - t.Bits()
	return int64(x) << s >> s
}

// pure holds the ops that compute their result from arguments and Imm alone.
// Arguments are zero-extended; the result is cut to the width of v.
var pure = [...]func(v *ir.Value, a [3]uint64) uint64{
	ir.OpConst:  func(v *ir.Value, a [3]uint64) uint64 { return uint64(v.Imm) },
	ir.OpFConst: func(v *ir.Value, a [3]uint64) uint64 { return uint64(v.Imm) },

	ir.OpAdd:   func(v *ir.Value, a [3]uint64) uint64 { return a[0] + a[1] },
	ir.OpSub:   func(v *ir.Value, a [3]uint64) uint64 { return a[0] - a[1] },
	ir.OpMul:   func(v *ir.Value, a [3]uint64) uint64 { return a[0] * a[1] },
	ir.OpUMulH: func(v *ir.Value, a [3]uint64) uint64 { hi, _ := bits.Mul64(a[0], a[1]); return hi },
	ir.OpAnd:   func(v *ir.Value, a [3]uint64) uint64 { return a[0] & a[1] },
	ir.OpOr:    func(v *ir.Value, a [3]uint64) uint64 { return a[0] | a[1] },
	ir.OpXor:   func(v *ir.Value, a [3]uint64) uint64 { return a[0] ^ a[1] },
	ir.OpShl:   func(v *ir.Value, a [3]uint64) uint64 { return a[0] << count(v, a[1]) },
	ir.OpLShr:  func(v *ir.Value, a [3]uint64) uint64 { return a[0] >> count(v, a[1]) },
	ir.OpAShr:  func(v *ir.Value, a [3]uint64) uint64 { return uint64(sext(v.Type, a[0]) >> count(v, a[1])) },

	ir.OpICmpEQ:  func(v *ir.Value, a [3]uint64) uint64 { return bit(a[0] == a[1]) },
	ir.OpICmpNE:  func(v *ir.Value, a [3]uint64) uint64 { return bit(a[0] != a[1]) },
	ir.OpICmpSLT: func(v *ir.Value, a [3]uint64) uint64 { x, y := signed(v, a); return bit(x < y) },
	ir.OpICmpSLE: func(v *ir.Value, a [3]uint64) uint64 { x, y := signed(v, a); return bit(x <= y) },
	ir.OpICmpULT: func(v *ir.Value, a [3]uint64) uint64 { return bit(a[0] < a[1]) },
	ir.OpICmpULE: func(v *ir.Value, a [3]uint64) uint64 { return bit(a[0] <= a[1]) },
	ir.OpSelect: func(v *ir.Value, a [3]uint64) uint64 {
		if a[0] != 0 {
			return a[1]
		}
		return a[2]
	},

	ir.OpTrunc:   func(v *ir.Value, a [3]uint64) uint64 { return a[0] },
	ir.OpZExt:    func(v *ir.Value, a [3]uint64) uint64 { return a[0] },
	ir.OpSExt:    func(v *ir.Value, a [3]uint64) uint64 { return uint64(sext(v.Args[0].Type, a[0])) },
	ir.OpBitcast: func(v *ir.Value, a [3]uint64) uint64 { return a[0] },
	ir.OpCtPop:   func(v *ir.Value, a [3]uint64) uint64 { return uint64(bits.OnesCount64(a[0])) },
	ir.OpCtLz:    func(v *ir.Value, a [3]uint64) uint64 { return uint64(bits.LeadingZeros64(a[0]) - 64 + v.Type.Bits()) },
	ir.OpCtTz:    func(v *ir.Value, a [3]uint64) uint64 { return uint64(min(bits.TrailingZeros64(a[0]), v.Type.Bits())) },

	ir.OpSAddO: func(v *ir.Value, a [3]uint64) uint64 { return overflow(v, a, a[0]+a[1], false) },
	ir.OpSSubO: func(v *ir.Value, a [3]uint64) uint64 { return overflow(v, a, a[0]-a[1], true) },
	ir.OpSMulO: mulOverflow,

	ir.OpFAdd: func(v *ir.Value, a [3]uint64) uint64 {
		return float(v.Type, a, func(x, y float32) float32 { return x + y }, func(x, y float64) float64 { return x + y })
	},
	ir.OpFSub: func(v *ir.Value, a [3]uint64) uint64 {
		return float(v.Type, a, func(x, y float32) float32 { return x - y }, func(x, y float64) float64 { return x - y })
	},
	ir.OpFMul: func(v *ir.Value, a [3]uint64) uint64 {
		return float(v.Type, a, func(x, y float32) float32 { return x * y }, func(x, y float64) float64 { return x * y })
	},
	ir.OpFDiv: func(v *ir.Value, a [3]uint64) uint64 {
		return float(v.Type, a, func(x, y float32) float32 { return x / y }, func(x, y float64) float64 { return x / y })
	},
	ir.OpFSqrt: func(v *ir.Value, a [3]uint64) uint64 {
		// The square root of a float32 rounded to float64 and then to float32 is
		// correctly rounded: float64 has more than twice as many digits.
		return fromFloat(v.Type, math.Sqrt(toFloat(v.Type, a[0])))
	},
	ir.OpFCmpEQ: func(v *ir.Value, a [3]uint64) uint64 { x, y := floats(v, a); return bit(x == y) },
	ir.OpFCmpLT: func(v *ir.Value, a [3]uint64) uint64 { x, y := floats(v, a); return bit(x < y) },
	ir.OpFCmpLE: func(v *ir.Value, a [3]uint64) uint64 { x, y := floats(v, a); return bit(x <= y) },
	ir.OpFCmpUN: func(v *ir.Value, a [3]uint64) uint64 { x, y := floats(v, a); return bit(x != x || y != y) },
	ir.OpFExt:   func(v *ir.Value, a [3]uint64) uint64 { return fromFloat(ir.F64, toFloat(ir.F32, a[0])) },
	ir.OpFTrunc: func(v *ir.Value, a [3]uint64) uint64 { return fromFloat(ir.F32, toFloat(ir.F64, a[0])) },
	ir.OpSIToF: func(v *ir.Value, a [3]uint64) uint64 {
		n := sext(v.Args[0].Type, a[0])
		if v.Type == ir.F32 {
			return uint64(math.Float32bits(float32(n)))
		}
		return math.Float64bits(float64(n))
	},
	ir.OpFToSI: func(v *ir.Value, a [3]uint64) uint64 { return truncToInt(toFloat(v.Args[0].Type, a[0])) },

	ir.OpRetire: nil, // the last op: the table covers all of them
}

func count(v *ir.Value, n uint64) uint64 { return n & uint64(v.Type.Bits()-1) }

func signed(v *ir.Value, a [3]uint64) (x, y int64) {
	t := v.Args[0].Type
	return sext(t, a[0]), sext(t, a[1])
}

// overflow tests the wrapped result r of a sum or difference: it overflowed if
// the operands' signs (the second one negated for a difference) agree with each
// other and not with that of r.
func overflow(v *ir.Value, a [3]uint64, r uint64, sub bool) uint64 {
	t := v.Args[0].Type
	x, y, z := sext(t, a[0]) < 0, sext(t, a[1]) < 0, sext(t, r&mask(t)) < 0
	if sub {
		y = !y
	}
	return bit(x == y && x != z)
}

func mulOverflow(v *ir.Value, a [3]uint64) uint64 {
	t := v.Args[0].Type
	x, y := sext(t, a[0]), sext(t, a[1])
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	// Signed high half: correct the unsigned one for negative operands.
	if x < 0 {
		hi -= uint64(y)
	}
	if y < 0 {
		hi -= uint64(x)
	}
	fits64 := hi == uint64(int64(lo)>>63)
	return bit(!fits64 || sext(t, lo&mask(t)) != int64(lo))
}

func toFloat(t ir.Type, b uint64) float64 {
	if t == ir.F32 {
		return float64(math.Float32frombits(uint32(b)))
	}
	return math.Float64frombits(b)
}

func fromFloat(t ir.Type, x float64) uint64 {
	if t == ir.F32 {
		return uint64(math.Float32bits(float32(x)))
	}
	return math.Float64bits(x)
}

func floats(v *ir.Value, a [3]uint64) (x, y float64) {
	t := v.Args[0].Type
	return toFloat(t, a[0]), toFloat(t, a[1])
}

func float(t ir.Type, a [3]uint64, f32 func(x, y float32) float32, f64 func(x, y float64) float64) uint64 {
	if t == ir.F32 {
		x, y := math.Float32frombits(uint32(a[0])), math.Float32frombits(uint32(a[1]))
		return uint64(math.Float32bits(f32(x, y)))
	}
	return math.Float64bits(f64(math.Float64frombits(a[0]), math.Float64frombits(a[1])))
}

// truncToInt is what CVTTSD2SI gives: out of range and NaN make the smallest
// integer. The lifter guards the range, so programs do not see it.
func truncToInt(x float64) uint64 {
	if !(x >= -0x1p63 && x < 0x1p63) {
		return 1 << 63
	}
	return uint64(int64(x))
}
