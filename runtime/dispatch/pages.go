package dispatch

import (
	"sort"

	"axpress/runtime/abi"
	"axpress/runtime/codepage"
)

// pageCode is translated userland, found by the content of the physical page.
type pageCode = codepage.Pages[template]

// template is the code for one page content.
type template struct {
	base    uint64
	entries []abi.CodeEntry
	bits    [abi.PageSize / 4 / 64]uint64
}

// addPages makes the pages of code known.
func addPages(c *pageCode, code *abi.Code) {
	base := addressOf(code.Text)
	for _, p := range code.Pages {
		t := &template{base: base, entries: code.Entries[p.First : p.First+p.N]}
		for _, e := range t.entries {
			i := e.PC / 4
			t.bits[i/64] |= 1 << (i % 64)
		}
		c.Add(p.Hash, t)
	}
}

func (t *template) has(pc uint64) bool {
	i := pc % abi.PageSize / 4
	return t.bits[i/64]>>(i%64)&1 != 0
}

func (t *template) lookup(pc uint64) (host, index uint64, ok bool) {
	if !t.has(pc) {
		return 0, 0, false
	}
	off := pc % abi.PageSize
	i := sort.Search(len(t.entries), func(i int) bool { return t.entries[i].PC >= off })
	return t.base + uint64(t.entries[i].Code), uint64(t.entries[i].Index), true
}
