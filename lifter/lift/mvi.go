package lift

import "axpress/ir"

// Top bits of the lanes of the packed operations.
const (
	highB8 = eighths
	highW4 = 0x8000_8000_8000_8000
)

// fillLanes spreads the top bit of each lane, all other bits being clear, to the
// lane.
func (l *lifter) fillLanes(high *ir.Value, highs uint64) *ir.Value {
	if highs == highB8 {
		return l.fillBytes(high)
	}
	return l.opc(ir.OpMul, l.opc(ir.OpLShr, high, 15), maskW)
}

// pick returns the lanes of x where those of x >= those of y (or the other way
// round), else those of y: the packed maxima and minima (Handbook, 4.13.1).
func (l *lifter) pick(x, y *ir.Value, highs uint64, signed, max bool) *ir.Value {
	cx, cy := x, y
	if signed { // order of signed numbers = order of unsigned ones with the sign flipped
		cx, cy = l.opc(ir.OpXor, x, highs), l.opc(ir.OpXor, y, highs)
	}
	m := l.fillLanes(l.lanesGE(cx, cy, highs), highs)
	if !max {
		x, y = y, x
	}
	// x where m, y elsewhere.
	return l.op(ir.OpXor, y, l.op(ir.OpAnd, l.op(ir.OpXor, x, y), m))
}

func packed(highs uint64, signed, max bool) liftFunc {
	return operate(func(l *lifter, x, y *ir.Value) *ir.Value { return l.pick(x, y, highs, signed, max) })
}

// perr: the sum of the absolute differences of the bytes (section 4.13.2).
func perr(l *lifter, x, y *ir.Value) *ir.Value {
	d := l.op(ir.OpSub, l.pick(x, y, highB8, false, true), l.pick(x, y, highB8, false, false))
	const even = 0x00ff_00ff_00ff_00ff
	sums := l.op(ir.OpAdd, l.opc(ir.OpAnd, d, even), l.opc(ir.OpAnd, l.opc(ir.OpLShr, d, 8), even))
	return l.opc(ir.OpLShr, l.opc(ir.OpMul, sums, 0x0001_0001_0001_0001), 48)
}

// move is a byte that goes from one place of a quadword to another.
type move struct{ from, to uint64 }

// The byte movements of PKLB, PKWB, UNPKBL and UNPKBW (4.13.3, 4.13.4).
var (
	movesPKLB   = []move{{0, 0}, {4, 1}}
	movesPKWB   = []move{{0, 0}, {2, 1}, {4, 2}, {6, 3}}
	movesUNPKBL = []move{{0, 0}, {1, 4}}
	movesUNPKBW = []move{{0, 0}, {1, 2}, {2, 4}, {3, 6}}
)

func moveBytes(moves []move) liftFunc {
	return unary(func(l *lifter, x *ir.Value) *ir.Value {
		var out *ir.Value
		for _, m := range moves {
			v := l.opc(ir.OpAnd, x, maskB<<(8*m.from))
			if m.from > m.to {
				v = l.opc(ir.OpLShr, v, 8*(m.from-m.to))
			} else if m.to > m.from {
				v = l.opc(ir.OpShl, v, 8*(m.to-m.from))
			}
			if out == nil {
				out = v
			} else {
				out = l.op(ir.OpOr, out, v)
			}
		}
		return out
	})
}
