package mmu

import "axpress/runtime/abi"

const itlbEntries = 128

// itlbEntry is a page that instructions may be fetched from.
type itlbEntry struct {
	tag uint64 // see itlbTag
	pa  uint64 // of the page
}

// itlbInvalid is no tag: it would be of a non-canonical address.
const itlbInvalid = 1 << 62

// itlbTag combines page, mode and address space number. The number has 8 bits
// on EV6 and fits below the page number beside the mode.
func (m *MMU) itlbTag(pc uint64) uint64 {
	return pc&abi.PageMask | m.s.ASN<<1&^abi.PageMask | uint64(m.s.Mode())
}

// FetchPage returns the physical address of the page that instructions at pc are
// fetched from in the current mode; it is in RAM. !ok: a fault with access kind
// execute, or a machine check if the page is not RAM.
func (m *MMU) FetchPage(pc uint64) (pa uint64, ok bool) {
	e := &m.itlb[pc>>abi.PageShift%itlbEntries]
	tag := m.itlbTag(pc)
	if e.tag == tag {
		return e.pa, true
	}
	pa, leaf, ok := m.walk(pc, abi.MMAccessExec, m.s.Mode())
	if !ok {
		return 0, false
	}
	if pa >= m.size {
		return 0, m.mcheck(pa, abi.MMAccessExec)
	}
	*e = itlbEntry{tag, pa & abi.PageMask}
	m.spaces.note(m.s.ASN, leaf, m.ram)
	return e.pa, true
}

// Fetch reads the instruction word at pc &^ 3 with execute access in the current
// mode. !ok: as FetchPage.
func (m *MMU) Fetch(pc uint64) (word uint32, ok bool) {
	page, ok := m.FetchPage(pc)
	if !ok {
		return 0, false
	}
	return m.ram.Read32(page | pc&^abi.PageMask&^3)
}

// ITLBGeneration changes whenever instruction translations were dropped, so
// that caches of translated addresses can be dropped with them. It must be asked
// before a run: some are dropped when their address space is entered (see spaces).
func (m *MMU) ITLBGeneration() uint64 {
	if m.spaces.enter(m.s.ASN, m.ram) {
		m.clearITLB()
	}
	return m.gen
}

// StaleCode returns how often an address space was entered of which an instruction
// translation was not what its page tables say, without a TBI.
func (m *MMU) StaleCode() uint64 { return m.spaces.stale }

func (m *MMU) clearITLB() {
	for i := range m.itlb {
		m.itlb[i].tag = itlbInvalid
	}
	m.spaces.forget()
	m.gen++
}

// InvalidateAll drops every translation: CALL_PAL TBI -2 (tbia).
func (m *MMU) InvalidateAll() {
	m.s.FlushTLB()
	m.clearITLB()
	m.dropWindows()
}

func (m *MMU) dropWindows() {
	if m.window != nil {
		m.window.DropAll()
	}
}

// InvalidateProcess drops the translations of pages without ASM, in every
// address space: CALL_PAL TBI -1 (tbiap). It drops all: native code fills the soft TLB
// too, and does not note which pages have ASM.
func (m *MMU) InvalidateProcess() {
	m.s.FlushTLB()
	m.clearITLB()
	m.dropWindows()
}

// InvalidateSingle drops the translations of the page of va in every address
// space and mode: CALL_PAL TBI 1 (i), 2 (d), 3 (both). The architecture asks for
// the current address space and, for ASM pages, all; since an ASM page has
// entries under the ASNs it was used with, all must go, and dropping a page too
// many is always allowed. The tables are direct-mapped by address alone, so
// there is one slot to clear in each.
func (m *MMU) InvalidateSingle(va uint64, i, d bool) {
	if d {
		x := abi.TLBIndex(va)
		for mode := range m.s.TLB {
			for access := range m.s.TLB[mode] {
				m.s.TLB[mode][access][x].Tag = abi.TLBInvalid
			}
		}
		if m.window != nil {
			m.window.Drop(va)
		}
	}
	if i {
		m.itlb[va>>abi.PageShift%itlbEntries].tag = itlbInvalid
		m.gen++
	}
}
