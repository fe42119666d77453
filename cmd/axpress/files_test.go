package main

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
)

// gzipped is a compressed copy of the file at path.
func gzipped(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, compress(t, data))
}

func compress(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every command takes a compressed kernel for the kernel that is in it; a cut one is
// refused by its name and format.
func TestCompressedKernel(t *testing.T) {
	kernel, dir := twoLoops(t), t.TempDir()
	packed := gzipped(t, kernel)
	if r := cli(t, t.Context(), dir, "translate", kernel); r.status != statusOK {
		t.Fatal(r.err)
	}
	if r := cli(t, t.Context(), dir, "translate", packed); r.status != statusOK || !strings.Contains(r.out, "in the cache already") {
		t.Errorf("translate: %d %q %q", r.status, r.out, r.err)
	}
	for _, engine := range []string{engineInterp, engineNative} {
		if r := cli(t, t.Context(), dir, "run", "--kernel", packed, "--memory", bootMem, "--engine", engine); r.status != statusOK {
			t.Errorf("run, %s: %d %q", engine, r.status, r.err)
		}
	}
	for _, args := range [][]string{{"disasm", packed, "two"}, {"disasm", "--host", packed, "two"}, {"ir", "two", "--file", packed}} {
		if r := cli(t, t.Context(), dir, args...); r.status != statusOK || !strings.Contains(r.out, "two") {
			t.Errorf("%q: %d %q", args[0], r.status, r.err)
		}
	}
	data, err := os.ReadFile(packed)
	if err != nil {
		t.Fatal(err)
	}
	cut := writeFile(t, data[:len(data)-100])
	for _, args := range [][]string{{"translate", cut}, {"run", "--kernel", cut}, {"disasm", cut}, {"ir", "two", "--file", cut}} {
		r := cli(t, t.Context(), dir, args...)
		if r.status != statusInput || !strings.Contains(r.err, cut) || !strings.Contains(r.err, "gzip") || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: %d %q", args, r.status, r.err)
		}
	}
}

// A boot image boots, with the initrd that it holds.
func TestBootImage(t *testing.T) {
	memory := imagetest.BootKernel(kernelVA)
	packed := compress(t, memory)
	for name, file := range map[string][]byte{"bootpfile": memory, "bootpzfile": packed, "with initrd": append(bytes.Clone(packed), "not a cpio, but the kernel's business"...)} {
		path := writeFile(t, imagetest.BootLoader(file))
		// start_kernel halts.
		r := cli(t, t.Context(), t.TempDir(), "run", "--kernel", path, "--memory", bootMem, "--engine", engineInterp, "--no-reboot")
		if want := fmt.Sprintf("the guest halted at pc %#x", uint64(kernelVA+0x200c)); r.status != statusHalt || !strings.Contains(r.err, want) {
			t.Errorf("%s: %d %q", name, r.status, r.err)
		}
	}
}

// Debug information, and its removal, changes neither the key of a translation nor the
// names of hot code in a profile.
func TestTranslationOutlivesStrip(t *testing.T) {
	f, dir := twoLoopsFile(t), t.TempDir()
	stripped := writeFile(t, imagetest.Build(f))
	f.Debug = 1 << 20
	debug := writeFile(t, append(imagetest.Build(f), bytes.Repeat([]byte("debug"), 1<<20)[:1<<20]...))
	profile := filepath.Join(t.TempDir(), "profile")
	if r := cli(t, t.Context(), dir, "run", "--kernel", debug, "--memory", bootMem, "--profile-out", profile); r.status != statusOK {
		t.Fatal(r.err)
	}
	for _, kernel := range []string{stripped, debug} {
		r := cli(t, t.Context(), dir, "translate", "--json", "--profile", profile, kernel)
		var s summary
		if err := json.Unmarshal([]byte(r.out), &s); err != nil || len(s.Files) != 2 {
			t.Fatalf("%v: %q %q", err, r.out, r.err)
		}
		hot := s.Files[1]
		if !s.Files[0].Cached || hot.Functions == 0 || hot.Cached != (kernel == debug) {
			t.Errorf("%s: %+v", kernel, s.Files)
		}
	}
}

