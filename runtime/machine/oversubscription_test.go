package machine

import (
	"math"
	"testing"

	"axpress/runtime/idle"
	"axpress/runtime/sched"
)

// Where CPUs outnumber the host's processors, one that waits looks again soon, and one that computes lets others run.
func TestOversubscription(t *testing.T) {
	g := newGuest(t, startSecond+"second:\n	br zero,@second", func(c *Config) { c.CPUs = 2 })
	m, c := g.m, g.m.CPU(0)
	for _, k := range []struct {
		awake    int32
		what     idle.Waiting
		next     uint64 // c's next slice, 0: a whole one
		computes uint64 // for how long it may
	}{
		{2, idle.Not, 0, math.MaxUint64},
		{2, idle.Counts, 0, math.MaxUint64},
		{2, idle.Only, idle.MaxSpin, math.MaxUint64},
		{3, idle.Not, 0, sched.MaxSliceOversubscribed},
		{3, idle.Counts, idle.First, sched.MaxSliceOversubscribed},
		{3, idle.Only, idle.First, sched.MaxSliceOversubscribed},
	} {
		m.over = sched.NewOversubscription(2)
		m.over.Awake(k.awake)
		c.spin, c.back = idle.AdaptiveSpin{}, idle.Backoff{}
		c.waitsFor(k.what, false)
		if c.back.NS != k.next || m.patience() != k.computes {
			t.Errorf("%d awake, waiting %d: next slice %d, computes for %d", k.awake, k.what, c.back.NS, m.patience())
		}
		if c.mode != cpuRunning {
			t.Errorf("%d awake, waiting %d: mode %d", k.awake, k.what, c.mode)
		}
	}
}
