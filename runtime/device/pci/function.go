package pci

import (
	"encoding/binary"
	"fmt"

	"axpress/runtime/device"
)

// Header is the constant part of a configuration header.
type Header struct {
	VendorID, DeviceID       uint16
	SubVendorID, SubsystemID uint16
	Class                    uint32 // base class, subclass, interface: 24 bits
	Revision                 uint8
	// InterruptPin is 1-4 for INTA-INTD, 0 for none.
	InterruptPin  uint8
	MultiFunction bool // set on function 0 of a device with more
}

// BARKind says what a base address register decodes.
type BARKind uint8

// The kinds. A BARMem64 takes the register after it too.
const (
	BARNone BARKind = iota
	BARIO
	BARMem32
	BARMem64
)

// BAR is one base address register.
type BAR struct {
	Kind     BARKind
	Size     uint64 // a power of two: 4 to 64 K for I/O, 16 to 1 G for memory
	Prefetch bool
	Region   device.Region // answers at offsets below Size
}

// Function is one PCI function. All methods run under the machine's lock.
type Function struct {
	name string
	cfg  [configSize]uint8
	mask [configSize]uint8 // writable bits
	w1c  [configSize]uint8 // bits cleared by writing 1
	bars [numBARs]BAR
	cap  int // where the next capability goes

	line    device.Line
	level   bool   // what the device asks for
	changed func() // the bus's: decoding may be different

	// OnConfigWrite is called after a write to the configuration space; a device
	// with registers of its own there sets it before Attach.
	OnConfigWrite func(off uint64, size int)
}

// NewFunction makes a function. The error says which base address register is
// not possible.
func NewFunction(name string, h Header, bars [numBARs]BAR) (*Function, error) {
	f := &Function{name: name, bars: bars, cap: firstCapability, line: device.NoLine{}, changed: func() {}}
	if h.InterruptPin > 4 {
		return nil, fmt.Errorf("pci: %s: interrupt pin %d", name, h.InterruptPin)
	}
	le := binary.LittleEndian
	le.PutUint16(f.cfg[RegVendorID:], h.VendorID)
	le.PutUint16(f.cfg[RegDeviceID:], h.DeviceID)
	le.PutUint32(f.cfg[RegRevision:], h.Class<<8|uint32(h.Revision))
	le.PutUint16(f.cfg[RegSubVendorID:], h.SubVendorID)
	le.PutUint16(f.cfg[RegSubsystemID:], h.SubsystemID)
	f.cfg[RegInterruptPin] = h.InterruptPin
	if h.MultiFunction {
		f.cfg[RegHeaderType] = headerMulti
	}
	le.PutUint16(f.mask[RegCommand:], cmdWritable)
	le.PutUint16(f.w1c[RegStatus:], statusW1C)
	f.mask[RegCacheLine], f.mask[RegLatency], f.mask[RegInterruptLine] = 0xff, 0xff, 0xff
	for i, b := range bars {
		if err := f.initBAR(i, b); err != nil {
			return nil, fmt.Errorf("pci: %s: BAR %d: %w", name, i, err)
		}
	}
	return f, nil
}

func (f *Function) initBAR(i int, b BAR) error {
	limits := map[BARKind]struct{ min, max uint64 }{
		BARIO: {4, 1 << 16}, BARMem32: {16, 1 << 30}, BARMem64: {16, 1 << 30},
	}
	if b.Kind == BARNone {
		return nil
	}
	l, known := limits[b.Kind]
	switch {
	case !known:
		return fmt.Errorf("kind %d", b.Kind)
	case b.Region == nil:
		return fmt.Errorf("no region")
	case b.Size < l.min || b.Size > l.max || b.Size&(b.Size-1) != 0:
		return fmt.Errorf("size %#x", b.Size)
	case b.Kind == BARMem64 && (i+1 >= numBARs || f.bars[i+1].Kind != BARNone):
		return fmt.Errorf("no room for the upper half")
	}
	off := RegBAR0 + 4*i
	flags := uint8(0)
	switch b.Kind {
	case BARIO:
		flags = barIO
	case BARMem64:
		flags = barMem64
		binary.LittleEndian.PutUint32(f.mask[off+4:], 0xffffffff)
	}
	if b.Prefetch && b.Kind != BARIO {
		flags |= barPrefetch
	}
	f.cfg[off] = flags
	binary.LittleEndian.PutUint32(f.mask[off:], uint32(-b.Size))
	return nil
}

