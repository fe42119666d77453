package lift

import (
	"axpress/ir"
	"axpress/lifter/isa"
)

// zeroReg is the number of R31 and F31.
const zeroReg = 31

// r reads integer register n.
func (l *lifter) r(n uint8) *ir.Value {
	if n == zeroReg {
		return l.b.Int64(0)
	}
	return l.b.GetReg(ir.Reg(n))
}

// setR writes integer register n.
func (l *lifter) setR(n uint8, v *ir.Value) {
	if n != zeroReg {
		l.b.SetReg(ir.Reg(n), v)
	}
}

// rb reads the second operand of an operate instruction: Rb or the literal.
func (l *lifter) rb(in *isa.Inst) *ir.Value {
	if in.Lit {
		return l.b.Int64(in.Imm)
	}
	return l.r(in.Rb)
}

// f reads floating-point register n.
func (l *lifter) f(n uint8) *ir.Value {
	if n == zeroReg {
		return l.b.Emit(ir.OpFConst, ir.F64, 0)
	}
	return l.b.GetReg(fpReg + ir.Reg(n))
}

// fBits reads floating-point register n as an integer.
func (l *lifter) fBits(n uint8) *ir.Value {
	if n == zeroReg {
		return l.b.Int64(0)
	}
	return l.b.Conv(ir.OpBitcast, ir.I64, l.f(n))
}

// setF writes floating-point register n; normal says that v is zero or a normal number.
func (l *lifter) setF(n uint8, v *ir.Value, normal bool) {
	if n == zeroReg {
		return
	}
	l.b.SetReg(fpReg+ir.Reg(n), v)
	l.known.normal &^= 1 << n
	if normal {
		l.known.normal |= 1 << n
	}
}

// setFBits writes the integer v to floating-point register n.
func (l *lifter) setFBits(n uint8, v *ir.Value, normal bool) {
	if n != zeroReg {
		l.setF(n, l.b.Conv(ir.OpBitcast, ir.F64, v), normal)
	}
}

// fpReg is the ir.Reg of F0.
const fpReg ir.Reg = 32

// Short forms for computing with constants.

func (l *lifter) op(op ir.Op, x, y *ir.Value) *ir.Value { return l.b.Binary(op, x, y) }

func (l *lifter) opc(op ir.Op, x *ir.Value, c uint64) *ir.Value {
	return l.b.Binary(op, x, l.b.Const(x.Type, int64(c)))
}

func (l *lifter) cmpc(op ir.Op, x *ir.Value, c uint64) *ir.Value {
	return l.b.Cmp(op, x, l.b.Const(x.Type, int64(c)))
}

func (l *lifter) not(x *ir.Value) *ir.Value { return l.opc(ir.OpXor, x, ^uint64(0)) }

func (l *lifter) bit(c *ir.Value) *ir.Value { return l.b.Conv(ir.OpZExt, ir.I64, c) }

func (l *lifter) low32(x *ir.Value) *ir.Value { return l.b.Conv(ir.OpTrunc, ir.I32, x) }

func (l *lifter) sext32(x *ir.Value) *ir.Value { return l.b.Conv(ir.OpSExt, ir.I64, x) }
