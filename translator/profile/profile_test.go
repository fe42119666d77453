package profile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var kernel, program = Hash{1}, Hash{2}

// sample has 1000 instructions: 600 and 50 in the kernel, 300 and 50 in a program.
func sample() *Profile {
	p := &Profile{}
	p.Add(kernel, "vmlinux", 0xfffffc0000310000, "memcpy", 500)
	p.Add(kernel, "vmlinux", 0xfffffc0000310000, "memcpy", 100)
	p.Add(kernel, "vmlinux", 0xfffffc0000320000, "schedule", 50)
	p.Add(program, "bin/busybox", 0x120000400, "main", 300)
	p.Add(program, "bin/busybox", 0x120000800, "idle", 0)
	p.Add(program, "bin/busybox", 0x120000600, "write", 50)
	return p
}

func TestHot(t *testing.T) {
	const memcpy, schedule, main, write = 0xfffffc0000310000, 0xfffffc0000320000, 0x120000400, 0x120000600
	for _, c := range []struct {
		share           float64
		kernel, program []uint64
	}{
		{0, nil, nil},
		{0.001, []uint64{memcpy}, nil},
		{0.6, []uint64{memcpy}, nil},
		{0.601, []uint64{memcpy}, []uint64{main}},
		{0.9, []uint64{memcpy}, []uint64{main}},
		// Of two equal ones the file with the smaller hash comes first.
		{0.91, []uint64{memcpy, schedule}, []uint64{main}},
		{0.96, []uint64{memcpy, schedule}, []uint64{main, write}},
		{1, []uint64{memcpy, schedule}, []uint64{main, write}},
		{2, []uint64{memcpy, schedule}, []uint64{main, write}},
	} {
		p := sample()
		if got := p.Hot(kernel, c.share); !slices.Equal(got, c.kernel) {
			t.Errorf("share %v: kernel %#x, want %#x", c.share, got, c.kernel)
		}
		if got := p.Hot(program, c.share); !slices.Equal(got, c.program) {
			t.Errorf("share %v: program %#x, want %#x", c.share, got, c.program)
		}
	}
	if got := sample().Hot(Hash{3}, 1); got != nil {
		t.Errorf("a file that is not in the profile is hot at %#x", got)
	}
	var empty Profile
	if got := empty.Hot(kernel, 1); got != nil {
		t.Errorf("an empty profile is hot at %#x", got)
	}
}

func TestMerge(t *testing.T) {
	p, q := sample(), sample()
	q.Add(Hash{3}, "lib", 0x400, "f", 7)
	p.Merge(q)
	if p.Total() != 2007 || p.Image(kernel).Units[0xfffffc0000310000] != (Unit{"memcpy", 1200}) || p.Image(Hash{3}).Units[0x400].Instructions != 7 {
		t.Errorf("merged: %d instructions, %+v", p.Total(), p.images)
	}
	if q.Total() != 1007 {
		t.Errorf("Merge changed what it merged in: %d", q.Total())
	}
	var none Profile
	none.Merge(sample())
	if none.Total() != 1000 {
		t.Errorf("merged into an empty one: %d", none.Total())
	}
}

func TestWriteAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "profile.json")
	var written bytes.Buffer
	if err := sample().Write(&written); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, written.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var second bytes.Buffer
	if err := p.Write(&second); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second.Bytes()) {
		t.Errorf("written, read and written again:\n%s\nwas\n%s", second.Bytes(), first)
	}
	if p.Total() != 1000 || p.Image(program).Name != "bin/busybox" || p.Image(program).Units[0x120000400] != (Unit{"main", 300}) {
		t.Errorf("loaded: %+v", p.Image(program))
	}
	// People read it: the hottest first.
	if text := string(first); strings.Index(text, "memcpy") > strings.Index(text, "schedule") {
		t.Errorf("not sorted:\n%s", text)
	}
}

func TestWhatIsNoProfileIsRefused(t *testing.T) {
	good := `{"format":"` + Format + `","images":[{"hash":"` + kernel.String() + `","name":"k","units":[{"entry":"0x10","name":"f","instructions":1}]}]}`
	if _, err := Read(strings.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new string }{
		{"no JSON", good, "hello"},
		{"empty", good, ""},
		{"another format", Format, "axpress profile 0"},
		{"short hash", kernel.String(), "0102"},
		{"long hash", kernel.String(), kernel.String() + "00"},
		{"no hash", kernel.String(), strings.Repeat("x", 64)},
		{"entry", "0x10", "main"},
		{"negative count", `"instructions":1`, `"instructions":-1`},
	} {
		if _, err := Read(strings.NewReader(strings.Replace(good, c.old, c.new, 1))); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", c.name, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := sample().Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := Read(bytes.NewReader(data)); err == nil {
			p.Hot(kernel, 0.5)
		} else if !errors.Is(err, ErrFormat) {
			t.Error(err)
		}
	})
}
