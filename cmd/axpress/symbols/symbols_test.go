package symbols

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/translator/artifact"
)

const base = 0x120000000

// program is an image of two pages of code with symbols; the pages' content is fill.
func program(t *testing.T, name string, fill [2]byte, syms ...imagetest.Sym) *image.Image {
	t.Helper()
	data := append(bytes.Repeat(fill[:1], image.PageSize), bytes.Repeat(fill[1:], image.PageSize)...)
	return parse(t, name, imagetest.File{Entry: base, Segs: []imagetest.Seg{{VAddr: base, Data: data, Flags: elf.PF_R | elf.PF_X}}, Syms: syms})
}

func parse(t *testing.T, name string, f imagetest.File) *image.Image {
	t.Helper()
	img, err := image.Parse(name, imagetest.Build(f))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func fn(name string, at, size uint64) imagetest.Sym {
	return imagetest.Sym{Name: name, Addr: base + at, Size: size, Type: elf.STT_FUNC}
}

func label(name string, at uint64) imagetest.Sym {
	return imagetest.Sym{Name: name, Addr: base + at, Type: elf.STT_NOTYPE}
}

func TestFunction(t *testing.T) {
	local := fn("alias", 0x100, 0x40)
	local.Local = true
	n := NewNames(program(t, "p", [2]byte{1, 2}, fn("outer", 0, 0x80), label("loop", 0x10), local, fn("real", 0x100, 0x40),
		label("after", 0x200), imagetest.Sym{Name: "table", Addr: base + 0x18, Size: 8, Type: elf.STT_OBJECT}))
	for _, c := range []struct {
		at             uint64
		function, name string
	}{
		{0, "outer", "outer"},
		{0x10, "outer", "loop"},
		{0x1c, "outer", "loop+0xc"},
		{0x84, "loop", "loop+0x74"}, // behind outer: what comes closely before
		{0x104, "real", "real+0x4"},
		{0x100, "real", "alias"},
		{0x208, "after", "after+0x8"},
		{2 << 20, "", ""},
	} {
		s, ok := n.Function(base + c.at)
		if s.Name != c.function || ok != (c.function != "") {
			t.Errorf("%#x is in %q, want %q", c.at, s.Name, c.function)
		}
		if got := n.At(base + c.at); got != c.name {
			t.Errorf("%#x is %q, want %q", c.at, got, c.name)
		}
	}
	if _, ok := n.Function(base - 4); ok {
		t.Error("an address before all symbols has a function")
	}
	if name, ok := n.Exact(base + 0x10); name != "loop" || !ok {
		t.Errorf("at a label: %q %v", name, ok)
	}
	if _, ok := n.Exact(base + 0x14); ok {
		t.Error("a name for an address without one")
	}
}

func TestTable(t *testing.T) {
	var tab Table
	if _, ok := tab.Kernel(image.KSEGBase); ok || tab.KernelFile() != nil {
		t.Error("an empty table has a kernel")
	}
	kernel := parse(t, "vmlinux", imagetest.File{Entry: image.KSEGBase + 0x10000, Segs: []imagetest.Seg{
		{VAddr: image.KSEGBase + 0x10000, Data: imagetest.Words(1, 2), Flags: elf.PF_R | elf.PF_X}}})
	first := program(t, "first", [2]byte{1, 2}, fn("f", 0, 0x3000))
	second := program(t, "second", [2]byte{2, 3})
	a := &artifact.Artifact{Units: []artifact.Unit{{PC: base + 0x100, Name: "g"}, {PC: base, Name: "f_120000000"}, {PC: base + image.PageSize, Name: "g+0x1f00"}}}
	for _, c := range []struct {
		img *image.Image
		a   *artifact.Artifact
	}{{kernel, nil}, {first, nil}, {second, a}} {
		if err := tab.Add(c.img, c.a); err != nil {
			t.Fatal(err)
		}
	}
	page := func(fill byte) [32]byte { return sha256.Sum256(bytes.Repeat([]byte{fill}, image.PageSize)) }
	for _, c := range []struct {
		name     string
		fill     byte
		pc       uint64
		file     *image.Image
		addr     uint64
		function string
		unit     Unit
	}{
		{"another address of the page", 1, 0x7000_0010, first, base + 0x10, "f", Unit{base, "f"}},
		{"a page of two files is the later one's", 2, base + image.PageSize + 0x20, second, base + 0x20, "f_120000000", Unit{base, "f_120000000"}},
		{"a unit in the middle", 2, base + 0x200, second, base + 0x200, "g", Unit{base + 0x100, "g"}},
		{"a later part of a function", 3, 8, second, base + image.PageSize + 8, "g", Unit{base + image.PageSize, "g+0x1f00"}},
	} {
		p, ok := tab.User(page(c.fill), c.pc)
		if !ok || p.File.Image != c.file || p.Addr != c.addr {
			t.Errorf("%s: %+v %v", c.name, p, ok)
			continue
		}
		if got := p.Function(); got != c.function {
			t.Errorf("%s: function %q, want %q", c.name, got, c.function)
		}
		if got, ok := p.Unit(); !ok || got != c.unit {
			t.Errorf("%s: unit %+v, want %+v", c.name, got, c.unit)
		}
	}
	if _, ok := tab.User(page(9), base); ok {
		t.Error("a page that is in no file has a place")
	}
	if p, ok := tab.Kernel(image.KSEGBase + 0x10004); !ok || p.Function() != "f_fffffc0000010004" {
		t.Errorf("kernel without symbols: %v %v", p, ok)
	}
	if _, ok := tab.Kernel(image.KSEGBase + 0x20000); ok {
		t.Error("outside the kernel's image")
	}
}

// A program without symbols that was not translated has the units that a translation would
// have.
func TestUnitsOfStrippedProgram(t *testing.T) {
	const va = 0x120000000
	page := make([]byte, image.PageSize)
	copy(page, imagetest.Words(0x47ff041f, 0x6bfa8001)) // nop; ret
	img, err := image.Parse("stripped", imagetest.Build(imagetest.File{Entry: va, Segs: []imagetest.Seg{{VAddr: va, Data: page, Flags: elf.PF_R | elf.PF_X}}}))
	if err != nil {
		t.Fatal(err)
	}
	table := &Table{}
	if err := table.Add(img, nil); err != nil {
		t.Fatal(err)
	}
	for _, at := range []uint64{0, 4} {
		p, ok := table.User(sha256.Sum256(page), 0x55550000+at)
		u, known := p.Unit()
		if !ok || !known || u.Entry != va || u.Name == "" {
			t.Errorf("%#x: %+v, %v", at, u, known)
		}
	}
}

// PCs in a text get their names; those of other places are asked for.
func TestText(t *testing.T) {
	n := NewNames(program(t, "p", [2]byte{1, 2}, fn("main", 0x10, 0x40)))
	for text, want := range map[string]string{
		"halted at pc 0x120000010 (halt code 2 at pc 0x120000018)":  "halted at pc 0x120000010 <main> (halt code 2 at pc 0x120000018 <main+0x8>)",
		"at pc 0x120000018 <there already>, va 0x120000018":         "at pc 0x120000018 <there already>, va 0x120000018",
		"at pc 0x10, spc 0x120000010, pc 0x120000010g, pc 0x, pc x": "at pc 0x10, spc 0x120000010, pc 0x120000010g, pc 0x, pc x",
	} {
		if got := n.Text(text); got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
	n = n.Beyond(func(addr uint64) string { return map[uint64]string{0x10: "low [bin/prog]"}[addr] })
	if got := n.Text("at pc 0x10, pc 0x120000014, pc 0x14"); got != "at pc 0x10 <low [bin/prog]>, pc 0x120000014 <main+0x4>, pc 0x14" {
		t.Error(got)
	}
}

// A place in a program has the program's name, and offsets by unit where there are no symbols.
func TestPlace(t *testing.T) {
	var tab Table
	named := program(t, "bin/named", [2]byte{1, 1}, fn("main", 0, 0x40))
	bare := program(t, "bin/bare", [2]byte{2, 3})
	lent := bare.Named(&image.Copy{Symbols: named.Symbols})
	a := &artifact.Artifact{Units: []artifact.Unit{{PC: base, Name: "f_120000000"}}}
	page := sha256.Sum256(bytes.Repeat([]byte{2}, image.PageSize))
	for _, c := range []struct {
		img                *image.Image
		at, unit, function string
	}{{bare, "f_120000000+0x8 [bin/bare]", "f_120000000", "f_120000000"}, {lent, "main+0x8 [bin/bare]", "main", "main"}} {
		if err := tab.Add(c.img, a); err != nil {
			t.Fatal(err)
		}
		p, ok := tab.User(page, 8)
		u, _ := p.Unit()
		if !ok || p.At() != c.at || u.Name != c.unit || p.Function() != c.function {
			t.Errorf("%q, unit %q, function %q; want %+v", p.At(), u.Name, p.Function(), c)
		}
	}
}
