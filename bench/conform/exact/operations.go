package exact

import "axpress/lifter/isa"

// operations has a row for each instruction that can raise an arithmetic exception.
var operations = [isa.NumOps]operation{
	isa.OpADDS: binary(formatS, sum(false)), isa.OpADDT: binary(formatT, sum(false)),
	isa.OpADDF: binary(formatF, sum(false)), isa.OpADDG: binary(formatG, sum(false)),
	isa.OpSUBS: binary(formatS, sum(true)), isa.OpSUBT: binary(formatT, sum(true)),
	isa.OpSUBF: binary(formatF, sum(true)), isa.OpSUBG: binary(formatG, sum(true)),
	isa.OpMULS: binary(formatS, product), isa.OpMULT: binary(formatT, product),
	isa.OpMULF: binary(formatF, product), isa.OpMULG: binary(formatG, product),
	isa.OpDIVS: binary(formatS, quotient), isa.OpDIVT: binary(formatT, quotient),
	isa.OpDIVF: binary(formatF, quotient), isa.OpDIVG: binary(formatG, quotient),
	isa.OpSQRTS: convert(formatS, formatS, root), isa.OpSQRTT: convert(formatT, formatT, root),
	isa.OpSQRTF: convert(formatF, formatF, root), isa.OpSQRTG: convert(formatG, formatG, root),

	isa.OpCMPTUN: comparison(formatT, false, func(o order) bool { return o == unordered }),
	isa.OpCMPTEQ: comparison(formatT, false, func(o order) bool { return o == equal }),
	isa.OpCMPTLT: comparison(formatT, true, func(o order) bool { return o == less }),
	isa.OpCMPTLE: comparison(formatT, true, func(o order) bool { return o == less || o == equal }),
	isa.OpCMPGEQ: comparison(formatG, false, func(o order) bool { return o == equal }),
	isa.OpCMPGLT: comparison(formatG, true, func(o order) bool { return o == less }),
	isa.OpCMPGLE: comparison(formatG, true, func(o order) bool { return o == less || o == equal }),

	isa.OpCVTTQ: convert(formatT, nil, toInt), isa.OpCVTGQ: convert(formatG, nil, toInt),
	isa.OpCVTQS: convert(nil, formatS, integer), isa.OpCVTQT: convert(nil, formatT, integer),
	isa.OpCVTQF: convert(nil, formatF, integer), isa.OpCVTQG: convert(nil, formatG, integer),
	isa.OpCVTTS: convert(formatT, formatS, same), isa.OpCVTST: convert(formatS, formatT, same),
	isa.OpCVTGF: convert(formatG, formatF, same), isa.OpCVTGD: convert(formatG, formatD, same),
	isa.OpCVTDG: convert(formatD, formatG, same),
	isa.OpCVTQL: convert(nil, nil, longword),
}

func binary(f *format, compute func(*computation) (uint64, uint64)) operation {
	return operation{from: f, to: f, compute: compute}
}

func convert(from, to *format, compute func(*computation) (uint64, uint64)) operation {
	return operation{from: from, to: to, unary: true, compute: compute}
}

// sum is Fa + Fb, or Fa - Fb.
func sum(negate bool) func(*computation) (uint64, uint64) {
	return func(c *computation) (uint64, uint64) {
		if c.anyNaN() {
			return c.nan()
		}
		a, b := c.a, c.b
		b.neg = b.neg != negate
		switch {
		case a.kind == isInf && b.kind == isInf && a.neg != b.neg:
			return canonical, inv
		case a.kind == isInf:
			return sign(a.neg) | infinity, 0
		case b.kind == isInf:
			return sign(b.neg) | infinity, 0
		case a.kind == isZero && b.kind == isZero && a.neg == b.neg:
			return c.zero(a.neg), 0
		case a.kind == isZero && b.kind == isZero:
			return c.zero(c.r == down), 0
		case a.kind == isZero:
			return c.finish(b)
		case b.kind == isZero:
			return c.finish(a)
		}
		s := add(a, b)
		if s.kind == isZero {
			s.neg = c.r == down
		}
		return c.finish(s)
	}
}

