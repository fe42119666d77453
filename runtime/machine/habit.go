package machine

// A loop that waits for a lock, or for the answer to an interprocessor interrupt, is over
// after microseconds, and to sleep in it costs more than to go round. In an idle loop, and
// where the host has too few processors to run whom we wait for, it is the other way. The
// loops are told apart by how long the naps in them were.

// habit is how long a CPU goes round in the loop at pc, in ns, before it sleeps.
type habit struct {
	pc   uint64
	spin uint64
	last uint64 // time of the last turn that ended in it
	went uint64 // ns it has gone round since it came there
}

// habits are those of the loops that a CPU was in last.
type habits struct {
	table [8]habit
	used  int // of table
	next  int // to replace
}

const (
	shortNap = 60_000  // a nap that was not worth it, in ns
	longNap  = 200_000 // one that was
	maxSpin  = 80_000  // on a busy host whom we wait for may need our processor
)

// find returns the habit of the loop at pc, nil if there is none.
func (h *habits) find(pc uint64) *habit {
	for i := range h.table[:h.used] {
		if e := &h.table[i]; e.pc-pc+spinNear < 2*spinNear {
			return e
		}
	}
	return nil
}

// of returns the habit of the loop at pc. In a new one a CPU goes round first: most are
// for locks.
func (h *habits) of(pc uint64) *habit {
	if e := h.find(pc); e != nil {
		return e
	}
	e := &h.table[h.next]
	h.next = (h.next + 1) % len(h.table)
	h.used = min(h.used+1, len(h.table))
	*e = habit{pc: pc, spin: maxSpin}
	return e
}

// napped learns from a nap of ns.
func (e *habit) napped(ns uint64) {
	switch {
	case ns < shortNap:
		e.spin = maxSpin
	case ns > longNap:
		e.spin = 0
	}
	e.went = 0
}

// goRound notes that a turn has ended in the loop at time now, which went round for ns of
// it; it says how much longer to go round, 0 if it is time to sleep.
func (e *habit) goRound(now, ns uint64) (more uint64) {
	if now-e.last > ns+shortNap {
		e.went = 0 // it was elsewhere meanwhile
	}
	e.last = now
	e.went += ns
	if e.went >= e.spin {
		e.went = 0
		return 0
	}
	return e.spin - e.went
}

// waited draws conclusions from what c, whose turn has ended, waits for; whole says that
// nothing else was executed in that turn, as far as one can see.
func (c *CPU) waited(what waiting, whole bool) {
	switch {
	case what == waitsNot:
		return
	case !c.m.parallel:
		if what == waitsOnly {
			c.mode = cpuSpinning
		}
	case what == waitsOnly:
		now, took := c.m.clock.Now(), uint64(0)
		if whole {
			took = c.slice.took()
		}
		more := c.spin.habits.of(c.S.PC).goRound(now, took)
		if more == 0 {
			c.mode = cpuSpinning
		} else if !c.m.crowd.is() {
			c.spin.patience = max(more, firstPatience)
			return
		}
	case !c.m.crowd.is():
		return
	}
	c.spin.patience = firstPatience
}
