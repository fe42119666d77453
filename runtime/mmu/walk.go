package mmu

import "axpress/runtime/abi"

// Bits of a page table entry (Linux, arch/alpha/include/asm/pgtable.h).
const (
	pteV   = 1 << 0
	pteFOR = 1 << 1
	pteFOW = 1 << 2
	pteFOE = 1 << 3
	pteASM = 1 << 4
	pteKRE = 1 << 8
	pteURE = 1 << 9
	pteKWE = 1 << 12
	pteUWE = 1 << 13

	ptePFNShift = 32
	ptePFN      = 1<<64 - 1<<ptePFNShift

	// pteWE: somebody may write.
	pteWE = pteKWE | pteUWE
)

// Geometry of virtual and physical addresses.
const (
	vaBits    = 43
	levelBits = 10
	levelMask = 1<<levelBits - 1
	paMask    = 1<<44 - 1
)

// ksegPA maps VA<40:0>, sign-extended from bit 40.
func ksegPA(va abi.VAddr) abi.PAddr { return abi.PAddr(int64(va<<23)>>23) & paMask }

// right is what a page table entry must say for an access kind.
type right struct {
	enable [2]uint64 // by mode: the read or write enable bit
	fault  uint64    // the fault-on bit
	mmcsr  uint64    // what a set fault-on bit is reported as
}

// Execute access follows the read enables (Handbook, II-B, "Page Table Entries").
var (
	rightRead  = right{[2]uint64{pteKRE, pteURE}, pteFOR, abi.MMCSRFOR}
	rightWrite = right{[2]uint64{pteKWE, pteUWE}, pteFOW, abi.MMCSRFOW}
	rightExec  = right{[2]uint64{pteKRE, pteURE}, pteFOE, abi.MMCSRFOE}
)

func rightOf(access uint64) *right {
	switch access {
	case abi.MMAccessRead:
		return &rightRead
	case abi.MMAccessWrite:
		return &rightWrite
	}
	return &rightExec
}

// walk translates va. leaf is where the entry of the page is, 0 in KSEG. !ok: a fault has
// been recorded. The order of the checks is the PALcode's: a table page that is
// not valid is TNV, one the kernel may not read is ACV; for the page itself TNV,
// then ACV, then fault on read, write or execute (QEMU, target/alpha/helper.c, has the same).
func (m *MMU) walk(va abi.VAddr, access uint64, mode int) (pa, leaf abi.PAddr, ok bool) {
	if int64(va<<(64-vaBits))>>(64-vaBits) != int64(va) {
		return 0, 0, m.mmFault(va, access, abi.MMCSRACV)
	}
	if va>>41&3 == 2 {
		if mode != abi.ModeKernel {
			return 0, 0, m.mmFault(va, access, abi.MMCSRACV)
		}
		return ksegPA(va), 0, true
	}
	table := m.s.PTBR
	for shift := uint(abi.PageShift + 2*levelBits); shift > abi.PageShift; shift -= levelBits {
		pte, ok := m.pte(table, uint64(va>>shift))
		switch {
		case !ok:
			return 0, 0, false
		case pte&pteV == 0:
			return 0, 0, m.mmFault(va, access, abi.MMCSRTNV)
		case pte&pteKRE == 0:
			return 0, 0, m.mmFault(va, access, abi.MMCSRACV)
		}
		table = pte >> ptePFNShift
	}
	pte, ok := m.pte(table, uint64(va>>abi.PageShift))
	r := rightOf(access)
	switch {
	case !ok:
		return 0, 0, false
	case pte&pteV == 0:
		return 0, 0, m.mmFault(va, access, abi.MMCSRTNV)
	case pte&r.enable[mode&1] == 0:
		return 0, 0, m.mmFault(va, access, abi.MMCSRACV)
	case pte&r.fault != 0:
		return 0, 0, m.mmFault(va, access, r.mmcsr)
	}
	pa = (abi.PAddr(pte>>ptePFNShift<<abi.PageShift) | abi.PAddr(va&^abi.PageMask)) & paMask
	return pa, ptePA(table, uint64(va>>abi.PageShift)), true
}

func ptePA(pfn, index uint64) abi.PAddr { return abi.PAddr(pfn<<abi.PageShift | index&levelMask<<3) }

// pte reads entry index (taken modulo the size of a table) of the table in page
// frame pfn. A table outside RAM is a machine check.
func (m *MMU) pte(pfn, index uint64) (uint64, bool) {
	pa := ptePA(pfn, index)
	v, ok := m.ram.Read64(pa)
	if !ok {
		return 0, m.mcheck(pa, abi.MMAccessRead)
	}
	return v, true
}

// mmFault records an entMM fault. It returns false, for its callers to return.
func (m *MMU) mmFault(va abi.VAddr, access, mmcsr uint64) bool {
	m.s.FaultKind, m.s.FaultVA, m.s.FaultMMCSR, m.s.FaultAccess = abi.FaultMM, uint64(va), mmcsr, access
	return false
}
