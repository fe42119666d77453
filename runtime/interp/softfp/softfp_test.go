package softfp

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The reference: exact values in math/big, rounded by a search that shares no
// code with the package.

var modes = []Mode{Chopped, Minus, Nearest, Plus, Away}

// exact returns the value of x in the layout of f; ok is false for non-numbers.
func exact(f Format, x uint64) (v *big.Float, ok bool) {
	l := &layouts[f]
	e := int(x >> l.fracBits & l.expMask)
	frac := x & (1<<l.fracBits - 1)
	if l.ieee && e == int(l.expMask) {
		return nil, false
	}
	v = new(big.Float).SetPrec(4000)
	switch {
	case e == 0 && l.ieee:
		v.SetMantExp(new(big.Float).SetUint64(frac), 1-l.bias-int(l.fracBits))
	case e != 0:
		v.SetMantExp(new(big.Float).SetUint64(frac|1<<l.fracBits), e-l.bias-int(l.fracBits))
	}
	if x>>63 != 0 {
		v.Neg(v)
	}
	return v, true
}

// roundRef rounds v, which is not zero, to a multiple of a unit that gives
// precision prec, but not below 2**lsbMin. away tells that |v| was rounded up.
func roundRef(v *big.Float, prec uint, lsbMin int, m Mode) (r *big.Float, inexact bool) {
	exp := v.MantExp(nil) // v = 0.1xxx * 2**exp
	lsb := max(exp-int(prec), lsbMin)
	scaled := new(big.Float).SetPrec(4000).SetMantExp(v, -lsb)
	n, _ := scaled.Int(nil) // toward zero
	rest := new(big.Float).SetPrec(4000).Sub(scaled, new(big.Float).SetInt(n))
	neg := v.Sign() < 0
	half := rest.Abs(rest).Cmp(big.NewFloat(0.5))
	up := false
	switch m {
	case Nearest:
		up = half > 0 || half == 0 && n.Bit(0) == 1
	case Away:
		up = half >= 0
	case Minus:
		up = rest.Sign() != 0 && neg
	case Plus:
		up = rest.Sign() != 0 && !neg
	}
	if up {
		if neg {
			n.Sub(n, big.NewInt(1))
		} else {
			n.Add(n, big.NewInt(1))
		}
	}
	r = new(big.Float).SetPrec(4000).SetMantExp(new(big.Float).SetPrec(4000).SetInt(n), lsb)
	return r, rest.Sign() != 0
}

// checkRounded checks that got, fl is the rounded v.
func checkRounded(t *testing.T, what string, f Format, m Mode, v *big.Float, got uint64, fl Flags) {
	t.Helper()
	l := &layouts[f]
	unbounded, inexact := roundRef(v, l.prec, math.MinInt32, m)
	var want Flags
	if inexact {
		want = Inexact
	}
	exp := unbounded.MantExp(nil) - 1
	switch {
	case exp > l.emax:
		want |= Overflow | Inexact
		if fl != want || got != f.overflow(v.Sign() < 0, m) {
			t.Fatalf("%s: overflow gave %#x %06b", what, got, fl)
		}
		return
	case exp < l.emin && !l.ieee:
		if got != 0 || fl != Underflow|Inexact {
			t.Fatalf("%s: VAX underflow gave %#x %06b", what, got, fl)
		}
		return
	case exp < l.emin:
		unbounded, inexact = roundRef(v, l.prec, l.emin-int(l.prec)+1, m)
		want = Underflow
		if inexact {
			want |= Inexact
		}
	}
	g, ok := exact(f, got)
	if f == S && got>>52&0x7ff == 0 { // S denormals have the value of their memory form
		g = new(big.Float).SetMantExp(new(big.Float).SetUint64(got>>29&0x7fffff), -149)
		if got>>63 != 0 {
			g.Neg(g)
		}
	}
	if !ok || g.Cmp(unbounded) != 0 || fl != want || got>>63 != 0 != (v.Sign() < 0) {
		t.Fatalf("%s: got %#x (%v) flags %06b, want %v flags %06b", what, got, g, fl, unbounded, want)
	}
	if l.prec == 24 && got&(1<<29-1) != 0 {
		t.Fatalf("%s: %#x is not a single", what, got)
	}
}

