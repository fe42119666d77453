package gocode

import (
	"sync/atomic"

	"axpress/runtime/abi"
	"axpress/runtime/interp/fpu"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

// Unit is a translated guest function. It is entered at the guest address pc, with n
// instructions retired so far, and returns where the guest goes on, with the low bits
// of Exit, Poll or Interpret if the runtime must do something first, and the number of
// instructions retired. All guest registers are in c.S at both times.
//
// depth is how many units may call each other from here on; with 0 a unit that calls
// others returns at once.
type Unit func(c *CPU, pc uint64, n int64, depth int) (next uint64, retired int64)

// Low bits of the address that a unit returns.
const (
	Exit      = abi.PCExit
	Interpret = abi.PCInterpret
	Poll      = abi.PCPoll
)

// PageMask clears the offset in a page.
const PageMask = abi.PageMask

// maxDepth bounds the nesting of units, and so Go's stack: some units have frames of
// many kilobytes.
const maxDepth = 2000

// CPU is the guest CPU as units see it.
type CPU struct {
	S *abi.State

	mmu    *mmu.MMU
	cycles func() uint64
	find   func(pc uint64) Unit // nil if there is none
	jumps  [jumpEntries]jump
	stats  *vcpu.Counters
}

// jump remembers the unit for a guest PC in an address space.
type jump struct {
	key  uint64 // PC ^ State.JumpKey
	code Unit
}

const jumpEntries = 1 << 14

// noJump is no key of an entry: no PC is odd.
const noJump = 1

func (c *CPU) flushJumps() {
	for i := range c.jumps {
		c.jumps[i] = jump{key: noJump}
	}
}

// lookup returns the unit that can be entered at pc, nil if there is none.
func (c *CPU) lookup(pc uint64) Unit {
	j := &c.jumps[pc>>2%jumpEntries]
	if key := pc ^ c.S.JumpKey; j.key != key {
		code := c.find(pc)
		if code == nil {
			return nil
		}
		*j = jump{key, code}
	}
	return j.code
}

// Continue runs units from guest address pc on until the guest comes to back, or until it
// comes to where it cannot go on here; it returns that address. It is what a call does
// whose callee is not known, has gone elsewhere, or did not run because calls were nested
// too deeply.
func (c *CPU) Continue(pc, back uint64, n int64, depth int) (uint64, int64) {
	for pc != back && pc&3 == 0 && depth > 1 && n < atomic.LoadInt64(&c.S.Limit) {
		code := c.lookup(pc)
		if code == nil {
			break
		}
		pc, n = code(c, pc, n, depth-1)
	}
	return pc, n
}

// RPCC reads the cycle counter, which may be derived from the number of instructions
// retired, n.
func (c *CPU) RPCC(n int64) uint64 {
	c.S.Icount = n
	return c.S.PCCOffset<<32 | c.cycles()&(1<<32-1)
}

// FPOperate executes the guest's floating-point instruction inst on the operands a and b.
// !ok: it traps, and nothing has been done.
func (c *CPU) FPOperate(inst uint32, a, b uint64) (v uint64, ok bool) {
	r := fpu.Execute(inst, a, b, c.S.FPCR)
	if r.Summary != 0 {
		return 0, false
	}
	c.S.FPCR = r.FPCR
	return r.Value, true
}
