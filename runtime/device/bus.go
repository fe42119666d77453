package device

import (
	"fmt"
	"sort"
	"strings"

	"axpress/runtime/abi"
)

// Bus maps ranges of addresses to regions. The zero value is an empty bus.
// Map is for set-up; it may be called while the machine runs, with its lock
// held, and Ports notice.
type Bus struct {
	spans []span // sorted by base, disjoint
	gen   uint64 // counts Map calls: a Port's cached index is valid for one value
}

type span struct {
	base, last abi.PAddr // last address inside, so that a span may end at 2^64
	r          Region
	by         CPURegion // r if it is one, else nil
}

// Map makes r answer at [base, base+length). It is an error if the range is
// empty, wraps, or overlaps one already mapped.
func (b *Bus) Map(base abi.PAddr, length uint64, r Region) error {
	if r == nil {
		return fmt.Errorf("bus: map %#x+%#x: no region", base, length)
	}
	if length == 0 || base+abi.PAddr(length-1) < base {
		return fmt.Errorf("bus: map %s at %#x+%#x: empty or wraps", r.Name(), base, length)
	}
	last := base + abi.PAddr(length-1)
	i := sort.Search(len(b.spans), func(i int) bool { return b.spans[i].last >= base })
	if i < len(b.spans) && b.spans[i].base <= last {
		return fmt.Errorf("bus: map %s at %#x+%#x: overlaps %s at %#x",
			r.Name(), base, length, b.spans[i].r.Name(), b.spans[i].base)
	}
	by, _ := r.(CPURegion)
	b.spans = append(b.spans, span{})
	copy(b.spans[i+1:], b.spans[i:])
	b.spans[i] = span{base, last, r, by}
	b.gen++
	return nil
}

// find is the index of the span that contains pa, or -1.
func (b *Bus) find(pa abi.PAddr) int {
	lo, hi := 0, len(b.spans)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if b.spans[m].last < pa {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(b.spans) && b.spans[lo].base <= pa {
		return lo
	}
	return -1
}

// Lookup finds the region at pa and the offset of pa in it; nil if there is none.
func (b *Bus) Lookup(pa abi.PAddr) (r Region, off uint64) {
	i := b.find(pa)
	if i < 0 {
		return nil, 0
	}
	return b.spans[i].r, uint64(pa - b.spans[i].base)
}

// Read reads size bytes at pa as CPU 0. Errors: see Port.Read.
func (b *Bus) Read(pa abi.PAddr, size int) (uint64, error) { return b.ReadBy(0, pa, size) }

// Write writes size bytes at pa as CPU 0. Errors: see Port.Read.
func (b *Bus) Write(pa abi.PAddr, size int, v uint64) error { return b.WriteBy(0, pa, size, v) }

// ReadBy is Read on behalf of a CPU.
func (b *Bus) ReadBy(cpu int, pa abi.PAddr, size int) (uint64, error) {
	return b.read(b.find(pa), cpu, pa, size)
}

// WriteBy is Write on behalf of a CPU.
func (b *Bus) WriteBy(cpu int, pa abi.PAddr, size int, v uint64) error {
	return b.write(b.find(pa), cpu, pa, size, v)
}

func (b *Bus) read(i, cpu int, pa abi.PAddr, size int) (uint64, error) {
	s, err := b.check(i, pa, size)
	if err != nil {
		return 0, err
	}
	off, v := uint64(pa-s.base), uint64(0)
	if s.by != nil {
		v, err = s.by.ReadBy(cpu, off, size)
	} else {
		v, err = s.r.Read(off, size)
	}
	if err != nil {
		return 0, fmt.Errorf("read %#x (%s+%#x) size %d: %w", pa, s.r.Name(), off, size, err)
	}
	return v & AllOnes(size), nil
}

func (b *Bus) write(i, cpu int, pa abi.PAddr, size int, v uint64) error {
	s, err := b.check(i, pa, size)
	if err != nil {
		return err
	}
	off := uint64(pa - s.base)
	v &= AllOnes(size)
	if s.by != nil {
		err = s.by.WriteBy(cpu, off, size, v)
	} else {
		err = s.r.Write(off, size, v)
	}
	if err != nil {
		return fmt.Errorf("write %#x (%s+%#x) size %d: %w", pa, s.r.Name(), off, size, err)
	}
	return nil
}

func (b *Bus) check(i int, pa abi.PAddr, size int) (*span, error) {
	if !ValidAccess(uint64(pa), size) {
		return nil, fmt.Errorf("access %#x size %d: %w", pa, size, ErrBadAccess)
	}
	if i < 0 {
		return nil, fmt.Errorf("access %#x size %d: %w", pa, size, ErrNoDevice)
	}
	s := &b.spans[i]
	if s.last-pa < abi.PAddr(size-1) {
		return nil, fmt.Errorf("access %#x size %d crosses the end of %s: %w", pa, size, s.r.Name(), ErrBadAccess)
	}
	return s, nil
}

// String lists what is mapped, one range a line.
func (b *Bus) String() string {
	var sb strings.Builder
	for _, s := range b.spans {
		fmt.Fprintf(&sb, "%011x-%011x %s\n", s.base, s.last, s.r.Name())
	}
	return sb.String()
}

// Port is a Bus seen by one CPU. It remembers the last range it hit, so a
// driver that polls one device does not search. One Port per CPU.
type Port struct {
	bus  *Bus
	cpu  int
	last int
	gen  uint64
}

// Port makes the Port of a CPU.
func (b *Bus) Port(cpu int) *Port { return &Port{bus: b, cpu: cpu, last: -1} }

func (p *Port) find(pa abi.PAddr) int {
	if p.gen == p.bus.gen && p.last >= 0 {
		if s := &p.bus.spans[p.last]; s.base <= pa && pa <= s.last {
			return p.last
		}
	}
	p.last, p.gen = p.bus.find(pa), p.bus.gen
	return p.last
}

// Read reads size (1, 2, 4, 8) bytes at pa. errors.Is(err, ErrNoDevice) holds
// for each error it returns.
func (p *Port) Read(pa abi.PAddr, size int) (uint64, error) {
	return p.bus.read(p.find(pa), p.cpu, pa, size)
}

// Write writes the low size bytes of v at pa. Errors as for Read.
func (p *Port) Write(pa abi.PAddr, size int, v uint64) error {
	return p.bus.write(p.find(pa), p.cpu, pa, size, v)
}
