package image

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// rawSection is a section header as the file has it.
type rawSection struct {
	name            uint32
	typ             elf.SectionType
	flags           elf.SectionFlag
	addr, off, size uint64
	link            uint32
	entSize         uint64
}

func (p *parser) sections() error {
	d, le := p.ehdr, binary.LittleEndian
	n, strndx := int(le.Uint16(d[60:])), uint32(le.Uint16(d[62:]))
	off := le.Uint64(d[40:])
	if off == 0 {
		return nil // stripped of its section headers
	}
	if n == 0 || strndx == uint32(elf.SHN_XINDEX) {
		// The first entry then holds the true numbers (ELF gABI, "Sections").
		first, err := p.table("section header", off, 1, int(le.Uint16(d[58:])), shSize)
		if err != nil {
			return err
		}
		if n == 0 {
			big := le.Uint64(first[32:])
			if big > p.src.size/shSize {
				return p.fail(ErrMalformed, fmt.Sprintf("section header table, offset %#x", off), doBuild, "%d sections in a file of %d bytes", big, p.src.size)
			}
			n = int(big)
		}
		if strndx == uint32(elf.SHN_XINDEX) {
			strndx = le.Uint32(first[40:])
		}
	}
	tab, err := p.table("section header", off, n, int(le.Uint16(d[58:])), shSize)
	if err != nil {
		return err
	}
	raw := make([]rawSection, n)
	for i := range raw {
		h := tab[i*shSize:]
		s := &raw[i]
		*s = rawSection{name: le.Uint32(h), typ: elf.SectionType(le.Uint32(h[4:])), flags: elf.SectionFlag(le.Uint64(h[8:])),
			addr: le.Uint64(h[16:]), off: le.Uint64(h[24:]), size: le.Uint64(h[32:]), link: le.Uint32(h[40:]), entSize: le.Uint64(h[56:])}
		if s.typ == elf.SHT_NOBITS || s.typ == elf.SHT_NULL {
			continue
		}
		if !p.src.has(s.off, s.size) {
			return p.fail(ErrTruncated, fmt.Sprintf("section %d", i), doCopy, "its data, %#x bytes at offset %#x, end after the file's %d bytes", s.size, s.off, p.src.size)
		}
	}
	p.sec = raw
	var names []byte
	if strndx < uint32(n) {
		if names, err = p.sectionData(int(strndx)); err != nil {
			return err
		}
	}
	for i := range raw {
		s := &raw[i]
		if s.flags&elf.SHF_ALLOC == 0 || s.typ == elf.SHT_NULL {
			continue
		}
		if s.addr+s.size < s.addr {
			return p.fail(ErrMalformed, fmt.Sprintf("section %d", i), doBuild, "%#x bytes at %#x wrap around the address space", s.size, s.addr)
		}
		p.img.Sections = append(p.img.Sections, Section{Name: cstring(names, s.name), Addr: s.addr, Size: s.size, Type: s.typ, Flags: s.flags})
	}
	sort.SliceStable(p.img.Sections, func(i, j int) bool { return p.img.Sections[i].Addr < p.img.Sections[j].Addr })
	return p.symbols()
}

// sectionData reads a section; one without data in the file gives none.
func (p *parser) sectionData(i int) ([]byte, error) {
	s := &p.sec[i]
	if s.typ == elf.SHT_NOBITS || s.typ == elf.SHT_NULL {
		return nil, nil
	}
	return p.bytes(fmt.Sprintf("section %d", i), s.off, s.size)
}

// symbols reads .symtab, or .dynsym where that is all there is.
func (p *parser) symbols() error {
	raw := p.sec
	for _, want := range []elf.SectionType{elf.SHT_SYMTAB, elf.SHT_DYNSYM} {
		for i := range raw {
			if raw[i].typ != want {
				continue
			}
			s := &raw[i]
			where := fmt.Sprintf("symbol table, section %d, offset %#x", i, s.off)
			if s.entSize != symSize || s.size%symSize != 0 {
				return p.fail(ErrMalformed, where, doBuild, "%d bytes in entries of %d, must be entries of %d", s.size, s.entSize, symSize)
			}
			if s.link >= uint32(len(raw)) || raw[s.link].typ != elf.SHT_STRTAB {
				return p.fail(ErrMalformed, where, doBuild, "its names are in section %d, which is not a string table", s.link)
			}
			data, err := p.sectionData(i)
			if err != nil {
				return err
			}
			names, err := p.sectionData(int(s.link))
			if err != nil {
				return err
			}
			p.img.Symbols = readSymbols(data, names)
			return nil
		}
	}
	return nil
}

// readSymbols reads a table of symbols: those that are defined and have a name.
func readSymbols(data, names []byte) []Symbol {
	le := binary.LittleEndian
	out := make([]Symbol, 0, len(data)/symSize)
	// One copy of the names, so that thirty thousand symbols are not as many allocations.
	all := string(names)
	for ; len(data) >= symSize; data = data[symSize:] {
		info, shndx := data[4], elf.SectionIndex(le.Uint16(data[6:]))
		typ, bind := elf.ST_TYPE(info), elf.ST_BIND(info)
		if shndx == elf.SHN_UNDEF || (typ != elf.STT_NOTYPE && typ != elf.STT_FUNC && typ != elf.STT_OBJECT) {
			continue
		}
		at := le.Uint32(data)
		if uint64(at) >= uint64(len(all)) {
			continue
		}
		name := all[at:]
		if i := strings.IndexByte(name, 0); i >= 0 {
			name = name[:i]
		}
		if name == "" {
			continue
		}
		out = append(out, Symbol{Name: name, Addr: le.Uint64(data[8:]), Size: le.Uint64(data[16:]),
			Func: typ == elf.STT_FUNC, Label: typ == elf.STT_NOTYPE, Global: bind == elf.STB_GLOBAL || bind == elf.STB_WEAK,
			Abs: shndx == elf.SHN_ABS, Other: data[5]})
	}
	sortSymbols(out)
	return out
}

// sortSymbols sorts by address, then name. Nothing is left to the order of the file, which
// strip does not keep.
func sortSymbols(s []Symbol) {
	flags := func(s *Symbol) (f int) {
		for i, set := range []bool{s.Func, s.Label, s.Global, s.Abs} {
			if set {
				f |= 1 << i
			}
		}
		return f
	}
	slices.SortStableFunc(s, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), strings.Compare(a.Name, b.Name), cmp.Compare(a.Size, b.Size),
			cmp.Compare(flags(&a), flags(&b)), cmp.Compare(a.Other, b.Other))
	})
}

// findGP returns the global pointer that the file tells, or 0.
func (p *parser) findGP() uint64 {
	for _, s := range p.img.Symbols {
		if s.Name == "_gp" {
			return s.Addr
		}
	}
	for _, s := range p.img.Sections {
		if s.Name == ".got" {
			return s.Addr + gpOffset
		}
	}
	return 0
}

// cstring returns the NUL-terminated string at offset at of tab, or "".
func cstring(tab []byte, at uint32) string {
	if uint64(at) >= uint64(len(tab)) {
		return ""
	}
	s := tab[at:]
	if i := bytes.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return string(s)
}
