package mmu

import (
	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// PhysBus is what answers physical addresses that are not RAM. size is 1, 2, 4
// or 8 bytes, pa a multiple of it, in the form described in the package comment.
// An error means that nobody answers.
type PhysBus interface {
	Read(pa abi.PAddr, size int) (uint64, error)
	Write(pa abi.PAddr, size int, v uint64) error
}

// MMU translates for one CPU.
type MMU struct {
	s    *abi.State
	ram  *mem.RAM
	io   PhysBus
	base uint64    // host address of physical address 0
	size abi.PAddr // of RAM

	itlb   [itlbEntries]itlbEntry
	gen    uint64 // counts the invalidations of instruction translations
	spaces spaces

	list      *List       // of live translations; nil: what the tables say at a miss
	followers []*Follower // see Follow

	beforeStore func(pa abi.PAddr) // see WatchStores
}

// New returns the MMU of the CPU whose state is s. io may be nil: then nothing
// but RAM answers. The KSEG windows of s are shut until InitWindows.
func New(s *abi.State, ram *mem.RAM, io PhysBus) *MMU {
	m := &MMU{s: s, ram: ram, io: io, base: uint64(ram.Base()), size: abi.PAddr(ram.Size())}
	m.clearITLB()
	return m
}

// RAM is the physical memory that the MMU was made for.
func (m *MMU) RAM() *mem.RAM { return m.ram }

// InitWindows opens the KSEG windows of the State: all of RAM.
//
// The windows do not depend on the mode: code that probes them in user mode
// would bypass protection, so it must not.
func (m *MMU) InitWindows() {
	kseg := uint64(abi.KSEGBase) // a variable: the constant cannot be negated
	m.s.KSEGBias, m.s.RAMBase = -kseg, m.base
	m.s.StoreKSEGBias, m.s.StoreRAMBase = -kseg, m.base
	m.s.CheckedBias, m.s.CheckedDelta = -(kseg + abi.CheckedReach), m.base-kseg
	m.s.CheckedLimit = 0
	if m.size > 2*abi.CheckedReach {
		m.s.CheckedLimit = uint64(m.size-2*abi.CheckedReach) >> 3
	}
	for n := range m.s.RAMLimit {
		m.s.RAMLimit[n] = uint64(m.size >> n)
		m.s.StoreRAMLimit[n] = uint64(m.size >> n)
	}
}

// Load reads 1<<log2size bytes at va in the current mode, zero-extended, and
// fills the soft TLB. locked also sets the reservation (LDx_L; Handbook, section
// 4.2.4). It is the slow path: alignment, translation, RAM or I/O. !ok: a fault,
// described in State.Fault*.
func (m *MMU) Load(va abi.VAddr, log2size int, locked bool) (v uint64, ok bool) {
	pa, ok := m.resolve(va, log2size, abi.MMAccessRead)
	if !ok {
		return 0, false
	}
	if pa >= m.size {
		if v, ok = m.readIO(pa, log2size); ok && locked {
			// Locks exist on memory only; a store-conditional will fail.
			m.s.LockFlag = 0
		}
		return v, ok
	}
	v = readRAM(m.ram, pa, log2size)
	if locked {
		m.s.LockFlag, m.s.LockPA, m.s.LockValue = 1, uint64(pa), v
	}
	return v, true
}

// Store writes the low 1<<log2size bytes of v at va in the current mode, and
// fills the soft TLB. !ok: a fault.
func (m *MMU) Store(va abi.VAddr, log2size int, v uint64) (ok bool) {
	pa, ok := m.resolve(va, log2size, abi.MMAccessWrite)
	if !ok {
		return false
	}
	if pa >= m.size {
		return m.writeIO(pa, log2size, v)
	}
	m.storing(pa)
	writeRAM(m.ram, pa, log2size, v)
	return true
}

// StoreCond is STx_C (Handbook, section 4.2.5) of 4 or 8 bytes: log2size 2 or 3.
// It stores if the reservation is held for the same physical address and memory
// still has the value that was loaded, in one host compare-and-exchange. The
// reservation is gone afterwards unless there was a fault, which is !ok.
func (m *MMU) StoreCond(va abi.VAddr, log2size int, v uint64) (stored, ok bool) {
	pa, ok := m.resolve(va, log2size, abi.MMAccessWrite)
	if !ok {
		return false, false
	}
	held := m.s.LockFlag != 0 && m.s.LockPA == uint64(pa)
	m.s.LockFlag = 0
	if !held || pa >= m.size {
		return false, true
	}
	m.storing(pa)
	if log2size == 2 {
		stored, _ = m.ram.Swap32(pa, uint32(m.s.LockValue), uint32(v))
	} else {
		stored, _ = m.ram.Swap64(pa, m.s.LockValue, v)
	}
	return stored, true
}

// resolve checks alignment, translates va in the current mode and fills the
// soft TLB. Alignment comes first, as on EV6, where an unaligned reference has
// precedence over translation faults.
func (m *MMU) resolve(va abi.VAddr, log2size int, access uint64) (pa abi.PAddr, ok bool) {
	if va&(1<<log2size-1) != 0 {
		m.s.FaultKind, m.s.FaultVA, m.s.FaultAccess = abi.FaultUnaligned, uint64(va), access
		return 0, false
	}
	mode := m.s.Mode()
	pa, _, ok = m.translate(va, access, mode)
	if !ok {
		return 0, false
	}
	m.fill(va, pa, access, mode)
	return pa, true
}

// fill enters a page into the soft TLB if its accesses may go to RAM directly.
// I/O pages may not.
func (m *MMU) fill(va abi.VAddr, pa abi.PAddr, access uint64, mode int) {
	page := pa & abi.PageMask
	if page >= m.size || access == abi.MMAccessWrite && m.beforeStore != nil {
		return
	}
	i := abi.TLBIndex(va)
	e := abi.TLBEntry{
		// An ASM page matches in every address space, an entry in one only: under
		// another ASN the probe misses and the walk, which does not look at ASNs,
		// makes the entry anew. That costs a walk and never gives a wrong answer.
		Tag:    uint64(va&abi.PageMask) ^ m.s.ASNTag,
		Addend: m.base + uint64(page) - uint64(va&abi.PageMask),
	}
	m.s.TLB[mode][access][i] = e
	// Where loads and stores go to different pages, code that does both at once must not find
	// both: it takes them for one.
	if other := &m.s.TLB[mode][access^1][i]; m.list != nil && other.Tag == e.Tag && other.Addend != e.Addend {
		other.Tag = abi.TLBInvalid
	}
}

func (m *MMU) readIO(pa abi.PAddr, log2size int) (uint64, bool) {
	if m.io != nil {
		if v, err := m.io.Read(pa, 1<<log2size); err == nil {
			return v, true
		}
	}
	return 0, m.mcheck(pa, abi.MMAccessRead)
}

func (m *MMU) writeIO(pa abi.PAddr, log2size int, v uint64) bool {
	if m.io != nil && m.io.Write(pa, 1<<log2size, v) == nil {
		return true
	}
	return m.mcheck(pa, abi.MMAccessWrite)
}

// mcheck records that nobody answers at pa. It returns false, for its callers
// to return.
func (m *MMU) mcheck(pa abi.PAddr, access uint64) bool {
	m.s.FaultKind, m.s.FaultVA, m.s.FaultAccess = abi.FaultMCheck, uint64(pa), access
	return false
}

// readRAM reads at an aligned pa in RAM.
func readRAM(r *mem.RAM, pa abi.PAddr, log2size int) uint64 {
	switch log2size {
	case 0:
		v, _ := r.Read8(pa)
		return uint64(v)
	case 1:
		v, _ := r.Read16(pa)
		return uint64(v)
	case 2:
		v, _ := r.Read32(pa)
		return uint64(v)
	}
	v, _ := r.Read64(pa)
	return v
}

// writeRAM writes at an aligned pa in RAM.
func writeRAM(r *mem.RAM, pa abi.PAddr, log2size int, v uint64) {
	switch log2size {
	case 0:
		r.Write8(pa, uint8(v))
	case 1:
		r.Write16(pa, uint16(v))
	case 2:
		r.Write32(pa, uint32(v))
	default:
		r.Write64(pa, v)
	}
}
