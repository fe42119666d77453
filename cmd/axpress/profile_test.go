package main

import (
	"debug/elf"
	"math"
	"os"
	"path/filepath"
	"testing"

	pprof "github.com/google/pprof/profile"

	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/translator/profile"
)

// twoLoops is a kernel that spends a quarter of its 1.6 million instructions in "one",
// and the rest in "two".
func twoLoops(t *testing.T) string {
	t.Helper()
	return writeFile(t, imagetest.Build(twoLoopsFile(t)))
}

func twoLoopsFile(t *testing.T) imagetest.File {
	t.Helper()
	code := program(t,
		"lda s0,-1(zero)", "sll s0,42,s0", "ldah t0,3(zero)", "lda t0,3392(t0)", "br zero,.+4",
		"subq t0,1,t0", "bne t0,.-4", "br zero,.+4", // one
		"ldah t0,3(zero)", "lda t0,3392(t0)",
		"addq t1,t2,t1", "addq t1,t2,t1", "addq t1,t2,t1", "addq t1,t2,t1", "subq t0,1,t0", "bne t0,.-20",
		"ldah t0,4(zero)", "stq t0,0x2200(s0)", "call_pal 0")
	fn := func(name string, first, words uint64) imagetest.Sym {
		return imagetest.Sym{Name: name, Addr: kernelVA + 4*first, Size: 4 * words, Type: elf.STT_FUNC, Other: image.OtherNoPV}
	}
	n := uint64(len(code))
	return imagetest.File{
		Entry: kernelVA,
		Segs:  []imagetest.Seg{{VAddr: kernelVA, Data: code, MemSize: 0x10000, Flags: elf.PF_R | elf.PF_W | elf.PF_X}},
		Syms:  []imagetest.Sym{fn("_start", 0, 5), fn("one", 5, 3), fn("two", 8, n/4-8)},
		Secs:  []imagetest.Sec{{Name: ".text", Addr: kernelVA, Size: n, Flags: elf.SHF_EXECINSTR}},
	}
}

// Both profiles give both functions their share, with either engine.
func TestRunProfiles(t *testing.T) {
	kernel, cache := twoLoops(t), t.TempDir()
	img, err := image.Open(kernel)
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range []string{engineNative, engineInterp} {
		units, people := filepath.Join(t.TempDir(), "units"), filepath.Join(t.TempDir(), "pprof")
		r := cli(t, t.Context(), cache, "run", "--kernel", kernel, "--memory", bootMem, "--engine", engine,
			"--profile-out", units, "--pprof", people)
		if r.status != statusOK {
			t.Fatalf("%s: %d %s", engine, r.status, r.err)
		}

		p, err := profile.Load(units)
		if err != nil {
			t.Fatal(err)
		}
		const two = kernelVA + 4*8
		if share := float64(p.Image(img.Hash).Units[two].Instructions) / float64(p.Total()); math.Abs(share-0.75) > 0.15 {
			t.Errorf("%s: two has %.2f of the instructions: %+v", engine, share, p.Image(img.Hash))
		}
		if hot := p.Hot(img.Hash, 0.5); len(hot) != 1 || hot[0] != two {
			t.Errorf("%s: hot are %#x", engine, hot)
		}

		pp := readPProf(t, people)
		byName := map[string]int64{}
		for _, s := range pp.Sample {
			byName[s.Location[0].Line[0].Function.Name] += s.Value[0]
		}
		if total := uint64(byName["one"] + byName["two"]); total != p.Total() || byName["one"] == 0 || byName["two"] < 2*byName["one"] {
			t.Errorf("%s: %v, want %d in total", engine, byName, p.Total())
		}
	}
	r := cli(t, t.Context(), cache, "run", "--kernel", kernel, "--memory", bootMem, "--pprof", filepath.Join(t.TempDir(), "no", "file"))
	if r.status != statusInput {
		t.Errorf("a file that cannot be written: %d %q", r.status, r.err)
	}
}

func readPProf(t *testing.T, path string) *pprof.Profile {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := pprof.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
