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
// timers and Go's collector get their turn (design decision 13). With several
// CPUs shorter, as they wait for each other's locks.
const (
	maxSlice      = 500_000 // ns
	maxSliceSMP   = 100_000
	minSliceInstr = 500
	startRate     = 0.05
)

func newSlicer(cpus int) slicer {
	if cpus > 1 {
		return slicer{maxTime: maxSliceSMP, rate: startRate}
	}
	return slicer{maxTime: maxSlice, rate: startRate}
}

// begin starts the slice of c.
func (t *slicer) begin(m *Machine, c *CPU) {
	t.icount = c.S.Icount
	t.time = t.maxTime
	if p := &c.spin.patience; *p != 0 {
		t.time = *p
		if *p *= 2; *p >= t.maxTime {
			*p = 0
		}
	}
	if !m.clock.deterministic() {
		t.began = time.Now()
	}
	t.set(m, c)
}

// set computes State.Limit from the next event.
func (t *slicer) set(m *Machine, c *CPU) {
	now, next := m.clock.Now(), m.clock.next()
	ns := t.time
	if next <= now {
		ns = 0
	} else {
		ns = min(ns, next-now)
	}
	var n int64
	if m.clock.deterministic() {
		n = int64(max(ns, 1)) // virtual time is the mean over the CPUs, hence no less
		if ns < t.time {
			n *= int64(len(m.cpus))
		}
	} else {
		n = max(int64(float64(ns)*t.rate), minSliceInstr)
	}
	m.wakeup.setLimit(c, c.S.Icount+n)
}

// end measures the speed of the slice that c has just run.
func (t *slicer) end(m *Machine, c *CPU) {
	if m.clock.deterministic() {
		return
	}
	ns, n := float64(time.Since(t.began)), float64(c.S.Icount-t.icount)
	if ns < 20_000 || n < minSliceInstr {
		return // too short to measure
	}
	t.rate = math.Max(t.rate*0.75+n/ns*0.25, 0.001)
}

// deadlineMoved is called when there is a new first event.
func (t *slicer) deadlineMoved(m *Machine) {
	if c := m.current; c != nil && m.wakeup.limit(c) != 0 {
		t.set(m, c)
	}
}

// interrupted is called when an interrupt level of c changed: one that c may take
// ends its slice.
func (t *slicer) interrupted(m *Machine, c *CPU) {
	if c == m.current && c.interruptible() {
		m.wakeup.setLimit(c, 0)
	}
}

// wakeup is the one thing that other goroutines share with Run's.
type wakeup struct {
	attention atomic.Bool
	ch        chan struct{} // one token: look now

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
	for _, c := range m.cpus {
		atomic.StoreInt64(&c.S.Limit, 0)
	}
	select {
	case m.wakeup.ch <- struct{}{}:
	default:
	}
}

// setLimit sets c's limit unless somebody wants attention.
func (w *wakeup) setLimit(c *CPU, limit int64) {
	atomic.StoreInt64(&c.S.Limit, limit)
	if w.attention.Load() {
		atomic.StoreInt64(&c.S.Limit, 0)
	}
}

func (w *wakeup) limit(c *CPU) int64 { return atomic.LoadInt64(&c.S.Limit) }
