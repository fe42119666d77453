package gocode

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Against math/big, which rounds towards zero itself.
func TestChopped(t *testing.T) {
	ops := map[string]struct {
		chopped func(x, y float64) float64
		exact   func(z, x, y *big.Float) *big.Float
	}{
		"add": {AddChopped, (*big.Float).Add},
		"sub": {SubChopped, (*big.Float).Sub},
		"mul": {MulChopped, (*big.Float).Mul},
		"div": {DivChopped, (*big.Float).Quo},
	}
	for name, op := range ops {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			unknown, steps := 0, 0
			const runs = 200_000
			for i := range runs {
				x, y := number(random, i), number(random, i)
				got := op.chopped(x, y)
				if math.IsNaN(got) {
					unknown++
					continue
				}
				big := new(big.Float).SetPrec(53).SetMode(big.ToZero)
				want, _ := op.exact(big, newBig(x), newBig(y)).Float64()
				near, _ := op.exact(newBig(0), newBig(x), newBig(y)).Float64()
				if math.IsInf(near, 0) {
					want = near // it overflows, which the interpreter is told by that
				}
				if got != want && math.Abs(near) >= 0x1p-1020 {
					t.Fatalf("%s of %x and %x: got %x, want %x", name, x, y, got, want)
				}
				if near != want {
					steps++
				}
			}
			if unknown > runs/4 || steps < runs/10 {
				t.Errorf("%d of %d are unknown, %d were rounded to nearest in another way", unknown, runs, steps)
			}
		})
	}
}

func newBig(x float64) *big.Float { return new(big.Float).SetPrec(53).SetFloat64(x) }

// number returns integers, numbers near 1 and, for some i, numbers of all sizes.
func number(random *rand.Rand, i int) float64 {
	switch i % 4 {
	case 0:
		return float64(int64(random.Uint64()))
	case 1:
		return float64(random.Int64N(1<<20) + 1)
	case 2:
		return random.Float64() - 0.5
	}
	const finite = 0x7fe
	return math.Float64frombits(random.Uint64()&^(0x7ff<<52) | (1+random.Uint64N(finite))<<52)
}