// What cannot be right is refused by every command, before anything is written.
func TestImpossibleFiles(t *testing.T) {
	word := imagetest.Words(0x47ff041f)
	file := func(entry, va uint64) []byte {
		return imagetest.Build(imagetest.File{Entry: entry, Segs: []imagetest.Seg{{VAddr: va, Data: word, Flags: elf.PF_R | elf.PF_X}}})
	}
	moved := func(va uint64) []byte { // not congruent with its offset
		b := file(0x120000000, 0x120000000)
		copy(b[64+16:], imagetest.Words(uint32(va), uint32(va>>32)))
		return b
	}
	core := file(0x120000000, 0x120000000)
	copy(core[16:], []byte{0xff, 0x1f}) // ET_CORE+8187
	for _, c := range []struct {
		name, says string
		data       []byte
	}{
		{"at the end of the positive addresses", "where Linux has programs", moved(1<<63 - 1)},
		{"not congruent", "differ modulo the page", moved(0x1fff)},
		{"wraps", "wrap around", moved(1<<64 - 2)},
		{"entry outside", "entry 0x120000004 is no place in its code", file(0x120000004, 0x120000000)},
		{"type", "a file of the unknown type 0x1fff", core},
		{"nothing found", "no function was found", imagetest.Build(imagetest.File{Type: elf.ET_DYN, Segs: []imagetest.Seg{
			{VAddr: image.PageSize, Data: make([]byte, 64), Flags: elf.PF_R | elf.PF_X}}})},
	} {
		path := writeFile(t, c.data)
		for _, args := range [][]string{{"translate", path}, {"disasm", path}, {"ir", "0x2000", "--file", path}, {"run", "--kernel", path}} {
			says := c.says
			if c.name == "nothing found" {
				says = map[string]string{"translate": "nothing to translate", "run": "no kernel"}[args[0]]
				if args[0] == "disasm" {
					continue // shows what there is, found or not
				}
			}
			dir := filepath.Join(t.TempDir(), "cache")
			r := cli(t, t.Context(), dir, args...)
			if r.status != statusInput || !strings.Contains(r.err, says) || len(files(t, dir)) != 0 {
				t.Errorf("%s, %s: %d %q", c.name, args[0], r.status, r.err)
			}
		}
	}
}

// --symbols gives a stripped kernel its names everywhere; symbols of another one are refused.
func TestLentSymbols(t *testing.T) {
	f, dir := twoLoopsFile(t), t.TempDir()
	full := writeFile(t, imagetest.Build(f))
	f.Stripped = true
	stripped := writeFile(t, imagetest.Build(f))
	var text strings.Builder
	for _, s := range f.Syms {
		fmt.Fprintf(&text, "%016x T %s\n", s.Addr, strings.Replace(s.Name, "_start", "_stext", 1))
	}
	fmt.Fprintf(&text, "%016x B _end\n", uint64(kernelVA+0x10000))
	systemMap := writeFile(t, []byte(text.String()))

	for _, lent := range []string{full, gzipped(t, full), systemMap} {
		for _, c := range []struct {
			args []string
			want string
		}{
			{[]string{"disasm", stripped, "two"}, "<two>:"},
			{[]string{"ir", "two", "--file", stripped}, fmt.Sprintf("@%#x", uint64(kernelVA))},
		} {
			r := cli(t, t.Context(), dir, append(c.args, "--symbols", lent)...)
			if r.status != statusOK || !strings.Contains(r.out, c.want) {
				t.Errorf("%q: %d %q", c.args[0], r.status, r.err)
			}
		}
		for _, engine := range []string{engineInterp, engineNative} {
			people, units, stats := filepath.Join(t.TempDir(), "pprof"), filepath.Join(t.TempDir(), "units"), filepath.Join(t.TempDir(), "stats")
			r := cli(t, t.Context(), dir, "run", "--kernel", stripped, "--memory", bootMem, "--engine", engine, "--symbols", lent,
				"--pprof", people, "--profile-out", units, "--stats", stats)
			if r.status != statusOK {
				t.Fatal(r.err)
			}
			// Without its symbols the kernel is one unit; untranslated it has none.
			unit := map[string]string{engineInterp: `"two"`, engineNative: `"_st`}[engine]
			for file, want := range map[string]string{units: unit, stats: `"stop_symbol": "two+0x`} {
				if data, err := os.ReadFile(file); err != nil || !bytes.Contains(data, []byte(want)) {
					t.Errorf("%s: no %s: %v\n%.2000s", engine, want, err, data)
				}
			}
			if names := functionsOf(t, people); names["two"] == "" {
				t.Errorf("%s: pprof has %v", engine, names)
			}
		}
	}
	if r := cli(t, t.Context(), dir, "disasm", "--host", stripped, "two", "--symbols", full); r.status != statusOK || !strings.HasPrefix(r.out, "_start: ") || !strings.Contains(r.out, "<two+0x8>:") {
		t.Errorf("disasm --host: %d %q\n%s", r.status, r.err, r.out)
	}
	if r := cli(t, t.Context(), dir, "translate", stripped); !strings.Contains(r.out, "in the cache already") {
		t.Errorf("lent symbols changed the translation: %q", r.out)
	}

	f.Stripped = false
	f.Segs[0].Data = bytes.Clone(f.Segs[0].Data)
	f.Segs[0].Data[20]++
	otherText := writeFile(t, imagetest.Build(f))
	moved := writeFile(t, []byte(strings.Replace(text.String(), fmt.Sprintf("%016x T _stext", uint64(kernelVA)), fmt.Sprintf("%016x T _stext", uint64(kernelVA+0x2000)), 1)))
	for _, c := range []struct{ name, file, says string }{
		{"other code", otherText, "symbols of another file"},
		{"other addresses", moved, "its _stext is"},
		{"stripped as well", stripped, "no symbols itself"},
		{"text", writeFile(t, []byte("hello, world\n")), "neither an ELF file nor a System.map"},
		{"nothing", filepath.Join(t.TempDir(), "none"), "no such file"},
	} {
		for _, args := range [][]string{{"run", "--kernel", stripped, "--memory", bootMem}, {"disasm", stripped, "two"}, {"ir", "two", "--file", stripped}} {
			r := cli(t, t.Context(), dir, append(args, "--symbols", c.file)...)
			if r.status != statusInput || !strings.Contains(r.err, c.says) || strings.Count(r.err, "\n") != 1 {
				t.Errorf("%s, %s: %d %q", c.name, args[0], r.status, r.err)
			}
		}
	}
}

