package pass

import "axpress/ir"

func isExt(v *ir.Value) bool { return v.Op == ir.OpZExt || v.Op == ir.OpSExt }

// ruleTrunc: truncation of truncation, of extension, and of what only changes
// bits that are cut off; low parts of sums and the like are computed narrow if
// the operands are there in the narrow type.
func ruleTrunc(s *simplifier, v *ir.Value) *ir.Value {
	x, t := v.Args[0], v.Type
	switch {
	case x.Op == ir.OpTrunc:
		return become(v, ir.OpTrunc, 0, x.Args[0])
	case isExt(x):
		return s.convert(v, x.Op, x.Args[0])
	case x.Op == ir.OpAnd:
		if c, ok := s.konst(x.Args[1]); ok && ir.Canonical(t, c) == ir.Canonical(t, -1) {
			return become(v, ir.OpTrunc, 0, x.Args[0])
		}
	}
	switch x.Op {
	case ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpAnd, ir.OpOr, ir.OpXor:
		if t != ir.I1 && s.isNarrow(x.Args[0], t) && s.isNarrow(x.Args[1], t) {
			return become(v, x.Op, 0, s.emit(ir.OpTrunc, t, 0, x.Args[0]), s.emit(ir.OpTrunc, t, 0, x.Args[1]))
		}
	case ir.OpShl:
		if n, ok := s.constShift(x, ir.OpShl); ok && int(n) < t.Bits() && s.isNarrow(x.Args[0], t) {
			return become(v, x.Op, 0, s.emit(ir.OpTrunc, t, 0, x.Args[0]), s.newConst(t, n))
		}
	}
	return nil
}

// isNarrow says whether truncating v to t costs nothing.
func (s *simplifier) isNarrow(v *ir.Value, t ir.Type) bool {
	return v.Op == ir.OpConst || isExt(v) && v.Args[0].Type == t
}

// convert makes v the value x in the type of v, extended by op if it is wider.
func (s *simplifier) convert(v *ir.Value, op ir.Op, x *ir.Value) *ir.Value {
	switch {
	case x.Type == v.Type:
		return x
	case x.Type > v.Type:
		return become(v, ir.OpTrunc, 0, x)
	}
	return become(v, op, 0, x)
}

// ruleZExt: of zero-extension; of truncation a mask.
func ruleZExt(s *simplifier, v *ir.Value) *ir.Value {
	x := v.Args[0]
	switch {
	case x.Op == ir.OpZExt:
		return become(v, ir.OpZExt, 0, x.Args[0])
	case x.Op == ir.OpTrunc && x.Args[0].Type == v.Type:
		return become(v, ir.OpAnd, 0, x.Args[0], s.newConst(v.Type, int64(typeMask(x.Type))))
	}
	return nil
}

// ruleSExt: of sign-extension; of what is not negative a zero-extension; of the
// low part of a value that has no more to it, that value.
func ruleSExt(s *simplifier, v *ir.Value) *ir.Value {
	x := v.Args[0]
	switch {
	case x.Op == ir.OpSExt:
		return become(v, ir.OpSExt, 0, x.Args[0])
	case s.zero(x)>>(x.Type.Bits()-1)&1 != 0:
		return become(v, ir.OpZExt, 0, x)
	case x.Op == ir.OpTrunc && x.Args[0].Type == v.Type && s.fitsSigned(x.Args[0], x.Type.Bits()):
		return x.Args[0]
	}
	return nil
}

// fitsSigned says whether v is known to be the sign-extension of its low n bits.
func (s *simplifier) fitsSigned(v *ir.Value, n int) bool {
	if high := typeMask(v.Type) &^ lowZeros(n-1); s.zero(v)&high == high {
		return true
	}
	switch v.Op {
	case ir.OpSExt:
		return v.Args[0].Type.Bits() <= n
	case ir.OpAShr:
		c, ok := s.konst(v.Args[1])
		return ok && v.Type.Bits()-int(shiftCount(v.Type, c)) <= n
	case ir.OpConst:
		return v.Imm>>(n-1) == 0 || v.Imm>>(n-1) == -1
	case ir.OpAnd, ir.OpOr, ir.OpXor:
		return s.shallow(v.Args[0], n) && s.shallow(v.Args[1], n)
	case ir.OpSelect:
		return s.shallow(v.Args[1], n) && s.shallow(v.Args[2], n)
	}
	return false
}

// shallow is fitsSigned without looking through further ops.
func (s *simplifier) shallow(v *ir.Value, n int) bool {
	switch v.Op {
	case ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpSelect:
		high := typeMask(v.Type) &^ lowZeros(n-1)
		return s.zero(v)&high == high
	}
	return s.fitsSigned(v, n)
}

// ruleBitcast: there and back; of constants.
func ruleBitcast(s *simplifier, v *ir.Value) *ir.Value {
	x := v.Args[0]
	switch {
	case x.Type == v.Type:
		return x
	case x.Op == ir.OpBitcast:
		return become(v, ir.OpBitcast, 0, x.Args[0])
	case x.Op == ir.OpConst && v.Type.IsFloat():
		return become(v, ir.OpFConst, int64(unsigned(x.Type, x.Imm)))
	case x.Op == ir.OpFConst && v.Type.IsInt():
		return become(v, ir.OpConst, ir.Canonical(v.Type, x.Imm))
	}
	return nil
}

// ruleFTrunc: of what was single before, that.
func ruleFTrunc(_ *simplifier, v *ir.Value) *ir.Value {
	switch x := v.Args[0]; {
	case x.Op == ir.OpFExt:
		return x.Args[0]
	case x.Op == ir.OpMapS && v.Imm == ir.RoundNone:
		return become(v, ir.OpBitcast, 0, x.Args[0])
	}
	return nil
}

// ruleUnmapS: of what was single before, its bits.
func ruleUnmapS(_ *simplifier, v *ir.Value) *ir.Value {
	switch x := v.Args[0]; x.Op {
	case ir.OpFExt:
		return become(v, ir.OpBitcast, 0, x.Args[0])
	case ir.OpMapS:
		return x.Args[0]
	}
	return nil
}
