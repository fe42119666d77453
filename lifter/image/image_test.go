package image_test

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
)

const nop = 0x47ff041f // bis $31,$31,$31

// small returns a program of one text and one data segment.
func small() imagetest.File {
	return imagetest.File{
		Entry: 0x120000000,
		Segs: []imagetest.Seg{
			{VAddr: 0x120000000, Data: imagetest.Words(nop, nop, 0x6bfa8001), Flags: elf.PF_R | elf.PF_X},
			{VAddr: 0x120012010, Data: []byte("data"), MemSize: 0x40, Flags: elf.PF_R | elf.PF_W},
		},
		Syms: []imagetest.Sym{
			{Name: "main", Addr: 0x120000004, Size: 8, Type: elf.STT_FUNC, Other: image.OtherLDGP},
			{Name: "_start", Addr: 0x120000000, Type: elf.STT_NOTYPE},
			{Name: "d", Addr: 0x120012010, Size: 4, Type: elf.STT_OBJECT},
		},
		Secs: []imagetest.Sec{
			{Name: ".text", Addr: 0x120000000, Size: 12, Flags: elf.SHF_EXECINSTR},
			{Name: ".got", Addr: 0x120012010, Size: 4, Flags: elf.SHF_WRITE},
		},
	}
}

func TestParse(t *testing.T) {
	m, err := image.Parse("small", imagetest.Build(small()))
	if err != nil {
		t.Fatal(err)
	}
	if m.Kind != image.Exec || m.Entry != 0x120000000 || m.GP != 0x120012010+0x8000 {
		t.Errorf("kind %v entry %#x gp %#x", m.Kind, m.Entry, m.GP)
	}
	if len(m.Segments) != 2 || m.Segments[0].Perm.String() != "r-x" || m.Segments[1].Perm.String() != "rw-" || m.Segments[1].End() != 0x120012050 {
		t.Errorf("segments %+v", m.Segments)
	}
	if len(m.Symbols) != 3 || m.Symbols[0].Name != "_start" || !m.Symbols[0].Label || !m.Symbols[1].Func || m.Symbols[1].Other != image.OtherLDGP || m.Symbols[2].Func {
		t.Errorf("symbols %+v", m.Symbols)
	}
	if len(m.Sections) != 2 || m.Sections[0].Name != ".text" {
		t.Errorf("sections %+v", m.Sections)
	}
	for _, c := range []struct {
		va   uint64
		word uint32
		ok   bool
	}{{0x120000000, nop, true}, {0x120000008, 0x6bfa8001, true}, {0x120000002, 0, false}, {0x12000000c, 0, false}, {0x120012010, 0, false}, {^uint64(3), 0, false}} {
		if w, ok := m.Word(c.va); w != c.word || ok != c.ok {
			t.Errorf("Word(%#x) = %#x, %v", c.va, w, ok)
		}
	}
	if b, ok := m.Bytes(0x120012011, 3); !ok || string(b) != "ata" {
		t.Errorf("Bytes = %q, %v", b, ok)
	}
	if _, ok := m.Bytes(0x120012012, 3); ok {
		t.Error("Bytes reads past the file's data")
	}
	f := small()
	f.Stripped = true
	s, err := image.Parse("stripped", imagetest.Build(f))
	if err != nil || len(s.Symbols) != 0 || len(s.Sections) != 0 || s.GP != 0 || len(s.Segments) != 2 {
		t.Errorf("stripped: %v %+v", err, s)
	}
	if s.Hash == m.Hash {
		t.Error("different files, same hash")
	}
}

// TestPage checks that a page looks as Linux maps it: file bytes around a
// read-only segment, zeros after the data of a writable one.
func TestPage(t *testing.T) {
	file := imagetest.Build(small())
	m, err := image.Parse("small", file)
	if err != nil {
		t.Fatal(err)
	}
	// Both segments lie in the same page of the file, which ends before it does.
	var want [image.PageSize]byte
	copy(want[:], file[8192:])
	p, ok := m.Page(0x120000008)
	if !ok || p != want {
		t.Error("text page differs from the file's")
	}
	p, ok = m.Page(0x120012010)
	if !ok || string(p[0x10:0x14]) != "data" || p[0x0f] != file[8192+15] || p[0x14] != 0 || p[8191] != 0 {
		t.Errorf("data page: ok %v, % x", ok, p[:0x20])
	}
	if _, ok := m.Page(0x120002000); ok {
		t.Error("there is a page where there is no segment")
	}
}

