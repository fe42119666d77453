package mmu

import "axpress/runtime/abi"

// WatchStores makes before be called ahead of every store to RAM, with its
// physical address; the store lies within an aligned quadword. To see them all it
// shuts the store windows of the State and keeps stores out of the soft TLB, so
// the CPU must be one that is interpreted, and InitWindows must have been called.
// It is what lockstep comparison (runtime/trace) notes the writes of the
// interpreter by, and costs a page table walk a store.
func (m *MMU) WatchStores(before func(pa abi.PAddr)) {
	m.beforeStore = before
	m.s.StoreRAMLimit = [4]uint64{}
	m.s.CheckedLimit = 0
	m.s.FlushTLB() // write entries may exist
}

// storing tells whoever watches about a store to RAM that is about to happen.
func (m *MMU) storing(pa abi.PAddr) {
	if m.beforeStore != nil {
		m.beforeStore(pa)
	}
}
