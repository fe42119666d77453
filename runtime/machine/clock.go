package machine

import (
	"container/heap"
	"math"
	"time"
)

// clock is the guest's time and the queue of scheduled calls. With the host clock any
// goroutine may ask for the time; the rest is under the machine's lock, or belongs to
// Run's goroutine where the CPUs take turns on it.
type clock struct {
	m     *Machine
	host  *hostTime // host mode
	early early     // and its beginning
	skew  uint64    // deterministic mode: ns that passed while all CPUs waited
	last  uint64    // and so Now never goes back
	queue events
	seq   uint64
}

func newClock(m *Machine) *clock {
	k := &clock{m: m, host: newHostTime(monotonic())}
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

// event is a call at a time.
type event struct {
	at, seq uint64
	fn      func()
	index   int // in the heap, -1 when it is not there
}

// At implements device.Scheduler.
func (k *clock) At(ns uint64, fn func()) (cancel func()) {
	e := &event{at: ns, seq: k.seq, fn: fn}
	k.seq++
	heap.Push(&k.queue, e)
	if k.queue[0] == e {
		k.m.deadlineMoved()
	}
	return func() {
		if e.index >= 0 {
			heap.Remove(&k.queue, e.index)
		}
	}
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
func (k *clock) next() uint64 {
	if len(k.queue) == 0 {
		return math.MaxUint64
	}
	return k.queue[0].at
}

// fire calls what is due. An event that a call schedules in the past runs on the
// next fire, so that this one ends.
func (k *clock) fire() {
	if len(k.queue) == 0 {
		return
	}
	now, limit := k.Now(), k.seq
	for len(k.queue) > 0 && k.queue[0].at <= now && k.queue[0].seq < limit {
		heap.Pop(&k.queue).(*event).fn()
	}
}

// skip moves deterministic time to ns.
func (k *clock) skip(ns uint64) {
	if now := k.Now(); ns > now {
		k.skew += ns - now
	}
}

// events is a heap by time, then by order of scheduling.
type events []*event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q events) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *events) Push(x any) {
	e := x.(*event)
	e.index = len(*q)
	*q = append(*q, e)
}
func (q *events) Pop() any {
	old := *q
	e := old[len(old)-1]
	e.index = -1
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}
