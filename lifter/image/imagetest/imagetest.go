// Package imagetest builds small Alpha ELF files for tests. It writes what it
// is told, right or wrong; it is imported by tests only.
package imagetest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// Seg is one PT_LOAD segment.
type Seg struct {
	VAddr   uint64
	Data    []byte
	MemSize uint64 // 0: the size of Data
	Flags   elf.ProgFlag
}

// Sym is one symbol.
type Sym struct {
	Name  string
	Addr  uint64
	Size  uint64
	Type  elf.SymType // STT_NOTYPE: an assembler label
	Other byte
	Local bool // STB_LOCAL, else STB_GLOBAL
}

// Sec is one section that lies in memory.
type Sec struct {
	Name  string
	Addr  uint64
	Size  uint64
	Type  elf.SectionType // 0: SHT_PROGBITS
	Flags elf.SectionFlag
}

// File says what to build.
type File struct {
	Type  elf.Type // 0: ET_EXEC
	Entry uint64
	Segs  []Seg
	Syms  []Sym
	Secs  []Sec
	// Stripped leaves the section headers and symbols out.
	Stripped bool
	// Debug is the size of a section .debug_info behind everything else, whose bytes the
	// caller appends, or makes a hole of.
	Debug uint64
}

// Words returns the little-endian bytes of instruction words.
func Words(w ...uint32) []byte {
	var b []byte
	for _, x := range w {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return b
}

// Build returns the bytes of the file. Segment data starts at an offset that is
// congruent to its address modulo 8 KiB.
func Build(f File) []byte {
	if f.Type == 0 {
		f.Type = elf.ET_EXEC
	}
	h := elf.Header64{Type: uint16(f.Type), Machine: 0x9026, Version: 1, Entry: f.Entry, Phoff: 64, Ehsize: 64,
		Phentsize: 56, Phnum: uint16(len(f.Segs)), Shentsize: 64}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")

	body := make([]byte, 64+56*len(f.Segs))
	phdr := new(bytes.Buffer)
	fileOff := map[int]uint64{}
	for i, s := range f.Segs {
		for uint64(len(body))%8192 != s.VAddr%8192 {
			body = append(body, 0xcc) // recognisable filler
		}
		fileOff[i] = uint64(len(body))
		mem := s.MemSize
		if mem == 0 {
			mem = uint64(len(s.Data))
		}
		put(phdr, elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(s.Flags), Off: uint64(len(body)), Vaddr: s.VAddr,
			Paddr: s.VAddr, Filesz: uint64(len(s.Data)), Memsz: mem, Align: 8192})
		body = append(body, s.Data...)
	}
	copy(body[64:], phdr.Bytes())

	if !f.Stripped {
		names := []byte{0}
		name := func(s string) uint32 {
			at := uint32(len(names))
			names = append(append(names, s...), 0)
			return at
		}
		syms := new(bytes.Buffer)
		put(syms, elf.Sym64{})
		for _, s := range f.Syms {
			bind := elf.STB_GLOBAL
			if s.Local {
				bind = elf.STB_LOCAL
			}
			put(syms, elf.Sym64{Name: name(s.Name), Info: elf.ST_INFO(bind, s.Type), Other: s.Other, Shndx: 1, Value: s.Addr, Size: s.Size})
		}
		secs := []elf.Section64{{}}
		for _, s := range f.Secs {
			if s.Type == 0 {
				s.Type = elf.SHT_PROGBITS
			}
			var off uint64
			for i, g := range f.Segs {
				if s.Addr >= g.VAddr && s.Addr-g.VAddr < uint64(len(g.Data)) {
					off = fileOff[i] + s.Addr - g.VAddr
				}
			}
			secs = append(secs, elf.Section64{Name: name(s.Name), Type: uint32(s.Type), Flags: uint64(s.Flags | elf.SHF_ALLOC), Addr: s.Addr, Off: off, Size: s.Size})
		}
		strtab := uint32(len(secs))
		symtabName, strtabName := name(".symtab"), name(".strtab")
		var debugName uint32
		if f.Debug > 0 {
			debugName = name(".debug_info")
		}
		secs = append(secs,
			elf.Section64{Name: strtabName, Type: uint32(elf.SHT_STRTAB), Off: uint64(len(body)), Size: uint64(len(names))},
			elf.Section64{Name: symtabName, Type: uint32(elf.SHT_SYMTAB), Off: uint64(len(body) + len(names)), Size: uint64(syms.Len()), Link: strtab, Entsize: 24})
		body = append(append(body, names...), syms.Bytes()...)
		if f.Debug > 0 {
			end := len(body) + (len(secs)+1)*64
			secs = append(secs, elf.Section64{Name: debugName, Type: uint32(elf.SHT_PROGBITS), Off: uint64(end), Size: f.Debug})
		}
		h.Shoff, h.Shnum, h.Shstrndx = uint64(len(body)), uint16(len(secs)), uint16(strtab)
		buf := new(bytes.Buffer)
		put(buf, secs)
		body = append(body, buf.Bytes()...)
	}
	buf := new(bytes.Buffer)
	put(buf, h)
	copy(body, buf.Bytes())
	return body
}

// put cannot fail: the values have fixed sizes and a Buffer takes all.
func put(b *bytes.Buffer, v any) {
	if err := binary.Write(b, binary.LittleEndian, v); err != nil {
		panic("BUG: " + err.Error())
	}
}
