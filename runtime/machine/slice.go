package machine

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// slicer decides how long a CPU may run before the run loop looks at the time.
//
// With the host clock no host timer is involved: the slice is the number of
// instructions that should take until the next event, by the speed measured so
// far, and at most maxSlice of time. With the deterministic clock it ends at the
// next event exactly (as exactly as engines poll).
type slicer struct {
	maxTime uint64  // ns
	time    uint64  // of this slice, ns
	rate    float64 // instructions per ns, measured
	began   time.Time
	icount  int64 // when it began
}

// Slices: long enough that a look at the clock costs nothing, short enough that
// timers and Go's collector get their turn (design decision 13). Where several
// CPUs take turns they are shorter, as CPUs wait for each other's locks.
const (
	maxSlice      = 500_000 // ns
	maxSliceTurns = 100_000
	minSliceInstr = 500
	startRate     = 0.05
)

func newSlicer(turns bool) slicer {
	if turns {
		return slicer{maxTime: maxSliceTurns, rate: startRate}
	}
	return slicer{maxTime: maxSlice, rate: startRate}
}

// begin starts the slice of c.
func (t *slicer) begin(m *Machine, c *CPU) {
	t.icount = c.S.Icount
	t.time = t.maxTime
	if p := &c.spin.patience; *p != 0 {
		t.time = *p
		if *p += *p / 2; *p >= t.maxTime {
			*p = 0
		}
	}
	if m.parallel {
		t.time = min(t.time, m.patience())
	}
	if !m.clock.deterministic() {
		t.began = time.Now()
	}
	t.set(m, c)
}

// patience is for how long a CPU may compute, in ns, where CPUs run in parallel, before
// it looks after the others.
func (m *Machine) patience() uint64 {
	switch {
	case m.watching.Load() != 0:
		return maxSliceWatched
	case m.crowd.is():
		return maxSliceCrowded
	}
	return math.MaxUint64
}

// set computes State.Limit from the next event.
func (t *slicer) set(m *Machine, c *CPU) {
	now, next := m.clock.Now(), m.nextEvent(c)
	ns := t.time
	if next <= now {
		ns = 0
	} else {
		ns = min(ns, next-now)
	}
	var n int64
	switch {
	case m.clock.deterministic():
		n = int64(max(ns, 1)) // virtual time is the mean over the CPUs, hence no less
		if ns < t.time {
			n *= int64(len(m.cpus))
		}
	case m.clock.early.counting.Load():
		n = int64(max(ns, 1))
	default:
		n = max(int64(float64(ns)*t.rate), minSliceInstr)
	}
	m.setLimit(c, c.S.Icount+n)
}

// end measures the speed of the slice that c has just run.
func (t *slicer) end(m *Machine, c *CPU) {
	m.clock.counts(c)
	m.clock.settle(c)
	if m.clock.deterministic() {
		return
	}
	ns, n := float64(time.Since(t.began)), float64(c.S.Icount-t.icount)
	if ns < 20_000 || n < minSliceInstr {
		return // too short to measure
	}
	t.rate = math.Max(t.rate*0.75+n/ns*0.25, 0.001)
}

// took is for how long the slice has lasted, in ns.
func (t *slicer) took() uint64 { return uint64(time.Since(t.began)) }

// deadlineMoved is called when there is a new first event for c, whose slice it is.
func (t *slicer) deadlineMoved(m *Machine, c *CPU) {
	if limitOf(c) != 0 {
		t.set(m, c)
	}
}

// wakeup is what goroutines beside Run's and the CPUs' share with them.
type wakeup struct {
	attention atomic.Bool
	ch        chan struct{} // one token: look now; only where CPUs run in parallel

	mu     sync.Mutex // wake against Close
	closed bool       // the States are gone
}

// wake makes Run look at input and its context soon. Any goroutine may call it.
func (m *Machine) wake() {
	m.wakeup.mu.Lock()
	defer m.wakeup.mu.Unlock()
	if m.wakeup.closed {
		return
	}
	m.wakeup.attention.Store(true)
	if m.parallel {
		m.wakeup.token()
		return
	}
	// Run's goroutine executes one of the CPUs, or sleeps in idle: the nap of the first.
	for _, c := range m.cpus {
		c.kick()
	}
}

// token makes Run's goroutine, if it sleeps in serve, look around. Precondition: CPUs run in
// parallel; where they take turns, nobody takes the token.
func (w *wakeup) token() {
	select {
	case w.ch <- struct{}{}:
	default:
	}
}

// setLimit sets c's limit unless somebody wants attention.
func (m *Machine) setLimit(c *CPU, limit int64) {
	atomic.StoreInt64(&c.S.Limit, limit)
	if m.parallel && c.nap.kicked.Load() != 0 || !m.parallel && m.wakeup.attention.Load() {
		atomic.StoreInt64(&c.S.Limit, 0)
	}
}

func limitOf(c *CPU) int64 { return atomic.LoadInt64(&c.S.Limit) }
