package mmu

import "axpress/runtime/abi"

const itlbEntries = 128

// itlbEntry is a page that instructions may be fetched from.
type itlbEntry struct {
	tag uint64    // see itlbTag
	pa  abi.PAddr // of the page
}

// itlbInvalid is no tag: it would be of a non-canonical address.
const itlbInvalid = 1 << 62

// itlbTag combines page, mode and address space number. The number has 8 bits
// on EV6 and fits below the page number beside the mode.
func (m *MMU) itlbTag(pc abi.VAddr) uint64 {
	return uint64(pc&abi.PageMask) | m.s.ASN<<1&^abi.PageMask | uint64(m.s.Mode())
}

// FetchPage returns the physical address of the page that instructions at pc are
// fetched from in the current mode; it is in RAM. !ok: a fault with access kind
// execute, or a machine check if the page is not RAM. It is for who executes at pc next:
// the translation is live from now on.
func (m *MMU) FetchPage(pc abi.VAddr) (pa abi.PAddr, ok bool) {
	e := &m.itlb[pc>>abi.PageShift%itlbEntries]
	tag := m.itlbTag(pc)
	if e.tag == tag {
		return e.pa, true
	}
	pa, leaf, ok := m.translate(pc, abi.MMAccessExec, m.s.Mode())
	if !ok {
		return 0, false
	}
	if pa >= m.size {
		return 0, m.mcheck(pa, abi.MMAccessExec)
	}
	*e = itlbEntry{tag, pa & abi.PageMask}
	if m.list == nil {
		m.spaces.note(m.s.ASN, leaf, m.ram)
	}
	return e.pa, true
}

// Fetch reads the instruction word at pc &^ 3 with execute access in the current
// mode. !ok: as FetchPage.
func (m *MMU) Fetch(pc abi.VAddr) (word uint32, ok bool) {
	page, ok := m.FetchPage(pc)
	if !ok {
		return 0, false
	}
	return m.ram.Read32(page | abi.PAddr(pc&^abi.PageMask&^3))
}

// ITLBGeneration changes whenever instruction translations were dropped, so
// that caches of translated addresses can be dropped with them before the next run.
func (m *MMU) ITLBGeneration() uint64 { return m.gen }

// EnterSpace is to be called when State.ASN has become another: some instruction
// translations are dropped then (see spaces).
func (m *MMU) EnterSpace() {
	enter := func(asn uint64) bool { return m.spaces.enter(asn, m.ram) }
	if m.list != nil {
		enter = func(asn uint64) bool { return m.list.enter(asn, m.ram) }
	}
	if enter(m.s.ASN) {
		m.uncache(Invalidation{Instructions: true})
	}
}

// StaleCode returns how often an address space was entered of which an instruction
// translation was not what its page tables say, without a TBI.
func (m *MMU) StaleCode() uint64 {
	if m.list != nil {
		return m.list.stale
	}
	return m.spaces.stale
}

func (m *MMU) clearITLB() {
	for i := range m.itlb {
		m.itlb[i].tag = itlbInvalid
	}
	m.spaces.forget()
	m.gen++
}
