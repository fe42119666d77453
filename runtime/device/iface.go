package device

import (
	"errors"
	"fmt"

	"axpress/runtime/state"
)

// ErrNoDevice says that nothing answers at an address. The machine turns it
// into a machine check, as EV6 does with a read that no chip answers.
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

// Scheduler makes the timers of devices.
type Scheduler interface {
	// NewTimer makes a timer that is off. fn is called on the machine's thread with the
	// machine's lock held. A name belongs to one timer for the life of the machine,
	// which saves and restores timers by it; a second one of the same name panics.
	// Devices make their timers when they are made themselves.
	NewTimer(name string, fn func()) Timer
}

// Timer calls a function at a virtual time.
type Timer interface {
	// Set arranges one call as soon as Clock.Now has reached ns, in place of any that
	// was arranged before. It never calls before it returns, even if ns is past. Of
	// timers that are due at the same time the one that was set first comes first.
	Set(ns uint64)
	// Stop takes the call back. A timer that calls is off already.
	Stop()
	// At is the time of the next call; !on: there is none.
	At() (ns uint64, on bool)
}

// Device is a part of a machine that has state: what accesses, input and time have
// made of it. What it is connected to is no state.
type Device interface {
	// Name tells the device from all others of its board.
	Name() string
	// Save writes all state, timers excepted, which whoever made them saves.
	Save(w *state.Writer)
	// Load is Save back, into a device that was made of the same configuration. It
	// drives no line and calls nobody: what is at the other end is loaded as well.
	// After an error, which wraps state.ErrRefused, the device must not be used.
	Load(r *state.Reader) error
}

// Host is the door to the host: for devices that must wait for something out there
// (a disk, a network), which they may not do under the machine's lock.
type Host interface {
	// Go runs work on a goroutine of its own, without the machine's lock. work must
	// touch neither the device nor the guest's memory: it has copies of what it needs,
	// and hands over what it found by Post. It may still run when the machine is
	// closed, which does not wait for it.
	Go(work func())
	// Post arranges that fn is called soon on the machine's thread with the machine's
	// lock held: there the device goes on, may use DMA and drive its interrupt line.
	// Any goroutine may call Post. Calls come in the order of their Posts; after the
	// machine has been closed they never come. When they come is no matter of virtual
	// time: to a run with the deterministic clock they are input, like typed keys.
	Post(fn func())
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
