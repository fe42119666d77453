package lift

import (
	"axpress/ir"
	"axpress/lifter/isa"
)

// liftCVTTQ converts T floating to quadword (Handbook, section 4.10.12). The host
// signals overflow, but no denormals.
func (l *lifter) liftCVTTQ(in *isa.Inst) {
	how, ok := l.rounding(in)
	if !ok {
		l.fpOperate(in)
		return
	}
	x := l.operand(in.Rb)
	// Chopped is what quotients of unsigned numbers are converted with, by glibc: what
	// needs bit 63 is no exception there.
	if how == ir.RoundZero && in.Trap&isa.TrapU == 0 {
		defer l.splitByRange(in, x)()
	}
	if !l.isNormal(in.Rb) {
		l.b.Guard(l.noDenorm(x))
	}
	v := l.b.Emit(ir.OpFToSI, ir.I64, how, x.val)
	l.nowNormal(x)
	l.setFBits(in.Rc, v, false)
}

// splitByRange has numbers from 2**63 to less than 2**64, which have no fraction,
// converted in a block of their own: the result is their low 64 bits, and the FPCR records
// the overflow (sections 4.7.7.9, 4.7.8). It goes on where the others are to be converted;
// what it returns is called then, and joins both.
func (l *lifter) splitByRange(in *isa.Inst, x *operand) (join func()) {
	const (
		exponent = 1023 + 63 // sign 0
		hidden   = 1 << 63   // the bit of the significand that formats leave out
		overflow = 1<<57 | 1<<63
	)
	f, known := l.b.F, l.known
	big, other, after := f.NewBlock(l.b.PC), f.NewBlock(l.b.PC), f.NewBlock(l.b.PC)
	l.end(ir.Term{Kind: ir.TermBr, Cond: l.cmpc(ir.OpICmpEQ, l.opc(ir.OpLShr, x.bits, 52), exponent),
		Succs: []ir.Edge{{Block: big}, {Block: other}}})
	l.begin(big)
	l.known = known
	v := l.opc(ir.OpOr, l.opc(ir.OpShl, x.bits, 11), hidden)
	l.setFBits(in.Rc, v, false)
	l.b.StState(offFPCR, l.opc(ir.OpOr, l.b.LdState(ir.I64, offFPCR), overflow))
	l.end(ir.Term{Kind: ir.TermJump, Succs: []ir.Edge{{Block: after}}})
	l.begin(other)
	l.known = known
	return func() {
		known := l.known
		l.end(ir.Term{Kind: ir.TermJump, Succs: []ir.Edge{{Block: after}}})
		l.begin(after)
		l.known = known
	}
}

// fromQuad lifts CVTQS and CVTQT (section 4.10.13): inexact is all that happens.
func fromQuad(s single) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		if !l.nearest(in) {
			l.fpOperate(in)
			return
		}
		t := ir.F64
		if s {
			t = ir.F32
		}
		l.setF(in.Rc, s.out(l, l.b.Conv(ir.OpSIToF, t, l.fBits(in.Rb))), true)
	}
}

// liftCVTTS rounds T to S floating (section 4.10.15).
func (l *lifter) liftCVTTS(in *isa.Inst) {
	how, ok := l.rounding(in)
	if !ok {
		l.fpOperate(in)
		return
	}
	x := l.operand(in.Rb)
	v := l.b.Emit(ir.OpFTrunc, ir.F32, how, x.val)
	if !l.isNormal(in.Rb) {
		l.guardFinite(v)
		l.nowNormal(x)
	}
	l.setF(in.Rc, single(true).out(l, v), true)
}

// liftCVTST widens S to T floating (section 4.10.14): registers hold both alike,
// except for what the guard excludes.
func (l *lifter) liftCVTST(in *isa.Inst) {
	x := l.operand(in.Rb)
	if !l.isNormal(in.Rb) {
		l.b.Guard(l.op(ir.OpAnd, l.noDenorm(x), l.isFinite(x)))
		l.nowNormal(x)
	}
	l.setF(in.Rc, x.val, true)
}

// liftCVTLQ and liftCVTQL move a longword between the two integer formats of a
// floating-point register (section 4.10.2): bits 63:62 and 58:29 hold the
// longword. Overflow is the interpreter's: the FPCR records it without /V too.
func (l *lifter) liftCVTLQ(in *isa.Inst) {
	l.setFBits(in.Rc, l.sext32(l.unmapS(l.f(in.Rb))), false)
}

func (l *lifter) liftCVTQL(in *isa.Inst) {
	x := l.fBits(in.Rb)
	l.b.Guard(l.b.Cmp(ir.OpICmpEQ, l.sext32(l.low32(x)), x))
	top := l.opc(ir.OpShl, l.opc(ir.OpAnd, x, 0xc000_0000), 32)
	rest := l.opc(ir.OpShl, l.opc(ir.OpAnd, x, 0x3fff_ffff), 29)
	l.setFBits(in.Rc, l.op(ir.OpOr, top, rest), false)
}
