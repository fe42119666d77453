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

	ir.OpFExt: func(v *ir.Value, a [3]uint64) uint64 { return fromFloat(ir.F64, toFloat(ir.F32, a[0])) },
	ir.OpSIToF: func(v *ir.Value, a [3]uint64) uint64 {
		n := sext(v.Args[0].Type, a[0])
		if v.Type == ir.F32 {
			return uint64(math.Float32bits(float32(n)))
		}
		return math.Float64bits(float64(n))
	},
	ir.OpMapS:   func(v *ir.Value, a [3]uint64) uint64 { return mapS(uint32(a[0])) },
	ir.OpUnmapS: func(v *ir.Value, a [3]uint64) uint64 { return a[0]>>32&0xc000_0000 | a[0]>>29&0x3fff_ffff },

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

// mapS is MAP_S (Handbook, table 2-2): the exponent is widened, 0 stays and 255
// becomes 2047.
func mapS(x uint32) uint64 {
	sign, exp, frac := uint64(x>>31), uint64(x>>23&0xff), uint64(x&(1<<23-1))
	switch exp {
	case 0:
	case 255:
		exp = 2047
	default:
		exp += 1023 - 127
	}
	return sign<<63 | exp<<52 | frac<<29
}
