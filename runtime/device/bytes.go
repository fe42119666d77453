package device

// ByteDevice is a register file of 8-bit registers, as ISA devices have.
// Offsets are those below the length given to Bytes.
type ByteDevice interface {
	ReadReg(off uint64) uint8
	WriteReg(off uint64, v uint8)
}

// Bytes makes a Region of d with n registers. A wider access becomes one access
// per byte, lowest address first, as the ISA bus does with an 8-bit device;
// offsets outside read all ones and ignore writes.
func Bytes(name string, n uint64, d ByteDevice) Region {
	return &byteRegion{name, n, d}
}

type byteRegion struct {
	name string
	n    uint64
	d    ByteDevice
}

func (r *byteRegion) Name() string { return r.name }

func (r *byteRegion) Read(off uint64, size int) (uint64, error) {
	if !ValidAccess(off, size) {
		return 0, ErrBadAccess
	}
	var v uint64
	for i := uint64(0); i < uint64(size); i++ {
		b := uint8(0xff)
		if off+i < r.n {
			b = r.d.ReadReg(off + i)
		}
		v |= uint64(b) << (8 * i)
	}
	return v, nil
}

func (r *byteRegion) Write(off uint64, size int, v uint64) error {
	if !ValidAccess(off, size) {
		return ErrBadAccess
	}
	for i := uint64(0); i < uint64(size); i++ {
		if off+i < r.n {
			r.d.WriteReg(off+i, uint8(v>>(8*i)))
		}
	}
	return nil
}
