package pass

import (
	"math/bits"

	"axpress/ir"
)

// simplifyRules has the rules for arithmetic and logic here, those for shifts,
// conversions and comparisons in files of their own.
var simplifyRules = [len(ir.Table)]rule{
	ir.OpAdd:     ruleAdd,
	ir.OpSub:     ruleSub,
	ir.OpMul:     ruleMul,
	ir.OpAnd:     ruleAnd,
	ir.OpOr:      ruleOr,
	ir.OpXor:     ruleXor,
	ir.OpSAddO:   ruleNoOverflow,
	ir.OpSSubO:   ruleNoOverflow,
	ir.OpShl:     ruleShl,
	ir.OpLShr:    ruleLShr,
	ir.OpAShr:    ruleAShr,
	ir.OpTrunc:   ruleTrunc,
	ir.OpZExt:    ruleZExt,
	ir.OpSExt:    ruleSExt,
	ir.OpBitcast: ruleBitcast,
	ir.OpFTrunc:  ruleFTrunc,
	ir.OpUnmapS:  ruleUnmapS,
	ir.OpICmpEQ:  ruleEqual,
	ir.OpICmpNE:  ruleEqual,
	ir.OpICmpSLT: ruleOrder,
	ir.OpICmpSLE: ruleOrder,
	ir.OpICmpULT: ruleOrder,
	ir.OpICmpULE: ruleOrder,
	ir.OpSelect:  ruleSelect,
}

// ruleAdd: x+0 = x; pc+c = pc'; (x+c)+d = x+(c+d), but not where x+c is needed
// anyway: with a stack pointer that would keep the old and the new one alive.
func ruleAdd(s *simplifier, v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	if s.is(y, 0) {
		return x
	}
	if y.Op != ir.OpConst {
		return nil
	}
	if x.Op == ir.OpPC {
		return become(v, ir.OpPC, x.Imm+y.Imm)
	}
	if x.Op == ir.OpAdd && x.Args[1].Op == ir.OpConst && s.single(x) {
		return become(v, ir.OpAdd, 0, x.Args[0], s.newConst(v.Type, x.Args[1].Imm+y.Imm))
	}
	return nil
}

// ruleSub: x-x = 0; x-c = x+(-c); pc-pc' = c; (x+y)-x = y.
func ruleSub(s *simplifier, v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	switch {
	case x == y:
		return s.newConst(v.Type, 0)
	case y.Op == ir.OpConst:
		return become(v, ir.OpAdd, 0, x, s.newConst(v.Type, -y.Imm))
	case x.Op == ir.OpPC && y.Op == ir.OpPC:
		return s.newConst(v.Type, x.Imm-y.Imm)
	case x.Op == ir.OpAdd && x.Args[0] == y:
		return x.Args[1]
	case x.Op == ir.OpAdd && x.Args[1] == y:
		return x.Args[0]
	}
	return nil
}

// ruleMul: x*0 = 0; x*1 = x; x*2^k = x<<k.
func ruleMul(s *simplifier, v *ir.Value) *ir.Value {
	c, ok := s.konst(v.Args[1])
	if !ok || v.Type == ir.I1 {
		return nil
	}
	u := unsigned(v.Type, c)
	switch {
	case u == 0:
		return s.newConst(v.Type, 0)
	case u == 1:
		return v.Args[0]
	case u&(u-1) == 0:
		return become(v, ir.OpShl, 0, v.Args[0], s.newConst(v.Type, int64(bits.TrailingZeros64(u))))
	}
	return nil
}

// ruleAnd: x&x = x; masks that clear nothing or everything; (x&c)&d = x&(c&d);
// (x|c)&d = x&d if c&d = 0; and in a relocatable unit the low bits of a pc.
func ruleAnd(s *simplifier, v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	if x == y {
		return x
	}
	if s.zero(x)|s.zero(y) == typeMask(v.Type) {
		return s.newConst(v.Type, 0)
	}
	c, ok := s.konst(y)
	if !ok {
		return nil
	}
	u := unsigned(v.Type, c)
	if s.zero(x)|u == typeMask(v.Type) {
		return x
	}
	if y.Op != ir.OpConst {
		return nil
	}
	const inPage = 1<<13 - 1 // units move by whole pages
	switch {
	case x.Op == ir.OpPC && c|inPage == -1:
		return become(v, ir.OpPC, x.Imm&c)
	case x.Op == ir.OpPC && uint64(c) <= inPage:
		return s.newConst(v.Type, x.Imm&c)
	case x.Op == ir.OpPC && !s.f.Relocatable:
		return s.newConst(v.Type, x.Imm&c)
	case x.Op == ir.OpAnd && x.Args[1].Op == ir.OpConst:
		return become(v, ir.OpAnd, 0, x.Args[0], s.newConst(v.Type, x.Args[1].Imm&c))
	case x.Op == ir.OpOr && x.Args[1].Op == ir.OpConst && unsigned(v.Type, x.Args[1].Imm)&u == 0:
		return become(v, ir.OpAnd, 0, x.Args[0], y)
	}
	return nil
}

