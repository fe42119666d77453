package eval

import (
	"axpress/ir"
)

// Machine is an Env made of plain values, for tests. The zero value has zeroes
// in all registers and no memory.
type Machine struct {
	R      [64]uint64 // spill slots of the registers
	Fields map[int64]uint64
	// Mem holds the bytes that exist; an access that touches others faults.
	Mem map[uint64]byte
	// Lock is the reserved address (aligned to 16 bytes, as on the 21264) while
	// Locked is set. Every store of this machine to it breaks the reservation.
	Lock   uint64
	Locked bool
	// Budget ends a run at the first poll after so many instructions; 0: never.
	Budget   int64
	Cycles   uint64 // RPCC is Cycles plus the retired instructions
	LoadedAt uint64 // Base
	Fences   int
	// FP executes OpFPOperate, whose rules are the guest's; nil: everything traps.
	FP func(inst uint32, a, b uint64) (v uint64, ok bool)
	// Trace lists the accesses that leave a mark outside, in order, if not nil.
	Trace func(what string, addr, value uint64)
}

var _ Env = (*Machine)(nil)

// Map makes n zero bytes exist from va on.
func (m *Machine) Map(va uint64, n int) {
	if m.Mem == nil {
		m.Mem = map[uint64]byte{}
	}
	for i := 0; i < n; i++ {
		m.Mem[va+uint64(i)] = 0
	}
}

func (m *Machine) trace(what string, addr, value uint64) {
	if m.Trace != nil {
		m.Trace(what, addr, value)
	}
}

// GetReg implements Env.
func (m *Machine) GetReg(r ir.Reg) uint64 { return m.R[r] }

// SetReg implements Env.
func (m *Machine) SetReg(r ir.Reg, v uint64) { m.R[r] = v }

// LdState implements Env.
func (m *Machine) LdState(off int64, t ir.Type) uint64 { return m.Fields[off] & mask(t) }

// StState implements Env.
func (m *Machine) StState(off int64, t ir.Type, v uint64) {
	if m.Fields == nil {
		m.Fields = map[int64]uint64{}
	}
	m.Fields[off] = v & mask(t)
	m.trace("ststate", uint64(off), v)
}

func (m *Machine) exists(va uint64, size int) bool {
	if va%uint64(size) != 0 {
		return false
	}
	for i := 0; i < size; i++ {
		if _, ok := m.Mem[va+uint64(i)]; !ok {
			return false
		}
	}
	return true
}

// Load implements Env.
func (m *Machine) Load(va uint64, size int) (uint64, bool) {
	if !m.exists(va, size) {
		return 0, false
	}
	v := uint64(0)
	for i := size - 1; i >= 0; i-- {
		v = v<<8 | uint64(m.Mem[va+uint64(i)])
	}
	m.trace("load", va, v)
	return v, true
}

// Store implements Env.
func (m *Machine) Store(va uint64, size int, v uint64) bool {
	if !m.exists(va, size) {
		return false
	}
	for i := 0; i < size; i++ {
		m.Mem[va+uint64(i)] = byte(v >> (8 * i))
	}
	if m.Lock == va&^15 {
		m.Locked = false
	}
	m.trace("store", va, v)
	return true
}

// LoadLocked implements Env.
func (m *Machine) LoadLocked(va uint64, size int) (uint64, bool) {
	v, ok := m.Load(va, size)
	if ok {
		m.Lock, m.Locked = va&^15, true
	}
	return v, ok
}

// StoreCond implements Env. A conditional store that faults keeps the reservation.
func (m *Machine) StoreCond(va uint64, size int, v uint64) (stored, ok bool) {
	if !m.exists(va, size) {
		return false, false
	}
	stored = m.Locked && m.Lock == va&^15
	if stored {
		m.Store(va, size, v)
	}
	m.Locked = false
	return stored, true
}

// Fence implements Env.
func (m *Machine) Fence(kind int64) {
	m.Fences++
	m.trace("fence", uint64(kind), 0)
}

// FPOperate implements Env.
func (m *Machine) FPOperate(inst uint32, a, b uint64) (uint64, bool) {
	if m.FP == nil {
		return 0, false
	}
	return m.FP(inst, a, b)
}

// RPCC implements Env.
func (m *Machine) RPCC(icount int64) uint64 { return m.Cycles + uint64(icount) }

// Poll implements Env.
func (m *Machine) Poll(icount int64) bool { return m.Budget > 0 && icount >= m.Budget }

// Base implements Env.
func (m *Machine) Base() uint64 { return m.LoadedAt }
