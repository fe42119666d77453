package image

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"sort"
	"strings"
)

const (
	emAlpha  = 0x9026 // the machine number that Alpha ELF files carry (elf.EM_ALPHA)
	ehSize   = 64     // sizes of the ELF64 header and table entries
	phSize   = 56
	shSize   = 64
	symSize  = 24
	maxMem   = 1 << 40 // a segment is at most the size of 40-bit KSEG
	gpOffset = 0x8000  // GNU ld puts $29 this far into .got
)

// parser holds one file while it is read.
type parser struct {
	name string
	data []byte
	img  *Image
}

// fail makes this package's error line: what is wrong, where, what to do.
func (p *parser) fail(kind error, where string, do, format string, args ...any) error {
	return fmt.Errorf("image: %s: %w: %s (%s); %s", p.name, kind, fmt.Sprintf(format, args...), where, do)
}

const (
	doCopy  = "copy or build the file again"
	doGive  = "give an Alpha executable, shared object or vmlinux"
	doBuild = "link the file again with GNU ld for alpha-linux"
)

// Parse reads an ELF64 Alpha file from data. The name is for messages and
// becomes the image's name. Errors wrap an Err value of this package.
func Parse(name string, data []byte) (*Image, error) {
	p := &parser{name: name, data: data, img: &Image{Name: name, file: data}}
	for _, step := range []func() error{p.header, p.segments, p.sections} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	p.img.GP = p.findGP()
	p.img.Hash = sha256.Sum256(data)
	return p.img, nil
}

// IsAlphaELF reports whether data begins like an ELF64 little-endian Alpha
// file. It needs the first 20 bytes.
func IsAlphaELF(data []byte) bool {
	return len(data) >= 20 && string(data[:4]) == elf.ELFMAG &&
		elf.Class(data[4]) == elf.ELFCLASS64 && elf.Data(data[5]) == elf.ELFDATA2LSB &&
		binary.LittleEndian.Uint16(data[18:]) == emAlpha
}

func (p *parser) header() error {
	d := p.data
	if len(d) < 4 || string(d[:4]) != elf.ELFMAG {
		return p.fail(ErrNotELF, "offset 0", doGive, "it begins with %q", d[:min(4, len(d))])
	}
	if len(d) < ehSize {
		return p.fail(ErrTruncated, "ELF header, offset 0", doCopy, "%d bytes, the header alone has %d", len(d), ehSize)
	}
	if !IsAlphaELF(d) {
		return p.fail(ErrNotAlpha, "ELF header, offset 0", doGive, "%v, %v, %v",
			elf.Class(d[4]), elf.Data(d[5]), elf.Machine(binary.LittleEndian.Uint16(d[18:])))
	}
	p.img.Entry = binary.LittleEndian.Uint64(d[24:])
	switch t := elf.Type(binary.LittleEndian.Uint16(d[16:])); t {
	case elf.ET_EXEC:
		p.img.Kind = Exec
		if p.img.Entry >= KSEGBase {
			p.img.Kind = Kernel
		}
	case elf.ET_DYN:
		p.img.Kind = Dyn
	case elf.ET_REL:
		return p.fail(ErrUnsupported, "ELF header, offset 16", "link it first; kernel modules are run by the interpreter",
			"a relocatable object (ET_REL)")
	default:
		return p.fail(ErrUnsupported, "ELF header, offset 16", doGive, "file type %v", t)
	}
	return nil
}

// table returns the bytes of a header table after checking that all of it is
// in the file; it returns nil if the table has no entries.
func (p *parser) table(what string, off uint64, count, entSize, wantSize int) ([]byte, error) {
	if count == 0 {
		return nil, nil
	}
	where := fmt.Sprintf("%s table, offset %#x", what, off)
	if entSize != wantSize {
		return nil, p.fail(ErrMalformed, where, doBuild, "entry size %d, must be %d", entSize, wantSize)
	}
	size := uint64(count) * uint64(wantSize)
	if off > uint64(len(p.data)) || size > uint64(len(p.data))-off {
		return nil, p.fail(ErrTruncated, where, doCopy, "%d entries end after the file's %d bytes", count, len(p.data))
	}
	return p.data[off : off+size], nil
}

