// Package ev5 is what processors of the 21164 family have beside the board: internal
// registers in their physical address space.
//
// In: a CPU's model and its bus. Out: the bus as that CPU sees it. It must not know the board.
package ev5

import (
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/mmu"
)

// The 21164 family has its internal registers in the uppermost megabyte of its 40
// address bits. Linux reads how the caches are configured there when it boots (Linux,
// arch/alpha/kernel/setup.c, determine_cpu_caches): SC_CTL of EV5 and EV56, CBOX_CONFIG of PCA56.
const (
	internalBase  = 0xff_fff0_0000
	internalEnd   = 0x100_0000_0000
	implver21164  = 1
	internalValue = 0 // secondary cache with blocks of 32 bytes, no board cache
)

// internalRegisters are the internal registers of a CPU in front of its bus. They
// have no effect on anything.
type internalRegisters struct{ mmu.PhysBus }

// WithInternal puts internal registers in front of the bus of a model that has them
// in its address space.
func WithInternal(m *isa.Model, bus mmu.PhysBus) mmu.PhysBus {
	if m.Implver != implver21164 {
		return bus
	}
	return internalRegisters{bus}
}

func internal(pa abi.PAddr) bool { return pa >= internalBase && pa < internalEnd }

// Read implements mmu.PhysBus.
func (r internalRegisters) Read(pa abi.PAddr, size int) (uint64, error) {
	if internal(pa) {
		return internalValue, nil
	}
	return r.PhysBus.Read(pa, size)
}

// Write implements mmu.PhysBus.
func (r internalRegisters) Write(pa abi.PAddr, size int, v uint64) error {
	if internal(pa) {
		return nil
	}
	return r.PhysBus.Write(pa, size, v)
}
