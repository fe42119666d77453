package image

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// hashForm is part of every hash: it changes with what is hashed, and how.
const hashForm = "axpress image 2"

// hasher hashes numbers and strings so that no two sequences of them are alike.
type hasher struct{ hash.Hash }

func (h hasher) numbers(ns ...uint64) {
	var b [8]byte
	for _, n := range ns {
		binary.LittleEndian.PutUint64(b[:], n)
		h.Write(b[:])
	}
}

func (h hasher) bytes(b []byte) {
	h.numbers(uint64(len(b)))
	h.Write(b)
}

func (h hasher) flags(fs ...bool) {
	var n uint64
	for i, f := range fs {
		if f {
			n |= 1 << i
		}
	}
	h.numbers(n)
}

// hash returns Image.Hash.
func (m *Image) hash() (sum [32]byte) {
	h := hasher{sha256.New()}
	h.bytes([]byte(hashForm))
	h.numbers(uint64(m.Kind), m.Entry, m.GP, uint64(len(m.Segments)))
	for i := range m.Segments {
		s := &m.Segments[i]
		h.numbers(s.VAddr, s.MemSize, uint64(s.Perm), uint64(len(s.Data)))
		before, content, after := m.loaded(s)
		h.bytes(before)
		h.bytes(content)
		h.bytes(after)
	}
	h.numbers(uint64(len(m.Sections)))
	for i := range m.Sections {
		s := &m.Sections[i]
		h.bytes([]byte(s.Name))
		h.numbers(s.Addr, s.Size, uint64(s.Type), uint64(s.Flags))
	}
	h.numbers(uint64(len(m.Symbols)))
	for i := range m.Symbols {
		s := &m.Symbols[i]
		h.bytes([]byte(s.Name))
		h.numbers(s.Addr, s.Size, uint64(s.Other))
		h.flags(s.Func, s.Label, s.Global, s.Abs)
	}
	h.Sum(sum[:0])
	return sum
}

// loaded is what of the file is loaded for s: its data, and for code of a program the
// bytes around them too, as a translation is found by the content of whole pages.
func (m *Image) loaded(s *Segment) (before, content, after []byte) {
	content = s.Data
	if m.Kind != Kernel && s.Perm&X != 0 && len(s.Data) > 0 {
		n := s.Offset % PageSize
		before = s.pages[:n]
		if s.Perm&W == 0 {
			after = s.pages[n+uint64(len(s.Data)):]
		}
	}
	page := uint64(PageSize)
	if m.Kind == Kernel {
		page = ehSize // its pages are not looked at
	}
	if s.Offset != 0 || len(content) < ehSize || len(m.Sections) == 0 || m.codeIn(s.VAddr, s.VAddr+page) {
		return before, content, after
	}
	// A program's first segment begins with the ELF header, which says where the section
	// headers are: that is not loaded for anybody, and strip changes it.
	masked := append([]byte(nil), content...)
	clear(masked[40:48])
	clear(masked[58:ehSize])
	return before, masked, after
}

// codeIn says whether there is a section of code between the addresses.
func (m *Image) codeIn(start, end uint64) bool {
	const execInstr = 4 // SHF_EXECINSTR
	for i := range m.Sections {
		if s := &m.Sections[i]; s.Flags&execInstr != 0 && s.Addr < end && s.Addr+s.Size > start {
			return true
		}
	}
	return false
}
