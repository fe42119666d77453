package machine

import (
	"math"
	"time"

	"axpress/runtime/device/timers"
)

// clock is the guest's time and the queue of timers. With the host clock any
// goroutine may ask for the time; the rest is under the machine's lock, or belongs to
// Run's goroutine where the CPUs take turns on it.
type clock struct {
	m     *Machine
	host  *hostTime // host mode
	early early     // and its beginning
	skew  uint64    // deterministic mode: ns that passed while all CPUs waited
	last  uint64    // and so Now never goes back
	queue *timers.Queue
}

func newClock(m *Machine) *clock {
	k := &clock{m: m, host: newHostTime(monotonic()), queue: timers.New(m.deadlineMoved)}
	k.early.counting.Store(!k.deterministic())
	return k
}

func (k *clock) deterministic() bool { return k.m.cfg.Clock == ClockDeterministic }

// Now is the virtual time in ns since boot. In deterministic mode one instruction
// takes 1 ns; CPUs run side by side, so it is the mean of their counts.
func (k *clock) Now() uint64 {
	if !k.deterministic() {
		return k.hostNow()
	}
	n := uint64(0)
	for _, c := range k.m.cpus {
		n += uint64(c.S.Icount)
	}
	k.last = max(k.last, n/uint64(max(len(k.m.cpus), 1))+k.skew)
	return k.last
}

// WallTime is the time of day in unix ns.
func (k *clock) WallTime() int64 {
	if k.deterministic() {
		return k.m.cfg.Epoch.UnixNano() + int64(k.Now())
	}
	return time.Now().UnixNano()
}

// deadlineMoved is called when there is a new first event in the queue.
func (m *Machine) deadlineMoved() {
	switch c := m.current; {
	case m.parallel:
		m.wakeup.token()
	case c != nil:
		c.slice.deadlineMoved(m, c)
	}
}

// nextEvent is the time of the first event that c's slice must end at.
func (m *Machine) nextEvent(c *CPU) uint64 {
	switch {
	case !m.parallel:
		return m.clock.next()
	case c.alarm.at != 0:
		return c.alarm.at
	}
	return math.MaxUint64
}

// next is the time of the first event, math.MaxUint64 if there is none.
func (k *clock) next() uint64 { return k.queue.Next() }

// fire calls what is due.
func (k *clock) fire() {
	if k.queue.Next() != math.MaxUint64 { // else nobody needs the time
		k.queue.Fire(k.Now())
	}
}

// skip moves deterministic time to ns.
func (k *clock) skip(ns uint64) {
	if now := k.Now(); ns > now {
		k.skew += ns - now
	}
}
