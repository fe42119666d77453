package gosrc

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"axpress/ir"
)

// lower emits one op.
type lower func(u *unit, v *ir.Value) error

// lowering is the table of ops. A row that is missing is reported by
// TestLoweringIsComplete.
var lowering = makeLowering()

func makeLowering() map[ir.Op]lower {
	t := map[ir.Op]lower{
		ir.OpConst:     lowerConst,
		ir.OpFConst:    lowerFConst,
		ir.OpPC:        func(u *unit, v *ir.Value) error { u.define(v, u.pc(uint64(v.Imm))); return nil },
		ir.OpGetReg:    lowerGetReg,
		ir.OpSetReg:    lowerSetReg,
		ir.OpLdState:   lowerLdState,
		ir.OpStState:   lowerStState,
		ir.OpUMulH:     lowerUMulH,
		ir.OpSelect:    lowerSelect,
		ir.OpTrunc:     lowerTrunc,
		ir.OpZExt:      lowerZExt,
		ir.OpSExt:      lowerSExt,
		ir.OpBitcast:   lowerBitcast,
		ir.OpSAddO:     overflow("AddOverflows"),
		ir.OpSSubO:     overflow("SubOverflows"),
		ir.OpSMulO:     overflow("MulOverflows"),
		ir.OpCtPop:     bitCount("OnesCount"),
		ir.OpCtLz:      bitCount("LeadingZeros"),
		ir.OpCtTz:      bitCount("TrailingZeros"),
		ir.OpShl:       shift,
		ir.OpLShr:      shift,
		ir.OpAShr:      shift,
		ir.OpAnd:       logic("&", "&&"),
		ir.OpOr:        logic("|", "||"),
		ir.OpXor:       logic("^", "!="),
		ir.OpAdd:       logic("+", "!="),
		ir.OpSub:       logic("-", "!="),
		ir.OpMul:       logic("*", "&&"),
		ir.OpICmpEQ:    compare("=="),
		ir.OpICmpNE:    compare("!="),
		ir.OpICmpULT:   compare("<"),
		ir.OpICmpULE:   compare("<="),
		ir.OpICmpSLT:   compareSigned("<"),
		ir.OpICmpSLE:   compareSigned("<="),
		ir.OpFence:     nothing,
		ir.OpPrefetch:  nothing,
		ir.OpRPCC:      lowerRPCC,
		ir.OpGuard:     lowerGuard,
		ir.OpPoll:      lowerPoll,
		ir.OpRetire:    func(u *unit, v *ir.Value) error { u.done += v.Imm; return nil },
		ir.OpLoad:      lowerLoad,
		ir.OpStore:     lowerStore,
		ir.OpStoreCond: lowerStoreCond,
		ir.OpAtomic:    lowerAtomic,
	}
	t[ir.OpLoadLocked] = lowerLoad
	for op, fn := range floatLowering {
		t[op] = fn
	}
	return t
}

// nothing is for fences and prefetches. Only one goroutine runs the guest's CPU; what
// hands its memory to others orders it.
func nothing(*unit, *ir.Value) error { return nil }

func lowerConst(u *unit, v *ir.Value) error {
	if v.Type == ir.I1 {
		u.exprs[v.ID] = boolean(v.Imm&1 != 0)
		return nil
	}
	u.exprs[v.ID] = number(uint64(v.Imm) & (^uint64(0) >> (64 - v.Type.Bits())))
	return nil
}

// logic is an operation of integers; for i1 it is another one.
func logic(op, boolOp string) lower {
	return func(u *unit, v *ir.Value) error {
		x := u.operands(v)
		if v.Type != ir.I1 {
			if c := v.Args[1]; op == "+" && c.Op == ir.OpConst && c.Imm < 0 && x[1].isConst {
				u.define(v, binary(x[0], "-", number(-uint64(c.Imm))))
			} else {
				u.define(v, binary(x[0], op, x[1]))
			}
			return nil
		}
		// Go vet has an eye on conditions that are combined: give it names.
		if v.Args[0] == v.Args[1] && boolOp != "!=" {
			u.define(v, x[0])
			return nil
		}
		u.define(v, binary(u.keep(x[0]), boolOp, u.keep(x[1])))
		return nil
	}
}

// shift is a shift by a count modulo the width.
func shift(u *unit, v *ir.Value) error {
	x := u.operands(v)
	if x[0].isConst { // it would have the type that its use asks for
		x[0] = u.keep(convert(goType(v.Type), x[0]))
	}
	width := uint64(v.Type.Bits())
	n := binary(x[1], "&", number(width-1))
	if c := v.Args[1]; c.Op == ir.OpConst && x[1].isConst {
		n = number(uint64(c.Imm) & (width - 1))
	}
	switch v.Op {
	case ir.OpShl:
		u.define(v, binary(x[0], "<<", n))
	case ir.OpLShr:
		u.define(v, binary(x[0], ">>", n))
	default:
		u.define(v, convert(goType(v.Type), binary(convert(signedType(v.Type), x[0]), ">>", n)))
	}
	return nil
}

