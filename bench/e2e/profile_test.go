package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	pprof "github.com/google/pprof/profile"

	"axpress/bench/guest"
	"axpress/lifter/image"
	"axpress/translator/profile"
)

// TestProfile boots with both profiles: they stand for nearly all instructions of the
// run, name functions of the kernel and the programs of userland, and go tool pprof
// reads the one that is for it.
func TestProfile(t *testing.T) {
	g := build(t, guest.Plain)
	dir := t.TempDir()
	units, people, stats := filepath.Join(dir, "units.json"), filepath.Join(dir, "guest.pb.gz"), filepath.Join(dir, "stats.json")
	boot(t, g, "native", "console=ttyS0", "--profile-out", units, "--pprof", people, "--stats", stats)
	c := readCounters(t, stats)

	p, err := profile.Load(units)
	if err != nil {
		t.Fatal(err)
	}
	kernel, err := image.Open(g.Kernel)
	if err != nil {
		t.Fatal(err)
	}
	inKernel := uint64(0)
	for _, u := range p.Image(kernel.Hash).Units {
		inKernel += u.Instructions
	}
	if known := float64(p.Total()) / float64(c.Instructions); known < 0.95 || known > 1 {
		t.Errorf("%.3f of the instructions are in a file that is known", known)
	}
	if share := float64(inKernel) / float64(p.Total()); share < 0.1 || share > 0.9 {
		t.Errorf("the kernel has %.2f of the instructions", share)
	}

	f, err := os.Open(people)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pp, err := pprof.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	byFile, byMode := map[string]int64{}, map[string]int64{}
	for _, s := range pp.Sample {
		if m := s.Location[0].Mapping; m != nil {
			byFile[filepath.Base(m.File)] += s.Value[0]
		}
		byMode[s.Label["mode"][0]] += s.Value[0]
	}
	if byFile["vmlinux"] == 0 || byFile["busybox"] == 0 || byMode["kernel"] == 0 || byMode["user"] == 0 {
		t.Errorf("instructions by file %v, by mode %v", byFile, byMode)
	}

	out, err := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-top", people).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Type: instructions") || !strings.Contains(string(out), "inflate_fast") {
		t.Errorf("go tool pprof: %v\n%s", err, out)
	}
}
