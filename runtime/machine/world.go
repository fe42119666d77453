package machine

import (
	"sync/atomic"
	"time"

	"axpress/palstubs/console"
)

// world counts the CPUs that run guest code in parallel, so that one of them can have
// it for itself.
type world struct {
	inside waitWord // how many CPUs run guest code
	owned  waitWord // 1: somebody has the world for itself, or waits for the others to leave
}

// enter is called by a CPU before it runs guest code, leave when it stops doing so.
func (w *world) enter(crowd *crowd) {
	for {
		w.inside.word.Add(1)
		// In this order, as Exclusive has it the other way round: one of the two sees the other.
		if w.owned.word.Load() == 0 {
			return
		}
		w.leave()
		w.owned.await(crowd, 1)
	}
}

func (w *world) leave() {
	w.inside.word.Add(^uint32(0))
	if w.owned.word.Load() != 0 {
		w.inside.changed()
	}
}

// exclusive is vcpu.CPU.Exclusive of CPUs that run in parallel: whatever fn does to code
// and memory is between two instructions of every CPU.
func (c *CPU) exclusive(fn func()) {
	m := c.m
	w := &m.world
	w.leave()
	defer w.enter(&m.crowd) // also if fn panics: the others must come to their ends
	for !w.owned.word.CompareAndSwap(0, 1) {
		w.owned.await(&m.crowd, 1)
	}
	defer func() {
		w.owned.word.Store(0)
		w.owned.changed()
	}()
	for _, other := range m.cpus {
		if other != c {
			other.kick()
		}
	}
	for n := w.inside.word.Load(); n != 0; n = w.inside.word.Load() {
		w.inside.await(&m.crowd, n)
	}
	fn()
}

// waitWord is a word that CPUs wait for changes of. They look for a little, as a change
// takes a microsecond or two, and then sleep.
type waitWord struct {
	word     atomic.Uint32
	sleepers atomic.Int32
}

// lookFor is for how long a CPU looks before it sleeps.
const lookFor = 50 * time.Microsecond

// await returns when the word is not value any more, or for no reason.
func (w *waitWord) await(crowd *crowd, value uint32) {
	began := time.Now()
	for n := 1; w.word.Load() == value; n++ {
		if n%64 != 0 {
			continue
		}
		if crowd.pass(); time.Since(began) > lookFor {
			w.sleepers.Add(1)
			crowd.awake.Add(-1)
			futexWait(&w.word, value, uint64(time.Second))
			crowd.awake.Add(1)
			w.sleepers.Add(-1)
		}
	}
}

// changed wakes those who sleep, after the word has been changed.
func (w *waitWord) changed() {
	if w.sleepers.Load() > 0 {
		futexWake(&w.word, console.MaxCPUs)
	}
}
