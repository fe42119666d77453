package profiles

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"testing"
	"time"

	pprof "github.com/google/pprof/profile"

	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/runtime/sampler"
)

const (
	kernelVA  = image.KSEGBase + 0x1010000
	programVA = 0x120000000
)

// guest is a run with a kernel and a program of a page each; user is the hash of the
// program's page.
func guest(t *testing.T) (run *Run, kernel, program *image.Image, user [32]byte) {
	t.Helper()
	file := func(name string, va uint64, content byte, syms ...imagetest.Sym) *image.Image {
		img, err := image.Parse(name, imagetest.Build(imagetest.File{Entry: va, Syms: syms, Segs: []imagetest.Seg{
			{VAddr: va, Data: bytes.Repeat([]byte{content}, image.PageSize), Flags: elf.PF_R | elf.PF_X}}}))
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	fn := func(name string, at uint64) imagetest.Sym {
		return imagetest.Sym{Name: name, Addr: at, Size: 0x100, Type: elf.STT_FUNC}
	}
	kernel = file("vmlinux", kernelVA, 1, fn("schedule", kernelVA), fn("main", kernelVA+0x100))
	program = file("bin/prog", programVA, 2, fn("main", programVA))
	run = &Run{Table: &symbols.Table{}, Period: 1000, Began: time.Unix(1e9, 0), Took: time.Second}
	for _, img := range []*image.Image{program, kernel} {
		if err := run.Table.Add(img, nil); err != nil {
			t.Fatal(err)
		}
	}
	return run, kernel, program, sha256.Sum256(bytes.Repeat([]byte{2}, image.PageSize))
}

func TestProfiles(t *testing.T) {
	run, kernel, program, user := guest(t)
	run.Samples = []sampler.Samples{
		{{PC: kernelVA + 4}: 10, {PC: kernelVA + 8}: 20, {PC: 0x40, User: true, Page: user}: 300},
		{
			{PC: kernelVA + 8}:                               1000,
			{PC: kernelVA + 0x104}:                           4000,
			{PC: programVA + 0x40, User: true, Page: user}:   20000,
			{PC: programVA + 0x40, User: true}:               50000,
			{PC: 0xfffffffe00000000}:                         60000,
			{PC: kernelVA, User: true, Page: [32]byte{1, 2}}: 70000,
		},
	}

	units := run.Units()
	for _, c := range []struct {
		img   *image.Image
		entry uint64
		want  uint64
	}{{kernel, kernelVA, 1030}, {kernel, kernelVA + 0x100, 4000}, {program, programVA, 20300}} {
		if got := units.Image(c.img.Hash).Units[c.entry].Instructions; got != c.want {
			t.Errorf("%s %#x: %d instructions, want %d", c.img.Name, c.entry, got, c.want)
		}
	}
	if units.Total() != 25330 {
		t.Errorf("units have %d instructions", units.Total())
	}

	var b bytes.Buffer
	if err := run.PProf().Write(&b); err != nil {
		t.Fatal(err)
	}
	p, err := pprof.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	if p.SampleType[0].Type != "instructions" || p.Period != 1000 || p.DurationNanos != 1e9 || p.TimeNanos != 1e18 {
		t.Errorf("%+v", p)
	}
	if len(p.Mapping) != 2 || p.Mapping[0].File != "vmlinux" || p.Mapping[0].Start != kernelVA || p.Mapping[0].Limit != kernelVA+image.PageSize {
		t.Errorf("mappings %+v", p.Mapping)
	}
	type key struct{ file, function, mode string }
	got := map[key]int64{}
	for _, s := range p.Sample {
		f := s.Location[0].Line[0].Function
		m, file := s.Location[0].Mapping, ""
		if m != nil {
			file = m.File
		}
		got[key{file, f.Name, s.Label["mode"][0]}] += s.Value[0]
		if f.Filename != "" || f.StartLine != 0 || s.Location[0].Line[0].Line != 0 {
			t.Errorf("%s has lines, of %q", f.Name, f.Filename)
		}
		if m != nil && (s.Location[0].Address < m.Start || s.Location[0].Address >= m.Limit) {
			t.Errorf("%s at %#x is in mapping %+v", f.Name, s.Location[0].Address, m)
		}
	}
	want := map[key]int64{
		{"vmlinux", "schedule", "kernel"}: 1030, {"vmlinux", "main", "kernel"}: 4000, {"bin/prog", "main", "user"}: 20300,
		{"", unknownUser, "user"}: 120000, {"", unknownKernel, "kernel"}: 60000,
	}
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%+v: %d instructions, want %d", k, got[k], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("functions %v", got)
	}
}

// A run that ended before its first sample has profiles too.
func TestEmptyRun(t *testing.T) {
	run, _, _, _ := guest(t)
	var b bytes.Buffer
	if err := run.PProf().Write(&b); err != nil {
		t.Fatal(err)
	}
	if p, err := pprof.Parse(&b); err != nil || len(p.Sample) != 0 {
		t.Errorf("%v %v", p, err)
	}
	if run.Units().Total() != 0 {
		t.Error("units without samples")
	}
}
