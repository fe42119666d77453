package gocode

import (
	"axpress/runtime/abi"
	"axpress/runtime/mmu"
)

// What LoadN and the others return as !ok has been noted in State: a fault, or that the
// interpreter must make the access, as it is one to I/O space, where devices see the
// exact count of instructions as time. The unit leaves with Exit.

func (c *CPU) refused(o mmu.Outcome) {
	c.S.ExitCode = abi.ExitFault
	if o == mmu.IsIO {
		c.S.ExitCode = abi.ExitInterpret
	}
}

func (c *CPU) load(va uint64, log2 int, locked bool) (uint64, bool) {
	c.stats.Loads++
	v, o := c.mmu.LoadRAM(abi.VAddr(va), log2, locked)
	if o != mmu.Done {
		c.refused(o)
		return 0, false
	}
	return v, true
}

func (c *CPU) store(va uint64, log2 int, v uint64) bool {
	c.stats.Stores++
	o := c.mmu.StoreRAM(abi.VAddr(va), log2, v)
	if o != mmu.Done {
		c.refused(o)
		return false
	}
	return true
}

func (c *CPU) storeCond(va uint64, log2 int, v uint64) (stored, ok bool) {
	stored, ok = c.mmu.StoreCond(abi.VAddr(va), log2, v)
	if !ok {
		c.refused(mmu.Faulted)
	}
	return stored, ok
}

// Load8 reads guest memory at va.
func (c *CPU) Load8(va uint64) (uint8, bool) {
	v, ok := c.load(va, 0, false)
	return uint8(v), ok
}

// Load16 reads guest memory at va.
func (c *CPU) Load16(va uint64) (uint16, bool) {
	v, ok := c.load(va, 1, false)
	return uint16(v), ok
}

// Load32 reads guest memory at va.
func (c *CPU) Load32(va uint64) (uint32, bool) {
	v, ok := c.load(va, 2, false)
	return uint32(v), ok
}

// Load64 reads guest memory at va.
func (c *CPU) Load64(va uint64) (uint64, bool) { return c.load(va, 3, false) }

// LoadLocked32 reads guest memory at va and sets the reservation.
func (c *CPU) LoadLocked32(va uint64) (uint32, bool) {
	v, ok := c.load(va, 2, true)
	return uint32(v), ok
}

// LoadLocked64 reads guest memory at va and sets the reservation.
func (c *CPU) LoadLocked64(va uint64) (uint64, bool) { return c.load(va, 3, true) }

// Reserve sets the reservation for the host address that v was read from.
func (c *CPU) Reserve(host, v uint64) {
	c.S.LockFlag, c.S.LockPA, c.S.LockValue = 1, host-c.S.RAMBase, v
}

// Store8 writes guest memory at va.
func (c *CPU) Store8(va uint64, v uint8) bool { return c.store(va, 0, uint64(v)) }

// Store16 writes guest memory at va.
func (c *CPU) Store16(va uint64, v uint16) bool { return c.store(va, 1, uint64(v)) }

// Store32 writes guest memory at va.
func (c *CPU) Store32(va uint64, v uint32) bool { return c.store(va, 2, uint64(v)) }

// Store64 writes guest memory at va.
func (c *CPU) Store64(va, v uint64) bool { return c.store(va, 3, v) }

// StoreCond32 writes guest memory at va if the reservation holds.
func (c *CPU) StoreCond32(va uint64, v uint32) (stored, ok bool) {
	return c.storeCond(va, 2, uint64(v))
}

// StoreCond64 writes guest memory at va if the reservation holds.
func (c *CPU) StoreCond64(va, v uint64) (stored, ok bool) { return c.storeCond(va, 3, v) }
