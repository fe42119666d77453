package machine

import "sync"

// world counts the CPUs that run guest code in parallel, so that one of them can have
// it for itself.
type world struct {
	mu     sync.Mutex
	change sync.Cond // of what follows
	inside int       // CPUs that run guest code
	owner  *CPU      // who has the world for itself, or waits for the others to leave
}

func (w *world) init() { w.change.L = &w.mu }

// enter is called by a CPU before it runs guest code, leave when it stops doing so.
func (w *world) enter() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.await()
	w.inside++
}

func (w *world) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inside--
	if w.owner != nil {
		w.change.Broadcast()
	}
}

// await returns when nobody has the world for itself.
func (w *world) await() {
	for w.owner != nil {
		w.change.Wait()
	}
}

// ExclusiveOrNil returns Exclusive, nil if c is the only CPU.
func (c *CPU) ExclusiveOrNil() func(fn func()) {
	if c.m.cfg.CPUs == 1 {
		return nil
	}
	return c.Exclusive
}

// Exclusive calls fn while no other CPU runs guest code: all of them have left their
// engines. c's own engine calls it, with no translated code on the stack, so that
// whatever fn does to code and memory is between two instructions of every CPU. fn must
// not call Exclusive.
func (c *CPU) Exclusive(fn func()) {
	m := c.m
	if !m.parallel {
		fn()
		return
	}
	w := &m.world
	w.mu.Lock()
	w.inside--
	w.change.Broadcast()
	w.await()
	w.owner = c
	defer func() { // also if fn panics: the others must come to their ends
		w.owner = nil
		w.inside++
		w.change.Broadcast()
		w.mu.Unlock()
	}()
	for _, other := range m.cpus {
		if other != c {
			other.kick()
		}
	}
	for w.inside > 0 {
		w.change.Wait()
	}
	fn()
}