func compare(op string) lower {
	return func(u *unit, v *ir.Value) error {
		x := u.operands(v)
		if v.Args[0].Type == ir.I1 && op != "==" && op != "!=" {
			for i := range x {
				x[i] = call(lib("Bit"), x[i])
			}
		}
		u.define(v, comparison(x[0], op, x[1]))
		return nil
	}
}

func compareSigned(op string) lower {
	return func(u *unit, v *ir.Value) error {
		t := v.Args[0].Type
		if t == ir.I1 {
			return fmt.Errorf("signed comparison of i1")
		}
		x := u.operands(v)
		for i, a := range v.Args {
			if x[i].isConst {
				x[i] = signedNumber(a)
			} else {
				x[i] = convert(signedType(t), x[i])
			}
		}
		u.define(v, comparison(x[0], op, x[1]))
		return nil
	}
}

// signedNumber is the constant v with its sign.
func signedNumber(v *ir.Value) expr {
	n := 64 - v.Type.Bits()
	x := v.Imm << n >> n
	if x >= 0 {
		return number(uint64(x))
	}
	return expr{code: jen.Op("-").Add(number(-uint64(x)).code), prec: precPrimary, isConst: true}
}

func lowerSelect(u *unit, v *ir.Value) error {
	if u.scopes.uses[v.ID] == 0 {
		return nil
	}
	cond, yes, no := u.stable(v.Args[0]), u.ref(v.Args[1]), u.ref(v.Args[2])
	if no.isConst {
		no = convert(goType(v.Type), no)
	}
	u.assign(v, no.code)
	u.add(jen.If(cond.code).Block(jen.Id(variable(v)).Op("=").Add(yes.code)))
	return nil
}

func lowerUMulH(u *unit, v *ir.Value) error {
	x := u.operands(v)
	product := call(jen.Qual("math/bits", "Mul64"), x[0], x[1])
	if to := u.prepare(v); to != "_" {
		u.add(jen.List(jen.Id(to), jen.Id("_")).Op("=").Add(product.code))
	}
	return nil
}

func lowerTrunc(u *unit, v *ir.Value) error {
	x := u.stable(v.Args[0])
	if v.Type == ir.I1 {
		u.define(v, binary(binary(x, "&", number(1)), "!=", number(0)))
		return nil
	}
	u.define(v, convert(goType(v.Type), x))
	return nil
}

func lowerZExt(u *unit, v *ir.Value) error {
	x := u.stable(v.Args[0])
	if v.Args[0].Type == ir.I1 {
		x = call(lib("Bit"), x)
		if v.Type == ir.I64 {
			u.define(v, x)
			return nil
		}
	}
	u.define(v, convert(goType(v.Type), x))
	return nil
}

func lowerSExt(u *unit, v *ir.Value) error {
	x := u.stable(v.Args[0])
	if v.Args[0].Type == ir.I1 {
		u.define(v, convert(goType(v.Type), unary("-", call(lib("Bit"), x))))
		return nil
	}
	u.define(v, convert(goType(v.Type), convert(signedType(v.Type), convert(signedType(v.Args[0].Type), x))))
	return nil
}

func overflow(fn string) lower {
	return func(u *unit, v *ir.Value) error {
		x := u.operands(v)
		u.define(v, call(lib(fmt.Sprintf("%s%d", fn, v.Args[0].Type.Bits())), x[0], x[1]))
		return nil
	}
}

func bitCount(fn string) lower {
	return func(u *unit, v *ir.Value) error {
		x := u.stable(v.Args[0])
		if v.Type == ir.I1 {
			return fmt.Errorf("bits of i1")
		}
		u.define(v, convert(goType(v.Type), call(jen.Qual("math/bits", fmt.Sprintf("%s%d", fn, v.Type.Bits())), x)))
		return nil
	}
}

// lowerRPCC asks the runtime for the cycle counter, which may be derived from the exact
// instruction count.
func lowerRPCC(u *unit, v *ir.Value) error {
	u.assign(v, jen.Id("c").Dot("RPCC").Call(u.retired().code))
	return nil
}

// lowerGuard leaves for the interpreter unless the condition holds.
func lowerGuard(u *unit, v *ir.Value) error {
	u.beforeExit(v)
	u.leaveIf(v, negation(u.stable(v.Args[0])), "Interpret")
	return nil
}

// lowerPoll leaves if the run has reached its limit.
func lowerPoll(u *unit, v *ir.Value) error {
	u.beforeExit(v)
	u.leaveIf(v, binary(u.retired(), ">=", u.limit()), "Poll")
	return nil
}
