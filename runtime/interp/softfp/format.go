package softfp

import "math/bits"

// Format is a floating-point data type.
type Format uint8

// The formats. In registers S has T's layout and F has G's (Handbook, section
// 2.2): same exponent and fraction fields, with fewer values in use.
const (
	S Format = iota // IEEE single
	T               // IEEE double
	F               // VAX single
	G               // VAX double
	D               // VAX double with the range of F; conversions only
)

// Mode is a rounding mode; the first four have the encoding of FPCR.DYN.
type Mode uint8

// The rounding modes.
const (
	Chopped Mode = iota // toward zero
	Minus               // toward minus infinity
	Nearest             // nearest, ties to even
	Plus                // toward plus infinity
	Away                // nearest, ties away from zero: VAX rounding
)

// Flags is a set of conditions.
type Flags uint8

// The conditions. Underflow: the rounded result, taken with an unbounded
// exponent, is smaller than the smallest normal number (Handbook, section
// 4.7.7.7). IntOverflow: a conversion to integer lost high-order bits.
const (
	Invalid Flags = 1 << iota
	DivByZero
	Overflow
	Underflow
	Inexact
	IntOverflow
)

// layout describes a format: precision in bits, hidden bit included; the range
// of unbiased exponents of 1.f; position of the exponent field and its bias in
// the register layout.
type layout struct {
	prec       uint
	emin, emax int
	fracBits   uint // of the register layout
	expMask    uint64
	bias       int
	ieee       bool
}

// VAX numbers are 0.1f times 2**(e-128) or 2**(e-1024): one more in the bias.
var layouts = [...]layout{
	S: {24, -126, 127, 52, 0x7ff, 1023, true},
	T: {53, -1022, 1023, 52, 0x7ff, 1023, true},
	F: {24, -128, 126, 52, 0x7ff, 1025, false},
	G: {53, -1024, 1022, 52, 0x7ff, 1025, false},
	D: {56, -128, 126, 55, 0xff, 129, false},
}

const (
	signBit  = 1 << 63
	fracMask = 1<<52 - 1
	infBits  = 0x7ff << 52
	quietBit = 1 << 51
	// CanonicalNaN is the result of an invalid operation without a NaN operand
	// (Handbook, section 4.7.10.3).
	CanonicalNaN uint64 = 0xfff8000000000000
)

type class uint8

const (
	zero class = iota
	finite
	infinite
	nan
)

// number is an unpacked operand: (-1)**sign * sig/2**63 * 2**exp, with bit 63 of
// sig set, if it is finite.
type number struct {
	sign bool
	class
	exp int
	sig uint64
}

// unpack takes x apart, which is in the register layout of f.
func (f Format) unpack(x uint64) number {
	l := &layouts[f]
	n := number{sign: x&signBit != 0}
	e := x >> l.fracBits & l.expMask
	frac := x & (1<<l.fracBits - 1)
	switch {
	case e == 0 && (frac == 0 || !l.ieee):
		return n
	case e == 0:
		n.sig = frac << (63 - l.fracBits)
		z := bits.LeadingZeros64(n.sig)
		n.sig <<= z
		n.exp = 1 - l.bias - z
	case e == l.expMask && l.ieee:
		n.class = infinite
		if frac != 0 {
			n.class = nan
		}
		return n
	default:
		n.sig = 1<<63 | frac<<(63-l.fracBits)
		n.exp = int(e) - l.bias
	}
	n.class = finite
	return n
}

// isNaN and isSignaling look at T-layout bits.
func isNaN(x uint64) bool       { return x&^signBit > infBits }
func isSignaling(x uint64) bool { return isNaN(x) && x&quietBit == 0 }

// propagate is the NaN result of an operation on a and b, one of which is a NaN.
func propagate(a, b uint64) (uint64, Flags) {
	var fl Flags
	if isSignaling(a) || isSignaling(b) {
		fl = Invalid
	}
	if isNaN(b) {
		return b | quietBit, fl
	}
	return a | quietBit, fl
}

func signed(sign bool, x uint64) uint64 {
	if sign {
		return x | signBit
	}
	return x
}

// jam shifts right by n and keeps in bit 0 whether anything was lost.
func jam(x uint64, n uint) uint64 {
	if n == 0 {
		return x
	}
	if n > 63 {
		if x != 0 {
			return 1
		}
		return 0
	}
	y := x >> n
	if x<<(64-n) != 0 {
		y |= 1
	}
	return y
}

// roundAt rounds sig to its upper prec bits; the result has its last bit at bit
// 0 and may be 1<<prec. Bit 0 of sig may be a sticky bit.
func roundAt(sig uint64, prec uint, sign bool, m Mode) (r uint64, inexact bool) {
	drop := 64 - prec
	r = sig >> drop
	rest := sig << prec // the lost part, as a fraction of 2**64
	if rest == 0 {
		return r, false
	}
	const half = 1 << 63
	up := false
	switch m {
	case Nearest:
		up = rest > half || rest == half && r&1 != 0
	case Away:
		up = rest >= half
	case Minus:
		up = sign
	case Plus:
		up = !sign
	}
	if up {
		r++
	}
	return r, true
}

// pack rounds a non-zero number to the format and returns it in register layout.
func (f Format) pack(n number, m Mode) (uint64, Flags) {
	l := &layouts[f]
	r, inexact := roundAt(n.sig, l.prec, n.sign, m)
	exp := n.exp
	if r>>l.prec != 0 {
		r >>= 1
		exp++
	}
	var fl Flags
	if inexact {
		fl = Inexact
	}
	switch {
	case exp > l.emax:
		return f.overflow(n.sign, m), fl | Overflow | Inexact
	case exp < l.emin:
		return f.underflow(n, m)
	}
	frac := r &^ (1 << (l.prec - 1)) << (l.fracBits + 1 - l.prec)
	return signed(n.sign, uint64(exp+l.bias)<<l.fracBits|frac), fl
}

// overflow is the result of a number that is too large: infinity or the largest
// finite number (Handbook, table B-3). VAX results are unpredictable; they get
// the largest number.
func (f Format) overflow(sign bool, m Mode) uint64 {
	l := &layouts[f]
	toInf := m == Nearest || m == Minus && sign || m == Plus && !sign
	if toInf && l.ieee {
		return signed(sign, infBits)
	}
	frac := uint64(1)<<(l.prec-1) - 1
	return signed(sign, uint64(l.emax+l.bias)<<l.fracBits|frac<<(l.fracBits+1-l.prec))
}

// underflow is the result of a number that is too small: a denormal, zero or,
// if rounding carries, the smallest normal number.
func (f Format) underflow(n number, m Mode) (uint64, Flags) {
	l := &layouts[f]
	if !l.ieee {
		return 0, Underflow | Inexact
	}
	r, inexact := roundAt(jam(n.sig, uint(l.emin-n.exp)), l.prec, n.sign, m)
	fl := Underflow
	if inexact {
		fl |= Inexact
	}
	if r>>(l.prec-1) != 0 {
		return signed(n.sign, uint64(l.emin+l.bias)<<l.fracBits), fl
	}
	// In the register, an S denormal has exponent field 0 like its memory format.
	return signed(n.sign, r<<(l.fracBits+1-l.prec)), fl
}
