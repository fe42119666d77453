package hostcode

import (
	"bytes"
	"debug/elf"
	"fmt"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/translator/artifact"
	"axpress/translator/pipeline"
	"axpress/translator/toolchain/toolchaintest"
)

const textVA = image.KSEGBase + 0x1010000

// functions are a kernel's: name, and a line for each instruction.
var functions = []struct {
	name  string
	lines []string
}{
	{"loop", []string{ // with a slow path and a call inside
		"addq a1,t0,t0",
		"ldq t1,0(a0)", "addq t1,t0,t0", "lda a0,8(a0)", "subq a1,1,a1", "bne a1,.-16", "bis t0,t0,v0", "ret zero,(ra),1",
	}},
	{"table", []string{ // 12 call sites: 12 entries besides the first
		"lda sp,-16(sp)", "stq ra,0(sp)",
		"bsr ra,LOOP", "bsr ra,LOOP", "bsr ra,LOOP", "bsr ra,LOOP", "bsr ra,LOOP", "bsr ra,LOOP",
		"bsr ra,LOOP", "bsr ra,LOOP", "bsr ra,LOOP", "bsr ra,LOOP", "bsr ra,LOOP", "bsr ra,LOOP",
		"ldq ra,0(sp)", "lda sp,16(sp)", "ret zero,(ra),1",
	}},
	{"leaf", []string{"addq a0,1,v0", "ret zero,(ra),1"}},
}

// translated translates functions.
func translated(t *testing.T) (*image.Image, *artifact.Artifact) {
	t.Helper()
	var code []byte
	var syms []imagetest.Sym
	for _, f := range functions {
		start := textVA + uint64(len(code))
		for _, line := range f.lines {
			line = strings.ReplaceAll(line, "LOOP", fmt.Sprintf("%#x", uint64(textVA)))
			w, err := isa.Assemble(line, textVA+uint64(len(code)))
			if err != nil {
				t.Fatal(err)
			}
			code = append(code, imagetest.Words(w)...)
		}
		syms = append(syms, imagetest.Sym{Name: f.name, Addr: start, Size: textVA + uint64(len(code)) - start, Type: elf.STT_FUNC, Other: image.OtherNoPV})
	}
	img, err := image.Parse("test", imagetest.Build(imagetest.File{Entry: textVA, Syms: syms,
		Segs: []imagetest.Seg{{VAddr: textVA, Data: code, Flags: elf.PF_R | elf.PF_X}}}))
	if err != nil {
		t.Fatal(err)
	}
	tools := toolchaintest.Find(t)
	a, err := pipeline.Translate(t.Context(), img, tools, pipeline.Options{})
	if err != nil || len(a.Missing) > 0 {
		t.Fatal(err, a.Missing)
	}
	return img, a
}

func TestUnits(t *testing.T) {
	_, a := translated(t)
	c, err := Open(a)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Units) != len(functions) {
		t.Fatalf("%d units", len(c.Units))
	}
	for i, f := range functions {
		u, err := c.Unit(c.Units[i])
		if err != nil {
			t.Fatal(err)
		}
		if u.Name != f.name || int(u.Unit.Insts) != len(f.lines) {
			t.Errorf("unit %d is %s with %d guest instructions, want %s with %d", i, u.Name, u.Unit.Insts, f.name, len(f.lines))
		}
		// What is behind a unit is padding, or jump tables behind the last one.
		last := &u.Insts[len(u.Insts)-1]
		if i+1 < len(functions) && c.Units[i+1].Code-last.End() >= 16 {
			t.Errorf("%s ends at %#x, the next begins at %#x", f.name, last.End(), c.Units[i+1].Code)
		}
		if last.Flow != Return && last.Flow != Jump {
			t.Errorf("%s does not end with %s", f.name, last.Op)
		}
		at := u.Code
		for k := range u.Insts {
			if in := &u.Insts[k]; in.At != at {
				t.Errorf("%s: instruction at %#x, want %#x", f.name, in.At, at)
			} else if (in.Flow == Jump || in.Flow == Cond) && u.index[in.Target] == 0 && in.Target != u.Code {
				t.Errorf("%s: %v leads to %#x, where no instruction begins", f.name, in.Inst, in.Target)
			}
			at = u.Insts[k].End()
		}
		if u.Bytes() != int(at-u.Code) {
			t.Errorf("%s has %d bytes, want %d", f.name, u.Bytes(), at-u.Code)
		}
		wantLoop := f.name == "loop"
		if n := u.ShortestLoop(); wantLoop != (n > 0) || n > 20 {
			t.Errorf("%s: a loop of %d host instructions", f.name, n)
		}
	}
}

// Each entry is found, at a place of its own.
func TestEntries(t *testing.T) {
	_, a := translated(t)
	c, err := Open(a)
	if err != nil {
		t.Fatal(err)
	}
	u, err := c.Unit(c.Units[1])
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Entries) != 13 {
		t.Fatalf("%d entries, want 13", len(u.Entries))
	}
	seen := map[uint32]bool{}
	for n, e := range u.Entries {
		pc := u.PC
		if n > 0 {
			pc += uint64(8 + 4*n)
		}
		if e.PC != pc {
			t.Errorf("entry %d is for %#x, want %#x", n, e.PC, pc)
		}
		if seen[e.At] || e.At <= u.Code || e.At >= u.Code+uint32(u.Bytes()) {
			t.Errorf("entry %d is at %#x, unit at %#x", n, e.At, u.Code)
		}
		seen[e.At] = true
	}
}

