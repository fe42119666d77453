package exact

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"axpress/lifter/isa"
)

// The oracle is tested against what is independent of it in turn: the host's
// arithmetic, and the rounding of big.Float.

// ordinary returns a T whose sums, products and quotients stay in range.
func ordinary(r *rand.Rand) float64 {
	return math.Float64frombits(r.Uint64()&(1<<63) | (1000+r.Uint64N(46))<<52 | r.Uint64()>>12)
}

func TestAgainstHost(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	type test struct {
		op   isa.Op
		want func(a, b float64) float64
	}
	for range 20_000 {
		a, b := ordinary(r), ordinary(r)
		s, u := float64(float32(a)), float64(float32(b))
		for _, tt := range []test{
			{isa.OpADDT, func(a, b float64) float64 { return a + b }},
			{isa.OpSUBT, func(a, b float64) float64 { return a - b }},
			{isa.OpMULT, func(a, b float64) float64 { return a * b }},
			{isa.OpDIVT, func(a, b float64) float64 { return a / b }},
			{isa.OpSQRTT, func(_, b float64) float64 { return math.Sqrt(math.Abs(b)) }},
			{isa.OpCVTTS, func(_, b float64) float64 { return float64(float32(b)) }},
			{isa.OpADDS, func(_, _ float64) float64 { return float64(float32(s) + float32(u)) }},
			{isa.OpMULS, func(_, _ float64) float64 { return float64(float32(s) * float32(u)) }},
			{isa.OpDIVS, func(_, _ float64) float64 { return float64(float32(s) / float32(u)) }},
		} {
			x, y := a, b
			switch tt.op {
			case isa.OpADDS, isa.OpMULS, isa.OpDIVS:
				x, y = s, u
			case isa.OpSQRTT:
				y = math.Abs(b)
			}
			in := isa.Inst{Op: tt.op, Round: isa.RoundNormal}
			got := Execute(&in, math.Float64bits(x), math.Float64bits(y), 0)
			if want := math.Float64bits(tt.want(x, y)); got.Value != want || got.Summary != 0 || !got.Write {
				t.Fatalf("%v of %g, %g: %+v, want %#x", tt.op, x, y, got, want)
			}
		}
	}
}

// Directed rounding, in the modes that the host is not put into.
func TestRounding(t *testing.T) {
	modes := map[isa.Round]big.RoundingMode{isa.RoundChopped: big.ToZero, isa.RoundMinus: big.ToNegativeInf, isa.RoundNormal: big.ToNearestEven}
	dynamic := []big.RoundingMode{big.ToZero, big.ToNegativeInf, big.ToNearestEven, big.ToPositiveInf}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b := ordinary(r), ordinary(r)
		check := func(in isa.Inst, fpcr uint64, mode big.RoundingMode) {
			exact := new(big.Float).SetPrec(200).Mul(big.NewFloat(a), big.NewFloat(b))
			if in.Op == isa.OpADDT {
				exact.Add(big.NewFloat(a), big.NewFloat(b))
			}
			want, _ := new(big.Float).SetPrec(53).SetMode(mode).Set(exact).Float64()
			if got := Execute(&in, math.Float64bits(a), math.Float64bits(b), fpcr); got.Value != math.Float64bits(want) {
				t.Fatalf("%v of %g, %g, round %d, fpcr %#x: %#x, want %#x", in.Op, a, b, in.Round, fpcr, got.Value, math.Float64bits(want))
			}
		}
		for _, op := range []isa.Op{isa.OpADDT, isa.OpMULT} {
			for round, mode := range modes {
				check(isa.Inst{Op: op, Round: round}, 0, mode)
			}
			for dyn, mode := range dynamic {
				check(isa.Inst{Op: op, Round: isa.RoundDynamic}, uint64(dyn)<<fpcrDYN, mode)
			}
		}
		// VAX: 1.f is two exponents up, ties go away from zero.
		const up = 2 << 52
		in := isa.Inst{Op: isa.OpMULG, Round: isa.RoundNormal}
		exact := new(big.Float).SetPrec(200).Mul(big.NewFloat(a), big.NewFloat(b))
		want, _ := new(big.Float).SetPrec(53).SetMode(big.ToNearestAway).Set(exact).Float64()
		if got := Execute(&in, math.Float64bits(a)+up, math.Float64bits(b)+up, 0); got.Value != math.Float64bits(want)+up {
			t.Fatalf("mulg of %g, %g: %#x, want %#x", a, b, got.Value, math.Float64bits(want)+up)
		}
	}
}

// Every arithmetic instruction of the table is handled, and no other.
func TestHandles(t *testing.T) {
	for _, r := range isa.Table() {
		if want := r.Faults&isa.FaultArith != 0; Handles(r.Op) != want {
			t.Errorf("%s: %v", r.Name, !want)
		}
	}
}
