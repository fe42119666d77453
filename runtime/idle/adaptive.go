package idle

// A loop that waits for a lock, or for the answer to an interprocessor interrupt, is over
// after microseconds, and to sleep in it costs more than to go round. In an idle loop, and
// where the host has too few processors to run whom we wait for, it is the other way. The
// loops are told apart by how long the sleeps in them were: adaptive spin, as of locks.

// Spin is how long a CPU goes round in the loop at pc, in ns, before it sleeps.
type Spin struct {
	pc   uint64
	spin uint64
	last uint64 // time of the last turn that ended in it
	went uint64 // ns it has gone round since it came there
}

// AdaptiveSpin is that of the loops that a CPU was in last.
type AdaptiveSpin struct {
	table [8]Spin
	used  int // of table
	next  int // to replace
}

const (
	shortPark = 60_000  // a sleep that was not worth it, in ns
	longPark  = 200_000 // one that was
	// MaxSpin is how long a CPU goes round at most, in ns.
	MaxSpin = 80_000 // on a busy host whom we wait for may need our processor
)

// Find returns that of the loop at pc, nil if there is none.
func (h *AdaptiveSpin) Find(pc uint64) *Spin {
	for i := range h.table[:h.used] {
		if e := &h.table[i]; e.pc-pc+near < 2*near {
			return e
		}
	}
	return nil
}

// Of returns that of the loop at pc. In a new one a CPU goes round first: most are
// for locks.
func (h *AdaptiveSpin) Of(pc uint64) *Spin {
	if e := h.Find(pc); e != nil {
		return e
	}
	e := &h.table[h.next]
	h.next = (h.next + 1) % len(h.table)
	h.used = min(h.used+1, len(h.table))
	*e = Spin{pc: pc, spin: MaxSpin}
	return e
}

// Parked learns from a sleep of ns.
func (e *Spin) Parked(ns uint64) {
	switch {
	case ns < shortPark:
		e.spin = MaxSpin
	case ns > longPark:
		e.spin = 0
	}
	e.went = 0
}

// GoRound notes that a turn has ended in the loop at time now, which went round for ns of
// it; it says how much longer to go round, 0 if it is time to sleep.
func (e *Spin) GoRound(now, ns uint64) (more uint64) {
	if now-e.last > ns+shortPark {
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
