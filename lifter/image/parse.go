package image

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
)

const (
	emAlpha  = 0x9026 // the machine number that Alpha ELF files carry (elf.EM_ALPHA)
	ehSize   = 64     // sizes of the ELF64 header and table entries
	phSize   = 56
	shSize   = 64
	symSize  = 24
	gpOffset = 0x8000 // GNU ld puts $29 this far into .got
)

// maxLoaded is how many bytes of one file are taken into memory: more than any kernel
// or program for Alpha has, less than what the host could not give.
const maxLoaded = 2 << 30

// parser holds one file while it is read.
type parser struct {
	name   string
	src    *source
	img    *Image
	loaded uint64 // bytes taken into memory
	ehdr   []byte // the ELF header
	sec    []rawSection
	// copy: only symbols are wanted. Segments whose data are not there are left out.
	copy bool
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

// bytes returns the n bytes at off, which the file has been found to have.
func (p *parser) bytes(where string, off, n uint64) ([]byte, error) {
	if p.loaded += n; p.loaded > maxLoaded {
		return nil, p.fail(ErrUnsupported, where, doGive, "more than %d bytes to load", uint64(maxLoaded))
	}
	b, err := p.src.bytes(off, n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, p.fail(ErrTruncated, where, doCopy, "the file ends early")
	}
	if err != nil {
		return nil, fmt.Errorf("image: %s: cannot read (%s): %w", p.name, where, err)
	}
	return b, nil
}

// IsAlphaELF reports whether data begins like an ELF64 little-endian Alpha
// file. It needs the first 20 bytes.
func IsAlphaELF(data []byte) bool {
	return len(data) >= 20 && string(data[:4]) == elf.ELFMAG &&
		elf.Class(data[4]) == elf.ELFCLASS64 && elf.Data(data[5]) == elf.ELFDATA2LSB &&
		binary.LittleEndian.Uint16(data[18:]) == emAlpha
}

// isELF reports whether data begins like an ELF file of any kind.
func isELF(data []byte) bool {
	return len(data) >= len(elf.ELFMAG) && string(data[:len(elf.ELFMAG)]) == elf.ELFMAG
}

// typeWords say what the types of files are that cannot be translated, and what to do.
var typeWords = map[elf.Type][2]string{
	elf.ET_NONE: {"a file of no type (ET_NONE)", doGive},
	elf.ET_REL:  {"a relocatable object (ET_REL)", "link it first; kernel modules are run by the interpreter"},
	elf.ET_CORE: {"a core dump (ET_CORE)", "give the program that it is from"},
}

// typeWord describes a type that has no row of its own (ELF gABI, e_type).
func typeWord(t elf.Type) string {
	switch {
	case t >= elf.ET_LOPROC:
		return fmt.Sprintf("a file of the processor's own type %#x", uint16(t))
	case t >= elf.ET_LOOS:
		return fmt.Sprintf("a file of an operating system's own type %#x", uint16(t))
	}
	return fmt.Sprintf("a file of the unknown type %#x", uint16(t))
}

func (p *parser) header() error {
	d := p.src.head(ehSize)
	if !isELF(d) {
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
	default:
		words, known := typeWords[t]
		if !known {
			words = [2]string{typeWord(t), doGive}
		}
		return p.fail(ErrUnsupported, "ELF header, offset 16", words[1], "%s", words[0])
	}
	p.ehdr = d
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
	if !p.src.has(off, size) {
		return nil, p.fail(ErrTruncated, where, doCopy, "%d entries end after the file's %d bytes", count, p.src.size)
	}
	return p.bytes(where, off, size)
}

// phdr is a program header that says what to read.
type phdr struct {
	n    int // its number in the table
	typ  elf.ProgType
	seg  Segment
	size uint64 // in the file
}

func (p *parser) segments() error {
	le := binary.LittleEndian
	n := int(le.Uint16(p.ehdr[56:]))
	if n == 0xffff { // PN_XNUM: the real count is elsewhere; nobody needs that many
		return p.fail(ErrUnsupported, "ELF header, offset 56", doBuild, "more than 65534 program headers")
	}
	tab, err := p.table("program header", le.Uint64(p.ehdr[32:]), n, int(le.Uint16(p.ehdr[54:])), phSize)
	if err != nil {
		return err
	}
	var wanted []phdr
	for i := range n {
		h := tab[i*phSize:]
		ph := phdr{n: i, typ: elf.ProgType(le.Uint32(h)), size: le.Uint64(h[32:]), seg: Segment{
			VAddr: le.Uint64(h[16:]), PAddr: le.Uint64(h[24:]), MemSize: le.Uint64(h[40:]), Offset: le.Uint64(h[8:]), Perm: Perm(le.Uint32(h[4:]) & 7)}}
		if ph.typ == elf.PT_LOAD || ph.typ == elf.PT_INTERP || ph.typ == elf.PT_NOTE {
			wanted = append(wanted, ph)
		}
	}
	// In the order of the file: what is compressed is read in one go.
	sort.SliceStable(wanted, func(i, j int) bool { return wanted[i].seg.Offset < wanted[j].seg.Offset })
	for i := range wanted {
		if err := p.segment(&wanted[i]); err != nil {
			return err
		}
	}
	s := p.img.Segments
	sort.SliceStable(s, func(i, j int) bool { return s[i].VAddr < s[j].VAddr })
	return nil
}

// segment reads what h describes.
func (p *parser) segment(h *phdr) (err error) {
	where := fmt.Sprintf("segment %d", h.n)
	off, size := h.seg.Offset, h.size
	if !p.src.has(off, size) {
		if p.copy {
			return nil
		}
		return p.fail(ErrTruncated, where, doCopy, "its data, %#x bytes at offset %#x, end after the file's %d bytes", size, off, p.src.size)
	}
	const small = 64 << 10 // a name or notes
	switch h.typ {
	case elf.PT_INTERP:
		name, err := p.bytes(where, off, min(size, 4096))
		p.img.Interp = cstring(name, 0)
		return err
	case elf.PT_NOTE:
		notes, err := p.bytes(where, off, min(size, small))
		if id := buildID(notes); id != nil {
			p.img.BuildID = id
		}
		return err
	}
	if !p.copy {
		if err := p.checkSegment(where, h); err != nil {
			return err
		}
	}
	if h.seg.MemSize == 0 || size > h.seg.MemSize {
		return nil
	}
	// With the rest of the pages that the data lie in: Linux maps whole ones.
	first := off &^ (PageSize - 1)
	end := min((off+size+PageSize-1)&^(PageSize-1), p.src.size)
	if size == 0 {
		first, end = off, off
	}
	if h.seg.pages, err = p.bytes(where, first, end-first); err != nil {
		return err
	}
	h.seg.Data = h.seg.pages[off-first : off-first+size : off-first+size]
	p.img.Segments = append(p.img.Segments, h.seg)
	return nil
}
