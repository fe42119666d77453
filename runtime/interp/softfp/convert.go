package softfp

import "math/bits"

// ToInt converts b to a 64-bit integer: the low-order 64 bits of the rounded
// value, with IntOverflow if that is not the value. A NaN or infinity gives 0
// and Invalid (Handbook, section 4.7.7.9 and table B-3).
func ToInt(f Format, m Mode, b uint64) (uint64, Flags) {
	x := f.unpack(b)
	switch x.class {
	case zero:
		return 0, 0
	case finite:
	default:
		return 0, Invalid
	}
	var v uint64
	var fl Flags
	switch {
	case x.exp >= 128:
		return 0, IntOverflow // a multiple of 2**64
	case x.exp >= 64:
		v, fl = x.sig<<(x.exp-63), IntOverflow
	case x.exp == 63:
		v = x.sig
	default:
		r, inexact := roundInt(x, m)
		v = r
		if inexact {
			fl = Inexact
		}
	}
	if x.sign {
		if v > 1<<63 {
			fl |= IntOverflow
		}
		return -v, fl
	}
	if v >= 1<<63 {
		fl |= IntOverflow
	}
	return v, fl
}

// roundInt rounds a number below 2**63 to an integer magnitude: the integer part
// is in the upper exp+1 bits.
func roundInt(x number, m Mode) (uint64, bool) {
	if x.exp < -1 {
		return roundAt(jam(x.sig, uint(-1-x.exp)), 0, x.sign, m)
	}
	return roundAt(x.sig, uint(x.exp+1), x.sign, m)
}

// FromInt converts the 64-bit integer v.
func FromInt(f Format, m Mode, v uint64) (uint64, Flags) {
	if v == 0 {
		return 0, 0
	}
	n := number{sign: int64(v) < 0, class: finite, sig: v}
	if n.sign {
		n.sig = -v
	}
	z := bits.LeadingZeros64(n.sig)
	n.sig <<= z
	n.exp = 63 - z
	return f.pack(n, m)
}

// Convert converts b from one format to another. Both are IEEE or both VAX.
func Convert(from, to Format, m Mode, b uint64) (uint64, Flags) {
	x := from.unpack(b)
	switch x.class {
	case nan:
		r, fl := propagate(0, b)
		if to == S {
			r &^= 1<<29 - 1 // the fraction that S has
		}
		return r, fl
	case infinite:
		return b, 0
	case zero:
		return to.zero(x.sign), 0
	}
	return to.pack(x, m)
}

// Order is the outcome of a comparison.
type Order uint8

// The outcomes.
const (
	Less Order = iota
	Equal
	Greater
	Unordered
)

// Compare compares a with b, in the register layout of f. Invalid is set if one
// of them is a signaling NaN; what a quiet NaN means is the instruction's
// business.
func Compare(f Format, a, b uint64) (Order, Flags) {
	x, y := f.unpack(a), f.unpack(b)
	if x.class == nan || y.class == nan {
		if isSignaling(a) || isSignaling(b) {
			return Unordered, Invalid
		}
		return Unordered, 0
	}
	if x.class == zero && y.class == zero {
		return Equal, 0
	}
	// Register layouts order as sign and magnitude.
	i, j := key(x, a), key(y, b)
	switch {
	case i < j:
		return Less, 0
	case i > j:
		return Greater, 0
	}
	return Equal, 0
}

func key(n number, bits uint64) int64 {
	mag := int64(bits &^ signBit)
	switch {
	case n.class == zero:
		return 0
	case n.sign:
		return -mag
	}
	return mag
}
