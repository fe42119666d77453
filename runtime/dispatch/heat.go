package dispatch

// Hot code of programs pays only where much is computed on few pages: a page that is
// not in the window costs a host signal and two mappings. So an address space
// begins with the other code, and earns what it may spend on misses by the
// instructions it runs; if it has spent all it goes back for a while. Instructions
// of the kernel earn nothing: they would have been as fast.
const (
	// missPrice is what a miss costs, as the instructions that could have been saved.
	missPrice = 20_000
	// warmUp is how many instructions an address space runs before it is hot.
	warmUp = 1_000_000
	// grant is what an address space that gets hot may spend at once.
	grant = 100 * missPrice
	// maxCredit bounds what can be saved up, in instructions.
	maxCredit = 500 * missPrice
	// penalty is how many instructions it runs after having spent all, at first; it
	// doubles each time, until as much as can be saved up is.
	penalty    = 20_000_000
	maxPenalty = 4 * penalty
)

// heat decides for each address space. That is a page table, not a number: Linux gives
// a process a new number whenever it takes a range of pages away from it. The
// next process with that page table begins where the last one ended.
type heat struct {
	spaces [256]space // by page table
	eager  bool       // all are hot, always
}

type space struct {
	ptbr    uint64
	hot     bool
	credit  int64 // instructions; while not hot, what is missing
	penalty int64 // 0: nothing is known
}

// of returns what is known of the address space whose page table is at page frame ptbr.
func (h *heat) of(ptbr uint64) *space {
	s := &h.spaces[ptbr%uint64(len(h.spaces))]
	if s.penalty == 0 || s.ptbr != ptbr {
		*s = space{ptbr: ptbr, credit: -warmUp, penalty: penalty}
	}
	return s
}

// isHot says whether hot code may run there.
func (h *heat) isHot(ptbr uint64) bool { return h.eager || h.of(ptbr).hot }

// ran notes that n instructions of the program have run; it says whether that made the address space hot.
func (h *heat) ran(ptbr uint64, n int64) (changed bool) {
	s := h.of(ptbr)
	if s.credit += n; s.credit >= maxCredit {
		s.credit, s.penalty = maxCredit, penalty
	}
	if s.hot || s.credit < 0 {
		return false
	}
	s.hot, s.credit = true, grant
	return true
}

// missed notes a miss; it says whether that made the address space cold.
func (h *heat) missed(ptbr uint64) (changed bool) {
	s := h.of(ptbr)
	s.credit -= missPrice
	if !s.hot || s.credit >= 0 {
		return false
	}
	s.hot, s.credit = false, -s.penalty
	s.penalty = min(2*s.penalty, maxPenalty)
	return true
}