func (p *parser) segments() error {
	d, le := p.data, binary.LittleEndian
	n := int(le.Uint16(d[56:]))
	if n == 0xffff { // PN_XNUM: the real count is elsewhere; nobody needs that many
		return p.fail(ErrUnsupported, "ELF header, offset 56", doBuild, "more than 65534 program headers")
	}
	tab, err := p.table("program header", le.Uint64(d[32:]), n, int(le.Uint16(d[54:])), phSize)
	if err != nil {
		return err
	}
	for i := 0; i < n; i++ {
		h := tab[i*phSize:]
		where := fmt.Sprintf("segment %d", i)
		off, fileSize, memSize := le.Uint64(h[8:]), le.Uint64(h[32:]), le.Uint64(h[40:])
		seg := Segment{VAddr: le.Uint64(h[16:]), PAddr: le.Uint64(h[24:]), MemSize: memSize, Offset: off, Perm: Perm(le.Uint32(h[4:]) & 7)}
		typ := elf.ProgType(le.Uint32(h))
		if typ != elf.PT_LOAD && typ != elf.PT_INTERP {
			continue
		}
		if off > uint64(len(d)) || fileSize > uint64(len(d))-off {
			return p.fail(ErrTruncated, where, doCopy, "its data, %#x bytes at offset %#x, end after the file's %d bytes", fileSize, off, len(d))
		}
		seg.Data = d[off : off+fileSize : off+fileSize]
		if typ == elf.PT_INTERP {
			p.img.Interp, _, _ = strings.Cut(string(seg.Data[:min(len(seg.Data), 4096)]), "\x00")
			continue
		}
		switch {
		case fileSize > memSize:
			return p.fail(ErrMalformed, where, doBuild, "file size %#x is larger than memory size %#x", fileSize, memSize)
		case memSize > maxMem:
			return p.fail(ErrMalformed, where, doBuild, "memory size %#x is larger than any machine's", memSize)
		case memSize == 0:
			continue
		case seg.VAddr+(memSize-1) < seg.VAddr || seg.VAddr+memSize == 0:
			return p.fail(ErrMalformed, where, doBuild, "%#x bytes at %#x wrap around the address space", memSize, seg.VAddr)
		}
		p.img.Segments = append(p.img.Segments, seg)
	}
	s := p.img.Segments
	if len(s) == 0 {
		return p.fail(ErrUnsupported, "program header table", doGive, "nothing to load")
	}
	sort.SliceStable(s, func(i, j int) bool { return s[i].VAddr < s[j].VAddr })
	for i := 1; i < len(s); i++ {
		if s[i-1].End() > s[i].VAddr {
			return p.fail(ErrMalformed, fmt.Sprintf("segments at %#x and %#x", s[i-1].VAddr, s[i].VAddr), doBuild,
				"they overlap: the first ends at %#x", s[i-1].End())
		}
	}
	return nil
}

// rawSection is a section header as the file has it.
type rawSection struct {
	name            uint32
	typ             elf.SectionType
	flags           elf.SectionFlag
	addr, off, size uint64
	link            uint32
	entSize         uint64
	data            []byte // nil if SHT_NOBITS
}

func (p *parser) sections() error {
	d, le := p.data, binary.LittleEndian
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
			if big > uint64(len(d))/shSize {
				return p.fail(ErrMalformed, fmt.Sprintf("section header table, offset %#x", off), doBuild, "%d sections in a file of %d bytes", big, len(d))
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
		if s.off > uint64(len(d)) || s.size > uint64(len(d))-s.off {
			return p.fail(ErrTruncated, fmt.Sprintf("section %d", i), doCopy, "its data, %#x bytes at offset %#x, end after the file's %d bytes", s.size, s.off, len(d))
		}
		s.data = d[s.off : s.off+s.size]
	}
	var names []byte
	if strndx < uint32(n) {
		names = raw[strndx].data
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
	return p.symbols(raw)
}

// symbols reads .symtab, or .dynsym where that is all there is.
func (p *parser) symbols(raw []rawSection) error {
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
			p.readSymbols(s.data, raw[s.link].data)
			return nil
		}
	}
	return nil
}

func (p *parser) readSymbols(data, names []byte) {
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
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Addr != out[j].Addr {
			return out[i].Addr < out[j].Addr
		}
		return out[i].Name < out[j].Name
	})
	p.img.Symbols = out
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