// ruleOr: x|x = x; x|0 = x; x|-1 = -1; (x|c)|d = x|(c|d).
func ruleOr(s *simplifier, v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	switch {
	case x == y, s.is(y, 0):
		return x
	case s.is(x, 0):
		return y
	case s.is(y, -1):
		return y
	case y.Op == ir.OpConst && x.Op == ir.OpOr && x.Args[1].Op == ir.OpConst:
		return become(v, ir.OpOr, 0, x.Args[0], s.newConst(v.Type, x.Args[1].Imm|y.Imm))
	}
	return nil
}

// ruleXor: x^x = 0; x^0 = x; (x^c)^d = x^(c^d); an inverted comparison is the
// opposite one.
func ruleXor(s *simplifier, v *ir.Value) *ir.Value {
	x, y := v.Args[0], v.Args[1]
	switch {
	case x == y:
		return s.newConst(v.Type, 0)
	case s.is(y, 0):
		return x
	case y.Op == ir.OpConst && x.Op == ir.OpXor && x.Args[1].Op == ir.OpConst:
		return become(v, ir.OpXor, 0, x.Args[0], s.newConst(v.Type, x.Args[1].Imm^y.Imm))
	case v.Type == ir.I1 && s.is(y, 1):
		return invert(v, x)
	}
	return nil
}

// invert turns v into the opposite of the integer comparison x; nil if x is none.
func invert(v, x *ir.Value) *ir.Value {
	switch x.Op {
	case ir.OpICmpEQ:
		return become(v, ir.OpICmpNE, 0, x.Args[0], x.Args[1])
	case ir.OpICmpNE:
		return become(v, ir.OpICmpEQ, 0, x.Args[0], x.Args[1])
	case ir.OpICmpSLT:
		return become(v, ir.OpICmpSLE, 0, x.Args[1], x.Args[0])
	case ir.OpICmpSLE:
		return become(v, ir.OpICmpSLT, 0, x.Args[1], x.Args[0])
	case ir.OpICmpULT:
		return become(v, ir.OpICmpULE, 0, x.Args[1], x.Args[0])
	case ir.OpICmpULE:
		return become(v, ir.OpICmpULT, 0, x.Args[1], x.Args[0])
	}
	return nil
}

// ruleNoOverflow: x+0 and x-0 do not overflow.
func ruleNoOverflow(s *simplifier, v *ir.Value) *ir.Value {
	if s.is(v.Args[1], 0) {
		return s.newConst(ir.I1, 0)
	}
	return nil
}

// ruleSelect: decided conditions, equal arms, inverted conditions, and 1 : 0.
func ruleSelect(s *simplifier, v *ir.Value) *ir.Value {
	c, x, y := v.Args[0], v.Args[1], v.Args[2]
	if n, ok := s.konst(c); ok {
		if n != 0 {
			return x
		}
		return y
	}
	switch {
	case x == y:
		return x
	case c.Op == ir.OpXor && s.is(c.Args[1], 1):
		return become(v, ir.OpSelect, 0, c.Args[0], y, x)
	case v.Type == ir.I1 && s.is(x, 1) && s.is(y, 0):
		return c
	case v.Type.IsInt() && v.Type != ir.I1 && s.is(x, 1) && s.is(y, 0):
		return become(v, ir.OpZExt, 0, c)
	case v.Type.IsInt() && v.Type != ir.I1 && s.is(x, 0) && s.is(y, 1):
		return become(v, ir.OpZExt, 0, s.emit(ir.OpXor, ir.I1, 0, c, s.newConst(ir.I1, 1)))
	}
	return nil
}
