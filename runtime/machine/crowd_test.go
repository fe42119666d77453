package machine

import (
	"math"
	"testing"
)

// Where CPUs outnumber the host's processors, one that waits looks again soon, and one that computes lets others run.
func TestCrowd(t *testing.T) {
	g := newGuest(t, startSecond+"second:\n	br zero,@second", func(c *Config) { c.CPUs = 2 })
	m, c := g.m, g.m.CPU(0)
	m.crowd.processors = 2
	for _, k := range []struct {
		awake    int32
		what     waiting
		patience uint64 // of c
		computes uint64 // for how long it may
	}{
		{2, waitsNot, 0, math.MaxUint64},
		{2, waitsCount, 0, math.MaxUint64},
		{2, waitsOnly, maxSpin, math.MaxUint64},
		{3, waitsNot, 0, maxSliceCrowded},
		{3, waitsCount, firstPatience, maxSliceCrowded},
		{3, waitsOnly, firstPatience, maxSliceCrowded},
	} {
		m.crowd.awake.Store(k.awake)
		c.spin = spin{}
		c.waited(k.what, false)
		if c.spin.patience != k.patience || m.patience() != k.computes {
			t.Errorf("%d awake, waiting %d: patience %d, computes for %d", k.awake, k.what, c.spin.patience, m.patience())
		}
		if c.mode != cpuRunning {
			t.Errorf("%d awake, waiting %d: mode %d", k.awake, k.what, c.mode)
		}
	}
}
