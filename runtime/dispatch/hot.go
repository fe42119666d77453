package dispatch

import (
	"slices"
	"sort"

	"axpress/runtime/abi"
	"axpress/runtime/mmu"
)

// hotCode is the hot functions of programs: units that know their guest address
// and may cross pages. A unit can be entered when all pages it was made from hold
// what they held then; it is asked for when the jump cache misses. With a list of live
// translations those of all these pages must be live, as native code does not say when it
// comes to another page.
type hotCode struct {
	byPage map[uint64][]*hotImage // by guest address of a page
	// waits: a unit could not be entered as a page was not live, when the list counted fetched.
	waits   bool
	fetched uint64
}

// hotImage is the hot code of one program.
type hotImage struct {
	code  *abi.Code
	base  uint64
	spans map[uint32][]abi.CodeSpan // by code offset
}

func (h *hotCode) add(code *abi.Code) {
	im := &hotImage{code: code, base: addressOf(code.Text), spans: map[uint32][]abi.CodeSpan{}}
	for _, s := range code.Spans {
		im.spans[s.Code] = append(im.spans[s.Code], s)
	}
	if h.byPage == nil {
		h.byPage = map[uint64][]*hotImage{}
	}
	for _, p := range code.VPages {
		h.byPage[p.VA] = append(h.byPage[p.VA], im)
	}
}

// follow is told that the guest executes at pc next. If a page has become live that a unit has waited
// for, perhaps, the jump cache must not go on with the other translation.
func (h *hotCode) follow(pc uint64, e *Engine) {
	list := e.mmu.List()
	if list == nil || len(h.byPage) == 0 {
		return
	}
	e.pages.Page(abi.VAddr(pc), e.s.ASN, e.mmu)
	if n := list.Fetched(); h.waits && h.fetched != n {
		h.waits = false
		e.s.DropUserJumps()
	}
}

// lookup finds a unit at pc whose pages are valid in the current address space.
func (h *hotCode) lookup(pc uint64, pages *pageCode, asn uint64, m *mmu.MMU) (host, index uint64, ok bool) {
	for _, im := range h.byPage[pc&abi.PageMask] {
		es := im.code.Entries
		i := sort.Search(len(es), func(i int) bool { return es[i].PC >= pc })
		if i == len(es) || es[i].PC != pc {
			continue
		}
		switch im.valid(im.spans[es[i].Code], pages, asn, m) {
		case pagesHold:
			return im.base + uint64(es[i].Code), uint64(es[i].Index), true
		case pagesWait:
			h.waits, h.fetched = true, m.List().Fetched()
		}
	}
	return 0, 0, false
}

// pagesState says whether the pages of a unit hold what they were translated from.
type pagesState uint8

const (
	pagesDiffer pagesState = iota
	pagesWait              // they do, but some have not been executed
	pagesHold
)

// valid says what is so of the pages of spans.
func (im *hotImage) valid(spans []abi.CodeSpan, pages *pageCode, asn uint64, m *mmu.MMU) pagesState {
	all := pagesHold
	for _, s := range spans {
		if all = min(all, im.holds(s, pages, asn, m)); all == pagesDiffer {
			break
		}
	}
	return all
}

func (im *hotImage) holds(s abi.CodeSpan, pages *pageCode, asn uint64, m *mmu.MMU) pagesState {
	all := pagesHold
	for va := s.Lo & abi.PageMask; va < s.Hi; va += abi.PageSize {
		i, ok := slices.BinarySearchFunc(im.code.VPages, va, func(p abi.CodeVPage, va uint64) int {
			if p.VA < va {
				return -1
			}
			return min(1, int(p.VA-va))
		})
		if !ok {
			return pagesDiffer
		}
		p, live := pages.Ahead(abi.VAddr(va), asn, m)
		switch {
		case p == nil || p.Hash != im.code.VPages[i].Hash:
			return pagesDiffer
		case !live:
			all = pagesWait
		}
	}
	return all
}
