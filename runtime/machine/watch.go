package machine

import (
	"slices"
	"sync/atomic"

	"axpress/runtime/mem"
)

// A CPU that spins may wait for another CPU to store something: Linux wakes one that
// polls in its idle loop by a flag, without an interrupt. So a CPU that goes to sleep
// in such a loop leaves a list of the words that the loop looks at, and the CPUs that
// run compare them each time they leave their engine.

// word is an aligned quadword of RAM and what it held.
type word struct{ pa, value uint64 }

// note notes that the loop loads from pa; it says whether that can be watched.
func (p *spin) note(ram *mem.RAM, pa uint64) bool {
	pa &^= 7
	v, ok := ram.Read64(pa)
	if !ok {
		return false
	}
	if slices.ContainsFunc(p.seen, func(w word) bool { return w.pa == pa }) {
		return true
	}
	p.seen = append(p.seen, word{pa, v})
	return len(p.seen) <= spinWords
}

// watchList is the words that a CPU sleeps on, readable by all CPUs. One that is read
// while it is written wakes a CPU for nothing, at worst.
type watchList struct {
	n     atomic.Int32
	words [spinWords]struct{ pa, value atomic.Uint64 }
}

func (l *watchList) set(words []word) {
	for i, w := range words {
		l.words[i].pa.Store(w.pa)
		l.words[i].value.Store(w.value)
	}
	l.n.Store(int32(len(words)))
}

// changed says whether a word is not what it was.
func (l *watchList) changed(ram *mem.RAM) bool {
	for i := range l.n.Load() {
		w := &l.words[i]
		if v, _ := ram.Read64(w.pa.Load()); v != w.value.Load() {
			return true
		}
	}
	return false
}

// maxSliceWatched is how long a CPU computes, in ns, before it looks at what others sleep on.
const maxSliceWatched = 60_000

// napSpinning lets c sleep until something happens that may end its loop.
func (c *CPU) napSpinning() {
	m, bit := c.m, uint64(1)<<c.Index
	c.watch.set(c.spin.seen)
	before := m.watching.Or(bit)
	defer m.watching.And(^bit)
	if c.watch.changed(c.RAM) {
		return
	}
	for _, other := range m.cpus {
		if other != c && before == 0 {
			other.shorten() // it may be at the begin of a long slice
		}
	}
	began := m.clock.Now()
	c.rest(maxNap)
	c.spin.habits.of(c.S.PC).napped(m.clock.Now() - began)
}

// maxNap is after how many ns a CPU that spins looks itself, though nothing should have
// escaped the others.
const maxNap = 20_000_000

// shorten has c begin a new slice, if it runs. It is no kick: nothing has happened.
func (c *CPU) shorten() {
	if limitOf(c) > 0 {
		atomic.StoreInt64(&c.S.Limit, 0)
	}
}

// wakeWatching wakes the CPUs whose words have changed. c calls it each time it has run
// guest code.
func (c *CPU) wakeWatching() {
	m := c.m
	watching := m.watching.Load()
	if watching == 0 {
		return
	}
	for _, other := range m.cpus {
		bit := uint64(1) << other.Index
		if watching&bit != 0 && other != c && other.watch.changed(c.RAM) {
			m.watching.And(^bit)
			other.kick()
		}
	}
}
