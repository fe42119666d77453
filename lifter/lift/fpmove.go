package lift

import (
	"axpress/ir"
	"axpress/lifter/isa"
)

// The conditions of FBxx and FCMOVxx (Handbook, sections 4.9 and 4.10.3), on
// the bits of the register: a zero of either sign is zero, a NaN has a sign.
const signBit uint64 = 1 << 63

var (
	testFEQ test = func(l *lifter, x *ir.Value) *ir.Value { return l.cmpc(ir.OpICmpEQ, l.opc(ir.OpShl, x, 1), 0) }
	testFNE test = func(l *lifter, x *ir.Value) *ir.Value { return l.cmpc(ir.OpICmpNE, l.opc(ir.OpShl, x, 1), 0) }
	testFLT test = func(l *lifter, x *ir.Value) *ir.Value {
		return l.b.Cmp(ir.OpICmpULT, l.b.Const(ir.I64, -1<<63), x)
	}
	testFGE test = func(l *lifter, x *ir.Value) *ir.Value { return l.cmpc(ir.OpICmpULE, x, signBit) }
	testFLE      = testLE
	testFGT      = testGT
)

// fcmov lifts Fc := if c(Fa) then Fb else Fc.
func fcmov(c test) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		if in.Rc == zeroReg {
			return
		}
		x, y, old := l.fBits(in.Ra), l.f(in.Rb), l.f(in.Rc)
		both := l.isNormal(in.Rb) && l.isNormal(in.Rc)
		l.setF(in.Rc, l.b.Select(c(l, x), y, old), both)
	}
}

// copySign lifts CPYS, CPYSN and CPYSE (section 4.10.1): the bits of from come
// from Fa, complemented if negate, the others from Fb.
func copySign(from uint64, negate bool) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		switch {
		case in.Rc == zeroReg:
			return
		case in.Ra == in.Rb && !negate: // a move
			l.setF(in.Rc, l.f(in.Rb), l.isNormal(in.Rb))
			return
		}
		x, y := l.fBits(in.Ra), l.fBits(in.Rb)
		if negate {
			x = l.not(x)
		}
		v := l.op(ir.OpOr, l.opc(ir.OpAnd, x, from), l.opc(ir.OpAnd, y, ^from))
		// A new sign makes no denormal; a new exponent may.
		l.setFBits(in.Rc, v, from == signBit && l.isNormal(in.Rb))
	}
}

// signExponent selects sign and exponent of a register.
const signExponent uint64 = 0xfff << 52

// liftFTOIT, liftFTOIS, liftITOFT and liftITOFS move between the register files
// (sections 4.10.18, 4.10.19); the S forms convert as STS and LDS do.
func (l *lifter) liftFTOIT(in *isa.Inst) {
	if in.Rc != zeroReg {
		l.setR(in.Rc, l.fBits(in.Ra))
	}
}

func (l *lifter) liftFTOIS(in *isa.Inst) {
	if in.Rc != zeroReg {
		l.setR(in.Rc, l.sext32(l.unmapS(l.f(in.Ra))))
	}
}

func (l *lifter) liftITOFT(in *isa.Inst) { l.setFBits(in.Rc, l.r(in.Ra), false) }

func (l *lifter) liftITOFS(in *isa.Inst) {
	if in.Rc != zeroReg {
		l.setF(in.Rc, l.mapS(l.low32(l.r(in.Ra))), false)
	}
}

// liftMTFPCR and liftMFFPCR access the FPCR (section 4.10.4). Of the value
// written, bits 62:48 stay; SUM, bit 63, says whether one of the six status bits
// is set (section 4.7.8).
func (l *lifter) liftMTFPCR(in *isa.Inst) {
	const (
		status  = 0x3f << 52
		written = 0x7fff << 48
	)
	x := l.fBits(in.Ra)
	any := l.cmpc(ir.OpICmpNE, l.opc(ir.OpAnd, x, status), 0)
	sum := l.opc(ir.OpShl, l.bit(any), 63)
	l.b.StState(offFPCR, l.op(ir.OpOr, l.opc(ir.OpAnd, x, written), sum))
	l.known.dynamic = dynamicUnknown
}

func (l *lifter) liftMFFPCR(in *isa.Inst) {
	if in.Ra != zeroReg {
		l.setFBits(in.Ra, l.b.LdState(ir.I64, offFPCR), false)
	}
}
