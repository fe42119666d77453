package lift

import (
	"axpress/ir"
	"axpress/lifter/isa"
)

// Floating-point arithmetic (Handbook, section 4.7 and 4.10). The fast path is
// the host's IEEE arithmetic wherever no exception but inexact can occur. Operations
// that would signal one leave the unit by themselves, so that the interpreter executes
// the instruction; guards leave for infinities and quiet NaNs. The forms that the host
// has nothing like are OpFPOperate. Tests are made on bits doubled, which drops the sign: zero is 0,
// denormals are below smallNormal, infinities and NaNs are from infinity on.
const (
	smallNormal uint64 = 1 << 53
	infinity    uint64 = 2047 << 53
	infinity32  uint64 = 255 << 24
)

// needFEN checks, once in a block, that floating point is enabled.
func (l *lifter) needFEN() {
	if l.known.fen {
		return
	}
	l.known.fen = true
	fen := l.opc(ir.OpAnd, l.b.LdState(ir.I64, offFEN), 1)
	l.b.Guard(l.cmpc(ir.OpICmpNE, fen, 0))
}

// FPCR<DYN> (Handbook, section 4.7.8): its position, and round to nearest.
const (
	dynShift   = 58
	dynMask    = 3 << dynShift
	dynNearest = 2 << dynShift
)

// fpOperate has the runtime execute the instruction, with all its qualifiers. The unit
// is left if it traps.
func (l *lifter) fpOperate(in *isa.Inst) {
	v := l.b.Emit(ir.OpFPOperate, ir.I64, int64(in.Word), l.fBits(in.Ra), l.fBits(in.Rb))
	l.setFBits(in.Rc, v, false)
}

// rounding returns how the instruction rounds (ir.RoundXxx). !ok: it is one for
// fpOperate, since it asks for inexact traps, or rounds as the FPCR says and that is not
// to nearest.
func (l *lifter) rounding(in *isa.Inst) (how int64, ok bool) {
	if in.Trap&isa.TrapI != 0 {
		return 0, false
	}
	switch in.Round {
	case isa.RoundChopped:
		return ir.RoundZero, true
	case isa.RoundMinus:
		return ir.RoundDown, true
	case isa.RoundDynamic:
		if l.known.dynamic == dynamicUnknown {
			l.splitByRounding()
		}
		if l.known.dynamic == dynamicOther {
			return 0, false
		}
	}
	return ir.RoundNearest, true
}

// splitByRounding goes on twice from here to the end of the discover.Block: where
// FPCR<DYN> is round to nearest, and where it is not. So the former, which is what
// nearly all programs want, asks once and computes in line. The latter comes in its
// turn, see block.
func (l *lifter) splitByRounding() {
	dyn := l.opc(ir.OpAnd, l.b.LdState(ir.I64, offFPCR), dynMask)
	nearest, other := l.b.F.NewBlock(l.b.PC), l.b.F.NewBlock(l.b.PC)
	l.end(ir.Term{Kind: ir.TermBr, Cond: l.cmpc(ir.OpICmpEQ, dyn, dynNearest), Succs: []ir.Edge{{Block: nearest}, {Block: other}}})
	known := l.known
	known.dynamic = dynamicOther
	l.later = append(l.later, again{l.b.PC, other, known})
	known.dynamic = dynamicNearest
	l.begin(nearest)
	l.known = known
}

// again is code to be lifted a second time: what is at pc and behind it in the same
// discover.Block, in block b.
type again struct {
	pc    uint64
	b     *ir.Block
	known knowledge
}

// dynamic is what FPCR<DYN> is known to be.
type dynamic uint8

const (
	dynamicUnknown dynamic = iota
	dynamicNearest
	dynamicOther
)

// nearest says whether the instruction rounds to nearest, and is none for fpOperate.
func (l *lifter) nearest(in *isa.Inst) bool {
	how, ok := l.rounding(in)
	return ok && how == ir.RoundNearest
}

// operand is a floating-point source.
type operand struct {
	reg  uint8
	val  *ir.Value // f64
	bits *ir.Value // i64
	mag  *ir.Value // bits doubled
}

func (l *lifter) operand(reg uint8) *operand {
	o := &operand{reg: reg, val: l.f(reg)}
	o.bits = l.b.Conv(ir.OpBitcast, ir.I64, o.val)
	o.mag = l.opc(ir.OpShl, o.bits, 1)
	return o
}

// isNormal says whether register reg is known to hold zero or a normal number.
func (l *lifter) isNormal(reg uint8) bool { return reg == zeroReg || l.known.normal>>reg&1 != 0 }

