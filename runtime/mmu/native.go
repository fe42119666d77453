package mmu

import "axpress/runtime/abi"

// Native code serves itself from the KSEG windows and the soft TLB. What follows
// serves its misses. Accesses to I/O space are left to the interpreter, which
// knows the exact instruction count that devices see as time.

// Outcome says how a native access went.
type Outcome uint8

// The outcomes.
const (
	Done    Outcome = iota
	Faulted         // State.Fault* say why
	IsIO            // not RAM: nothing was done
)

// LoadRAM is Load for addresses that turn out to be RAM.
func (m *MMU) LoadRAM(va abi.VAddr, log2size int, locked bool) (uint64, Outcome) {
	pa, ok := m.resolve(va, log2size, abi.MMAccessRead)
	if !ok {
		return 0, Faulted
	}
	if pa >= m.size {
		return 0, IsIO
	}
	v := readRAM(m.ram, pa, log2size)
	if locked {
		m.s.LockFlag, m.s.LockPA, m.s.LockValue = 1, uint64(pa), v
	}
	return v, Done
}

// Atomic returns the host address of va, for an access that reads and writes. !ok: the
// interpreter, which does them one after the other, finds out why not. With a list of live
// translations both must be: between its read and its write the guest may be interrupted.
func (m *MMU) Atomic(va abi.VAddr, log2size int) (host uint64, ok bool) {
	if mode := m.s.Mode(); m.list != nil && !(m.isLive(va, abi.MMAccessRead, mode) && m.isLive(va, abi.MMAccessWrite, mode)) {
		return 0, false
	}
	from, ok := m.resolve(va, log2size, abi.MMAccessRead)
	if !ok {
		return 0, false
	}
	pa, ok := m.resolve(va, log2size, abi.MMAccessWrite)
	if !ok || pa >= m.size || pa != from {
		return 0, false
	}
	m.storing(pa)
	return m.base + uint64(pa), true
}

// Fill enters the page of va into the soft TLB, as an access does, if the access would
// succeed. What is wrong with it is noted in State as for the access itself. It makes no
// translation live.
func (m *MMU) Fill(va abi.VAddr, log2size int, access uint64) {
	if m.list != nil && !m.isLive(va, access, m.s.Mode()) {
		return
	}
	m.resolve(va, log2size, access)
}

// StoreRAM is Store for addresses that turn out to be RAM.
func (m *MMU) StoreRAM(va abi.VAddr, log2size int, v uint64) Outcome {
	pa, ok := m.resolve(va, log2size, abi.MMAccessWrite)
	if !ok {
		return Faulted
	}
	if pa >= m.size {
		return IsIO
	}
	m.storing(pa)
	writeRAM(m.ram, pa, log2size, v)
	return Done
}