func TestKinds(t *testing.T) {
	f := small()
	f.Type = elf.ET_DYN
	if m, err := image.Parse("dyn", imagetest.Build(f)); err != nil || m.Kind != image.Dyn {
		t.Errorf("ET_DYN: %v %v", m, err)
	}
	f = small()
	f.Entry, f.Segs = 0xfffffc0001010000, []imagetest.Seg{{VAddr: 0xfffffc0001010000, Data: imagetest.Words(nop), Flags: 7}}
	if m, err := image.Parse("vmlinux", imagetest.Build(f)); err != nil || m.Kind != image.Kernel {
		t.Errorf("KSEG: %v %v", m, err)
	}
}

// TestMalformed damages a good file in every way that has its own message.
func TestMalformed(t *testing.T) {
	le := binary.LittleEndian
	const ph0, ph1 = 64, 64 + 56
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		is     error
		want   string
	}{
		{"empty", func(b []byte) []byte { return nil }, image.ErrNotELF, "begins with"},
		{"script", func(b []byte) []byte { return []byte("#!/bin/sh\n") }, image.ErrNotELF, `"#!/b"`},
		{"half a header", func(b []byte) []byte { return b[:40] }, image.ErrTruncated, "ELF header"},
		{"x86", func(b []byte) []byte { le.PutUint16(b[18:], 62); return b }, image.ErrNotAlpha, "EM_X86_64"},
		{"32 bit", func(b []byte) []byte { b[4] = 1; return b }, image.ErrNotAlpha, "ELFCLASS32"},
		{"big-endian", func(b []byte) []byte { b[5] = 2; return b }, image.ErrNotAlpha, "ELFDATA2MSB"},
		{"object", func(b []byte) []byte { le.PutUint16(b[16:], 1); return b }, image.ErrUnsupported, "link it"},
		{"core", func(b []byte) []byte { le.PutUint16(b[16:], 4); return b }, image.ErrUnsupported, "a core dump"},
		{"unknown type", func(b []byte) []byte { le.PutUint16(b[16:], 0x2003); return b }, image.ErrUnsupported, "the unknown type 0x2003"},
		{"type of a system", func(b []byte) []byte { le.PutUint16(b[16:], 0xfe01); return b }, image.ErrUnsupported, "an operating system's own type 0xfe01"},
		{"type of a processor", func(b []byte) []byte { le.PutUint16(b[16:], 0xffff); return b }, image.ErrUnsupported, "the processor's own type 0xffff"},
		{"no segments", func(b []byte) []byte { le.PutUint16(b[56:], 0); return b }, image.ErrUnsupported, "nothing to load"},
		{"too many segments", func(b []byte) []byte { le.PutUint16(b[56:], 0xfffe); return b }, image.ErrTruncated, "program header table"},
		{"PN_XNUM", func(b []byte) []byte { le.PutUint16(b[56:], 0xffff); return b }, image.ErrUnsupported, "65534"},
		{"phentsize", func(b []byte) []byte { le.PutUint16(b[54:], 1); return b }, image.ErrMalformed, "entry size 1"},
		{"phoff", func(b []byte) []byte { le.PutUint64(b[32:], ^uint64(0)); return b }, image.ErrTruncated, "program header table"},
		{"segment offset", func(b []byte) []byte { le.PutUint64(b[ph0+8:], ^uint64(0)-4); return b }, image.ErrTruncated, "segment 0"},
		{"file size", func(b []byte) []byte { le.PutUint64(b[ph1+32:], 1<<40); return b }, image.ErrTruncated, "segment 1"},
		{"file size over memory size", func(b []byte) []byte { le.PutUint64(b[ph0+40:], 4); return b }, image.ErrMalformed, "segment 0"},
		{"memory size", func(b []byte) []byte { le.PutUint64(b[ph0+40:], 1<<60); return b }, image.ErrMalformed, "larger than any"},
		{"wrap", func(b []byte) []byte { le.PutUint64(b[ph0+16:], ^uint64(7)); return b }, image.ErrMalformed, "wrap"},
		{"overlap", func(b []byte) []byte {
			le.PutUint64(b[ph0+40:], 0x100)
			le.PutUint64(b[ph1+16:], 0x120000010)
			return b
		}, image.ErrMalformed, "overlap"},
		{"address at the end of what is positive", func(b []byte) []byte { le.PutUint64(b[ph0+16:], 1<<63-1); return b }, image.ErrMalformed, "0x7fffffffffffffff are not between"},
		{"address beyond processes", func(b []byte) []byte { le.PutUint64(b[ph1+16:], 1<<42-0x2000+0x10); return b }, nil, ""},
		{"end beyond processes", func(b []byte) []byte {
			le.PutUint64(b[ph1+16:], 1<<42-0x2000+0x10)
			le.PutUint64(b[ph1+40:], 0x2000)
			return b
		}, image.ErrMalformed, "are not between"},
		{"address not congruent to the offset", func(b []byte) []byte { le.PutUint64(b[ph0+16:], 0x1fff); return b }, image.ErrMalformed, "differ modulo the page"},
		{"entry outside every segment", func(b []byte) []byte { le.PutUint64(b[24:], 0x130000000); return b }, image.ErrMalformed, "entry 0x130000000 is no place in its code"},
		{"entry in data", func(b []byte) []byte { le.PutUint64(b[24:], 0x120012010); return b }, image.ErrMalformed, "no place in its code"},
		{"entry between instructions", func(b []byte) []byte { le.PutUint64(b[24:], 0x120000002); return b }, image.ErrMalformed, "no place in its code"},
		{"entry 0 of a program", func(b []byte) []byte { le.PutUint64(b[24:], 0); return b }, image.ErrMalformed, "entry 0x0"},
		{"entry 0 of a library", func(b []byte) []byte { le.PutUint64(b[24:], 0); le.PutUint16(b[16:], 3); return b }, nil, ""},
		{"wrong entry of a library", func(b []byte) []byte { le.PutUint64(b[24:], 8); le.PutUint16(b[16:], 3); return b }, image.ErrMalformed, "entry 0x8"},
		{"shoff", func(b []byte) []byte { le.PutUint64(b[40:], 1<<50); return b }, image.ErrTruncated, "section header table"},
		{"shnum", func(b []byte) []byte { le.PutUint16(b[60:], 0xfeff); return b }, image.ErrTruncated, "section header table"},
		{"section data", func(b []byte) []byte { le.PutUint64(b[le.Uint64(b[40:])+64+32:], 1<<50); return b }, image.ErrTruncated, "section 1"},
		{"section wraps", func(b []byte) []byte { le.PutUint64(b[le.Uint64(b[40:])+64+16:], ^uint64(0)); return b }, image.ErrMalformed, "section 1"},
		{"symbol size", func(b []byte) []byte { le.PutUint64(b[le.Uint64(b[40:])+4*64+56:], 7); return b }, image.ErrMalformed, "symbol table"},
		{"symbol names", func(b []byte) []byte { le.PutUint32(b[le.Uint64(b[40:])+4*64+40:], 99); return b }, image.ErrMalformed, "not a string table"},
		{"cut", func(b []byte) []byte { return b[:len(b)-1] }, image.ErrTruncated, "section header table"},
	} {
		m, err := image.Parse("f", c.damage(imagetest.Build(small())))
		if c.is == nil {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if m != nil || !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestOpen(t *testing.T) {
	path := t.TempDir() + "/prog"
	if err := os.WriteFile(path, imagetest.Build(small()), 0o666); err != nil {
		t.Fatal(err)
	}
	if m, err := image.Open(path); err != nil || m.Name != path {
		t.Error(m, err)
	}
	if _, err := image.Open(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// FuzzParse wants: no panic, and an image whose accessors hold what they say.
func FuzzParse(f *testing.F) {
	f.Add(imagetest.Build(small()))
	s := small()
	s.Stripped = true
	f.Add(imagetest.Build(s))
	f.Add([]byte("\x7fELF"))
	odd := small()
	odd.Segs[1].MemSize = 1 << 39
	f.Add(imagetest.Build(odd))
	outside := small()
	outside.Entry = 1<<63 - 1
	f.Add(imagetest.Build(outside))
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(imagetest.Build(small()))
	_ = w.Close()
	f.Add(packed.Bytes())
	f.Add(append(make([]byte, 0, 8<<10), imagetest.BootLoader(imagetest.BootKernel(0xfffffc0001010000))...))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := image.Parse("fuzz", data)
		if err != nil {
			if m != nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("image %v, error %q", m, err)
			}
			return
		}
		last := uint64(0)
		for i := range m.Segments {
			s := &m.Segments[i]
			if s.MemSize == 0 || s.VAddr < last || s.End() <= s.VAddr || uint64(len(s.Data)) > s.MemSize || m.SegmentAt(s.VAddr) != s || m.SegmentAt(s.End()-1) != s {
				t.Fatalf("segment %+v", s)
			}
			last = s.End()
			m.Word(s.VAddr &^ 3)
			m.Page(s.VAddr)
			m.Page(s.End() - 1)
			m.Bytes(s.VAddr, len(s.Data)+1)
		}
	})
}
