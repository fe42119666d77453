package softfp

import "math/bits"

// Add returns a + b: Fa + Fb.
func Add(f Format, m Mode, a, b uint64) (uint64, Flags) {
	return addSub(f, m, a, b, false)
}

// Sub returns a - b: Fa - Fb. A NaN in b keeps its sign.
func Sub(f Format, m Mode, a, b uint64) (uint64, Flags) {
	return addSub(f, m, a, b, true)
}

func addSub(f Format, m Mode, a, b uint64, sub bool) (uint64, Flags) {
	x, y := f.unpack(a), f.unpack(b)
	if x.class == nan || y.class == nan {
		return propagate(a, b)
	}
	y.sign = y.sign != sub
	switch {
	case x.class == infinite && y.class == infinite && x.sign != y.sign:
		return CanonicalNaN, Invalid
	case x.class == infinite:
		return signed(x.sign, infBits), 0
	case y.class == infinite:
		return signed(y.sign, infBits), 0
	case x.class == zero && y.class == zero:
		if x.sign == y.sign {
			return f.zero(x.sign), 0
		}
		return f.zero(m == Minus), 0
	case x.class == zero:
		return f.pack(y, m)
	case y.class == zero:
		return f.pack(x, m)
	}
	if x.exp < y.exp || x.exp == y.exp && x.sig < y.sig {
		x, y = y, x
	}
	if x.sign == y.sign {
		return f.pack(addMagnitudes(x, y), m)
	}
	d := subMagnitudes(x, y)
	if d.class == zero {
		return f.zero(m == Minus), 0
	}
	return f.pack(d, m)
}

// zero is a zero of a sign; VAX knows only the one.
func (f Format) zero(sign bool) uint64 { return signed(sign && layouts[f].ieee, 0) }

// addMagnitudes adds y, which is not larger, to x.
func addMagnitudes(x, y number) number {
	sum, carry := bits.Add64(x.sig, jam(y.sig, uint(x.exp-y.exp)), 0)
	if carry != 0 {
		sum = jam(sum, 1) | 1<<63
		x.exp++
	}
	x.sig = sum
	return x
}

// subMagnitudes subtracts y, which is not larger, from x. The operands have at
// most 56 significant bits, so a sticky bit at bit 0 of 64 suffices: digits are
// lost only if the exponents differ by more than 8, and then the difference
// loses at most one leading bit.
func subMagnitudes(x, y number) number {
	x.sig -= jam(y.sig, uint(x.exp-y.exp))
	if x.sig == 0 {
		x.class = zero
		return x
	}
	z := bits.LeadingZeros64(x.sig)
	x.sig <<= z
	x.exp -= z
	return x
}

// Mul returns a * b.
func Mul(f Format, m Mode, a, b uint64) (uint64, Flags) {
	x, y := f.unpack(a), f.unpack(b)
	sign := x.sign != y.sign
	switch {
	case x.class == nan || y.class == nan:
		return propagate(a, b)
	case x.class == infinite && y.class == zero || x.class == zero && y.class == infinite:
		return CanonicalNaN, Invalid
	case x.class == infinite || y.class == infinite:
		return signed(sign, infBits), 0
	case x.class == zero || y.class == zero:
		return f.zero(sign), 0
	}
	hi, lo := bits.Mul64(x.sig, y.sig) // in [2**126, 2**128)
	exp := x.exp + y.exp + 1
	if hi>>63 == 0 {
		hi = hi<<1 | lo>>63
		lo <<= 1
		exp--
	}
	if lo != 0 {
		hi |= 1
	}
	return f.pack(number{sign, finite, exp, hi}, m)
}

// Div returns a / b.
func Div(f Format, m Mode, a, b uint64) (uint64, Flags) {
	x, y := f.unpack(a), f.unpack(b)
	sign := x.sign != y.sign
	switch {
	case x.class == nan || y.class == nan:
		return propagate(a, b)
	case x.class == infinite && y.class == infinite || x.class == zero && y.class == zero && layouts[f].ieee:
		return CanonicalNaN, Invalid
	case x.class == infinite:
		return signed(sign, infBits), 0
	case y.class == infinite:
		return signed(sign, 0), 0
	case y.class == zero && layouts[f].ieee:
		return signed(sign, infBits), DivByZero
	case y.class == zero:
		return 0, DivByZero
	case x.class == zero:
		return f.zero(sign), 0
	}
	q, rest := bits.Div64(x.sig>>1, x.sig<<63, y.sig)
	exp := x.exp - y.exp
	if q>>63 == 0 {
		q <<= 1
		exp--
	}
	if rest != 0 {
		q |= 1
	}
	return f.pack(number{sign, finite, exp, q}, m)
}

// Sqrt returns the square root of b, the operand Fb.
func Sqrt(f Format, m Mode, b uint64) (uint64, Flags) {
	x := f.unpack(b)
	switch {
	case x.class == nan:
		return propagate(0, b)
	case x.class == zero:
		return f.zero(x.sign), 0
	case x.sign && layouts[f].ieee:
		return CanonicalNaN, Invalid
	case x.sign:
		return 0, Invalid
	case x.class == infinite:
		return b, 0
	}
	// sqrt(sig * 2**63) or sqrt(sig * 2**64) has its first bit at bit 63.
	hi, lo := x.sig>>1, x.sig<<63
	exp := x.exp
	if exp&1 != 0 {
		hi, lo = x.sig, 0
		exp--
	}
	root, exact := isqrt(hi, lo)
	if !exact {
		root |= 1
	}
	return f.pack(number{false, finite, exp / 2, root}, m)
}

// isqrt returns the integer square root of hi:lo and whether it is exact. It
// tries the bits of the root from the top.
func isqrt(hi, lo uint64) (root uint64, exact bool) {
	var sqHi, sqLo uint64 // root squared
	for i := 63; i >= 0; i-- {
		// (root + 2**i)**2 = root**2 + root * 2**(i+1) + 2**2i
		tHi, tLo := shl128(root, uint(i+1))
		oHi, oLo := shl128(1, uint(2*i))
		var c uint64
		tLo, c = bits.Add64(tLo, sqLo, 0)
		tHi, _ = bits.Add64(tHi, sqHi, c)
		tLo, c = bits.Add64(tLo, oLo, 0)
		tHi, c = bits.Add64(tHi, oHi, c)
		if c != 0 || tHi > hi || tHi == hi && tLo > lo {
			continue
		}
		sqHi, sqLo = tHi, tLo
		root |= 1 << i
	}
	return root, sqHi == hi && sqLo == lo
}

func shl128(x uint64, n uint) (hi, lo uint64) {
	if n >= 64 {
		return x << (n - 64), 0
	}
	return x >> (64 - n), x << n
}
