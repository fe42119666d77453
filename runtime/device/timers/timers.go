// Package timers is the queue behind device.Scheduler: named timers in the order of
// their times.
//
// In: timers that devices make, set and stop, and the time (Fire). Out: their calls.
// It must not know where time comes from. A Queue belongs to whoever holds the
// machine's lock.
package timers

import (
	"container/heap"
	"fmt"
	"maps"
	"math"
	"slices"

	"axpress/runtime/device"
	"axpress/runtime/state"
)

// Queue holds timers. Make one with New.
type Queue struct {
	timers map[string]*timer
	due    order
	seq    uint64
	first  func()
}

var (
	_ device.Scheduler = (*Queue)(nil)
	_ device.Device    = (*Queue)(nil)
)

// New makes an empty queue. first is called when a timer has been set that is now
// the first to fall due; nil: nobody wants to know.
func New(first func()) *Queue {
	if first == nil {
		first = func() {}
	}
	return &Queue{timers: map[string]*timer{}, first: first}
}

// timer is one that NewTimer made.
type timer struct {
	q    *Queue
	name string
	fn   func()
	Pending
	index int // in Queue.due, -1 when it is off
}

// Pending is when a timer falls due: at At ns; of those at the same time the one of
// the lowest Seq, which counts Sets, comes first.
type Pending struct{ At, Seq uint64 }

// NewTimer implements device.Scheduler.
func (q *Queue) NewTimer(name string, fn func()) device.Timer {
	if q.timers[name] != nil {
		panic("BUG: timers: a second timer " + name)
	}
	t := &timer{q: q, name: name, fn: fn, index: -1}
	q.timers[name] = t
	return t
}

// Set implements device.Timer.
func (t *timer) Set(ns uint64) {
	q := t.q
	t.Stop()
	t.Pending = Pending{At: ns, Seq: q.seq}
	q.seq++
	heap.Push(&q.due, t)
	if q.due[0] == t {
		q.first()
	}
}

// Stop implements device.Timer.
func (t *timer) Stop() {
	if t.index >= 0 {
		heap.Remove(&t.q.due, t.index)
	}
}

// At implements device.Timer.
func (t *timer) At() (ns uint64, on bool) { return t.Pending.At, t.index >= 0 }

// Next is when the first timer falls due, math.MaxUint64 if none is set.
func (q *Queue) Next() uint64 {
	if len(q.due) == 0 {
		return math.MaxUint64
	}
	return q.due[0].Pending.At
}

// Fire calls what is due at now, a time in ns. A timer that a call sets is left to the next
// Fire, even if it is due, so that this one ends.
func (q *Queue) Fire(now uint64) {
	for limit := q.seq; len(q.due) > 0 && q.due[0].Pending.At <= now && q.due[0].Seq < limit; {
		heap.Pop(&q.due).(*timer).fn()
	}
}

// Pending lists what is set, by name.
func (q *Queue) Pending() map[string]Pending {
	list := map[string]Pending{}
	for _, t := range q.due {
		list[t.name] = t.Pending
	}
	return list
}

// Name implements device.Device.
func (q *Queue) Name() string { return "timers" }

// Save implements device.Device.
func (q *Queue) Save(w *state.Writer) {
	list := q.Pending()
	w.Block(q.block(&list, &q.seq))
}

// Load implements device.Device: the timers must have been made before. It does not
// tell that the first one is another now.
func (q *Queue) Load(r *state.Reader) error {
	list, seq := map[string]Pending{}, uint64(0)
	b := q.block(&list, &seq)
	b.Check = func() error {
		seen := map[uint64]bool{}
		for name, p := range list {
			switch {
			case q.timers[name] == nil:
				return fmt.Errorf("there is no timer %q, only %q", name, slices.Sorted(maps.Keys(q.timers)))
			case p.Seq >= seq || seen[p.Seq]:
				return fmt.Errorf("timer %q is number %d of %d, or another one is too", name, p.Seq, seq)
			}
			seen[p.Seq] = true
		}
		return nil
	}
	if err := r.Block(b); err != nil {
		return err
	}
	for len(q.due) > 0 {
		q.due[0].Stop()
	}
	for name, p := range list {
		q.timers[name].Pending = p
		heap.Push(&q.due, q.timers[name])
	}
	q.seq = seq
	return nil
}

func (q *Queue) block(list *map[string]Pending, seq *uint64) state.Block {
	return state.Block{Name: q.Name(), Version: 1, Fields: []any{seq, list}}
}

// order is a heap by time, then by order of setting.
type order []*timer

func (o order) Len() int { return len(o) }
func (o order) Less(i, j int) bool {
	a, b := o[i].Pending, o[j].Pending
	return a.At < b.At || a.At == b.At && a.Seq < b.Seq
}
func (o order) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].index, o[j].index = i, j
}
func (o *order) Push(x any) {
	t := x.(*timer)
	t.index = len(*o)
	*o = append(*o, t)
}
func (o *order) Pop() any {
	old := *o
	t := old[len(old)-1]
	t.index = -1
	old[len(old)-1] = nil
	*o = old[:len(old)-1]
	return t
}
