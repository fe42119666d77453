package device

import (
	"errors"
	"fmt"
)

// PAddr is a guest physical address, 44 bits on EV6 and later.
type PAddr = uint64

// ErrNoDevice says that nothing answers at an address. The machine turns it
// into a machine check (facts/alpha-linux.md 3.6).
var ErrNoDevice = errors.New("no device at this address")

// ErrBadAccess says that a device is there but not for an access of this size
// or alignment. It wraps ErrNoDevice, because a CPU sees the same thing.
var ErrBadAccess = fmt.Errorf("access size or alignment not supported: %w", ErrNoDevice)

// Region is anything that answers accesses at offsets. It does not know where
// it is mapped. size is 1, 2, 4 or 8 bytes and off is a multiple of size;
// values are little-endian and zero-extended. An error is ErrNoDevice or wraps it.
type Region interface {
	Name() string
	Read(off uint64, size int) (uint64, error)
	Write(off uint64, size int, v uint64) error
}

// CPURegion is a Region that also wants to know which CPU accesses it (the
// Cchip's MISC register tells a CPU its own number). The Bus prefers these
// methods when a region has them.
type CPURegion interface {
	Region
	ReadBy(cpu int, off uint64, size int) (uint64, error)
	WriteBy(cpu int, off uint64, size int, v uint64) error
}

// Clock is the guest's time.
type Clock interface {
	// Now is the time since boot in guest-visible virtual nanoseconds. It never
	// goes back.
	Now() uint64
	// WallTime is the time of day in nanoseconds since the Unix epoch.
	WallTime() int64
}

// Scheduler lets a device ask to be called at a virtual time.
type Scheduler interface {
	// At arranges that fn is called once, on the machine's thread with the
	// machine's lock held, as soon as Clock.Now has reached ns. It never calls fn
	// before it returns, even if ns is past. cancel is idempotent, may be called
	// from fn itself, and does nothing after fn has run.
	At(ns uint64, fn func()) (cancel func())
}

// Line is an interrupt line. Set may be called again with the level it already
// has; only changes count.
type Line interface{ Set(level bool) }

// LineFunc makes a function a Line.
type LineFunc func(level bool)

// Set calls f.
func (f LineFunc) Set(level bool) { f(level) }

// NoLine is an interrupt line that leads nowhere.
type NoLine struct{}

// Set does nothing.
func (NoLine) Set(bool) {}

// IRQKind names an interrupt input of an EV6 CPU, b_irq_h<5:0>, as the 21272
// wires it (21272 Hardware Reference Manual, "Interrupts").
type IRQKind uint8

// The interrupt inputs, in the order of the pins.
const (
	IRQError  IRQKind = iota // b_irq<0>: chipset and PCI errors (DIR<63:58>); machine check at IPL 7
	IRQDevice                // b_irq<1>: DIR<57:0>; entInt type 3
	IRQTimer                 // b_irq<2>: interval timer (MISC.ITINTR); entInt type 1
	IRQIPI                   // b_irq<3>: interprocessor (MISC.IPINTR); entInt type 0
	NumIRQKinds
)

// String is the kind's name for logs.
func (k IRQKind) String() string {
	names := [NumIRQKinds]string{"error", "device", "timer", "ipi"}
	if k < NumIRQKinds {
		return names[k]
	}
	return fmt.Sprintf("IRQKind(%d)", uint8(k))
}

// CPUIRQ receives the interrupt inputs of the CPUs. The inputs are levels: an
// input stays set until its cause is acknowledged in the chipset, so nothing is
// lost at high IPL. It is called on changes only, and must not call back into
// the devices.
type CPUIRQ interface {
	SetIRQ(cpu int, kind IRQKind, level bool)
}

// DMA is memory as a bus-mastering device sees it: addresses are addresses on
// the device's bus, which the host bridge translates.
type DMA interface {
	// Read fills p from bus address addr on. An error leaves p partly filled.
	Read(addr uint64, p []byte) error
	// Write stores p at bus address addr on. An error means that a part may have
	// been stored.
	Write(addr uint64, p []byte) error
}

// AllOnes is what an access of size bytes reads where nobody drives the bus.
func AllOnes(size int) uint64 {
	if size >= 8 {
		return ^uint64(0)
	}
	return 1<<(8*uint(size)) - 1
}

// ValidAccess says whether off and size are what a Region may be given: a size
// of 1, 2, 4 or 8 and natural alignment.
func ValidAccess(off uint64, size int) bool {
	switch size {
	case 1, 2, 4, 8:
		return off&uint64(size-1) == 0
	}
	return false
}
