package measure

import (
	"math"
	"testing"
)

func near(a, b float64) bool {
	return math.Abs(a-b) <= 1e-9*math.Abs(b) || math.IsNaN(a) && math.IsNaN(b)
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, math.NaN()}, {[]float64{3}, 3}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 9, 2}, 3},
	} {
		before := len(c.values) > 0 && c.values[0] == 9
		if got := Median(c.values); !near(got, c.want) {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
		if before && c.values[0] != 9 {
			t.Error("Median sorted its argument")
		}
	}
}

func TestGeoMean(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, math.NaN()}, {[]float64{3}, 3}, {[]float64{2, 8}, 4}, {[]float64{0.5, 2}, 1}, {[]float64{1, 10, 100}, 10},
	} {
		if got := GeoMean(c.values); !near(got, c.want) {
			t.Errorf("GeoMean(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

// row returns a row with these times.
func row(name string, times map[Engine][]float64) Row {
	r := Row{Name: name, Engines: map[Engine]*Cell{}}
	for e, s := range times {
		r.Engines[e] = &Cell{Seconds: s, Output: "x"}
	}
	return r
}

func TestRatio(t *testing.T) {
	r := row("r", map[Engine][]float64{QEMU: {4, 6, 20}, Native: {1, 3, 2}, Interp: {30}})
	q, ok := r.Ratio(QEMU, Native)
	// The medians are 6 and 2; beside each other ran 4 and 1, 6 and 3, 20 and 2.
	if want := (Ratio{3, 2, 10}); !ok || q != want {
		t.Errorf("%+v, %v; want %+v", q, ok, want)
	}
	if q, ok := r.Ratio(Interp, Native); !ok || q != (Ratio{15, 10, 30}) {
		t.Errorf("a single run beside three: %+v, %v", q, ok)
	}
	if _, ok := r.Ratio(Host, Native); ok {
		t.Error("a ratio to an engine that did not run")
	}
	r.Engines[QEMU].Error = "wrong"
	if _, ok := r.Ratio(QEMU, Native); ok {
		t.Error("a ratio of times that do not count")
	}
}

func TestMeanRatio(t *testing.T) {
	rows := []Row{
		row("a", map[Engine][]float64{QEMU: {2}, Native: {1}}),
		row("b", map[Engine][]float64{QEMU: {8}, Native: {1}}),
		row("c", map[Engine][]float64{Native: {1}}),
	}
	if mean, n := MeanRatio(rows, QEMU, Native); n != 2 || !near(mean, 4) {
		t.Errorf("mean %v of %d rows, want 4 of 2", mean, n)
	}
	if mean, n := MeanRatio(rows[2:], QEMU, Native); n != 0 || !math.IsNaN(mean) {
		t.Errorf("mean %v of %d rows, want none", mean, n)
	}
}