// AddCapability appends a capability to the list: id, and the bytes after the
// pointer to the next one. It gives the offset of the capability, which is at
// off, its body at off+2. writable has a bit set for each writable bit of body;
// it may be shorter or nil.
func (f *Function) AddCapability(id uint8, body, writable []uint8) (off int, err error) {
	size := (2 + len(body) + 3) &^ 3
	if f.cap+size > configSize || len(writable) > len(body) {
		return 0, fmt.Errorf("pci: %s: capability %#x of %d bytes does not fit", f.name, id, len(body))
	}
	off = f.cap
	f.cap += size
	// New ones go to the front: the order has no meaning.
	f.cfg[off], f.cfg[off+1] = id, f.cfg[RegCapabilities]
	f.cfg[RegCapabilities] = uint8(off)
	f.cfg[RegStatus] |= statusCap
	copy(f.cfg[off+2:], body)
	copy(f.mask[off+2:], writable)
	return off, nil
}

// Name is the function's label.
func (f *Function) Name() string { return f.name }

// ReadConfig reads size bytes of the configuration space; outside it, all ones.
func (f *Function) ReadConfig(off uint64, size int) uint64 {
	if off >= configSize || !device.ValidAccess(off, size) {
		return device.AllOnes(size)
	}
	var v uint64
	for i := 0; i < size; i++ {
		v |= uint64(f.cfg[off+uint64(i)]) << (8 * i)
	}
	return v
}

// WriteConfig writes size bytes of the configuration space.
func (f *Function) WriteConfig(off uint64, size int, v uint64) {
	if off >= configSize || !device.ValidAccess(off, size) {
		return
	}
	for i := uint64(0); i < uint64(size); i++ {
		b, r := uint8(v>>(8*i)), off+i
		f.cfg[r] = f.cfg[r]&^f.mask[r] | b&f.mask[r]
		f.cfg[r] &^= b & f.w1c[r]
	}
	f.changed()
	f.drive()
	if f.OnConfigWrite != nil {
		f.OnConfigWrite(off, size)
	}
}

// SetConfig stores bytes past the write masks: for the device itself.
func (f *Function) SetConfig(off int, b ...uint8) {
	if off >= 0 && off < configSize {
		copy(f.cfg[off:], b)
		f.changed()
	}
}

// Command is the command register.
func (f *Function) Command() uint16 { return binary.LittleEndian.Uint16(f.cfg[RegCommand:]) }

// IRQ is the function's INTx pin.
func (f *Function) IRQ() device.Line {
	return device.LineFunc(func(level bool) {
		f.level = level
		f.drive()
	})
}

// drive carries the device's request to the pin and the status register.
func (f *Function) drive() {
	f.cfg[RegStatus] &^= statusINTx
	if f.level {
		f.cfg[RegStatus] |= statusINTx
	}
	f.line.Set(f.level && f.Command()&CmdINTxDisable == 0)
}

// decode gives the address that BAR i answers at; ok is false if it does not.
// Address 0 counts as unassigned.
func (f *Function) decode(i int) (base uint64, ok bool) {
	b := f.bars[i]
	enable := uint16(CmdMemory)
	if b.Kind == BARIO {
		enable = CmdIO
	}
	if b.Kind == BARNone || f.Command()&enable == 0 {
		return 0, false
	}
	off := RegBAR0 + 4*i
	base = uint64(binary.LittleEndian.Uint32(f.cfg[off:]))
	if b.Kind == BARMem64 {
		base |= uint64(binary.LittleEndian.Uint32(f.cfg[off+4:])) << 32
	}
	base &^= b.Size - 1
	return base, base != 0
}

// Assign does what console firmware does: it gives each base address register an
// address, I/O from io on and memory from mem on, and switches decoding on. It
// returns the first addresses that are still free. Operating systems may assign
// again.
func (f *Function) Assign(io, mem uint64) (nextIO, nextMem uint64) {
	cmd := f.Command()
	for i, bar := range f.bars {
		next := &mem
		switch bar.Kind {
		case BARNone:
			continue
		case BARIO:
			next = &io
			cmd |= CmdIO
		default:
			cmd |= CmdMemory
		}
		base := (*next + bar.Size - 1) &^ (bar.Size - 1)
		f.setBAR(i, base)
		*next = base + bar.Size
	}
	f.WriteConfig(RegCommand, 2, uint64(cmd))
	return io, mem
}

// setBAR stores an address in BAR i.
func (f *Function) setBAR(i int, base uint64) {
	off := uint64(RegBAR0 + 4*i)
	f.WriteConfig(off, 4, base&0xffffffff)
	if f.bars[i].Kind == BARMem64 {
		f.WriteConfig(off+4, 4, base>>32)
	}
}
