// Package codepage finds the translated code of programs by the content of the physical
// page that it runs from.
//
// In: what there is for which content, and the guest's MMU. Out: what there is for the
// page of a guest PC.
//
// Alpha's instruction cache is incoherent: stores need not be noticed until the next imb
// or invalidation. So a page is compared with what it last held at its first execution
// after one of these, and not before.
package codepage

import (
	"bytes"
	"crypto/sha256"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
)

// Pages is the pages of one guest. T is the code for a page's content. It belongs to the
// goroutine that runs the CPU.
type Pages[T any] struct {
	ram    *mem.RAM
	byHash map[[sha256.Size]byte]*T
	live   map[abi.PAddr]*Page[T] // by physical address: what it last held
	valid  map[uint64]*Page[T]    // by address space and virtual page; nil: no code
	// How often a page was compared, and how often its content was not what it last was.
	compared, changed uint64
}

// Page is a physical page whose content is known.
type Page[T any] struct {
	content [abi.PageSize]byte
	Hash    [sha256.Size]byte // of its content
	Code    *T                // nil: there is none
}

// maxLive bounds Pages.live, each page of which has a copy: what is forgotten is
// only hashed again. The text of a whole userland is less.
const maxLive = 8192

// New returns the pages of ram, of which nothing is known.
func New[T any](ram *mem.RAM) *Pages[T] {
	return &Pages[T]{ram: ram, byHash: map[[sha256.Size]byte]*T{}, live: map[abi.PAddr]*Page[T]{}, valid: map[uint64]*Page[T]{}}
}

// Add says that code is that of pages whose content has the hash.
func (c *Pages[T]) Add(hash [sha256.Size]byte, code *T) { c.byHash[hash] = code }

// Invalidate makes every page be compared again before it is run.
func (c *Pages[T]) Invalidate() { clear(c.valid) }

// Counts returns how often a page was compared, and how often its content was new.
func (c *Pages[T]) Counts() (compared, changed uint64) { return c.compared, c.changed }

// At returns the code of the page that pc is in, nil if there is none or the page
// cannot be executed. The guest executes at pc next.
func (c *Pages[T]) At(pc abi.VAddr, asn uint64, m *mmu.MMU) *T {
	if p := c.Page(pc, asn, m); p != nil {
		return p.Code
	}
	return nil
}

// Page returns what is known of the page that pc is in, nil if it cannot be executed. The
// guest executes at pc next.
func (c *Pages[T]) Page(pc abi.VAddr, asn uint64, m *mmu.MMU) *Page[T] {
	if len(c.byHash) == 0 {
		return nil
	}
	key := uint64(pc>>abi.PageShift) | asn<<52
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

// Ahead is Page for who looks before the guest is sure to come to pc; it may not have executed in
// the page before, or not since its translation was dropped, if not live.
func (c *Pages[T]) Ahead(pc abi.VAddr, asn uint64, m *mmu.MMU) (p *Page[T], live bool) {
	if len(c.byHash) == 0 {
		return nil, false
	}
	key := uint64(pc>>abi.PageShift) | asn<<52
	if p, live = c.valid[key]; live {
		return p, true
	}
	pa, live, ok := m.Ahead(pc)
	if !ok {
		return nil, false
	}
	if p = c.check(pa); live {
		c.valid[key] = p
	}
	return p, live
}

// check identifies the content of the physical page at pa.
func (c *Pages[T]) check(pa abi.PAddr) *Page[T] {
	now := c.ram.Bytes()[pa : pa+abi.PageSize]
	c.compared++
	if p := c.live[pa]; p != nil && bytes.Equal(p.content[:], now) {
		return p
	}
	c.changed++
	if len(c.live) >= maxLive {
		clear(c.live)
	}
	p := &Page[T]{Hash: sha256.Sum256(now)}
	p.Code = c.byHash[p.Hash]
	copy(p.content[:], now)
	c.live[pa] = p
	return p
}