// operand returns random bits that are often special.
func operand(r *rand.Rand, f Format) uint64 {
	l := &layouts[f]
	frac := r.Uint64() & (1<<l.fracBits - 1)
	switch r.IntN(4) {
	case 0:
		frac = 0
	case 1:
		frac &= ^uint64(0) << r.IntN(int(l.fracBits))
	case 2:
		frac |= 1<<r.IntN(int(l.fracBits)) - 1
	}
	if l.prec == 24 {
		frac &^= 1<<29 - 1
	}
	var e int
	switch r.IntN(8) {
	case 0:
		e = l.emin - 1 // IEEE denormal or zero for T
	case 1:
		e = l.emin + r.IntN(30)
	case 2:
		e = l.emax - r.IntN(30)
	case 3:
		e = l.emin + r.IntN(l.emax-l.emin)
	default:
		e = r.IntN(130) - 65
	}
	if f == S || f == F || !l.ieee {
		e = max(e, l.emin)
	}
	x := uint64(e+l.bias) << l.fracBits
	return x | frac | uint64(r.IntN(2))<<63
}

func TestArithmeticAgainstBig(t *testing.T) {
	type op struct {
		name string
		f    func(Format, Mode, uint64, uint64) (uint64, Flags)
		ref  func(z, a, b *big.Float) *big.Float
	}
	quo := func(z, a, b *big.Float) *big.Float { return z.SetPrec(4000).Quo(a, b) }
	ops := []op{
		{"add", Add, (*big.Float).Add}, {"sub", Sub, (*big.Float).Sub},
		{"mul", Mul, (*big.Float).Mul}, {"div", Div, quo},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 12000 {
		f := []Format{S, T, F, G}[r.IntN(4)]
		m := modes[r.IntN(len(modes))]
		o := ops[r.IntN(len(ops))]
		a, b := operand(r, f), operand(r, f)
		if r.IntN(4) == 0 {
			b = a ^ uint64(r.IntN(4)) ^ uint64(r.IntN(2))<<63
			if layouts[f].prec == 24 {
				b &^= 3
			}
		}
		x, _ := exact(f, a)
		y, _ := exact(f, b)
		if x.Sign() == 0 || y.Sign() == 0 {
			continue // see TestSpecial
		}
		got, fl := o.f(f, m, a, b)
		v := o.ref(new(big.Float).SetPrec(4000), x, y)
		if v.Sign() == 0 {
			if got != f.zero(m == Minus) || fl != 0 {
				t.Fatalf("%s %d mode %d %#x %#x: zero is %#x %06b", o.name, f, m, a, b, got, fl)
			}
			continue
		}
		checkRounded(t, o.name+" "+hex(a)+" "+hex(b), f, m, v, got, fl)
	}
}

func hex(x uint64) string { return new(big.Int).SetUint64(x).Text(16) }

func TestSqrtAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 4000 {
		f := []Format{S, T, F, G}[r.IntN(4)]
		m := modes[r.IntN(len(modes))]
		b := operand(r, f) &^ (1 << 63)
		if r.IntN(3) == 0 { // a perfect square
			n, _ := FromInt(f, Nearest, uint64(r.IntN(2000)+1))
			b, _ = Mul(f, Nearest, n, n)
		}
		y, _ := exact(f, b)
		if y.Sign() == 0 {
			continue
		}
		got, fl := Sqrt(f, m, b)
		v := new(big.Float).SetPrec(3000).Sqrt(y)
		checkRounded(t, "sqrt "+hex(b), f, m, v, got, fl)
	}
}

func TestConvertAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	pairs := [][2]Format{{T, S}, {S, T}, {G, F}, {D, G}, {G, D}}
	for range 6000 {
		p := pairs[r.IntN(len(pairs))]
		m := modes[r.IntN(len(modes))]
		b := operand(r, p[0])
		y, _ := exact(p[0], b)
		if y.Sign() == 0 {
			continue
		}
		got, fl := Convert(p[0], p[1], m, b)
		checkRounded(t, "convert "+hex(b), p[1], m, y, got, fl)
	}
}

func TestIntegersAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	two64 := new(big.Int).Lsh(big.NewInt(1), 64)
	for range 8000 {
		f := []Format{T, G}[r.IntN(2)]
		m := modes[r.IntN(len(modes))]
		b := operand(r, f)
		y, _ := exact(f, b)
		got, fl := ToInt(f, m, b)
		var want big.Int
		var wantFl Flags
		if y.Sign() != 0 {
			v, inexact := roundRef(y, 4000, 0, m)
			if y.MantExp(nil) > 2000 {
				t.Fatal("reference precision")
			}
			v.Int(&want)
			if inexact {
				wantFl = Inexact
			}
		}
		if !want.IsInt64() {
			wantFl |= IntOverflow
		}
		want.Mod(&want, two64)
		if got != want.Uint64() || fl != wantFl {
			t.Fatalf("toint %d mode %d %#x: %#x %06b, want %#x %06b", f, m, b, got, fl, want.Uint64(), wantFl)
		}
		n := r.Uint64() >> r.IntN(64)
		if r.IntN(2) == 0 {
			n = -n
		}
		to := []Format{S, T, F, G}[r.IntN(4)]
		got, fl = FromInt(to, m, n)
		if n != 0 {
			checkRounded(t, "fromint "+hex(n), to, m, new(big.Float).SetInt64(int64(n)), got, fl)
		}
	}
}

