package osf

import (
	"math/bits"
	"sync/atomic"

	"axpress/runtime/abi"
)

// IRQ is an interrupt request to a CPU, a level that stays until its cause is
// acknowledged.
type IRQ uint8

// Interrupt requests, lowest priority first.
const (
	IRQDevice IRQ = iota
	IRQTimer
	IRQIPI
	IRQError // chipset or bus error: a machine check
	NumIRQ   // how many there are
)

// irqIPL is the level that a request is taken at: below it the processor accepts
// (AAH II-B, "Processor Status"; L asm/system.h: device 3/4, timer 5, IPI 6,
// machine check 7).
var irqIPL = [NumIRQ]uint64{IRQDevice: 4, IRQTimer: 5, IRQIPI: 6, IRQError: 7}

// entInt types in a0 and SCB vectors in a1 (AAH II-B, "Interrupt Entry").
const (
	intIPI     = 0
	intClock   = 1
	intMCheck  = 2
	intDevice  = 3
	vecClock   = 0x600
	vecIPI     = 0x610
	vecSysMchk = 0x660
)

// SetIRQ sets the level of a request and with it State.IRQLevel. Any goroutine may
// call it, one at a time for a CPU.
func (c *CPU) SetIRQ(irq IRQ, level bool) {
	if irq >= NumIRQ {
		return
	}
	bit := uint32(1) << irq
	pending := c.pending.Load() &^ bit
	if level {
		pending |= bit
	}
	c.pending.Store(pending)
	atomic.StoreUint64(&c.S.IRQLevel, LevelOf(pending))
}

// LevelOf is the highest level of pending requests, 0 if there are none.
func LevelOf(pending uint32) uint64 {
	if pending == 0 {
		return 0
	}
	return irqIPL[bits.Len32(pending)-1]
}

// Pending returns the requests that are there, by IRQ.
func (c *CPU) Pending() uint32 { return c.pending.Load() }

// SetPending makes exactly these requests be there, for a CPU that does not run.
func (c *CPU) SetPending(pending uint32) {
	c.pending.Store(pending)
	atomic.StoreUint64(&c.S.IRQLevel, LevelOf(pending))
}

// IsPending says whether a request is there.
func (c *CPU) IsPending(irq IRQ) bool { return c.pending.Load()>>irq&1 != 0 }

// IRQLevel is the highest level at which a request is pending, 0 if there is none.
func (c *CPU) IRQLevel() uint64 { return atomic.LoadUint64(&c.S.IRQLevel) }

// DeliverInterrupt takes the highest pending interrupt that PS<2:0> allows. taken
// is false if there was none, or the request had gone away.
func (c *CPU) DeliverInterrupt() (r Result, taken bool) {
	s := c.S
	pending := c.pending.Load()
	for i := int(NumIRQ) - 1; i >= 0; i-- {
		if pending>>i&1 == 0 || s.PS&psIPL >= irqIPL[i] {
			continue
		}
		switch IRQ(i) {
		case IRQError:
			if s.MCES&mcesMIP != 0 {
				continue // stays pending until the kernel has finished the last one
			}
			return c.machineCheck(mchkSystem, 0, s.PC), true
		case IRQIPI:
			c.Sys.AckIPI()
			return c.enter(abi.EntInt, s.PC, irqIPL[i], intIPI, vecIPI, 0), true
		case IRQTimer:
			c.Sys.AckTimer()
			return c.enter(abi.EntInt, s.PC, irqIPL[i], intClock, vecClock, 0), true
		case IRQDevice:
			if vector, ok := c.Sys.DeviceVector(); ok {
				return c.enter(abi.EntInt, s.PC, irqIPL[i], intDevice, vector, 0), true
			}
		}
	}
	return Continue, false
}

// Machine check codes (L kernel/irq_alpha.c).
const (
	mchkKernelCallsys = 0x90
	mchkSystem        = 0x202
	mchkNoMem         = 0x207
)

// The logout frame: the common header and the EV6 processor part (L asm/mce.h,
// el_common_EV6_mcheck); there is no system part.
const (
	LogoutSize      = logoutHeader + 15*8
	logoutHeader    = 24
	logoutCAddr     = logoutHeader + 2*8
	logoutExcAddr   = logoutHeader + 8*8
	logoutFrameRev  = 1
	logoutQuadCount = LogoutSize / 8
)

// machineCheck writes a logout frame and enters entInt type 2 at IPL 7 with pc
// pushed. pa is the address that failed. A second one before the kernel has
// cleared MCES.MIP halts, as does a logout area that does not exist.
func (c *CPU) machineCheck(code, pa, pc uint64) Result {
	s := c.S
	if s.MCES&mcesMIP != 0 {
		return c.halt(HaltDoubleMCheck, s.PC, "")
	}
	frame := [logoutQuadCount]uint64{
		0:                 LogoutSize,                    // size, flags
		1:                 logoutHeader | LogoutSize<<32, // proc_offset, sys_offset
		2:                 code | logoutFrameRev<<32,     // code, frame_rev
		logoutCAddr / 8:   pa,
		logoutExcAddr / 8: s.PC,
	}
	for i, v := range frame {
		if err := c.Mem.WritePhys(c.LogoutPA+uint64(i)*8, v); err != nil {
			return c.halt(HaltDoubleMCheck, s.PC, "no logout area: "+err.Error())
		}
	}
	s.MCES |= mcesMIP
	return c.enter(abi.EntInt, pc, irqIPL[IRQError], intMCheck, vecSysMchk, abi.KSEGBase+c.LogoutPA)
}
