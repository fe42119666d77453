package image

import (
	"bufio"
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrOther says that symbols are not those of an image.
var ErrOther = errors.New("these are the symbols of another file")

// Copy is where the symbols of a stripped image are: an unstripped copy of it, what
// objcopy --only-keep-debug leaves of one, or the System.map of a kernel.
type Copy struct {
	Name    string
	Symbols []Symbol // sorted as an Image's
	img     *Image   // nil: a System.map
	text    []code
}

// code is a section of instructions.
type code struct {
	addr uint64
	data []byte
}

// OpenCopy reads the symbols in the file at path.
func OpenCopy(path string) (*Copy, error) {
	f, src, err := openSource(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := readCopy(path, src)
	if err == nil && c.img != nil {
		c.img.reopen = reopener(path)
	}
	return c, err
}

func readCopy(path string, src *source) (*Copy, error) {
	p := &parser{name: path, src: src, img: &Image{Name: path}, copy: true}
	if err := p.unpack(maxPlain); err != nil {
		return nil, err
	}
	if !isELF(p.src.head(ehSize)) {
		return p.systemMap()
	}
	for _, step := range []func() error{p.header, p.segments, p.sections} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if len(p.img.Symbols) == 0 {
		return nil, p.fail(ErrUnsupported, "ELF file", "give an unstripped copy", "it has no symbols itself")
	}
	c := &Copy{Name: path, Symbols: p.img.Symbols, img: p.img}
	for i := range p.sec {
		s := &p.sec[i]
		switch {
		case s.typ == elf.SHT_NOTE && p.img.BuildID == nil:
			notes, err := p.sectionData(i)
			if err != nil {
				return nil, err
			}
			p.img.BuildID = buildID(notes)
		case s.typ == elf.SHT_PROGBITS && s.flags&elf.SHF_EXECINSTR != 0:
			data, err := p.sectionData(i)
			if err != nil {
				return nil, err
			}
			c.text = append(c.text, code{s.addr, data})
		}
	}
	return c, nil
}

// Fits returns nil if c has the symbols of m, else why not.
func (c *Copy) Fits(m *Image) error {
	other := func(format string, args ...any) error {
		return fmt.Errorf("image: %s: %w (for %s): %s", c.Name, ErrOther, m.Name, fmt.Sprintf(format, args...))
	}
	if c.img == nil {
		return c.mapFits(m, other)
	}
	if len(c.img.BuildID) > 0 && len(m.BuildID) > 0 {
		if !bytes.Equal(c.img.BuildID, m.BuildID) {
			return other("its build-id is %x, not %x", c.img.BuildID, m.BuildID)
		}
		return nil
	}
	if len(c.text) == 0 {
		return other("it has no code to compare, and not both have a build-id")
	}
	for _, t := range c.text {
		if got, ok := m.Bytes(t.addr, len(t.data)); !ok || !bytes.Equal(got, t.data) {
			return other("the code at %#x differs", t.addr)
		}
	}
	return nil
}

// mapFits is Fits of a System.map, which says nothing but addresses: where the kernel
// begins and ends, those that the kernel itself tells, and where functions begin.
func (c *Copy) mapFits(m *Image, other func(string, ...any) error) error {
	if m.Kind != Kernel {
		return other("it is a System.map, and that is no kernel")
	}
	at := map[string]uint64{}
	for _, s := range c.Symbols {
		at[s.Name] = s.Addr
	}
	type place struct {
		name string
		addr uint64
	}
	tells := []place{{"_stext", m.Entry}}
	if s := m.SegmentAt(m.Entry); s != nil && s.VAddr == m.Entry {
		if start, ok := startKernel(s.Data); ok {
			tells = append(tells, place{"start_kernel", start})
		}
	}
	for _, s := range m.Symbols {
		if s.Func && s.Global {
			tells = append(tells, place{s.Name, s.Addr})
		}
	}
	for _, p := range tells {
		if got, ok := at[p.name]; !ok || got != p.addr {
			return other("its %s is %#x, the kernel's %#x", p.name, got, p.addr)
		}
	}
	last := &m.Segments[len(m.Segments)-1]
	if end := at["_end"]; end > last.End() || last.End()-end >= PageSize {
		return other("its _end is %#x, the kernel's %#x", end, last.End())
	}
	if all, nameless := c.functions(m, at["_stext"], at["_etext"]); nameless*100 > all {
		return other("%d of %d functions of the kernel begin where it has no name", nameless, all)
	}
	return nil
}

// functions counts the functions of m between the addresses, and those that have no name in
// c. A function is what begins by setting $29 from $27, if that is not set just before it
// (as at the kernel's entry).
func (c *Copy) functions(m *Image, start, end uint64) (all, nameless int) {
	this, ok := m.Word(start)
	for before, pc := uint32(0), start; ok && pc < end; pc += 4 {
		var next uint32
		next, ok = m.Word(pc + 4)
		if this&^dispMask == ldahT12 && next&^dispMask == ldaGP && before != brT12 {
			all++
			if _, named := slices.BinarySearchFunc(c.Symbols, pc, func(s Symbol, pc uint64) int { return cmp.Compare(s.Addr, pc) }); !named {
				nameless++
			}
		}
		before, this = this, next
	}
	return all, nameless
}

// Named returns m with the names of c, and the debug information of c's file if it is not
// a System.map. c must fit.
func (m *Image) Named(c *Copy) *Image {
	named := *m
	named.Names = c.Symbols
	if c.img != nil {
		named.reopen = c.img.reopen
	}
	return &named
}

// systemMap reads a System.map: lines of an address, a letter for the kind, and a name, as
// nm writes them.
func (p *parser) systemMap() (*Copy, error) {
	const (
		longest = 1 << 16
		text    = "TtWw"
		do      = "give an unstripped copy, or the System.map"
	)
	c := &Copy{Name: p.name}
	lines := bufio.NewScanner(io.NewSectionReader(p.src.at, 0, int64(min(p.src.size, maxLoaded))))
	lines.Buffer(nil, longest)
	for n := 1; lines.Scan(); n++ {
		f := strings.Fields(lines.Text())
		if len(f) == 0 {
			continue
		}
		var addr uint64
		err := errors.New("want an address, a letter and a name")
		if len(f) >= 3 && len(f[1]) == 1 {
			addr, err = strconv.ParseUint(f[0], 16, 64)
		}
		if err != nil {
			return nil, p.fail(ErrNotELF, fmt.Sprintf("line %d", n), do, "neither an ELF file nor a System.map: %v", err)
		}
		isText := strings.Contains(text, f[1])
		c.Symbols = append(c.Symbols, Symbol{Name: f[2], Addr: addr, Func: isText, Global: strings.ToUpper(f[1]) == f[1], Abs: f[1] == "A" || f[1] == "a"})
	}
	if err := lines.Err(); err != nil {
		return nil, p.fail(ErrNotELF, "as text", do, "neither an ELF file nor a System.map: %v", err)
	}
	if len(c.Symbols) == 0 {
		return nil, p.fail(ErrNotELF, "as text", do, "an empty file")
	}
	sortSymbols(c.Symbols)
	sizeUp(c.Symbols)
	return c, nil
}

// sizeUp gives each function without a size what there is up to the next symbol.
func sizeUp(s []Symbol) {
	next := uint64(0)
	for i := len(s) - 1; i >= 0; i-- {
		if i+1 < len(s) && s[i+1].Addr > s[i].Addr {
			next = s[i+1].Addr
		}
		if next > s[i].Addr && !s[i].Abs {
			s[i].Size = next - s[i].Addr
		}
	}
}

// buildID finds the linker's name of a file among its notes (ELF gABI, "Note Section";
// NT_GNU_BUILD_ID), nil if there is none.
func buildID(notes []byte) []byte {
	const ntGNUBuildID = 3
	le := binary.LittleEndian
	up := func(n uint32) uint64 { return (uint64(n) + 3) &^ 3 }
	for len(notes) >= 12 {
		nameSize, descSize, typ := le.Uint32(notes), le.Uint32(notes[4:]), le.Uint32(notes[8:])
		notes = notes[12:]
		if up(nameSize)+uint64(descSize) > uint64(len(notes)) {
			return nil
		}
		name, desc := notes[:nameSize], notes[up(nameSize):up(nameSize)+uint64(descSize)]
		if typ == ntGNUBuildID && string(name) == "GNU\x00" {
			return slices.Clone(desc)
		}
		notes = notes[min(up(nameSize)+up(descSize), uint64(len(notes))):]
	}
	return nil
}
