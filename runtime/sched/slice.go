package sched

import (
	"math"
	"time"
)

// Slice decides how many instructions a CPU retires, with the host's clock, before its
// loop looks at the time. No host timer is involved: it is the number of instructions
// that should take until the next event, by the speed measured so far, and at most
// MaxSlice of time.
type Slice struct {
	rate   float64 // instructions per ns, measured; 0: not yet
	began  time.Time
	icount int64 // when it began
}

const (
	// MaxSlice is long enough that a look at the clock costs nothing, and short enough that
	// timers and Go's collector get their turn, in ns.
	MaxSlice      = 500_000
	minSliceInstr = 500
	startRate     = 0.05
)

// Begin notes that a slice begins, after icount instructions.
func (t *Slice) Begin(icount int64) { t.began, t.icount = time.Now(), icount }

// Instructions is how many of them should take ns.
func (t *Slice) Instructions(ns uint64) int64 {
	rate := t.rate
	if rate == 0 {
		rate = startRate
	}
	return max(int64(float64(ns)*rate), minSliceInstr)
}

// End measures the speed of the slice that ends, after icount instructions.
func (t *Slice) End(icount int64) {
	ns, n := float64(time.Since(t.began)), float64(icount-t.icount)
	if ns < 20_000 || n < minSliceInstr {
		return // too short to measure
	}
	if t.rate == 0 {
		t.rate = startRate
	}
	t.rate = math.Max(t.rate*0.75+n/ns*0.25, 0.001)
}

// Took is for how long the slice has lasted, in ns.
func (t *Slice) Took() uint64 { return uint64(time.Since(t.began)) }
