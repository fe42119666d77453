package clock

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Time that passes while nobody asks is left out, unless it is too short to be a standstill.
func TestHostTimeStandsStill(t *testing.T) {
	const ms = 1_000_000
	now := int64(5000 * ms) // a host clock does not begin at 0
	h := newHostTime(func() int64 { return now })
	for i, step := range []struct{ passes, want int64 }{
		{0, 0}, {1, 1}, {3 * ms, 3*ms + 1}, {standstill, standstill + 3*ms + 1}, // no standstill yet
		{standstill + 1, standstill + 4*ms + 1},
		{3_600_000 * ms, standstill + 5*ms + 1},
		{1, standstill + 5*ms + 2},
	} {
		now += step.passes
		if got := int64(h.ns()); got != step.want {
			t.Errorf("step %d: after %d ns more: %d ns, want %d", i, step.passes, got, step.want)
		}
	}
}

// Goroutines that ask at the same time never see time go back, and each standstill is left
// out once.
func TestHostTimeParallel(t *testing.T) {
	const goroutines, asks, every = 4, 200_000, 5000
	var clock, jumped atomic.Int64
	h := newHostTime(func() int64 {
		n := clock.Add(100)
		if n/100%every == 0 {
			const hole = int64(10 * standstill)
			jumped.Add(hole)
			n = clock.Add(hole)
		}
		return n
	})
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			last := uint64(0)
			for range asks {
				n := h.ns()
				if n < last {
					t.Errorf("time goes back from %d to %d", last, n)
					return
				}
				last = n
			}
		})
	}
	all.Wait()
	got, ran := int64(h.ns()), clock.Load()-jumped.Load()
	if jumped.Load() == 0 {
		t.Fatal("no standstill")
	}
	holes := jumped.Load() / (10 * standstill)
	if off := got - ran; off < -(holes+1)*resolution || off > (holes+1)*resolution {
		t.Errorf("%d ns, ran for %d ns, with %d holes", got, ran, holes)
	}
}

// While a machine runs somebody asks, whatever its CPUs do.
func TestHostTimeBeats(t *testing.T) {
	const patience = 20 * time.Second // on a machine that is very busy
	h := newHostTime(monotonic())
	first := h.asked.Load()
	defer h.beat()()
	for end := time.Now().Add(patience); h.asked.Load() == first; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody has asked")
		}
	}
}
