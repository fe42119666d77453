package pass

import "axpress/ir"

// ruleEqual: == and !=. A comparison of a compared result with 0 or 1 (cmpxx and
// then bne or beq) is that comparison or its opposite.
func ruleEqual(s *simplifier, v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	equal := v.Op == ir.OpICmpEQ
	if x == y {
		return s.newConst(ir.I1, truth(equal))
	}
	if x.Op == ir.OpPC && y.Op == ir.OpPC {
		return s.newConst(ir.I1, truth((x.Imm == y.Imm) == equal))
	}
	if isExt(x) && isExt(y) && x.Op == y.Op && x.Args[0].Type == y.Args[0].Type {
		return become(v, v.Op, 0, x.Args[0], y.Args[0])
	}
	c, ok := s.konst(y)
	if !ok {
		return nil
	}
	if r := s.ruleChoice(v); r != nil {
		return r
	}
	if unsigned(y.Type, c)&s.zero(x) != 0 {
		return s.newConst(ir.I1, truth(!equal))
	}
	switch {
	case x.Type == ir.I1:
		if (c != 0) == equal {
			return x
		}
		return become(v, ir.OpXor, 0, x, s.newConst(ir.I1, 1))
	case isExt(x):
		return s.equalNarrow(v, x, c, equal)
	case c == 0 && (x.Op == ir.OpSub || x.Op == ir.OpXor):
		return become(v, v.Op, 0, x.Args[0], x.Args[1])
	case x.Op == ir.OpAdd && x.Args[1].Op == ir.OpConst:
		return become(v, v.Op, 0, x.Args[0], s.newConst(x.Type, c-x.Args[1].Imm))
	case x.Op == ir.OpXor && x.Args[1].Op == ir.OpConst:
		return become(v, v.Op, 0, x.Args[0], s.newConst(x.Type, c^x.Args[1].Imm))
	}
	return nil
}

// equalNarrow compares the extension x with c in the type before extension.
func (s *simplifier) equalNarrow(v, x *ir.Value, c int64, equal bool) *ir.Value {
	from := x.Args[0].Type
	n := ir.Canonical(from, c)
	back := int64(unsigned(from, n))
	if x.Op == ir.OpSExt {
		back = asSigned(from, n)
	}
	if ir.Canonical(x.Type, back) != c {
		return s.newConst(ir.I1, truth(!equal)) // no extension gives c
	}
	return become(v, v.Op, 0, x.Args[0], s.newConst(from, n))
}

// ruleOrder: < and <=, both kinds.
func ruleOrder(s *simplifier, v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	t := x.Type
	if r := s.ruleChoice(v); r != nil {
		return r
	}
	strict := v.Op == ir.OpICmpSLT || v.Op == ir.OpICmpULT
	signed := v.Op == ir.OpICmpSLT || v.Op == ir.OpICmpSLE
	if x == y {
		return s.newConst(ir.I1, truth(!strict))
	}
	if isExt(x) && isExt(y) && x.Op == y.Op && x.Args[0].Type == y.Args[0].Type && x.Args[0].Type != ir.I1 {
		// Extension keeps the order of its own kind; what is zero-extended is not
		// negative, so signed order is unsigned order there. Sign-extension keeps
		// unsigned order, too.
		op := v.Op
		if x.Op == ir.OpZExt && signed {
			op = unsignedOrder(op)
		}
		return become(v, op, 0, x.Args[0], y.Args[0])
	}
	if signed && t != ir.I1 && s.notNegative(x) && s.notNegative(y) {
		return become(v, unsignedOrder(v.Op), 0, x, y)
	}
	if signed {
		return nil
	}
	switch {
	case strict && s.is(y, 0): // x < 0
		return s.newConst(ir.I1, 0)
	case !strict && s.is(x, 0): // 0 <= y
		return s.newConst(ir.I1, 1)
	case strict && s.is(x, 0): // 0 < y
		return become(v, ir.OpICmpNE, 0, y, x)
	case !strict && s.is(y, 0): // x <= 0
		return become(v, ir.OpICmpEQ, 0, x, y)
	case strict && s.is(y, 1): // x < 1
		return become(v, ir.OpICmpEQ, 0, x, s.newConst(t, 0))
	}
	if c, ok := s.konst(y); ok {
		if limit := typeMask(t) &^ s.zero(x); limit < unsigned(t, c) || !strict && limit == unsigned(t, c) {
			return s.newConst(ir.I1, 1)
		}
	}
	return nil
}

func unsignedOrder(op ir.Op) ir.Op {
	if op == ir.OpICmpSLT {
		return ir.OpICmpULT
	}
	return ir.OpICmpULE
}

func (s *simplifier) notNegative(v *ir.Value) bool {
	return s.zero(v)>>(v.Type.Bits()-1)&1 != 0
}