func TestListing(t *testing.T) {
	_, a := translated(t)
	c, err := Open(a)
	if err != nil {
		t.Fatal(err)
	}
	guest := func(pc uint64) string {
		if pc >= textVA && pc < textVA+0x1000 {
			return fmt.Sprintf("text+%#x", pc-textVA)
		}
		return ""
	}
	var b bytes.Buffer
	for _, u := range c.Units {
		d, err := c.Unit(u)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.List(&b, guest); err != nil {
			t.Fatal(err)
		}
	}
	text := b.String()
	for _, want := range []string{
		"loop: 8 guest instructions, ", " host instructions, ", "the shortest way round a loop has ",
		"entry 0: 0xfffffc0001010000 <text+0x0>:", "entry 12: ", "callq loop", "callq axp_load3", "# Limit", "# a1", "# poll at text+0x", "retq",
		"+0x0\t",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the listing:\n%s", want, text)
		}
	}
	if strings.Contains(text, "%riz") {
		t.Error("index registers that are none")
	}
}

func TestUnknownUnit(t *testing.T) {
	c, err := Open(&artifact.Artifact{Text: []byte{0xc3}, Units: []artifact.Unit{{Name: "f"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Unit(artifact.Unit{Name: "other", Code: 8}); err == nil {
		t.Error("a unit that is not there")
	}
	if u, err := c.Unit(c.Units[0]); err != nil || len(u.Insts) != 1 || u.Bytes() != 1 {
		t.Errorf("%+v, %v", u, err)
	}
	for _, text := range [][]byte{{0x90}, {0x06}, {0x90, 0x06}, {0x75, 0x00}, {}} {
		c, err := Open(&artifact.Artifact{Text: text, Units: []artifact.Unit{{Name: "f"}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Unit(c.Units[0]); err == nil {
			t.Errorf("% x is taken for a unit", text)
		}
	}
}

// What x86asm gets wrong is mended.
func TestDecode(t *testing.T) {
	for _, c := range []struct {
		bytes []byte
		len   int
		text  string
	}{
		{[]byte{0xc5, 0xf8, 0x77, 0xe8}, 3, "vzeroupper"},
		{[]byte{0xc5, 0xfc, 0x77, 0xc3}, 3, "vzeroall"},
		{[]byte{0x65, 0xc5, 0xfb, 0x10, 0x07}, 5, "vmovsd %gs:(%rdi),%xmm0"},
		{[]byte{0x65, 0x48, 0x8b, 0x07}, 4, "mov %gs:(%rdi),%rax"},
		{[]byte{0xc4, 0xe3, 0xfb, 0xf0, 0xc8, 0x03}, 6, "rorxq $0x3,%rax,%rcx"},
		{[]byte{0x49, 0x8d, 0x83, 0x0c, 0xfb, 0xff, 0xff}, 7, "lea -0x4f4(%r11),%rax"},
		{[]byte{0x49, 0x8b, 0x44, 0x24, 0x88}, 5, "mov -0x78(%r12),%rax"},
		{[]byte{0x48, 0xb8, 0xac, 0xb3, 0x02, 0x01, 0x00, 0xfc, 0xff, 0xff}, 10, "mov $0xfffffc000102b3ac,%rax"},
		{[]byte{0x41, 0xbb, 0x10, 0x00, 0x00, 0x00}, 6, "mov $0x10,%r11d"}, // not the thunk at 0x10
	} {
		in, err := decode(c.bytes, 0)
		if err != nil {
			t.Errorf("%x: %v", c.bytes, err)
			continue
		}
		u := &Unit{code: &Code{}}
		if text := u.text(&in); in.Len != c.len || text != c.text {
			t.Errorf("%x: %d bytes, %q; want %d, %q", c.bytes, in.Len, text, c.len, c.text)
		}
	}
	if _, err := decode([]byte{0x06}, 0); err == nil {
		t.Error("0x06 is an instruction")
	}
}

func TestStateField(t *testing.T) {
	for disp, want := range map[int64]string{
		-abi.StateBias: "v0", 8*1 - abi.StateBias: "t0", 8*30 - abi.StateBias: "sp",
		abi.Offset("Limit") - abi.StateBias:                          "Limit",
		abi.Offset("RAMLimit") + 24 - abi.StateBias:                  "RAMLimit[3]",
		abi.Offset("F") + 8*17 - abi.StateBias:                       "$f17",
		abi.Offset("PS") + 4 - abi.StateBias:                         "PS+4",
		abi.Offset("Thunks") + 8*abi.ThunkStore2 - abi.StateBias:     "axp_store2",
		abi.Offset("Jump") + 2*abi.JumpEntrySize + 8 - abi.StateBias: "Jump[2].Host",
		abi.Offset("TLB") + 5*abi.TLBEntrySize + 8 - abi.StateBias:   "TLB[0][0][5].Addend",
		-abi.StateBias - 8: "",
		1 << 40:            "",
		abi.Offset("Jump") + abi.JumpEntries*abi.JumpEntrySize + 1<<20: "",
	} {
		if got := StateField(disp); got != want {
			t.Errorf("%#x: %q, want %q", disp, got, want)
		}
	}
}
