package sources_test

import (
	"bytes"
	"debug/elf"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"axpress/cmd/axpress/sources"
	"axpress/lifter/image"
)

// program is compiled with lines; what one of its functions inlines is of another file.
const (
	header = `static inline __attribute__((always_inline)) long twice(long n)
{
	return 2 * *(volatile long *)n;
}
`
	program = `#include "twice.h"
static inline __attribute__((always_inline)) long more(long n)
{
	return twice(n) + 1;
}
__attribute__((noinline)) long outer(long n)
{
	asm volatile("nop");
	return more(n);
}
asm(".globl bare\nbare: nop\n ret\n");
long _start(long n)
{
	return outer(n) - 1;
}
`
)

func compiled(t *testing.T) (img *image.Image, dir string) {
	t.Helper()
	const gcc = "alpha-linux-gnu-gcc"
	if _, err := exec.LookPath(gcc); err != nil {
		t.Skipf("%s is not installed", gcc)
	}
	dir = t.TempDir()
	for name, text := range map[string]string{"twice.h": header, "p.c": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "p")
	if out, err := exec.Command(gcc, "-g", "-O2", "-ffreestanding", "-nostdlib", "-static", "-o", file, filepath.Join(dir, "p.c")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	img, err := image.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	return img, dir
}

func TestFrames(t *testing.T) {
	img, dir := compiled(t)
	d, err := img.DWARF()
	if err != nil || d == nil {
		t.Fatalf("%v %v", d, err)
	}
	lines, err := sources.New(d)
	if err != nil {
		t.Fatal(err)
	}
	p, h := filepath.Join(dir, "p.c"), filepath.Join(dir, "twice.h")
	want := [][]sources.Frame{
		{{"outer", p, 8, 6}}, // the nop
		{{"twice", h, 3, 1}, {"more", p, 4, 2}, {"outer", p, 9, 6}},
	}
	found := make([]bool, len(want))
	for _, s := range img.Symbols {
		for pc := s.Addr; pc < s.Addr+s.Size && s.Name == "outer"; pc += 4 {
			frames, err := lines.Frames(pc)
			if err != nil || len(frames) == 0 || frames[len(frames)-1].Function != "outer" {
				t.Errorf("%#x: %+v %v", pc, frames, err)
			}
			for i := range want {
				found[i] = found[i] || slices.Equal(frames, want[i])
			}
		}
		if s.Name == "bare" {
			if frames, err := lines.Frames(s.Addr); err != nil || len(frames) > 1 || len(frames) == 1 && frames[0].Function != "" {
				t.Errorf("code of no function: %+v %v", frames, err)
			}
		}
	}
	for i, ok := range found {
		if !ok {
			t.Errorf("no instruction has the frames %+v", want[i])
		}
	}
	for _, pc := range []uint64{0, 0x1000, 1 << 40, ^uint64(0)} {
		if frames, err := lines.Frames(pc); err != nil || len(frames) > 0 {
			t.Errorf("%#x: %+v %v", pc, frames, err)
		}
	}
}

// Damaged debug information gives an error, or wrong lines, and nothing worse.
func TestDamaged(t *testing.T) {
	img, _ := compiled(t)
	good, err := os.ReadFile(img.Name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	errs := 0
	for _, s := range f.Sections {
		if !strings.HasPrefix(s.Name, ".debug_") {
			continue
		}
		for range 100 {
			bad := bytes.Clone(good)
			bad[s.Offset+random.Uint64N(s.FileSize)] = byte(random.Uint32())
			m, err := image.Parse("bad", bad)
			if err != nil {
				t.Fatal(err)
			}
			if d, err := m.DWARF(); err != nil {
				errs++
			} else if lines, err := sources.New(d); err != nil {
				errs++
			} else {
				for _, sym := range m.Symbols {
					if _, err := lines.Frames(sym.Addr + 4); err != nil {
						errs++
					}
				}
			}
		}
	}
	if errs == 0 {
		t.Error("no damage was found")
	}
}
