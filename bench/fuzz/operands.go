package fuzz

import (
	"math"
	"math/rand/v2"
)

// pick returns one of the values.
func pick(r *rand.Rand, values []uint64) uint64 { return values[r.IntN(len(values))] }

// integers are values at which integer instructions change their mind.
var integers = []uint64{0, 1, 2, math.MaxUint64, 1 << 63, 1<<63 - 1, 1<<63 + 1, 1 << 31, 1<<31 - 1, 1 << 32, 1<<32 - 1,
	0xffffffff_80000000, 0xffffffff_7fffffff, 0xff, 0x80, 0x7f, 0x8000, 0x7fff, 0xffff}

// integer returns a quadword.
func integer(r *rand.Rand) uint64 {
	switch r.IntN(6) {
	case 0, 1:
		return pick(r, integers)
	case 2:
		return r.Uint64N(64)
	case 3:
		return uint64(int64(int32(r.Uint32())))
	case 4: // bytes of few values
		v := uint64(0)
		for range 8 {
			v = v<<8 | pick(r, integers)&0xff
		}
		return v
	}
	return r.Uint64()
}

// fraction returns n bits that are often all zero, all one, or few at one end.
func fraction(r *rand.Rand, n int) uint64 {
	all := uint64(1)<<n - 1
	switch r.IntN(6) {
	case 0:
		return 0
	case 1:
		return all
	case 2:
		return r.Uint64N(4)
	case 3:
		return all - r.Uint64N(4)
	case 4:
		return all &^ (uint64(1)<<r.IntN(n) - 1)
	}
	return r.Uint64() & all
}

// signBit returns a random one.
func signBit(r *rand.Rand) uint64 { return r.Uint64() & (1 << 63) }

// exponents returns a choice among the special exponents, those near 1, and all.
func exponent(r *rand.Rand, bias, largest int, special ...int) uint64 {
	switch r.IntN(4) {
	case 0:
		return uint64(special[r.IntN(len(special))])
	case 1:
		return uint64(bias - 3 + r.IntN(6))
	case 2:
		return uint64(bias - 70 + r.IntN(140))
	}
	return uint64(r.IntN(largest + 1))
}

// doubleT returns a T, of any kind.
func doubleT(r *rand.Rand) uint64 {
	e := exponent(r, 1023, 2047, 0, 1, 2, 52, 53, 54, 512, 1023-150, 1023-149, 1023-127, 1023-126, 1023-53, 1023, 1023+30, 1023+31, 1023+52, 1023+53,
		1023+62, 1023+63, 1023+64, 1023+115, 1023+116, 1023+127, 1023+128, 1535, 2045, 2046, 2047)
	f := fraction(r, 52)
	if r.IntN(4) == 0 { // near what S can hold
		f = fraction(r, 23)<<29 | pick(r, []uint64{0, 1, 1<<28 - 1, 1 << 28, 1<<28 + 1, 1<<29 - 1})
	}
	return signBit(r) | e<<52 | f
}

// singleS returns an S in register format, of any kind.
func singleS(r *rand.Rand) uint64 {
	e := exponent(r, 127, 255, 0, 1, 2, 23, 24, 63, 64, 127, 190, 191, 253, 254, 255)
	switch e {
	case 0:
	case 255:
		e = 2047
	default:
		e += 1023 - 127
	}
	return signBit(r) | e<<52 | fraction(r, 23)<<29
}

// doubleG returns a G, of any kind.
func doubleG(r *rand.Rand) uint64 {
	e := exponent(r, 1024, 2047, 0, 1, 2, 53, 54, 512, 1024-128, 1024-127, 1024-53, 1024, 1024+62, 1024+63, 1024+64, 1024+115,
		1024+127, 1024+128, 1536, 2046, 2047)
	f := fraction(r, 52)
	if r.IntN(4) == 0 { // near what F can hold
		f = fraction(r, 23)<<29 | pick(r, []uint64{0, 1, 1<<28 - 1, 1 << 28, 1<<28 + 1, 1<<29 - 1})
	}
	return signBit(r) | e<<52 | f
}

// singleF returns an F in register format.
func singleF(r *rand.Rand) uint64 {
	e := exponent(r, 128, 255, 0, 1, 2, 23, 24, 64, 128, 191, 192, 254, 255)
	if e != 0 {
		e += 1024 - 128
	}
	return signBit(r) | e<<52 | fraction(r, 23)<<29
}

// doubleD returns a D.
func doubleD(r *rand.Rand) uint64 {
	return signBit(r) | exponent(r, 128, 255, 0, 1, 2, 127, 128, 254, 255)<<55 | fraction(r, 55)
}

// controls returns an FPCR: rounding to nearest more often than not, and the trap
// disable bits as software sets them, or any.
func controls(r *rand.Rand) uint64 {
	const nearest, disable, status = 2 << 58, 0x600e << 48, 0x3f << 52
	v := uint64(nearest)
	switch r.IntN(6) {
	case 0, 1:
	case 2:
		v |= disable
	case 3:
		v = disable | r.Uint64N(4)<<58 | r.Uint64N(2)<<60 | r.Uint64N(2)<<48
	default:
		v = r.Uint64N(1<<15) << 48
	}
	if v&status != 0 {
		v |= 1 << 63
	}
	return v
}
