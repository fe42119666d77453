package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"axpress/lifter/asmtest"
	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/runtime/standalone/guard"
	"axpress/translator/artifact"
	"axpress/translator/prepare"
)

// asCommand, in the environment, makes the test program the command itself.
const asCommand = "AXPRESS_TEST_COMMAND"

// TestMain lets the test program be what bisect starts for a trial, and what tests start to have several processes.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == trialCommand || os.Getenv(asCommand) != "" {
		os.Exit(int(realMain()))
	}
	guard.Off()
	os.Exit(m.Run())
}

// summing is a kernel that says "ok" if 1 + ... + 10 is 55, and "no" if not. A translator
// that takes cmple for cmplt breaks sum; least uses the same instruction, but there it
// makes no difference.
const summing = `
.entry start
.text 0xfffffc0001010000
.func start
	lda s0,-1(zero)
	sll s0,42,s0               # 0xfffffc0000000000
	lda s1,1(zero)
	sll s1,40,s1
	addq s0,s1,s1
	lda t0,0x7f(zero)
	sll t0,26,t0               # PCI I/O
	addq s1,t0,s1
	lda s1,0x3f8(s1)           # the serial port
	lda a0,10(zero)
	bsr ra,sum
	lda a1,55(zero)
	bis v0,v0,s2
	bis v0,v0,a0
	bsr ra,least
	cmpeq s2,55,t0
	beq t0,wrong
	lda a0,111(zero)
	bsr ra,putc
	lda a0,107(zero)
	br zero,end
wrong:
	lda a0,110(zero)
	bsr ra,putc
	lda a0,111(zero)
end:
	bsr ra,putc
	lda a0,10(zero)
	bsr ra,putc
	ldah t0,4(zero)
	stq t0,0x2200(s0)
	call_pal 0
.end
.func putc
	stb a0,0(s1)
	ret zero,(ra),1
.end
.func least
	cmple a0,a1,t0
	cmoveq t0,a1,a0
	bis a0,a0,v0
	ret zero,(ra),1
.end
.func sum
	bis zero,zero,v0
	lda t0,1(zero)
next:
	addq v0,t0,v0
	addq t0,1,t0
	cmple t0,a0,t1
	bne t1,next
	ret zero,(ra),1
.end
`

func assembled(t *testing.T, name, text string) *image.Image {
	t.Helper()
	img, _, err := asmtest.Assemble(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// planted is a pass that takes cmple for cmplt.
const planted = "planted"

// wrongTranslator translates as usual, but with the pass planted among the others.
func wrongTranslator(t *testing.T) func(context.Context, *image.Image, prepare.Options) (*prepare.Result, error) {
	wrong := assembled(t, "wrong", strings.ReplaceAll(summing, "cmple", "cmplt"))
	return func(ctx context.Context, img *image.Image, o prepare.Options) (*prepare.Result, error) {
		if !o.Pipeline.Disable[planted] {
			img = wrong
		}
		o.Pipeline.Disable = maps.Clone(o.Pipeline.Disable)
		delete(o.Pipeline.Disable, planted)
		return translateOne(ctx, img, o)
	}
}

// withPlanted are the passes, with the wrong one in the middle.
func withPlanted() []string { return slices.Insert(optionalPasses(), 3, planted) }

func summingFile(t *testing.T) string {
	t.Helper()
	data, _, err := asmtest.File("summing", summing)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, data)
}

// TestBisectPlantedPass wants the wrong pass found, and the function that it breaks, both
// by what the console shows and by comparison with the interpreter.
func TestBisectPlantedPass(t *testing.T) {
	for _, check := range []string{"^ok$", ""} {
		var out bytes.Buffer
		a := &app{streams: streams{out: &out, err: io.Discard}, cacheDir: t.TempDir()}
		g := &suspect{kernelFile: summingFile(t), memory: 32 << 20, check: check, translate: wrongTranslator(t)}
		g.prepare.CacheDir, g.prepare.Report = a.cacheDir, newReporter(a.err)
		if err := a.search(t.Context(), g, withPlanted()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"function: sum at 0xfffffc00", "pass: planted\n", "way round: -d planted=off", "wrong: ", "see: axpress ir 0xfffffc00"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("check %q: no %q in\n%s", check, want, out.String())
			}
		}
		if strings.Count(out.String(), "function: ") != 1 {
			t.Errorf("check %q:\n%s", check, out.String())
		}
		// The user's cache has the translation of everything, and no more.
		if n := len(files(t, a.cacheDir)); n != 1 {
			t.Errorf("check %q: %d files in the cache", check, n)
		}
		if _, err := os.Stat(g.dir); !os.IsNotExist(err) {
			t.Errorf("check %q: left %s behind", check, g.dir)
		}
	}
}

