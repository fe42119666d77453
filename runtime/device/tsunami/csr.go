package tsunami

import (
	"fmt"

	"axpress/runtime/device"
)

// csr is one register. A nil read makes it write-only (it reads 0), a nil write
// read-only (writes are ignored).
type csr struct {
	name  string
	read  func(c *Chipset, cpu int) uint64
	write func(c *Chipset, cpu int, v uint64)
}

// csrTable is a chip's registers by offset.
type csrTable map[uint64]csr

// stored is a register that keeps what is written under mask and does nothing
// else. slot is its place in Chipset.plain.
func stored(name string, slot int, mask uint64) csr {
	return csr{name,
		func(c *Chipset, _ int) uint64 { return c.plain[slot] },
		func(c *Chipset, _ int, v uint64) { c.plain[slot] = v & mask }}
}

// constant is a read-only register.
func constant(name string, v uint64) csr {
	return csr{name: name, read: func(*Chipset, int) uint64 { return v }}
}

// csrFile is a chip's register file as a region.
type csrFile struct {
	name string
	c    *Chipset
	regs [numCSRs]*csr
}

var _ device.CPURegion = (*csrFile)(nil)

func newCSRFile(name string, c *Chipset, t csrTable) *csrFile {
	f := &csrFile{name: name, c: c}
	for off, r := range t {
		if off%csrStride != 0 || off >= csrSpace {
			panic(fmt.Sprintf("BUG: tsunami: %s register %s at offset %#x", name, r.name, off))
		}
		f.regs[off/csrStride] = &r
	}
	return f
}

func (f *csrFile) Name() string { return f.name }

// find gives the register that off..off+size lies in. Only the quadword at the
// start of each 64 bytes is one.
func (f *csrFile) find(off uint64, size int) (*csr, error) {
	switch {
	case !device.ValidAccess(off, size) || size < 4:
		return nil, device.ErrBadAccess
	case off >= csrSpace || off%csrStride >= 8 || f.regs[off/csrStride] == nil:
		return nil, device.ErrNoDevice
	}
	return f.regs[off/csrStride], nil
}

func (f *csrFile) Read(off uint64, size int) (uint64, error) { return f.ReadBy(0, off, size) }

func (f *csrFile) Write(off uint64, size int, v uint64) error { return f.WriteBy(0, off, size, v) }

// ReadBy reads a register, or with size 4 one half of it.
func (f *csrFile) ReadBy(cpu int, off uint64, size int) (uint64, error) {
	r, err := f.find(off, size)
	if err != nil {
		return 0, err
	}
	if r.read == nil {
		return 0, nil
	}
	return r.read(f.c, cpu) >> (8 * (off % 8)) & device.AllOnes(size), nil
}

// WriteBy writes a register. Only whole quadwords: the chips have no byte
// enables for CSRs.
func (f *csrFile) WriteBy(cpu int, off uint64, size int, v uint64) error {
	r, err := f.find(off, size)
	if err != nil {
		return err
	}
	if size != 8 {
		return device.ErrBadAccess
	}
	if r.write != nil {
		r.write(f.c, cpu, v)
	}
	return nil
}
