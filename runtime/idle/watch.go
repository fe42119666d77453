package idle

import (
	"sync/atomic"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// A CPU that spins may wait for another CPU to store something: Linux wakes one that
// polls in its idle loop by a flag, without an interrupt. So a CPU that goes to sleep
// in such a loop leaves a list of the words that the loop looks at, and the CPUs that
// run compare them each time they leave their engine.

// Word is an aligned quadword of RAM and what it held.
type Word struct {
	PA    abi.PAddr
	Value uint64
}

// Changed says whether one of the words is not what it was.
func Changed(words []Word, ram *mem.RAM) bool {
	for _, w := range words {
		if v, _ := ram.Read64(w.PA); v != w.Value {
			return true
		}
	}
	return false
}

// WatchList is the words that a CPU sleeps on, readable by all CPUs. One that is read
// while it is written wakes a CPU for nothing, at worst.
type WatchList struct {
	n     atomic.Int32
	words [maxWords]struct{ pa, value atomic.Uint64 }
}

// Set makes the list words, of which a Loop has no more than there is room for.
func (l *WatchList) Set(words []Word) {
	for i, w := range words {
		l.words[i].pa.Store(uint64(w.PA))
		l.words[i].value.Store(w.Value)
	}
	l.n.Store(int32(len(words)))
}

// Changed says whether a word is not what it was.
func (l *WatchList) Changed(ram *mem.RAM) bool {
	for i := range l.n.Load() {
		w := &l.words[i]
		if v, _ := ram.Read64(abi.PAddr(w.pa.Load())); v != w.value.Load() {
			return true
		}
	}
	return false
}

const (
	// MaxSliceWatched is how long a CPU computes, in ns, before it looks at what others sleep on.
	MaxSliceWatched = 60_000
	// MaxPark is after how many ns a CPU that spins looks itself, though nothing should have
	// escaped the others.
	MaxPark = 20_000_000
)
