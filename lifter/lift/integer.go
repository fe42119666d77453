package lift

import (
	"axpress/ir"
	"axpress/lifter/discover"
	"axpress/lifter/isa"
)

// liftFunc lifts one instruction.
type liftFunc = func(l *lifter, in *isa.Inst)

// compute makes the result of an operate instruction from its two operands.
type compute = func(l *lifter, x, y *ir.Value) *ir.Value

// operate lifts Rc := fn(Ra, Rb or literal) for an fn without side effects.
func operate(fn compute) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		if in.Rc == zeroReg {
			return
		}
		x, y := l.r(in.Ra), l.rb(in)
		l.setR(in.Rc, fn(l, x, y))
	}
}

// unary lifts Rc := fn(Rb or literal).
func unary(fn func(l *lifter, x *ir.Value) *ir.Value) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		if in.Rc != zeroReg {
			l.setR(in.Rc, fn(l, l.rb(in)))
		}
	}
}

// quad is a 64-bit op (Handbook, sections 4.4 and 4.5).
func quad(op ir.Op) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value { return l.op(op, x, y) })
}

// quadNot is a 64-bit op whose second operand is complemented: BIC, ORNOT, EQV.
func quadNot(op ir.Op) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value { return l.op(op, x, l.not(y)) })
}

// long is a 32-bit op whose result is sign-extended.
func long(op ir.Op) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value {
		return l.sext32(l.op(op, l.low32(x), l.low32(y)))
	})
}

// scaledQuad is op with Ra shifted left: S4ADDQ and its kin.
func scaledQuad(op ir.Op, shift uint64) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value {
		return l.op(op, l.opc(ir.OpShl, x, shift), y)
	})
}

// scaledLong is the same in 32 bits, sign-extended: S4ADDL and its kin.
func scaledLong(op ir.Op, shift uint64) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value {
		return l.sext32(l.op(op, l.opc(ir.OpShl, l.low32(x), shift), l.low32(y)))
	})
}

// quadV is op with integer overflow trap: overflow says where it would happen,
// and there the interpreter takes the trap. That holds for R31 as Rc, too.
func quadV(op, overflow ir.Op) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		x, y := l.r(in.Ra), l.rb(in)
		l.guardNot(l.b.Cmp(overflow, x, y))
		if in.Rc != zeroReg {
			l.setR(in.Rc, l.op(op, x, y))
		}
	}
}

// longV is quadV in 32 bits.
func longV(op, overflow ir.Op) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		x, y := l.low32(l.r(in.Ra)), l.low32(l.rb(in))
		l.guardNot(l.b.Cmp(overflow, x, y))
		if in.Rc != zeroReg {
			l.setR(in.Rc, l.sext32(l.op(op, x, y)))
		}
	}
}

// guardNot has the interpreter execute the instruction if c holds.
func (l *lifter) guardNot(c *ir.Value) { l.b.Guard(l.opc(ir.OpXor, c, 1)) }

// compare sets Rc to 1 or 0.
func compare(op ir.Op) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value { return l.bit(l.b.Cmp(op, x, y)) })
}

// test makes an i1 of a register value: the condition of branches and moves.
type test = func(l *lifter, x *ir.Value) *ir.Value

// The conditions of section 4.3.1, on integers.
var (
	testEQ  test = func(l *lifter, x *ir.Value) *ir.Value { return l.cmpc(ir.OpICmpEQ, x, 0) }
	testNE  test = func(l *lifter, x *ir.Value) *ir.Value { return l.cmpc(ir.OpICmpNE, x, 0) }
	testLT  test = func(l *lifter, x *ir.Value) *ir.Value { return l.cmpc(ir.OpICmpSLT, x, 0) }
	testLE  test = func(l *lifter, x *ir.Value) *ir.Value { return l.cmpc(ir.OpICmpSLE, x, 0) }
	testGT  test = func(l *lifter, x *ir.Value) *ir.Value { return l.b.Cmp(ir.OpICmpSLT, l.b.Int64(0), x) }
	testGE  test = func(l *lifter, x *ir.Value) *ir.Value { return l.b.Cmp(ir.OpICmpSLE, l.b.Int64(0), x) }
	testLBC test = func(l *lifter, x *ir.Value) *ir.Value { return l.cmpc(ir.OpICmpEQ, l.opc(ir.OpAnd, x, 1), 0) }
	testLBS test = func(l *lifter, x *ir.Value) *ir.Value { return l.cmpc(ir.OpICmpNE, l.opc(ir.OpAnd, x, 1), 0) }
)

// cmov lifts Rc := if c(Ra) then Rb or literal else Rc.
func cmov(c test) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		if in.Rc == zeroReg {
			return
		}
		x, y, old := l.r(in.Ra), l.rb(in), l.r(in.Rc)
		l.setR(in.Rc, l.b.Select(c(l, x), y, old))
	}
}

// count lifts CTPOP, CTLZ, CTTZ (sections 4.4.7 to 4.4.9).
func count(op ir.Op) liftFunc {
	return unary(func(l *lifter, x *ir.Value) *ir.Value { return l.b.Unary(op, x) })
}

// liftAMASK and liftIMPLVER say what the model is (section 4.11).
func liftAMASK(l *lifter, x *ir.Value) *ir.Value {
	return l.opc(ir.OpAnd, x, ^l.o.Model.Or().Amask)
}

func (l *lifter) liftIMPLVER(in *isa.Inst) {
	if in.Rc != zeroReg {
		l.setR(in.Rc, l.b.Int64(int64(l.o.Model.Or().Implver)))
	}
}

// liftLDA lifts LDA and LDAH: Ra := Rb + displacement.
func (l *lifter) liftLDA(in *isa.Inst) {
	if l.o.Hot && in.Op == isa.OpLDAH && in.Ra == regGP {
		l.expectBase(in.Rb)
	}
	l.setR(in.Ra, l.address(in))
}

// expectBase makes the base register of an ldgp a constant: at the start of a
// function $27 is its address, behind a call $26 is the return address, or the
// instruction is left to the interpreter. What is loaded relative to $29 then has a
// known address.
func (l *lifter) expectBase(rb uint8) {
	pc := l.b.PC
	i := l.find(pc)
	switch {
	case l.o.Relocatable || i < 0:
		return
	case rb == regPV && pc == l.fn.Start && pc == l.fn.Parent:
	case rb == regRA && i > 0 && l.fn.Blocks[i-1].End == pc && isCall(l.fn.Blocks[i-1].Kind):
	default:
		return
	}
	here := l.b.PCConst(pc)
	l.b.Guard(l.b.Cmp(ir.OpICmpEQ, l.r(rb), here))
	l.setR(rb, here)
}

func isCall(k discover.EndKind) bool { return k == discover.EndCall || k == discover.EndCallReg }

// Registers by their role (Linux, arch/alpha calling standard).
const (
	regRA = 26
	regPV = 27
	regGP = 29
)
