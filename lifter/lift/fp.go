package lift

import (
	"axpress/ir"
	"axpress/lifter/isa"
)

// Floating-point arithmetic (Handbook, section 4.7 and 4.10). The fast path is
// the host's IEEE arithmetic, to nearest even, wherever no exception but inexact
// can occur; guards send everything else to the interpreter. Tests are made on
// bits doubled, which drops the sign: zero is 0, denormals are below
// smallNormal, infinities and NaNs are from infinity on.
const (
	smallNormal uint64 = 1 << 53
	infinity    uint64 = 2047 << 53

	// Results are tested more strictly: an exponent of 1 may have been reached by
	// rounding up a result that underflows, which the Alpha reports.
	resultLow64   uint64 = 2 << 53
	resultRange64 uint64 = 2045 << 53
	resultLow32   uint64 = 2 << 24
	resultRange32 uint64 = 253 << 24
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

// nearest says whether the instruction can take the fast path: it rounds to
// nearest, or as the FPCR says, which is then guarded, and does not ask for
// inexact traps.
func (l *lifter) nearest(in *isa.Inst) bool {
	if in.Trap&isa.TrapI != 0 {
		return false
	}
	switch in.Round {
	case isa.RoundNormal:
		return true
	case isa.RoundDynamic:
		if !l.known.nearest {
			l.known.nearest = true
			dyn := l.opc(ir.OpAnd, l.b.LdState(ir.I64, offFPCR), dynMask)
			l.b.Guard(l.cmpc(ir.OpICmpEQ, dyn, dynNearest))
		}
		return true
	}
	return false
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

// noDenorm returns the condition that o is no denormal, nil if that is known.
func (l *lifter) noDenorm(o *operand) *ir.Value {
	if o.reg == zeroReg || l.known.noDenorm>>o.reg&1 != 0 {
		return nil
	}
	// Zero wraps around to the largest number.
	return l.b.Cmp(ir.OpICmpULE, l.b.Int64(int64(smallNormal-1)), l.opc(ir.OpSub, o.mag, 1))
}

func (l *lifter) isZero(o *operand) *ir.Value { return l.cmpc(ir.OpICmpEQ, o.mag, 0) }

func (l *lifter) isFinite(o *operand) *ir.Value { return l.cmpc(ir.OpICmpULT, o.mag, infinity) }

// and returns the conjunction of conditions, of which nil ones are true.
func (l *lifter) and(conds ...*ir.Value) *ir.Value {
	var out *ir.Value
	for _, c := range conds {
		switch {
		case c == nil:
		case out == nil:
			out = c
		default:
			out = l.op(ir.OpAnd, out, c)
		}
	}
	return out
}

// guard has the interpreter execute the instruction unless all of conds hold, and
// notes which operands are therefore no denormals.
func (l *lifter) guard(ops []*operand, conds ...*ir.Value) {
	if c := l.and(conds...); c != nil {
		l.b.Guard(c)
	}
	for _, o := range ops {
		if o.reg != zeroReg {
			l.known.noDenorm |= 1 << o.reg
		}
	}
}

// sound returns the condition that the result v is a normal number, or that it
// is zero and zeroExact holds (nil: a zero is always exact).
func (l *lifter) sound(v, zeroExact *ir.Value) *ir.Value {
	t, low, size := ir.I64, resultLow64, resultRange64
	if v.Type == ir.F32 {
		t, low, size = ir.I32, resultLow32, resultRange32
	}
	mag := l.opc(ir.OpShl, l.b.Conv(ir.OpBitcast, t, v), 1)
	normal := l.cmpc(ir.OpICmpULT, l.opc(ir.OpSub, mag, low), size)
	zero := l.and(l.cmpc(ir.OpICmpEQ, mag, 0), zeroExact)
	return l.op(ir.OpOr, normal, zero)
}

// single says whether an instruction computes in S floating.
type single bool

// in converts a register value to the format computed in, out back.
func (s single) in(l *lifter, v *ir.Value) *ir.Value {
	if s {
		return l.b.Conv(ir.OpFTrunc, ir.F32, v)
	}
	return v
}

func (s single) out(l *lifter, v *ir.Value) *ir.Value {
	if s {
		return l.b.Conv(ir.OpFExt, ir.F64, v)
	}
	return v
}

// zeroRule gives the condition under which a zero result of x op y is exact.
type zeroRule = func(l *lifter, x, y *operand) *ir.Value

// A sum is zero only if it is so exactly.
func zeroSum(*lifter, *operand, *operand) *ir.Value { return nil }

// A product is zero exactly if a factor is; else it has underflowed.
func zeroProduct(l *lifter, x, y *operand) *ir.Value {
	return l.op(ir.OpOr, l.isZero(x), l.isZero(y))
}

// A quotient is zero exactly if the dividend is; x/Inf is left out.
func zeroQuotient(l *lifter, x, y *operand) *ir.Value {
	return l.op(ir.OpAnd, l.isZero(x), l.isFinite(y))
}

// arith lifts ADDx, SUBx, MULx and DIVx. That the result is a normal number, or
// zero as the rule allows, excludes infinities and NaNs as operands.
func arith(op ir.Op, s single, zero zeroRule) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		if !l.nearest(in) {
			l.interpret(in)
			return
		}
		x := l.operand(in.Ra)
		y := x
		if in.Rb != in.Ra {
			y = l.operand(in.Rb)
		}
		v := l.op(op, s.in(l, x.val), s.in(l, y.val))
		okX, okY := l.noDenorm(x), (*ir.Value)(nil)
		if y != x {
			okY = l.noDenorm(y)
		}
		l.guard([]*operand{x, y}, okX, okY, l.sound(v, zero(l, x, y)))
		l.setF(in.Rc, s.out(l, v), true)
	}
}

// sqrt lifts SQRTx: operands are +0 and positive normal numbers, whose roots are
// of the same kind (sections 4.10.23).
func sqrt(s single) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		if !l.nearest(in) {
			l.interpret(in)
			return
		}
		const low, size = 1 << 52, 2046 << 52
		x := l.operand(in.Rb)
		normal := l.cmpc(ir.OpICmpULT, l.opc(ir.OpSub, x.bits, low), size)
		zero := l.cmpc(ir.OpICmpEQ, x.bits, 0)
		v := l.b.Unary(ir.OpFSqrt, s.in(l, x.val))
		l.guard([]*operand{x}, l.op(ir.OpOr, normal, zero))
		l.setF(in.Rc, s.out(l, v), true)
	}
}

// fpTrue is the result of a comparison that holds: 2.0 (section 4.10.8).
const fpTrue = 0x4000_0000_0000_0000

// fpCompare lifts CMPTxx. Infinities compare; NaNs and denormals are guarded.
func fpCompare(op ir.Op) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		if in.Trap&isa.TrapI != 0 {
			l.interpret(in)
			return
		}
		x, y := l.operand(in.Ra), l.operand(in.Rb)
		ordered := l.opc(ir.OpXor, l.b.Cmp(ir.OpFCmpUN, x.val, y.val), 1)
		c := l.b.Cmp(op, x.val, y.val)
		l.guard([]*operand{x, y}, l.noDenorm(x), l.noDenorm(y), ordered)
		yes, no := l.b.Emit(ir.OpFConst, ir.F64, fpTrue), l.b.Emit(ir.OpFConst, ir.F64, 0)
		l.setF(in.Rc, l.b.Select(c, yes, no), true)
	}
}
