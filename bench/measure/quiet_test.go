package measure

import "testing"

// The work is done on each processor, and takes time.
func TestYardstick(t *testing.T) {
	y := newYardstick()
	if q := y.quiet(); q != nil {
		t.Errorf("before the first measurement: %+v", q)
	}
	if len(y.processors) == 0 {
		t.Fatal("no processors")
	}
	for range 2 {
		y.measure()
	}
	if len(y.times) != 2 || min(y.times[0], y.times[1]) <= 0 {
		t.Errorf("times %v", y.times)
	}
}

func TestQuiet(t *testing.T) {
	y := yardstick{times: []float64{0.75, 0.5, 0.5625}}
	if q := y.quiet(); q == nil || *q != (Quiet{Median: 1.125, Worst: 1.5}) {
		t.Errorf("%+v", q)
	}
}
