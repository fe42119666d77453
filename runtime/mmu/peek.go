package mmu

import "axpress/runtime/abi"

// Peek translates va as an access (abi.MMAccess*) in a mode (abi.Mode*) would, and leaves
// no trace: no translation becomes live or is cached, and State.Fault* stay. It is for
// debuggers, samplers and whoever looks ahead. !ok: there would be a fault. It does not
// ask whether anything answers at pa.
func (m *MMU) Peek(va abi.VAddr, access uint64, mode int) (pa abi.PAddr, ok bool) {
	if m.list != nil {
		if pa, live := m.list.find(va, access, mode, m.s.ASN); live {
			return pa, true
		}
	}
	s := m.s
	kind, at, mmcsr, how := s.FaultKind, s.FaultVA, s.FaultMMCSR, s.FaultAccess
	pa, _, ok = m.walk(va, access, mode)
	s.FaultKind, s.FaultVA, s.FaultMMCSR, s.FaultAccess = kind, at, mmcsr, how
	return pa, ok
}

// PeekPage is FetchPage without a trace, see Peek.
func (m *MMU) PeekPage(pc abi.VAddr) (pa abi.PAddr, ok bool) {
	if e := &m.itlb[pc>>abi.PageShift%itlbEntries]; e.tag == m.itlbTag(pc) {
		return e.pa, true
	}
	pa, ok = m.Peek(pc, abi.MMAccessExec, m.s.Mode())
	return pa & abi.PageMask, ok && pa < m.size
}

// PeekWord is Fetch without a trace, see Peek.
func (m *MMU) PeekWord(pc abi.VAddr) (word uint32, ok bool) {
	page, ok := m.PeekPage(pc)
	if !ok {
		return 0, false
	}
	return m.ram.Read32(page | abi.PAddr(pc&^abi.PageMask&^3))
}

// Ahead is for who looks for code at pc before the guest is sure to come there. live: the translation is live,
// so that what is found may be kept as long as ITLBGeneration stays. Without a list of live translations there is
// nothing that the guest could tell by, and it is FetchPage.
func (m *MMU) Ahead(pc abi.VAddr) (pa abi.PAddr, live, ok bool) {
	if m.list == nil {
		pa, ok = m.FetchPage(pc)
		return pa, ok, ok
	}
	pa, ok = m.PeekPage(pc)
	return pa, ok && m.isLive(pc, abi.MMAccessExec, m.s.Mode()), ok
}

// Rights says where in RAM loads from the page of va go in a mode, and whether stores go there too, for who
// maps the page; without a trace. With a list it is what is live, and in kernel mode what is so in all address spaces.
func (m *MMU) Rights(va abi.VAddr, mode int) (pa abi.PAddr, writable, ok bool) {
	look := m.Peek
	if m.list != nil {
		look = func(va abi.VAddr, access uint64, mode int) (abi.PAddr, bool) {
			if mode == abi.ModeKernel {
				return m.list.kernel.find(va, access)
			}
			return m.list.find(va, access, mode, m.s.ASN)
		}
	}
	pa, ok = look(va, abi.MMAccessRead, mode)
	if !ok || pa >= m.size {
		return 0, false, false
	}
	to, writable := look(va, abi.MMAccessWrite, mode)
	return pa, writable && to == pa, true
}
