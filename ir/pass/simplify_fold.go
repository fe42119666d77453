package pass

import (
	"math/bits"

	"axpress/ir"
)

// fold computes ops on integer constants.
func (s *simplifier) fold(v *ir.Value) (*ir.Value, bool) {
	fn := folds[v.Op]
	if fn == nil {
		return nil, false
	}
	var n [2]int64
	if len(v.Args) > len(n) {
		return nil, false
	}
	for i, a := range v.Args {
		c, ok := s.konst(a)
		if !ok {
			return nil, false
		}
		n[i] = c
	}
	if len(v.Args) == 2 && v.Op == ir.OpAdd && v.Args[0].Op == ir.OpPC && v.Args[1].Op == ir.OpConst {
		return nil, false // an address stays an address: ruleAdd
	}
	if v.Op == ir.OpAnd && v.Args[0].Op == ir.OpPC {
		return nil, false // likewise: ruleAnd
	}
	return s.newConst(v.Type, fn(v.Args[0].Type, n[0], n[1])), true
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// unsigned returns canonical x as an unsigned number of type t.
func unsigned(t ir.Type, x int64) uint64 { return uint64(x) & typeMask(t) }

// folds computes from canonical operands; t is the type of the first one. The
// result need not be canonical.
var folds = [len(ir.Table)]func(t ir.Type, x, y int64) int64{
	ir.OpAdd:   func(t ir.Type, x, y int64) int64 { return x + y },
	ir.OpSub:   func(t ir.Type, x, y int64) int64 { return x - y },
	ir.OpMul:   func(t ir.Type, x, y int64) int64 { return x * y },
	ir.OpUMulH: func(t ir.Type, x, y int64) int64 { hi, _ := bits.Mul64(uint64(x), uint64(y)); return int64(hi) },
	ir.OpAnd:   func(t ir.Type, x, y int64) int64 { return x & y },
	ir.OpOr:    func(t ir.Type, x, y int64) int64 { return x | y },
	ir.OpXor:   func(t ir.Type, x, y int64) int64 { return x ^ y },
	ir.OpShl:   func(t ir.Type, x, y int64) int64 { return x << shiftCount(t, y) },
	ir.OpLShr:  func(t ir.Type, x, y int64) int64 { return int64(unsigned(t, x) >> shiftCount(t, y)) },
	ir.OpAShr: func(t ir.Type, x, y int64) int64 {
		if t == ir.I1 {
			return x
		}
		return x >> shiftCount(t, y)
	},
	ir.OpICmpEQ:  func(t ir.Type, x, y int64) int64 { return truth(x == y) },
	ir.OpICmpNE:  func(t ir.Type, x, y int64) int64 { return truth(x != y) },
	ir.OpICmpSLT: func(t ir.Type, x, y int64) int64 { return truth(asSigned(t, x) < asSigned(t, y)) },
	ir.OpICmpSLE: func(t ir.Type, x, y int64) int64 { return truth(asSigned(t, x) <= asSigned(t, y)) },
	ir.OpICmpULT: func(t ir.Type, x, y int64) int64 { return truth(unsigned(t, x) < unsigned(t, y)) },
	ir.OpICmpULE: func(t ir.Type, x, y int64) int64 { return truth(unsigned(t, x) <= unsigned(t, y)) },
	ir.OpTrunc:   func(t ir.Type, x, y int64) int64 { return x },
	ir.OpZExt:    func(t ir.Type, x, y int64) int64 { return int64(unsigned(t, x)) },
	ir.OpSExt:    func(t ir.Type, x, y int64) int64 { return asSigned(t, x) },
	ir.OpCtPop:   func(t ir.Type, x, y int64) int64 { return int64(bits.OnesCount64(unsigned(t, x))) },
	ir.OpCtLz:    func(t ir.Type, x, y int64) int64 { return int64(t.Bits() - bits.Len64(unsigned(t, x))) },
	ir.OpCtTz:    func(t ir.Type, x, y int64) int64 { return int64(min(t.Bits(), bits.TrailingZeros64(unsigned(t, x)))) },
}

// asSigned returns canonical x as a signed number: i1 has 0 and -1.
func asSigned(t ir.Type, x int64) int64 {
	if t == ir.I1 {
		return -x
	}
	return x
}

func shiftCount(t ir.Type, n int64) int64 { return n & int64(t.Bits()-1) }
