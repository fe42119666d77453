package dispatch

import "axpress/runtime/window"

// Hot code of programs pays only where much is computed on few pages: a page that is
// not in the window costs a host signal and two mappings. So an address space
// begins with the other code, and earns what it may spend on misses by the
// instructions it runs; if it has spent all it goes back for a while.
const (
	// missPrice is what a miss costs, as the instructions that could have been saved.
	missPrice = 20_000
	// warmUp is how many instructions an address space runs before it is hot.
	warmUp = 1_000_000
	// maxCredit bounds what can be saved up, in instructions.
	maxCredit = 500 * missPrice
	// penalty is how many instructions it runs after having spent all, at first; it
	// doubles each time.
	penalty = 20_000_000
)

// heat decides for each address space.
type heat struct {
	spaces [256]space // by ASN
	eager  bool       // all are hot, always
}

type space struct {
	hot     bool
	credit  int64 // instructions; while not hot, what is missing
	penalty int64
}

func (h *heat) of(asn uint64) *space {
	s := &h.spaces[asn&255]
	if s.penalty == 0 {
		s.credit, s.penalty = -warmUp, penalty
	}
	return s
}

// isHot says whether hot code may run in asn.
func (h *heat) isHot(asn uint64) bool { return h.eager || h.of(asn).hot }

// ran notes that n instructions have run in asn; it says whether that made it hot.
func (h *heat) ran(asn uint64, n int64) (changed bool) {
	s := h.of(asn)
	s.credit = min(s.credit+n, maxCredit)
	if s.hot || s.credit < 0 {
		return false
	}
	s.hot, s.credit = true, 100*missPrice
	return true
}

// missed notes a miss in asn; it says whether that made it cold.
func (h *heat) missed(asn uint64) (changed bool) {
	s := h.of(asn)
	s.credit -= missPrice
	if !s.hot || s.credit >= 0 {
		return false
	}
	s.hot, s.credit = false, -s.penalty
	s.penalty = min(2*s.penalty, 8*penalty)
	return true
}

// forget starts all address spaces anew: their numbers are going to be used again.
func (h *heat) forget() { clear(h.spaces[:]) }

// follower follows the MMU's invalidations. What drops all comes when the numbers
// of address spaces are used up.
type follower struct {
	*window.Set
	heat *heat
}

// DropAll implements mmu.Window.
func (f follower) DropAll() {
	f.Set.DropAll()
	f.heat.forget()
}
