package pass

import "axpress/ir"

// choice is a value that is one of two numbers, as a condition says.
type choice struct {
	cond    *ir.Value
	yes, no int64
}

// choiceOf returns the choice that v is: the result of a comparison of floating-point
// numbers, and what tests of such registers make of it.
func choiceOf(v *ir.Value) (c choice, ok bool) {
	switch {
	case v.Op == ir.OpSelect:
		var ok1, ok2 bool
		c.cond = v.Args[0]
		c.yes, ok1 = number(v.Args[1])
		c.no, ok2 = number(v.Args[2])
		return c, ok1 && ok2
	case v.Op == ir.OpBitcast:
		return choiceOf(v.Args[0])
	case folds[v.Op] == nil || len(v.Args) != 2:
		return c, false
	}
	x, y := v.Args[0], v.Args[1]
	n, left := number(x)
	if !left {
		if n, ok = number(y); !ok {
			return c, false
		}
		y = x
	}
	if c, ok = choiceOf(y); !ok {
		return c, false
	}
	fold := func(m int64) int64 {
		if left {
			return ir.Canonical(v.Type, folds[v.Op](x.Type, n, m))
		}
		return ir.Canonical(v.Type, folds[v.Op](x.Type, m, n))
	}
	c.yes, c.no = fold(c.yes), fold(c.no)
	return c, true
}

// number returns the bits of the constant that v is; an address is none.
func number(v *ir.Value) (int64, bool) {
	switch {
	case v.Op == ir.OpConst:
		return ir.Canonical(v.Type, v.Imm), true
	case v.Op == ir.OpFConst && v.Type == ir.F64:
		return v.Imm, true
	}
	return 0, false
}

// ruleChoice: a choice compared with a constant is decided by its condition.
func (s *simplifier) ruleChoice(v *ir.Value) *ir.Value {
	c, ok := choiceOf(v)
	switch {
	case !ok:
		return nil
	case c.yes == c.no:
		return s.newConst(ir.I1, c.yes)
	case c.yes != 0:
		return c.cond
	}
	return become(v, ir.OpXor, 0, c.cond, s.newConst(ir.I1, 1))
}