func TestSpecial(t *testing.T) {
	const (
		one, two  = 0x3ff0000000000000, 0x4000000000000000
		inf, ninf = 0x7ff0000000000000, 0xfff0000000000000
		qa, qb    = 0x7ff8000000000001, 0x7ff8000000000002
		sa, sb    = 0x7ff0000000000001, 0xfff0000000000002
		nzero     = 1 << 63
	)
	type f2 = func(Format, Mode, uint64, uint64) (uint64, Flags)
	sqrt := func(f Format, m Mode, _, b uint64) (uint64, Flags) { return Sqrt(f, m, b) }
	toInt := func(f Format, m Mode, _, b uint64) (uint64, Flags) { return ToInt(f, m, b) }
	tests := []struct {
		name string
		f    f2
		a, b uint64
		want uint64
		fl   Flags
	}{
		{"inf+inf", Add, inf, inf, inf, 0},
		{"inf-inf", Sub, inf, inf, CanonicalNaN, Invalid},
		{"inf+-inf", Add, inf, ninf, CanonicalNaN, Invalid},
		{"1-inf", Sub, one, inf, ninf, 0},
		{"0+-0", Add, 0, nzero, 0, 0},
		{"-0+-0", Add, nzero, nzero, nzero, 0},
		{"-0-0", Sub, nzero, 0, nzero, 0},
		{"0+1", Add, 0, one, one, 0},
		{"1-0", Sub, one, 0, one, 0},
		{"both quiet: Fb", Add, qa, qb, qb, 0},
		{"Fa quiet", Mul, qa, one, qa, 0},
		{"Fb signaling", Sub, qa, sb, sb | quietBit, Invalid},
		{"Fa signaling, Fb quiet", Div, sa, qb, qb, Invalid},
		{"Fa signaling", Div, sa, one, sa | quietBit, Invalid},
		{"0*inf", Mul, 0, inf, CanonicalNaN, Invalid},
		{"-1*inf", Mul, one | nzero, inf, ninf, 0},
		{"-1*0", Mul, one | nzero, 0, nzero, 0},
		{"0/0", Div, 0, 0, CanonicalNaN, Invalid},
		{"inf/inf", Div, inf, ninf, CanonicalNaN, Invalid},
		{"1/-0", Div, one, nzero, ninf, DivByZero},
		{"inf/0", Div, inf, 0, inf, 0},
		{"1/inf", Div, one, ninf, nzero, 0},
		{"0/1", Div, nzero, one, nzero, 0},
		{"sqrt -0", sqrt, 0, nzero, nzero, 0},
		{"sqrt -1", sqrt, 0, one | nzero, CanonicalNaN, Invalid},
		{"sqrt inf", sqrt, 0, inf, inf, 0},
		{"sqrt -inf", sqrt, 0, ninf, CanonicalNaN, Invalid},
		{"sqrt nan", sqrt, 0, sb, sb | quietBit, Invalid},
		{"int nan", toInt, 0, qa, 0, Invalid},
		{"int inf", toInt, 0, ninf, 0, Invalid},
		{"int -2^63", toInt, 0, 0xc3e0000000000000, 1 << 63, 0},
		{"int 2^63", toInt, 0, 0x43e0000000000000, 1 << 63, IntOverflow},
		{"int 2^64+2^12", toInt, 0, 0x43f0000000000001, 1 << 12, IntOverflow},
	}
	for _, tt := range tests {
		if got, fl := tt.f(T, Nearest, tt.a, tt.b); got != tt.want || fl != tt.fl {
			t.Errorf("%s: %#x %06b, want %#x %06b", tt.name, got, fl, tt.want, tt.fl)
		}
	}
	if z, _ := Sub(T, Minus, one, one); z != nzero {
		t.Errorf("1-1 toward minus infinity: %#x", z)
	}
	if z, fl := Convert(T, S, Nearest, 0x7ff4000000000003); z != 0x7ffc000000000000 || fl != Invalid {
		t.Errorf("signaling NaN to S: %#x %06b", z, fl)
	}
	if z, fl := Div(G, Away, 0x4010000000000000, 0); z != 0 || fl != DivByZero {
		t.Errorf("VAX division by zero: %#x %06b", z, fl)
	}
	if _, fl := Sqrt(G, Away, 0xc010000000000000); fl != Invalid {
		t.Errorf("VAX root of a negative number: %06b", fl)
	}
	// Just below the smallest normal: rounds up to it, but is tiny (4.7.7.7).
	if z, fl := Mul(T, Nearest, 0x0010000000000000, 0x3fefffffffffffff); z != 0x0010000000000000 || fl != Underflow|Inexact {
		t.Errorf("tininess after rounding: %#x %06b", z, fl)
	}
}

func TestCompare(t *testing.T) {
	vals := []float64{math.Inf(-1), -2, -1, -5e-324, 0, 5e-324, 1, 1.5, math.Inf(1)}
	for i, a := range vals {
		for j, b := range vals {
			want := Equal
			if i < j {
				want = Less
			} else if i > j {
				want = Greater
			}
			if got, fl := Compare(T, math.Float64bits(a), math.Float64bits(b)); got != want || fl != 0 {
				t.Errorf("compare %v %v: %v %v", a, b, got, fl)
			}
		}
	}
	if got, fl := Compare(T, 1<<63, 0); got != Equal || fl != 0 {
		t.Error("-0 is not 0")
	}
	if got, fl := Compare(T, CanonicalNaN, 0); got != Unordered || fl != 0 {
		t.Error("quiet NaN")
	}
	if got, fl := Compare(T, 0, 0x7ff0000000000001); got != Unordered || fl != Invalid {
		t.Error("signaling NaN")
	}
	// The host agrees on random ordinary operands.
	r := rand.New(rand.NewPCG(9, 10))
	for range 1000 {
		a, b := operand(r, T), operand(r, T)
		x, y := math.Float64frombits(a), math.Float64frombits(b)
		got, _ := Compare(T, a, b)
		if (got == Less) != (x < y) || (got == Equal) != (x == y) {
			t.Fatalf("compare %v %v: %v", x, y, got)
		}
	}
}
