package sched

import (
	"math"
	"sync/atomic"
	"time"
)

// StopTheWorld counts the CPUs that run guest code in parallel, so that one of them can
// have all others stand still.
type StopTheWorld struct {
	over   *Oversubscription
	inside waitWord // how many CPUs run guest code
	owned  waitWord // 1: somebody has stopped the world, or waits for the others to leave
}

// NewStopTheWorld is for CPUs whose threads over counts.
func NewStopTheWorld(over *Oversubscription) *StopTheWorld { return &StopTheWorld{over: over} }

// Enter is called by a CPU before it runs guest code, Leave when it stops doing so.
func (w *StopTheWorld) Enter() {
	for {
		w.inside.word.Add(1)
		// In this order, as Do has it the other way round: one of the two sees the other.
		if w.owned.word.Load() == 0 {
			return
		}
		w.Leave()
		w.owned.await(w.over, 1)
	}
}

// Leave is called by a CPU that does not run guest code any more.
func (w *StopTheWorld) Leave() {
	w.inside.word.Add(^uint32(0))
	if w.owned.word.Load() != 0 {
		w.inside.changed()
	}
}

// Do calls fn while no other CPU runs guest code; a CPU calls it that is inside itself.
// kickOthers makes the others leave soon. Whatever fn does to code and memory is between
// two instructions of every CPU.
func (w *StopTheWorld) Do(kickOthers, fn func()) {
	w.Leave()
	defer w.Enter() // also if fn panics: the others must come to their ends
	for !w.owned.word.CompareAndSwap(0, 1) {
		w.owned.await(w.over, 1)
	}
	defer func() {
		w.owned.word.Store(0)
		w.owned.changed()
	}()
	kickOthers()
	for n := w.inside.word.Load(); n != 0; n = w.inside.word.Load() {
		w.inside.await(w.over, n)
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
func (w *waitWord) await(over *Oversubscription, value uint32) {
	began := time.Now()
	for n := 1; w.word.Load() == value; n++ {
		if n%64 != 0 {
			continue
		}
		if over.Yield(); time.Since(began) > lookFor {
			w.sleepers.Add(1)
			over.Awake(-1)
			futexWait(&w.word, value, uint64(time.Second))
			over.Awake(1)
			w.sleepers.Add(-1)
		}
	}
}

// changed wakes those who sleep, after the word has been changed.
func (w *waitWord) changed() {
	if w.sleepers.Load() > 0 {
		futexWake(&w.word, math.MaxInt32)
	}
}
