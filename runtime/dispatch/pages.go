package dispatch

import (
	"bytes"
	"crypto/sha256"
	"sort"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
)

// pageCode is translated userland, found by the content of the physical page.
//
// Alpha's instruction cache is incoherent: stores need not be noticed until the
// next imb or invalidation. So a page is compared with what it was translated
// from at its first execution after one of these, and not before.
type pageCode struct {
	ram    *mem.RAM
	byHash map[[32]byte]*template
	live   map[uint64]*page // by physical address: what it last held
	valid  map[uint64]*page // by address space and virtual page; nil: no code
	// How often a page was compared, and how often its content was not what it last was.
	compared, changed uint64
}

// template is the code for one page content.
type template struct {
	base    uint64
	entries []abi.CodeEntry
	bits    [abi.PageSize / 4 / 64]uint64
}

// page is a physical page whose content is known.
type page struct {
	content [abi.PageSize]byte
	hash    [32]byte
	code    *template // nil: not translated
}

// maxLive bounds pageCode.live, each page of which has a copy: what is forgotten is
// only hashed again. The text of a whole userland is less.
const maxLive = 8192

func newPageCode(ram *mem.RAM) *pageCode {
	return &pageCode{ram: ram, byHash: map[[32]byte]*template{}, live: map[uint64]*page{}, valid: map[uint64]*page{}}
}

// add makes the pages of code known.
func (c *pageCode) add(code *abi.Code) {
	base := addressOf(code.Text)
	for _, p := range code.Pages {
		t := &template{base: base, entries: code.Entries[p.First : p.First+p.N]}
		for _, e := range t.entries {
			i := e.PC / 4
			t.bits[i/64] |= 1 << (i % 64)
		}
		c.byHash[p.Hash] = t
	}
}

// invalidate makes every page be compared again before it is run.
func (c *pageCode) invalidate() { clear(c.valid) }

// at returns the code of the page that pc is in, nil if there is none or the page
// cannot be executed.
func (c *pageCode) at(pc, asn uint64, m *mmu.MMU) *template {
	if p := c.page(pc, asn, m); p != nil {
		return p.code
	}
	return nil
}

// page returns what is known of the page that pc is in, nil if it cannot be executed.
func (c *pageCode) page(pc, asn uint64, m *mmu.MMU) *page {
	if len(c.byHash) == 0 {
		return nil
	}
	key := pc>>abi.PageShift | asn<<52
	p, known := c.valid[key]
	if !known {
		pa, ok := m.FetchPage(pc)
		if !ok {
			return nil
		}
		p = c.check(pa)
		c.valid[key] = p
	}
	return p
}

// check identifies the content of the physical page at pa.
func (c *pageCode) check(pa uint64) *page {
	now := c.ram.Bytes()[pa : pa+abi.PageSize]
	c.compared++
	if p := c.live[pa]; p != nil && bytes.Equal(p.content[:], now) {
		return p
	}
	c.changed++
	if len(c.live) >= maxLive {
		clear(c.live)
	}
	p := &page{hash: sha256.Sum256(now)}
	p.code = c.byHash[p.hash]
	copy(p.content[:], now)
	c.live[pa] = p
	return p
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
