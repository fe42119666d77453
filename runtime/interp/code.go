package interp

import (
	"bytes"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/mmu"
)

const (
	pageWords = abi.PageSize / 4
	// maxPages bounds the decoded pages; each takes 24 KB.
	maxPages   = 2048
	fetchSlots = 1024
)

// page is the decoded form of a physical page. Words are decoded when they are
// first reached, from the copy, so that a page is what it was when it was
// compared with RAM.
type page struct {
	ops  [pageWords]op
	copy [abi.PageSize]byte
}

// fetchSlot remembers where the instructions of a virtual page are.
type fetchSlot struct {
	tag uint64 // see codeCache.tagOf
	pg  *page
}

// fetchEmpty is no tag: its page number is not canonical.
const fetchEmpty = 1 << 62

// codeCache holds the decoded pages by physical address, and the virtual pages
// that are known to map to them and to be up to date.
type codeCache struct {
	slots [fetchSlots]fetchSlot
	key   uint64 // mode and address space of the current run
	gen   uint64 // mmu.ITLBGeneration that slots are good for
	pages map[abi.PAddr]*page
	model *isa.Model
}

func (cc *codeCache) init(m *isa.Model) {
	cc.model = m
	cc.pages = make(map[abi.PAddr]*page)
	cc.invalidate()
}

func (cc *codeCache) invalidate() {
	for i := range cc.slots {
		cc.slots[i].tag = fetchEmpty
	}
}

// invalidateMapped forgets the pages that were found through page tables. KSEG
// has no translation that could have been dropped.
func (cc *codeCache) invalidateMapped() {
	for i := range cc.slots {
		if !inKSEG(cc.slots[i].tag) {
			cc.slots[i].tag = fetchEmpty
		}
	}
}

func inKSEG(va uint64) bool { return va >= abi.KSEGBase && va < abi.KSEGBase+1<<41 }

// sync prepares for a run in the current mode and address space.
func (cc *codeCache) sync(m *mmu.MMU, s *abi.State) {
	if g := m.ITLBGeneration(); g != cc.gen {
		cc.gen = g
		cc.invalidateMapped()
	}
	cc.key = s.ASN<<1&^abi.PageMask | uint64(s.Mode())
}

// tagOf identifies the virtual page of pc. KSEG is the same page in every
// address space; its tag leaves the number out, so that kernel code stays known
// across context switches.
func (cc *codeCache) tagOf(pc uint64) uint64 {
	if inKSEG(pc) {
		return pc&abi.PageMask | cc.key&1
	}
	return pc&abi.PageMask | cc.key
}

// lookup returns the decoded page of pc, nil on a fault that is described in
// State.Fault*.
func (c *CPU) lookup(pc uint64) *page {
	tag := c.code.tagOf(pc)
	slot := &c.code.slots[pc>>abi.PageShift%fetchSlots]
	if slot.tag == tag {
		return slot.pg
	}
	pa, ok := c.m.FetchPage(abi.VAddr(pc))
	if !ok {
		return nil
	}
	slot.tag, slot.pg = tag, c.code.validate(pa, c.ram.Bytes()[pa:pa+abi.PageSize])
	return slot.pg
}

// validate returns the decoded page at pa, whose content is now.
func (cc *codeCache) validate(pa abi.PAddr, now []byte) *page {
	pg := cc.pages[pa]
	if pg == nil {
		if len(cc.pages) >= maxPages {
			clear(cc.pages)
			cc.invalidate()
		}
		pg = new(page)
		copy(pg.copy[:], now)
		cc.pages[pa] = pg
		return pg
	}
	if !bytes.Equal(pg.copy[:], now) {
		copy(pg.copy[:], now)
		clear(pg.ops[:])
	}
	return pg
}

// decode fills in the op of word number i of a page.
func (cc *codeCache) decode(pg *page, i uint64) {
	b := pg.copy[i*4 : i*4+4]
	word := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
	pg.ops[i] = compile(cc.model, word)
}