func product(c *computation) (uint64, uint64) {
	a, b := c.a, c.b
	neg := a.neg != b.neg
	switch {
	case c.anyNaN():
		return c.nan()
	case a.kind == isInf && b.kind == isZero, a.kind == isZero && b.kind == isInf:
		return canonical, inv
	case a.kind == isInf || b.kind == isInf:
		return sign(neg) | infinity, 0
	case a.kind == isZero || b.kind == isZero:
		return c.zero(neg), 0
	}
	return c.finish(mul(a, b))
}

func quotient(c *computation) (uint64, uint64) {
	a, b := c.a, c.b
	neg := a.neg != b.neg
	switch {
	case c.anyNaN():
		return c.nan()
	case a.kind == isInf && b.kind == isInf, a.kind == isZero && b.kind == isZero && c.op.to.ieee:
		return canonical, inv
	case a.kind == isInf:
		return sign(neg) | infinity, 0
	case b.kind == isInf:
		return c.zero(neg), 0
	case b.kind == isZero:
		return sign(neg) | infinity, dze
	case a.kind == isZero:
		return c.zero(neg), 0
	}
	return c.finish(div(a, b))
}

func root(c *computation) (uint64, uint64) {
	b := c.b
	switch {
	case c.anyNaN():
		return c.nan()
	case b.kind == isZero:
		return c.zero(b.neg), 0
	case b.neg:
		return canonical, inv
	case b.kind == isInf:
		return infinity, 0
	}
	return c.finish(sqrt(b))
}

// same converts between formats of a family.
func same(c *computation) (uint64, uint64) {
	switch {
	case c.anyNaN():
		v, exc := c.nan()
		if c.op.to == formatS {
			v &^= 1<<29 - 1
		}
		return v, exc
	case c.b.kind == isInf:
		return sign(c.b.neg) | infinity, 0
	}
	return c.finish(c.b)
}

func integer(c *computation) (uint64, uint64) { return c.finish(fromInt(c.y)) }

// longword puts the low 32 bits into bits 63:62 and 58:29 (Handbook, 4.10.2).
func longword(c *computation) (uint64, uint64) {
	exc := uint64(0)
	if v := int64(c.y); v < -1<<31 || v > 1<<31-1 {
		exc = iov
	}
	return c.y>>30&3<<62 | c.y&(1<<30-1)<<29, exc
}

type order uint8

const (
	less order = iota
	equal
	greater
	unordered
)

// comparison gives 2.0, which is 0.5 in VAX, or zero. signals: unordered operands
// are invalid even if no NaN is signaling.
func comparison(f *format, signals bool, test func(order) bool) operation {
	return operation{from: f, to: f, compare: true, compute: func(c *computation) (uint64, uint64) {
		exc := uint64(0)
		o := unordered
		if !c.anyNaN() {
			o = compare(c.a, c.b)
		} else if signals || c.a.kind == isSignaling || c.b.kind == isSignaling {
			exc = inv
		}
		if test(o) {
			return 0x400 << 52, exc
		}
		return 0, exc
	}}
}

func compare(a, b number) order {
	sgn := func(n number) int {
		switch {
		case n.kind == isZero:
			return 0
		case n.neg:
			return -1
		}
		return 1
	}
	x, y := sgn(a), sgn(b)
	switch {
	case x != y:
		return orderOf(x - y)
	case x == 0:
		return equal
	case a.kind == isInf && b.kind == isInf:
		return equal
	case a.kind == isInf:
		return orderOf(x)
	case b.kind == isInf:
		return orderOf(-x)
	}
	b.neg = !b.neg
	s := add(a, b)
	return orderOf(sgn(s))
}

func orderOf(d int) order {
	switch {
	case d < 0:
		return less
	case d > 0:
		return greater
	}
	return equal
}
