package exact

import "math/big"

// format is a data type: precision, exponent of the smallest normal number and of
// the largest, as 1.f times 2**e, and where a register has its fields.
type format struct {
	prec       int
	emin, emax int
	bias       int // the exponent field is e + bias
	fracBits   uint
	expBits    uint
	ieee       bool
}

// The data types of the Handbook's section 2.2, in registers.
var (
	formatS = &format{24, -126, 127, 1023, 52, 11, true}
	formatT = &format{53, -1022, 1023, 1023, 52, 11, true}
	formatF = &format{24, -128, 126, 1025, 52, 11, false}
	formatG = &format{53, -1024, 1022, 1025, 52, 11, false}
	formatD = &format{56, -128, 126, 129, 55, 8, false}
)

type kind uint8

const (
	isZero kind = iota
	isFinite
	isInf
	isQuiet
	isSignaling
	isDenormal // IEEE; its value is never used: it traps or counts as zero
	isReserved // VAX: sign 1, exponent 0
	isDirty    // VAX: zero with fraction bits
)

// number is (-1)**neg * (m + something below 1 if more) * 2**e.
type number struct {
	kind
	neg  bool
	m    *big.Int
	e    int
	more bool
}

func (n number) isNaN() bool { return n.kind == isQuiet || n.kind == isSignaling }

// decode takes a register apart.
func (f *format) decode(x uint64) number {
	n := number{neg: x>>63 != 0}
	frac := x & (1<<f.fracBits - 1)
	exp := int(x >> f.fracBits & (1<<f.expBits - 1))
	switch {
	case exp == 0 && f.ieee && frac != 0:
		n.kind = isDenormal
	case exp == 0 && !f.ieee && n.neg:
		n.kind = isReserved
	case exp == 0 && !f.ieee && frac != 0:
		n.kind = isDirty
	case exp == 0:
	case f.ieee && exp == 1<<f.expBits-1 && frac == 0:
		n.kind = isInf
	case f.ieee && exp == 1<<f.expBits-1 && frac>>(f.fracBits-1) != 0:
		n.kind = isQuiet
	case f.ieee && exp == 1<<f.expBits-1:
		n.kind = isSignaling
	default:
		n.kind = isFinite
		n.m = new(big.Int).SetUint64(frac | 1<<f.fracBits)
		n.e = exp - f.bias - int(f.fracBits)
	}
	return n
}

// rounding is a direction; the first four have the FPCR's numbers.
type rounding uint8

const (
	toZero rounding = iota
	down
	nearestEven
	up
	nearestAway
)

// roundTo rounds |n| to a multiple of 2**lsb, which is returned in that unit.
func (n number) roundTo(lsb int, r rounding) (q *big.Int, inexact bool) {
	q = new(big.Int)
	half := 0 // the rest compared with half a unit
	if n.e >= lsb {
		q.Lsh(n.m, uint(n.e-lsb))
		inexact, half = n.more, -1
	} else {
		d := uint(lsb - n.e)
		rest := new(big.Int).And(n.m, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), d), big.NewInt(1)))
		q.Rsh(n.m, d)
		inexact = n.more || rest.Sign() != 0
		half = rest.Cmp(new(big.Int).Lsh(big.NewInt(1), d-1))
		if half == 0 && n.more {
			half = 1
		}
	}
	away := false
	switch r {
	case down:
		away = inexact && n.neg
	case up:
		away = inexact && !n.neg
	case nearestEven:
		away = half > 0 || half == 0 && q.Bit(0) == 1
	case nearestAway:
		away = half >= 0
	}
	if away {
		q.Add(q, big.NewInt(1))
	}
	return q, inexact
}

// topExp is the exponent of the first bit of a number.
func (n number) topExp() int { return n.m.BitLen() - 1 + n.e }

// rounded is a result of a format and what rounding did.
type rounded struct {
	bits    uint64 // in a register; of an underflow, the IEEE denormal
	over    bool
	under   bool
	inexact bool
	// denormalInexact: the IEEE denormal of an underflow is not exact.
	denormalInexact bool
}

// encode rounds a finite number to the format.
func (f *format) encode(n number, r rounding) (out rounded) {
	lsb := n.topExp() - f.prec + 1
	q, inexact := n.roundTo(lsb, r)
	top := q.BitLen() - 1 + lsb
	out.inexact = inexact
	switch {
	case top > f.emax:
		out.over, out.inexact = true, true
		out.bits = f.largest(n.neg, r)
	case top < f.emin:
		out.under = true
		if f.ieee {
			lsb = f.emin - f.prec + 1
			if q, out.denormalInexact = n.roundTo(lsb, r); q.BitLen() == f.prec {
				out.bits = f.place(n.neg, q, f.emin+f.bias)
			} else {
				out.bits = f.place(n.neg, q, 0)
			}
		}
	default:
		if q.BitLen() > f.prec {
			q.Rsh(q, 1)
		}
		out.bits = f.place(n.neg, q, top+f.bias)
	}
	return out
}

// place puts a significand of prec bits, or of fewer if exp is 0, into a register.
func (f *format) place(neg bool, q *big.Int, exp int) uint64 {
	frac := q.Uint64() << (int(f.fracBits) - f.prec + 1) & (1<<f.fracBits - 1)
	return sign(neg) | uint64(exp)<<f.fracBits | frac
}

func sign(neg bool) uint64 {
	if neg {
		return 1 << 63
	}
	return 0
}

// largest is what an IEEE overflow gives (Handbook, table B-3).
func (f *format) largest(neg bool, r rounding) uint64 {
	if r == nearestEven || r == up && !neg || r == down && neg {
		return sign(neg) | infinity
	}
	all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(f.prec)), big.NewInt(1))
	return f.place(neg, all, f.emax+f.bias)
}

const (
	infinity  = 0x7ff << 52
	quietBit  = 1 << 51
	canonical = 0xfff8 << 48
)

// add is the exact sum; nil m: it is zero.
func add(x, y number) number {
	e := min(x.e, y.e)
	a, b := new(big.Int).Lsh(x.m, uint(x.e-e)), new(big.Int).Lsh(y.m, uint(y.e-e))
	if x.neg {
		a.Neg(a)
	}
	if y.neg {
		b.Neg(b)
	}
	a.Add(a, b)
	if a.Sign() == 0 {
		return number{}
	}
	return number{kind: isFinite, neg: a.Sign() < 0, m: a.Abs(a), e: e}
}

func mul(x, y number) number {
	return number{kind: isFinite, neg: x.neg != y.neg, m: new(big.Int).Mul(x.m, y.m), e: x.e + y.e}
}

// guardBits is how many more bits than any format has a quotient or root gets.
const guardBits = 128

func div(x, y number) number {
	q, rest := new(big.Int).QuoRem(new(big.Int).Lsh(x.m, guardBits), y.m, new(big.Int))
	return number{isFinite, x.neg != y.neg, q, x.e - y.e - guardBits, rest.Sign() != 0}
}

func sqrt(x number) number {
	shift := guardBits
	if (x.e-shift)&1 != 0 {
		shift++
	}
	m := new(big.Int).Lsh(x.m, uint(shift))
	root := new(big.Int).Sqrt(m)
	exact := new(big.Int).Mul(root, root).Cmp(m) == 0
	return number{isFinite, false, root, (x.e - shift) / 2, !exact}
}

// fromInt is a quadword as a number.
func fromInt(x uint64) number {
	v := new(big.Int).SetInt64(int64(x))
	if v.Sign() == 0 {
		return number{}
	}
	return number{kind: isFinite, neg: v.Sign() < 0, m: v.Abs(v)}
}
