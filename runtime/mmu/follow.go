package mmu

import (
	"slices"

	"axpress/runtime/abi"
)

// Invalidation says which translations have been dropped: those of instructions, of data,
// or both; of one page in every address space and mode, or all.
type Invalidation struct {
	Instructions, Data bool
	One                bool
	VA                 abi.VAddr // of the page, if One
}

// Follower keeps what it has found by an MMU's translations, and is told at once when some
// of them are dropped. An MMU is one itself: it forgets what it has found (see Shadow).
//
// Caches of instruction translations that are looked at before each run anyway need no
// call: ITLBGeneration tells them.
type Follower interface{ Invalidated(Invalidation) }

// Follow has f told of what is dropped, until leave is called. Followers are told in the order in
// which they came, behind the MMU itself.
func (m *MMU) Follow(f Follower) (leave func()) {
	at := &f
	m.followers = append(m.followers, at)
	return func() {
		m.followers = slices.DeleteFunc(m.followers, func(other *Follower) bool { return other == at })
	}
}

// Shadow has m, which is new, go by the translations of another MMU, until leave is called: it forgets what that
// drops, and keeps the same list of those that are live, if there is one. What m makes live the other one
// is going to; so its CPU is to do the same one after the other.
func (m *MMU) Shadow(of *MMU) (leave func()) {
	m.list = of.list
	return of.Follow(m)
}

// Invalidated implements Follower.
func (m *MMU) Invalidated(i Invalidation) { m.uncache(i) }

// invalidate drops translations.
func (m *MMU) invalidate(i Invalidation) {
	if m.list != nil {
		m.list.drop(i)
	}
	m.uncache(i)
	if m.list != nil && m.list.kernel.concerns(i) {
		m.list.kernel.uncacheOthers(m, i)
	}
}

// InvalidateAll drops every translation: CALL_PAL TBI -2 (tbia).
func (m *MMU) InvalidateAll() { m.invalidate(Invalidation{Instructions: true, Data: true}) }

// InvalidateProcess drops the translations of pages without ASM, in every
// address space: CALL_PAL TBI -1 (tbiap). It drops all: native code fills the soft TLB
// too, and does not note which pages have ASM.
func (m *MMU) InvalidateProcess() { m.InvalidateAll() }

// InvalidateSingle drops the translations of the page of va in every address
// space and mode: CALL_PAL TBI 1 (i), 2 (d), 3 (both). The architecture asks for
// the current address space and, for ASM pages, all; since an ASM page has
// entries under the ASNs it was used with, all must go, and dropping a page too
// many is always allowed.
func (m *MMU) InvalidateSingle(va abi.VAddr, i, d bool) {
	m.invalidate(Invalidation{Instructions: i, Data: d, One: true, VA: va & abi.PageMask})
}

// Uncache has the next access to the page of va come to the MMU, in whatever mode. The
// translation stays live, if there is a list of those.
func (m *MMU) Uncache(va abi.VAddr) {
	m.uncache(Invalidation{Data: true, One: true, VA: va & abi.PageMask})
}

// uncache drops what the MMU and its followers have found. The tables are direct-mapped by
// address alone, so that there is one slot to clear in each for a page.
func (m *MMU) uncache(i Invalidation) {
	switch {
	case i.Data && i.One:
		x := abi.TLBIndex(i.VA)
		for mode := range m.s.TLB {
			for access := range m.s.TLB[mode] {
				m.s.TLB[mode][access][x].Tag = abi.TLBInvalid
			}
		}
	case i.Data:
		m.s.FlushTLB()
	}
	switch {
	case i.Instructions && i.One:
		m.itlb[i.VA>>abi.PageShift%itlbEntries].tag = itlbInvalid
		m.gen++
	case i.Instructions:
		m.clearITLB()
	}
	for _, f := range m.followers {
		(*f).Invalidated(i)
	}
}
