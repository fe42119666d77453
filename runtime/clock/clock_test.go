package clock

import (
	"math"
	"testing"
	"time"

	"axpress/runtime/state"
)

// A timer falls due at exactly the instruction that Left says, with any number of CPUs.
func TestLeftIsExact(t *testing.T) {
	for cpus := 1; cpus <= 4; cpus++ {
		for _, at := range []uint64{0, 1, 7, 1000, 1001} {
			for _, skip := range []uint64{0, 3, 500} {
				icount, fired := uint64(5), false
				k := New(Config{Deterministic: true, CPUs: cpus, Instructions: func() uint64 { return icount }})
				if k.Left() != math.MaxInt64 {
					t.Errorf("no timer: %d left", k.Left())
				}
				k.Skip(skip)
				k.Timers.NewTimer("test", func() { fired = true }).Set(at)
				left := k.Left()
				if left > 0 {
					icount += uint64(left) - 1
					if k.Fire(); fired || k.Left() != 1 {
						t.Errorf("%d CPUs, at %d: fired %v an instruction early, %d left", cpus, at, fired, k.Left())
					}
					icount++
				}
				if k.Fire(); !fired {
					t.Errorf("%d CPUs, at %d: not fired at %d", cpus, at, k.Now())
				}
			}
		}
	}
}

// The deterministic clock knows nothing of the host, and goes on elsewhere after it was saved.
func TestDeterministicClock(t *testing.T) {
	icount := uint64(1000)
	cfg := Config{Deterministic: true, Epoch: time.Unix(50, 0), CPUs: 2, Ports: true, Instructions: func() uint64 { return icount }}
	k := New(cfg)
	k.Accesses(true, 0)
	k.Skip(10_000)
	k.Skip(9_000)
	if k.Now() != 10_000 || k.WallTime() != 50_000_010_000 || k.Early() {
		t.Errorf("time %d, %d", k.Now(), k.WallTime())
	}
	k.Timers.NewTimer("test", nil).Set(12_345)
	var w state.Writer
	k.Save(&w)
	other := New(cfg)
	other.Timers.NewTimer("test", nil)
	if err := other.Load(state.NewReader(w.Bytes())); err != nil {
		t.Fatal(err)
	}
	if other.Now() != k.Now() || other.Left() != k.Left() {
		t.Errorf("time %d, %d left, want %d, %d", other.Now(), other.Left(), k.Now(), k.Left())
	}
}