// nowNormal notes that the operands have been found to be zero or normal numbers.
func (l *lifter) nowNormal(ops ...*operand) {
	for _, o := range ops {
		if o.reg != zeroReg {
			l.known.normal |= 1 << o.reg
		}
	}
}

// noDenorm returns the condition that o is no denormal.
func (l *lifter) noDenorm(o *operand) *ir.Value {
	// Zero wraps around to the largest number.
	return l.b.Cmp(ir.OpICmpULE, l.b.Int64(int64(smallNormal-1)), l.opc(ir.OpSub, o.mag, 1))
}

func (l *lifter) isFinite(o *operand) *ir.Value { return l.cmpc(ir.OpICmpULT, o.mag, infinity) }

// guardFinite leaves the instruction to the interpreter if v is infinite or a NaN.
func (l *lifter) guardFinite(v *ir.Value) {
	t, inf := ir.I64, infinity
	if v.Type == ir.F32 {
		t, inf = ir.I32, infinity32
	}
	l.b.Guard(l.cmpc(ir.OpICmpULT, l.opc(ir.OpShl, l.b.Conv(ir.OpBitcast, t, v), 1), inf))
}

// single says whether an instruction computes in S floating.
type single bool

// in converts a register value, which holds a single, to the format computed in, for
// an operation that signals; out converts its result back.
func (s single) in(l *lifter, v *ir.Value) *ir.Value {
	if s {
		return l.b.Emit(ir.OpFTrunc, ir.F32, ir.RoundNone, v)
	}
	return v
}

func (s single) out(l *lifter, v *ir.Value) *ir.Value {
	if s {
		return l.b.Conv(ir.OpFExt, ir.F64, v)
	}
	return v
}

// rounded emits an op that rounds.
func (l *lifter) rounded(op ir.Op, how int64, args ...*ir.Value) *ir.Value {
	return l.b.Emit(op, args[0].Type, how, args...)
}

// arith lifts ADDx, SUBx, MULx and DIVx. Denormals signal, as operands and as
// results. A finite result proves finite operands, but for a divisor: x/Inf is 0.
// Operands that are known to be finite have a finite result, or signal.
func arith(op ir.Op, s single) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		how, ok := l.rounding(in)
		if !ok {
			l.fpOperate(in)
			return
		}
		x := l.operand(in.Ra)
		y := x
		if in.Rb != in.Ra {
			y = l.operand(in.Rb)
		}
		if op == ir.OpFDiv && !l.isNormal(in.Rb) {
			l.b.Guard(l.isFinite(y))
		}
		v := l.rounded(op, how, s.in(l, x.val), s.in(l, y.val))
		if !l.isNormal(in.Ra) || !l.isNormal(in.Rb) {
			l.guardFinite(v)
			l.nowNormal(x, y)
		}
		l.setF(in.Rc, s.out(l, v), true)
	}
}

// sqrt lifts SQRTx (section 4.10.23). Negative numbers signal.
func sqrt(s single) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		how, ok := l.rounding(in)
		if !ok {
			l.fpOperate(in)
			return
		}
		x := l.operand(in.Rb)
		v := l.rounded(ir.OpFSqrt, how, s.in(l, x.val))
		if !l.isNormal(in.Rb) {
			l.guardFinite(v)
			l.nowNormal(x)
		}
		l.setF(in.Rc, s.out(l, v), true)
	}
}

// fpTrue is the result of a comparison that holds: 2.0 (section 4.10.8).
const fpTrue = 0x4000_0000_0000_0000

// fpCompare lifts CMPTEQ, CMPTLT and CMPTLE. Infinities compare; NaNs and denormals
// signal.
func fpCompare(op ir.Op) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		if in.Trap&isa.TrapI != 0 {
			l.fpOperate(in)
			return
		}
		c := l.b.Cmp(op, l.f(in.Ra), l.f(in.Rb))
		yes, no := l.b.Emit(ir.OpFConst, ir.F64, fpTrue), l.b.Emit(ir.OpFConst, ir.F64, 0)
		l.setF(in.Rc, l.b.Select(c, yes, no), true)
	}
}

// liftCMPTUN lifts CMPTUN: of numbers that are no denormals it is false, the rest
// is the interpreter's.
func (l *lifter) liftCMPTUN(in *isa.Inst) {
	if in.Trap&isa.TrapI != 0 {
		l.fpOperate(in)
		return
	}
	for _, reg := range []uint8{in.Ra, in.Rb} {
		if l.isNormal(reg) {
			continue
		}
		x := l.operand(reg)
		l.b.Guard(l.op(ir.OpAnd, l.noDenorm(x), l.cmpc(ir.OpICmpULE, x.mag, infinity)))
	}
	l.setF(in.Rc, l.b.Emit(ir.OpFConst, ir.F64, 0), true)
}
