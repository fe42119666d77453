package osf

import (
	"fmt"
	"math/bits"
	"sync/atomic"

	"axpress/runtime/abi"
	"axpress/runtime/state"
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
	c.setPending(pending)
}

func (c *CPU) setPending(pending uint32) {
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

// Name tells the PALcode of this CPU from other parts of a machine that have state.
func (c *CPU) Name() string { return fmt.Sprintf("palcode of cpu%d", c.S.WHAMI) }

// Save writes what PALcode keeps outside of abi.State: the requests that are pending.
func (c *CPU) Save(w *state.Writer) {
	pending := c.pending.Load()
	w.Block(c.block(&pending))
}

// Load is Save back, and sets State.IRQLevel.
func (c *CPU) Load(r *state.Reader) error {
	var pending uint32
	b := c.block(&pending)
	b.Check = func() error {
		if pending>>NumIRQ != 0 {
			return fmt.Errorf("interrupt requests %#x", pending)
		}
		return nil
	}
	err := r.Block(b)
	if err == nil {
		c.setPending(pending)
	}
	return err
}

func (c *CPU) block(pending *uint32) state.Block {
	return state.Block{Name: c.Name(), Version: 1, Fields: []any{pending}}
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
