package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

// hostTime is the host's monotonic time, but for the times in which the whole process
// stood still: it was stopped (SIGSTOP, a debugger), or the host was. A guest that saw
// such a time pass at once would work off each timer tick of it, and take the hole for
// CPUs that hang.
//
// That the process stood still shows by nobody having asked for the time, as beat does
// while the machine runs. Any goroutine may ask.
type hostTime struct {
	now   func() int64 // ns, monotonic
	asked atomic.Int64 // what now said when somebody asked, up to resolution ns ago
	lost  atomic.Int64 // what now said when time began, and the ns of standstills
	mu    sync.Mutex   // to move them
}

const (
	heartbeat  = 100 * time.Millisecond
	standstill = int64(2 * time.Second)  // a process that is only kept waiting is not away for so long
	resolution = int64(time.Millisecond) // of asked, so that CPUs seldom write it
)

// newHostTime begins at 0.
func newHostTime(now func() int64) *hostTime {
	h := &hostTime{now: now}
	t := now()
	h.asked.Store(t)
	h.lost.Store(t)
	return h
}

// monotonic returns a host clock, in ns.
func monotonic() func() int64 {
	start := time.Now()
	return func() int64 { return int64(time.Since(start)) }
}

// beat asks for the time every heartbeat, on a goroutine of its own: CPUs may compute or
// sleep for longer. end ends it.
func (h *hostTime) beat() (end func()) {
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(heartbeat)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				h.ns()
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

// ns is for how many ns the process has been running. It never goes back.
func (h *hostTime) ns() uint64 {
	for {
		// Both are read before now, and lost again behind it: so a standstill between two of
		// these lines, or one that another goroutine notices meanwhile, is not overlooked.
		asked, lost := h.asked.Load(), h.lost.Load()
		t := h.now()
		if t-asked <= resolution && h.lost.Load() == lost {
			return uint64(t - lost)
		}
		h.move()
	}
}

// move moves asked to now, and notes a standstill.
func (h *hostTime) move() {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.now()
	if gap := t - h.asked.Load(); gap > standstill {
		// Up to resolution of it may have been told. First lost: who sees the new asked
		// must see it.
		h.lost.Add(gap - resolution)
	}
	h.asked.Store(t)
}