// The line that says how a run ended names the place.
func TestEndNamesThePlace(t *testing.T) {
	loop, dir := kernelFile(t, program(t, "br zero,.+4", "br zero,.+0")), t.TempDir()
	for _, c := range []struct {
		kernel string
		want   string
	}{
		{halting(t, 0), fmt.Sprintf("the guest halted at pc %#x <_start+0x1c>", uint64(kernelVA+0x1c))},
		{loop, fmt.Sprintf("(--timeout) at pc %#x <_start+0x4>", uint64(kernelVA+4))},
	} {
		if r := cli(t, t.Context(), dir, "translate", c.kernel); r.status != statusOK {
			t.Fatal(r.err)
		}
		for _, engine := range []string{engineInterp, engineNative} {
			r := cli(t, t.Context(), dir, "run", "--kernel", c.kernel, "--memory", bootMem, "--engine", engine, "--timeout", "3s")
			if !strings.Contains(r.err, c.want) {
				t.Errorf("%s: %q, want %q", engine, r.err, c.want)
			}
		}
	}
}

// functionsOf returns the functions in a pprof file, with the name and the file of each.
func functionsOf(t *testing.T, path string) map[string]string {
	t.Helper()
	names := map[string]string{}
	for _, f := range readPProf(t, path).Function {
		names[f.Name] = f.Name + " " + f.Filename
	}
	return names
}

// sourceKernel compiles a kernel with debug information from a source of its own.
func sourceKernel(t *testing.T) (kernel, source string) {
	t.Helper()
	const gcc = "alpha-linux-gnu-gcc"
	if _, err := exec.LookPath(gcc); err != nil {
		t.Skipf("%s is not installed", gcc)
	}
	const text = `asm(".globl _start\n_start: br $27,1f\n1: ldgp $29,0($27)\n lda $30,stack\n lda $30,4096($30)\n jsr $26,begin\n");
long stack[1024], sum;
static inline __attribute__((always_inline)) void add(long n)
{
	sum += n * sum; // inlined
}
__attribute__((noinline)) void spin(void)
{
	for (volatile long i = 0; i < 200000; i++)
		add(i);
}
void begin(void)
{
	spin();
	*(volatile long *)0xfffffc0000002200 = 4 << 16; // power off
	asm volatile("call_pal 0");
}
`
	dir := t.TempDir()
	source, kernel = filepath.Join(dir, "spin.c"), filepath.Join(dir, "vmlinux")
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(gcc, "-g", "-O2", "-ffreestanding", "-nostdlib", "-static", "-Wl,-Ttext-segment=0xfffffc0001000000", "-o", kernel, source).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return kernel, source
}

// With debug information 'go tool pprof -list' shows the source, inlined functions too;
// without, it has no file to show.
func TestPProfSource(t *testing.T) {
	kernel, source := sourceKernel(t)
	stripped := filepath.Join(t.TempDir(), "stripped")
	if out, err := exec.Command("alpha-linux-gnu-strip", "--strip-debug", "-o", stripped, kernel).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		args  []string
		lines bool
	}{
		{[]string{"--kernel", kernel}, true},
		{[]string{"--kernel", stripped}, false},
		{[]string{"--kernel", stripped, "--symbols", kernel}, true},
	} {
		file := filepath.Join(t.TempDir(), "pprof")
		r := cli(t, t.Context(), t.TempDir(), append([]string{"run", "--memory", bootMem, "--engine", engineInterp, "--pprof", file}, c.args...)...)
		if r.status != statusOK {
			t.Fatalf("%q: %d %q", c.args, r.status, r.err)
		}
		for _, f := range readPProf(t, file).Function {
			if want := map[bool]string{true: source}[c.lines]; f.Filename != want && f.Name != "_start" {
				t.Errorf("%q: %s is in %q, want %q", c.args, f.Name, f.Filename, want)
			}
		}
		for function, line := range map[string]string{"spin": "add(i);", "add": "sum += n * sum; // inlined"} {
			out, err := exec.Command("go", "tool", "pprof", "-list=^"+function+"$", file).CombinedOutput()
			if shown := strings.Contains(string(out), line); shown != c.lines {
				t.Errorf("%q: -list=%s: %v\n%.2000s", c.args, function, err, out)
			}
		}
	}
}
