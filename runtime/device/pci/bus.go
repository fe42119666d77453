package pci

import (
	"fmt"

	"axpress/runtime/device"
)

const (
	numSlots = 32
	numFuncs = 8
)

// Bus is PCI bus 0 of a host bridge.
type Bus struct {
	fns     [numSlots][numFuncs]*Function
	io, mem Space
}

// NewBus makes an empty bus.
func NewBus() *Bus {
	b := &Bus{}
	b.io = Space{name: "pci io", bus: b, io: true, stale: true}
	b.mem = Space{name: "pci memory", bus: b, stale: true}
	return b
}

// Attach puts f in a slot (0-31), as function fn (0-7); line is where its
// interrupt pin leads, nil for nowhere.
func (b *Bus) Attach(slot, fn int, f *Function, line device.Line) error {
	switch {
	case f == nil:
		return fmt.Errorf("pci: no function for slot %d.%d", slot, fn)
	case slot < 0 || slot >= numSlots || fn < 0 || fn >= numFuncs:
		return fmt.Errorf("pci: %s: no slot %d.%d", f.name, slot, fn)
	case b.fns[slot][fn] != nil:
		return fmt.Errorf("pci: %s: slot %d.%d holds %s", f.name, slot, fn, b.fns[slot][fn].name)
	}
	b.fns[slot][fn] = f
	if line != nil {
		f.line = line
	}
	f.changed = b.changed
	b.changed()
	return nil
}

// Function is what is in a slot, nil for nothing.
func (b *Bus) Function(slot, fn int) *Function {
	if slot < 0 || slot >= numSlots || fn < 0 || fn >= numFuncs {
		return nil
	}
	return b.fns[slot][fn]
}

func (b *Bus) changed() { b.io.stale, b.mem.stale = true, true }

// IO is the bus's I/O space.
func (b *Bus) IO() *Space { return &b.io }

// Mem is the bus's memory space.
func (b *Bus) Mem() *Space { return &b.mem }

// Config is the configuration space, indexed bus<<16 | device<<11 | function<<8
// | register. Empty slots and other buses read all ones.
func (b *Bus) Config() device.Region { return config{b} }

type config struct{ b *Bus }

func (c config) Name() string { return "pci configuration" }

func (c config) find(off uint64) *Function {
	if off>>16 != 0 {
		return nil // bus 0 is the only one
	}
	return c.b.fns[off>>11&31][off>>8&7]
}

func (c config) Read(off uint64, size int) (uint64, error) {
	if !device.ValidAccess(off, size) {
		return 0, device.ErrBadAccess
	}
	if f := c.find(off); f != nil {
		return f.ReadConfig(off&0xff, size), nil
	}
	return device.AllOnes(size), nil
}

func (c config) Write(off uint64, size int, v uint64) error {
	if !device.ValidAccess(off, size) {
		return device.ErrBadAccess
	}
	if f := c.find(off); f != nil {
		f.WriteConfig(off&0xff, size, v)
	}
	return nil
}
