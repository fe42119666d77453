package dispatch

import (
	"slices"
	"sort"

	"axpress/runtime/abi"
	"axpress/runtime/mmu"
)

// hotCode is the hot functions of programs: units that know their guest address
// and may cross pages. A unit can be entered when all pages it was made from hold
// what they held then; it is asked for when the jump cache misses.
type hotCode struct {
	byPage map[uint64][]*hotImage // by guest address of a page
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

// lookup finds a unit at pc whose pages are valid in the current address space.
func (h *hotCode) lookup(pc uint64, pages *pageCode, asn uint64, m *mmu.MMU) (host, index uint64, ok bool) {
	for _, im := range h.byPage[pc&abi.PageMask] {
		es := im.code.Entries
		i := sort.Search(len(es), func(i int) bool { return es[i].PC >= pc })
		if i < len(es) && es[i].PC == pc && im.valid(im.spans[es[i].Code], pages, asn, m) {
			return im.base + uint64(es[i].Code), uint64(es[i].Index), true
		}
	}
	return 0, 0, false
}

// valid says whether the pages of spans hold what they were translated from.
func (im *hotImage) valid(spans []abi.CodeSpan, pages *pageCode, asn uint64, m *mmu.MMU) bool {
	for _, s := range spans {
		if !im.holds(s, pages, asn, m) {
			return false
		}
	}
	return true
}

func (im *hotImage) holds(s abi.CodeSpan, pages *pageCode, asn uint64, m *mmu.MMU) bool {
	for va := s.Lo & abi.PageMask; va < s.Hi; va += abi.PageSize {
		i, ok := slices.BinarySearchFunc(im.code.VPages, va, func(p abi.CodeVPage, va uint64) int {
			if p.VA < va {
				return -1
			}
			return min(1, int(p.VA-va))
		})
		if !ok {
			return false
		}
		if p := pages.Page(va, asn, m); p == nil || p.Hash != im.code.VPages[i].Hash {
			return false
		}
	}
	return true
}