// Code that kills its process is found as well: sum begins with an instruction that
// there is not.
func TestBisectCrash(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	a := &app{streams: streams{out: &out, err: io.Discard}}
	g := &suspect{kernelFile: summingFile(t), memory: 32 << 20, check: "^ok$"}
	g.prepare.CacheDir, g.prepare.Report = dir, newReporter(a.err)
	n := 0
	g.translate = func(ctx context.Context, img *image.Image, o prepare.Options) (*prepare.Result, error) {
		r, err := translateOne(ctx, img, o)
		if err != nil {
			return nil, err
		}
		n++
		r.Path = filepath.Join(dir, fmt.Sprintf("crashing%d", n))
		return r, crashing(r.Artifact, r.Path)
	}
	if err := a.search(t.Context(), g, optionalPasses()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"function: sum at ", "pass: none", "wrong: the process ends by "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// crashing writes a with a sum that crashes.
func crashing(a *artifact.Artifact, path string) error {
	units, missing, err := a.UnitList()
	if err != nil {
		return err
	}
	broken := &artifact.Artifact{Manifest: a.Manifest, Text: bytes.Clone(a.Text), Entries: a.Entries, Spans: a.Spans, Units: units, Missing: missing}
	for _, u := range units {
		if u.Name == "sum" {
			copy(broken.Text[u.Code:], []byte{0x0f, 0x0b}) // ud2
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(broken.Write(f), f.Close())
}

func TestBisectFindsNothing(t *testing.T) {
	kernel, cache := summingFile(t), t.TempDir()
	bisectOf := func(args ...string) result {
		return cli(t, t.Context(), cache, append([]string{"bisect", "--memory", bootMem}, args...)...)
	}
	for _, c := range []struct {
		name string
		args []string
		want status
		says string
	}{
		{"nothing is wrong", []string{"--kernel", kernel, "--check", "^ok$"}, statusInput, "nothing goes wrong"},
		{"nothing is different", []string{"--kernel", kernel}, statusInput, "nothing goes wrong"},
		{"the guest never shows it", []string{"--kernel", kernel, "--check", "fine"}, statusInput, "in the interpreter too"},
		{"the guest hangs", []string{"--kernel", kernelFile(t, program(t, "br zero,.+0")), "--check", "x", "--timeout", "50ms"}, statusInput, "ends by timeout"},
		{"no kernel", nil, statusUsage, "--kernel"},
		{"no such kernel", []string{"--kernel", "/nonexistent/vmlinux"}, statusInput, "no such file"},
		{"bad check", []string{"--kernel", kernel, "--check", "("}, statusUsage, "--check"},
		{"bad memory", []string{"--kernel", kernel, "--memory", "x"}, statusUsage, "--memory"},
		{"bad jobs", []string{"--kernel", kernel, "--jobs", "-1"}, statusUsage, "--jobs"},
	} {
		if r := bisectOf(c.args...); r.status != c.want || !strings.Contains(r.err, c.says) {
			t.Errorf("%s: status %d, want %d and %q; stderr:\n%s", c.name, r.status, c.want, c.says, r.err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := cli(t, ctx, cache, "bisect", "--memory", bootMem, "--kernel", kernel, "--check", "^ok$"); r.status != statusInterrupted {
		t.Errorf("interrupted: status %d, %q", r.status, r.err)
	}
}

// The console of a trial is read by lines, wherever the writes are cut.
func TestAwaiting(t *testing.T) {
	found := 0
	want, err := compileCheck("^exit status 0$")
	if err != nil {
		t.Fatal(err)
	}
	w := &awaiting{want: want, found: func() { found++ }}
	for _, part := range []string{"init: exit status 0\r\nexit sta", "tus 0"} {
		if n, err := io.WriteString(w, part); n != len(part) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if found != 0 {
		t.Error("found in half a line, or in the middle of one")
	}
	if io.WriteString(w, "\r\n"); found != 1 || !w.seen() {
		t.Errorf("found %d times", found)
	}
}

// Addresses of kernel and programs lead to functions; those of a process may be of
// several programs.
func TestSuspects(t *testing.T) {
	kernel := assembled(t, "kernel", summing)
	program := func(name string) *image.Image {
		return assembled(t, name, ".entry f\n.text 0x120000000\n.func f\n\tnop\n\tnop\n\tret zero,(ra),1\n.end\n")
	}
	one, two := program("one"), program("two")
	g := &suspect{}
	g.add(kernel, []artifact.Unit{{PC: kernelVA, Name: "start"}, {PC: kernelVA + 0x80, Name: "sum"}, {PC: kernelVA + 0x40, Name: "start"}})
	g.add(one, []artifact.Unit{{PC: 0x120000000, Name: "f"}})
	g.add(two, []artifact.Unit{{PC: 0x120000000, Name: "f"}, {PC: 0x120000008, Name: "g"}})
	if len(g.functions) != 5 || len(g.groups) != 3 || !slices.Equal(g.functions[0].pcs, []uint64{kernelVA, kernelVA + 0x40}) {
		t.Errorf("functions %+v, groups %v", g.functions, g.groups)
	}
	for _, c := range []struct {
		pcs  []abi.VAddr
		want []uint64
	}{
		{[]abi.VAddr{kernelVA + 0x50}, []uint64{0}},
		{[]abi.VAddr{kernelVA + 0x84, kernelVA + 0x88}, []uint64{1}},
		{[]abi.VAddr{0x120000004}, []uint64{2, 3}},
		{[]abi.VAddr{0x120000008, kernelVA}, []uint64{2, 4, 0}},
		{[]abi.VAddr{0x9000, kernelVA - 4}, nil},
		{nil, nil},
	} {
		var got []uint64
		for _, n := range g.suspects(c.pcs) {
			got = append(got, uint64(n))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%#x: functions %v, want %v", c.pcs, got, c.want)
		}
	}
}
