package lift

import (
	"axpress/ir"
	"axpress/lifter/isa"
)

// VAX floating-point data in memory and registers (Handbook, sections 2.2 and 4.8).
// The runtime computes with them (fpOperate).

// loadG and storeG reverse the four words of a G (or D) floating value.
func (l *lifter) loadG(in *isa.Inst) {
	if in.Ra != zeroReg {
		l.setFBits(in.Ra, l.swapWords(l.b.Load(ir.I64, l.address(in))), false)
	}
}

func (l *lifter) storeG(in *isa.Inst) {
	v, va := l.swapWords(l.fBits(in.Ra)), l.address(in)
	l.b.Store(va, v)
}

func (l *lifter) swapWords(v *ir.Value) *ir.Value {
	outer := l.op(ir.OpOr, l.opc(ir.OpShl, v, 48), l.opc(ir.OpLShr, v, 48))
	high := l.opc(ir.OpAnd, l.opc(ir.OpShl, v, 16), 0xffff<<32)
	low := l.opc(ir.OpAnd, l.opc(ir.OpLShr, v, 16), 0xffff<<16)
	return l.op(ir.OpOr, outer, l.op(ir.OpOr, high, low))
}

// loadF and storeF exchange the two words of an F floating value and convert between
// memory and register format.
func (l *lifter) loadF(in *isa.Inst) {
	if in.Ra != zeroReg {
		l.setFBits(in.Ra, l.mapF(l.swapHalves(l.b.Load(ir.I32, l.address(in)))), false)
	}
}

func (l *lifter) storeF(in *isa.Inst) {
	v, va := l.swapHalves(l.unmapS(l.f(in.Ra))), l.address(in)
	l.b.Store(va, v)
}

func (l *lifter) swapHalves(v *ir.Value) *ir.Value {
	return l.op(ir.OpOr, l.opc(ir.OpShl, v, 16), l.opc(ir.OpLShr, v, 16))
}

// liftITOFF moves a longword, whose words are in the order of a register (section
// 4.10.19).
func (l *lifter) liftITOFF(in *isa.Inst) {
	if in.Rc != zeroReg {
		l.setFBits(in.Rc, l.mapF(l.low32(l.r(in.Ra))), false)
	}
}

// mapF widens the 8 bits of F's exponent to the 11 of a register: excess 128 becomes
// excess 1024, but 0 stays 0. The inverse is unmapS.
func (l *lifter) mapF(v *ir.Value) *ir.Value {
	const (
		fraction = 1<<23 - 1
		exponent = 0xff << 23
		excess   = (1024 - 128) << 52
	)
	x := l.b.Conv(ir.OpZExt, ir.I64, v)
	sign := l.opc(ir.OpAnd, l.opc(ir.OpShl, x, 32), signBit)
	exp := l.opc(ir.OpShl, l.opc(ir.OpAnd, x, exponent), 29)
	exp = l.b.Select(l.cmpc(ir.OpICmpEQ, exp, 0), exp, l.opc(ir.OpAdd, exp, excess))
	frac := l.opc(ir.OpShl, l.opc(ir.OpAnd, x, fraction), 29)
	return l.op(ir.OpOr, sign, l.op(ir.OpOr, exp, frac))
}
