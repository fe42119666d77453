package measure

import (
	"math"
	"testing"
)

func TestPaired(t *testing.T) {
	// By hand: the logarithms are 0, ln 2, 2 ln 2; their mean is ln 2, their deviation ln 2; t of 2 degrees is 4.302653.
	a, b := &Cell{Seconds: []float64{1, 4, 4}}, &Cell{Seconds: []float64{1, 2, 1}}
	got, ok := Paired(a, b)
	reach := math.Exp(4.302653 * math.Ln2 / math.Sqrt(3))
	if !ok || math.Abs(got.Value-2) > 1e-9 || math.Abs(got.High-2*reach) > 1e-4 || math.Abs(got.Low-2/reach) > 1e-4 {
		t.Errorf("%+v, want 2, %g, %g", got, 2/reach, 2*reach)
	}
	for _, c := range []*Cell{nil, {Seconds: []float64{1}}, {Seconds: []float64{1, 2, 3}, Error: "wrong"}} {
		if _, ok := Paired(a, c); ok {
			t.Errorf("an interval from %+v", c)
		}
	}
	rows := []Row{{Engines: map[Engine]*Cell{Native: a, Before: b}}, {Engines: map[Engine]*Cell{Native: b, Before: a}}, {Engines: map[Engine]*Cell{Native: a}}}
	if mean, n := PairedMean(rows, Native, Before); n != 2 || math.Abs(mean.Value-1) > 1e-9 || mean.High != 1 {
		t.Errorf("%+v of %d rows", mean, n)
	}
}
