package lift

import "axpress/ir"

// Masks of the operand sizes of EXTxx, INSxx and MSKxx.
const (
	maskB uint64 = 0xff
	maskW uint64 = 0xffff
	maskL uint64 = 0xffff_ffff
	maskQ uint64 = 1<<64 - 1
)

// byteShift returns 8 * y<2:0> as a shift count: shifts take it modulo 64.
func (l *lifter) byteShift(y *ir.Value) *ir.Value { return l.opc(ir.OpShl, y, 3) }

// shiftHigh returns x >> (64 - 8*y<2:0>), which is 0 for y<2:0> = 0: a shift by
// one and a shift by 63 - 8*y<2:0>, which is the complement modulo 64.
func (l *lifter) shiftHigh(x, y *ir.Value) *ir.Value {
	return l.op(ir.OpLShr, l.opc(ir.OpLShr, x, 1), l.not(l.byteShift(y)))
}

func (l *lifter) mask(x *ir.Value, mask uint64) *ir.Value {
	if mask == maskQ {
		return x
	}
	return l.opc(ir.OpAnd, x, mask)
}

// extLow: the bytes of x from y<2:0> on (Handbook, section 4.6.2).
func extLow(mask uint64) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value {
		return l.mask(l.op(ir.OpLShr, x, l.byteShift(y)), mask)
	})
}

// extHigh: the bytes of x that extLow of the next lower quadword leaves out.
// For y<2:0> = 0 the count is 64 modulo 64: x itself.
func extHigh(mask uint64) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value {
		left := l.b.Binary(ir.OpSub, l.b.Int64(0), l.byteShift(y))
		return l.mask(l.op(ir.OpShl, x, left), mask)
	})
}

// insLow moves the low bytes of x up by y<2:0> bytes (section 4.6.3).
func insLow(mask uint64) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value {
		return l.op(ir.OpShl, l.mask(x, mask), l.byteShift(y))
	})
}

// insHigh gives what insLow shifts out at the top.
func insHigh(mask uint64) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value {
		return l.shiftHigh(l.mask(x, mask), y)
	})
}

// mskLow clears the bytes of x that insLow would fill (section 4.6.4).
func mskLow(mask uint64) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value {
		m := l.op(ir.OpShl, l.b.Int64(int64(mask)), l.byteShift(y))
		return l.op(ir.OpAnd, x, l.not(m))
	})
}

// mskHigh clears the bytes of x that insHigh would fill.
func mskHigh(mask uint64) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value {
		m := l.shiftHigh(l.b.Int64(int64(mask)), y)
		return l.op(ir.OpAnd, x, l.not(m))
	})
}

// A quadword with the same value in each byte.
const (
	ones    uint64 = 0x0101_0101_0101_0101
	sevens  uint64 = 0x7f7f_7f7f_7f7f_7f7f
	eighths uint64 = 0x8080_8080_8080_8080
)

// byteMask returns a quadword with 0xff in byte i where bit i of y is set.
func (l *lifter) byteMask(y *ir.Value) *ir.Value {
	if y.Op == ir.OpConst { // a literal, as nearly always
		m := uint64(0)
		for i := range 8 {
			if y.Imm>>i&1 != 0 {
				m |= maskB << (8 * i)
			}
		}
		return l.b.Int64(int64(m))
	}
	// Copy the eight bits into each byte and keep bit i in byte i only; adding
	// 0x7f then carries a set bit, whichever it is, into bit 7 of its byte.
	bits := l.opc(ir.OpMul, l.opc(ir.OpAnd, y, maskB), ones)
	bits = l.opc(ir.OpAnd, bits, 0x8040_2010_0804_0201)
	high := l.opc(ir.OpAnd, l.opc(ir.OpAdd, bits, sevens), eighths)
	return l.fillBytes(high)
}

// fillBytes spreads bit 7 of each byte, all other bits being clear, to the byte.
func (l *lifter) fillBytes(high *ir.Value) *ir.Value {
	return l.opc(ir.OpMul, l.opc(ir.OpLShr, high, 7), maskB)
}

// zap clears the bytes of x that y selects, zapnot the others (section 4.6.6).
func zap(l *lifter, x, y *ir.Value) *ir.Value { return l.op(ir.OpAnd, x, l.not(l.byteMask(y))) }

func zapnot(l *lifter, x, y *ir.Value) *ir.Value { return l.op(ir.OpAnd, x, l.byteMask(y)) }

// lanesGE compares the lanes of x and y as unsigned numbers: bit high of a lane
// is set in the result where x's is greater or equal; other bits are clear. high
// has the top bit of each lane.
//
// The low bits are compared by a subtraction in which the top bit of each lane,
// set beforehand, absorbs the borrow; the top bits are compared separately.
func (l *lifter) lanesGE(x, y *ir.Value, high uint64) *ir.Value {
	low := l.op(ir.OpSub, l.opc(ir.OpOr, x, high), l.opc(ir.OpAnd, y, ^high))
	notY := l.not(y)
	above := l.op(ir.OpAnd, x, notY)
	same := l.op(ir.OpXor, x, notY)
	ge := l.op(ir.OpOr, above, l.op(ir.OpAnd, same, low))
	return l.opc(ir.OpAnd, ge, high)
}

// cmpbge sets bit i of the result where byte i of x >= byte i of y, unsigned
// (section 4.6.1). The multiplication gathers bit 8i into bit 56+i: no two of
// its partial products meet in one bit.
func cmpbge(l *lifter, x, y *ir.Value) *ir.Value {
	ge := l.opc(ir.OpLShr, l.lanesGE(x, y, eighths), 7)
	return l.opc(ir.OpLShr, l.opc(ir.OpMul, ge, 0x0102_0408_1020_4080), 56)
}

// signExtend lifts SEXTB and SEXTW (section 4.6.5).
func signExtend(t ir.Type) liftFunc {
	return unary(func(l *lifter, x *ir.Value) *ir.Value {
		return l.b.Conv(ir.OpSExt, ir.I64, l.b.Conv(ir.OpTrunc, t, x))
	})
}
