package dispatch

import (
	"axpress/runtime/mmu"
	"axpress/runtime/window"
)

// Hot code of programs pays only where much is computed on few pages: a page that is
// not in the window costs a host signal and two mappings. So an address space
// begins with the other code, and earns what it may spend on misses by the
// instructions it runs; if it has spent all it goes back for a while. Instructions
// of the kernel earn nothing: they would have been as fast.
const (
	// missPrice is what a miss costs, as the instructions that could have been saved.
	missPrice = 20_000
	// warmUp is how many instructions an address space runs before it is hot, and again
	// after its window has gone with its number.
	warmUp = 1_000_000
	// grant is what an address space that gets hot may spend at once.
	grant = 100 * missPrice
	// maxCredit bounds what can be saved up, in instructions.
	maxCredit = 500 * missPrice
	// penalty is how many instructions it runs after having spent all, at first; it
	// doubles each time, up to maxPenalty, and is as at first when maxCredit was saved up.
	penalty    = 20_000_000
	maxPenalty = 8 * penalty
)

// tierPolicy decides for each address space. That is a page table, not a number: Linux gives
// a process a new number whenever it takes a range of pages away from it.
type tierPolicy struct {
	spaces [256]space // by page table
	eager  bool       // all are hot, always
}

type space struct {
	ptbr, asn uint64
	wait      int64 // instructions until it is hot; 0: it is
	credit    int64 // instructions
	penalty   int64 // 0: nothing is known
}

// of returns what is known of the address space asn whose page table is at page frame ptbr.
func (p *tierPolicy) of(ptbr, asn uint64) *space {
	s := &p.spaces[ptbr%uint64(len(p.spaces))]
	switch {
	case s.penalty == 0 || s.ptbr != ptbr:
		*s = space{ptbr: ptbr, asn: asn, wait: warmUp, credit: grant, penalty: penalty}
	case s.asn != asn:
		s.asn, s.wait = asn, max(s.wait, warmUp)
	}
	return s
}

// isHot says whether hot code may run there.
func (p *tierPolicy) isHot(ptbr, asn uint64) bool { return p.eager || p.of(ptbr, asn).wait == 0 }

// ran notes that n instructions of the program have run; it says whether that made the address space hot.
func (p *tierPolicy) ran(ptbr, asn uint64, n int64) (changed bool) {
	s := p.of(ptbr, asn)
	if s.wait > 0 {
		s.wait = max(s.wait-n, 0)
		return s.wait == 0
	}
	if s.credit += n; s.credit >= maxCredit {
		s.credit, s.penalty = maxCredit, penalty
	}
	return false
}

// missed notes a miss; it says whether that made the address space cold.
func (p *tierPolicy) missed(ptbr, asn uint64) (changed bool) {
	s := p.of(ptbr, asn)
	if s.credit -= missPrice; s.credit >= 0 || s.wait > 0 {
		return false
	}
	s.credit, s.wait = grant, s.penalty
	s.penalty = min(2*s.penalty, maxPenalty)
	return true
}

// forget has all address spaces get warm again: their windows are empty.
func (p *tierPolicy) forget() {
	for i := range p.spaces {
		p.spaces[i].wait = max(p.spaces[i].wait, warmUp)
	}
}

// follower has the windows follow the MMU's invalidations.
type follower struct {
	*window.Set
	policy *tierPolicy
}

// Invalidated implements mmu.Follower.
func (f follower) Invalidated(i mmu.Invalidation) {
	switch {
	case !i.Data:
	case i.One:
		f.Drop(i.VA)
	default:
		f.DropAll()
		f.policy.forget()
	}
}
