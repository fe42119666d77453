package pci

import (
	"axpress/runtime/abi"
	"axpress/runtime/device"
)

// Space is the I/O or the memory space of a bus: fixed ranges first, then what
// the base address registers open. It is a device.Region that never fails.
type Space struct {
	name  string
	bus   *Bus
	io    bool
	fixed device.Bus
	open  []opening
	stale bool // open is older than the functions' registers
}

type opening struct {
	base, size uint64
	r          device.Region
}

var _ device.Region = (*Space)(nil)

// Map makes r answer at [base, base+length) of the space, whatever the base
// address registers say: for devices behind an ISA bridge.
func (s *Space) Map(base, length uint64, r device.Region) error {
	return s.fixed.Map(abi.PAddr(base), length, r)
}

// Name is the space's label.
func (s *Space) Name() string { return s.name }

func (s *Space) refresh() {
	s.stale = false
	s.open = s.open[:0]
	for slot := range s.bus.fns {
		for _, f := range s.bus.fns[slot] {
			if f == nil {
				continue
			}
			for i, b := range f.bars {
				if base, ok := f.decode(i); ok && (b.Kind == BARIO) == s.io {
					s.open = append(s.open, opening{base, b.Size, b.Region})
				}
			}
		}
	}
}

// find gives the region at off and the offset in it; nil if there is none.
func (s *Space) find(off uint64) (r device.Region, in uint64) {
	if r, in = s.fixed.Lookup(abi.PAddr(off)); r != nil {
		return r, in
	}
	if s.stale {
		s.refresh()
	}
	for _, o := range s.open {
		if off-o.base < o.size {
			return o.r, off - o.base
		}
	}
	return nil, 0
}

// whole says whether an access lies in one region, and which. One that does not
// is split: each device takes the byte lanes that are its own.
func (s *Space) whole(off uint64, size int) (r device.Region, in uint64, ok bool) {
	r, in = s.find(off)
	if size == 1 {
		return r, in, true
	}
	last, lastIn := s.find(off + uint64(size-1))
	if r == nil || last == nil {
		return r, in, r == nil && last == nil
	}
	return r, in, lastIn-in == uint64(size-1) && device.ValidAccess(in, size)
}

// Read reads; where nobody answers, all ones.
func (s *Space) Read(off uint64, size int) (uint64, error) {
	if !device.ValidAccess(off, size) {
		return device.AllOnes(size), nil
	}
	r, in, ok := s.whole(off, size)
	switch {
	case !ok:
		half := size / 2
		lo, _ := s.Read(off, half)
		hi, _ := s.Read(off+uint64(half), half)
		return lo | hi<<(8*half), nil
	case r == nil:
		return device.AllOnes(size), nil
	}
	v, err := r.Read(in, size)
	if err != nil {
		return device.AllOnes(size), nil // a master abort, not a machine check
	}
	return v & device.AllOnes(size), nil
}

// Write writes; where nobody answers, nothing happens.
func (s *Space) Write(off uint64, size int, v uint64) error {
	if !device.ValidAccess(off, size) {
		return nil
	}
	r, in, ok := s.whole(off, size)
	switch {
	case !ok:
		half := size / 2
		_ = s.Write(off, half, v&device.AllOnes(half))
		return s.Write(off+uint64(half), half, v>>(8*half)&device.AllOnes(half))
	case r != nil:
		_ = r.Write(in, size, v) // a master abort, not a machine check
	}
	return nil
}
