package image

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
)

// The reasons why an input is refused; test for them with errors.Is.
var (
	ErrNotELF      = errors.New("not an ELF file")
	ErrNotAlpha    = errors.New("not an Alpha ELF64 little-endian file")
	ErrUnsupported = errors.New("unsupported ELF file")
	ErrTruncated   = errors.New("truncated file")
	ErrMalformed   = errors.New("malformed file")
)

// Refused says whether err is about what is in a file, and not about reading it.
func Refused(err error) bool {
	for _, reason := range []error{ErrNotELF, ErrNotAlpha, ErrUnsupported, ErrTruncated, ErrMalformed} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// KSEGBase is the lowest address of the kernel's direct-mapped segment
// (Architecture Handbook, OSF/1 PALcode, 43-bit KSEG). A program that starts
// there is a kernel.
const KSEGBase = 0xfffffc0000000000

// PageSize is the size of a page in bytes: 8 KiB on every Alpha that Linux runs on.
const PageSize = 8192

// Kind says what an image is.
type Kind uint8

// The kinds of image.
const (
	Exec   Kind = iota // a statically placed user program (ET_EXEC)
	Dyn                // a shared object or position-independent program (ET_DYN)
	Kernel             // an executable that starts in KSEG: a vmlinux
)

// String returns "exec", "dyn" or "kernel".
func (k Kind) String() string {
	switch k {
	case Exec:
		return "exec"
	case Dyn:
		return "dyn"
	case Kernel:
		return "kernel"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Perm is the set of permissions of a segment, with ELF's PF_* values.
type Perm uint8

// The permissions.
const (
	X Perm = 1 << iota
	W
	R
)

// String returns the permissions as ls does: "r-x".
func (p Perm) String() string {
	b := []byte("---")
	for i, c := range []struct {
		bit Perm
		ch  byte
	}{{R, 'r'}, {W, 'w'}, {X, 'x'}} {
		if p&c.bit != 0 {
			b[i] = c.ch
		}
	}
	return string(b)
}

// Segment is one loadable part of an image (PT_LOAD), of at least one byte.
type Segment struct {
	VAddr   uint64 // first guest virtual address
	PAddr   uint64 // physical address that the file asks for (a kernel's is often virtual too)
	MemSize uint64 // bytes of memory; those past Data are zero
	Offset  uint64 // where Data starts in the file
	Data    []byte // what the file supplies; may be shared with the input
	Perm    Perm
	pages   []byte // the whole pages of the file that Data lies in, as far as the file has them
}

// End returns the first address after the segment.
func (s *Segment) End() uint64 { return s.VAddr + s.MemSize }

// The values of a symbol's st_other that Alpha defines (ELF for Alpha,
// include/elf/alpha.h of binutils); Symbol.Other holds them under mask OtherMask.
const (
	OtherMask = 0x88
	OtherNoPV = 0x80 // STO_ALPHA_NOPV: the function does not use $27
	OtherLDGP = 0x88 // STO_ALPHA_STD_GPLOAD: begins with the two-instruction ldgp of $27
)

// Symbol is one defined symbol with a name.
type Symbol struct {
	Name string
	Addr uint64
	Size uint64 // bytes; 0 if unknown
	// Func says STT_FUNC; Label says STT_NOTYPE, as assembler labels have.
	// A data object is neither.
	Func, Label bool
	Global      bool // STB_GLOBAL or STB_WEAK
	Abs         bool // SHN_ABS: a number, not a place
	Other       byte // st_other
}

// Section is one section that occupies memory (SHF_ALLOC).
type Section struct {
	Name  string
	Addr  uint64
	Size  uint64 // bytes
	Type  elf.SectionType
	Flags elf.SectionFlag
}

// Image is one parsed file. It is immutable.
type Image struct {
	Name     string
	Kind     Kind
	Entry    uint64
	Segments []Segment // sorted by VAddr, no two overlap
	Symbols  []Symbol  // sorted by address, then name; empty if stripped
	Sections []Section // sorted by address; may be empty
	// GP is the value of $29 that the file tells: the symbol _gp, else the
	// middle of .got (its start + 0x8000, where GNU ld puts it); 0 if neither is
	// there. A file with several GOTs has several; code says which (ldgp).
	GP     uint64
	Interp string // the dynamic linker's path (PT_INTERP), or ""
	// Hash identifies what a translation can depend on: all that is loaded, its place, the
	// sections and the symbols. Debug information is no part of it.
	Hash [32]byte
	// BuildID is what the linker called the file (NT_GNU_BUILD_ID); nil: nothing.
	BuildID []byte
	// Names are the symbols for people, in the order of Symbols: the same, or those of an
	// unstripped copy (Named). Nothing that is translated depends on them.
	Names []Symbol
	// Initrd is what a boot image holds behind its kernel; nil: nothing.
	Initrd []byte

	reopen func() (*source, io.Closer, error) // the file that has the debug information
}

// SegmentAt returns the segment that holds va, or nil.
func (m *Image) SegmentAt(va uint64) *Segment {
	i := sort.Search(len(m.Segments), func(i int) bool { return m.Segments[i].VAddr > va }) - 1
	if i < 0 || va-m.Segments[i].VAddr >= m.Segments[i].MemSize {
		return nil
	}
	return &m.Segments[i]
}

// Bytes returns the n bytes at va if the file supplies all of them from one
// segment (zero-filled memory does not count). The slice must not be written.
func (m *Image) Bytes(va uint64, n int) ([]byte, bool) {
	s := m.SegmentAt(va)
	if s == nil || n < 0 {
		return nil, false
	}
	off := va - s.VAddr
	if off > uint64(len(s.Data)) || uint64(n) > uint64(len(s.Data))-off {
		return nil, false
	}
	return s.Data[off : off+uint64(n) : off+uint64(n)], true
}

// Word returns the instruction word at va. It says false if va is not
// 4-aligned, not executable, or not supplied by the file.
func (m *Image) Word(va uint64) (uint32, bool) {
	s := m.SegmentAt(va)
	if s == nil || s.Perm&X == 0 || va%4 != 0 {
		return 0, false
	}
	off := va - s.VAddr
	if off > uint64(len(s.Data)) || uint64(len(s.Data))-off < 4 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(s.Data[off:]), true
}

// Page returns the content of the page of PageSize bytes at va (rounded down)
// as Linux maps it from the file at exec: whole file pages, so the bytes around
// a segment's ends are the file's neighbouring bytes, not zeros, except after
// the file data of a writable segment, which the kernel clears
// (fs/binfmt_elf.c, elf_map and padzero). It says false if no file-backed part
// of a segment touches the page, or if two do.
func (m *Image) Page(va uint64) (page [PageSize]byte, ok bool) {
	va &^= PageSize - 1
	var seg *Segment
	for i := range m.Segments {
		s := &m.Segments[i]
		if len(s.Data) == 0 {
			continue
		}
		if last := s.VAddr + uint64(len(s.Data)) - 1; s.VAddr <= va+PageSize-1 && last >= va {
			if seg != nil {
				return page, false
			}
			seg = s
		}
	}
	if seg == nil {
		return page, false
	}
	// Offset and address are congruent modulo the page.
	copy(page[:], seg.pages[va-seg.VAddr&^(PageSize-1):])
	if end := seg.VAddr + uint64(len(seg.Data)); seg.Perm&W != 0 && end-va < PageSize {
		clear(page[end-va:])
	}
	return page, true
}
