package main

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"axpress/lifter/image"
	"axpress/lifter/image/imagetest"
	"axpress/lifter/isa"
	"axpress/runtime/device/platforms"
	"axpress/runtime/machine"
	"axpress/translator/cache"
	"axpress/translator/toolchain"
)

// result is what a command line did.
type result struct {
	status   status
	out, err string
}

// cli runs a command line with a cache of its own.
func cli(t *testing.T, ctx context.Context, dir string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	st := run(ctx, append([]string{"--cache", dir}, args...), streams{strings.NewReader(""), &out, &errs})
	return result{st, out.String(), errs.String()}
}

// Where test kernels are.
const (
	kernelVA = image.KSEGBase + 0x1010000
	bootMem  = "32M"
)

// program assembles one instruction a line.
func program(t *testing.T, lines ...string) []byte {
	t.Helper()
	var words []uint32
	for i, line := range lines {
		w, err := isa.Assemble(line, kernelVA+uint64(4*i))
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, w)
	}
	return imagetest.Words(words...)
}

// kernelFile writes a kernel whose start is code.
func kernelFile(t *testing.T, code []byte) string {
	t.Helper()
	n := uint64(len(code))
	return writeFile(t, imagetest.Build(imagetest.File{
		Entry: kernelVA,
		Segs:  []imagetest.Seg{{VAddr: kernelVA, Data: code, MemSize: 0x10000, Flags: elf.PF_R | elf.PF_W | elf.PF_X}},
		Syms:  []imagetest.Sym{{Name: "_start", Addr: kernelVA, Size: n, Type: elf.STT_FUNC}},
		Secs:  []imagetest.Sec{{Name: ".text", Addr: kernelVA, Size: n, Flags: elf.SHF_EXECINSTR}},
	}))
}

func writeFile(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// halting returns a kernel that sets the restart request in its per-CPU slot and
// halts: 4 is "remain halted", which is a power-off, 2 a reboot, 0 nothing.
func halting(t *testing.T, request int) string {
	return kernelFile(t, program(t,
		"lda s0,-1(zero)", "sll s0,42,s0", fmt.Sprintf("ldah t0,%d(zero)", request),
		"ldq t1,0x2200(s0)", "bis t1,t0,t1", "stq t1,0x2200(s0)", "call_pal 0"))
}

func TestRunStatus(t *testing.T) {
	dir := t.TempDir()
	loop := kernelFile(t, program(t, "br zero,.+0"))
	if r := cli(t, t.Context(), dir, "translate", loop); r.status != statusOK { // --timeout would count it
		t.Fatal(r.err)
	}
	for _, c := range []struct {
		name   string
		kernel string
		args   []string
		want   status
		err    string
	}{
		{"power off", halting(t, 4), nil, statusOK, ""},
		{"halt", halting(t, 0), nil, statusHalt, "the guest halted at pc 0x"},
		{"reboot", halting(t, 2), []string{"--no-reboot"}, statusHalt, "asked for a reboot"},
		{"timeout", loop, []string{"--timeout", "1s"}, statusTimeout, "time ran out (--timeout) at pc 0x"},
	} {
		for _, engine := range []string{engineInterp, engineNative} {
			r := cli(t, t.Context(), dir, append([]string{"run", "--kernel", c.kernel, "--memory", bootMem, "--engine", engine}, c.args...)...)
			if r.status != c.want || !strings.Contains(r.err, c.err) {
				t.Errorf("%s, %s: status %d, want %d; stderr:\n%s", c.name, engine, r.status, c.want, r.err)
			}
		}
	}
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := cli(t, ctx, t.TempDir(), "run", "--kernel", kernelFile(t, program(t, "br zero,.+0")), "--memory", bootMem, "--engine", "interp")
	if r.status != statusInterrupted || !strings.HasPrefix(lastLine(r.err), "axpress: interrupted; the guest was at pc 0x") || !strings.Contains(r.err, "axpress: CPU 0 ") {
		t.Errorf("status %d, stderr %q", r.status, r.err)
	}
}

func TestStoppedPanic(t *testing.T) {
	err := stopped(machine.Stop{Reason: machine.Panic, PC: 0x10, Detail: "Kernel panic - not syncing: x"})
	if statusOf(err) != statusPanic || err.Error() != "the guest panicked at pc 0x10 (Kernel panic - not syncing: x)" {
		t.Errorf("%d %v", statusOf(err), err)
	}
}

func TestStats(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stats.json")
	r := cli(t, t.Context(), t.TempDir(), "run", "--kernel", halting(t, 4), "--memory", bootMem, "--stats", file)
	if r.status != statusOK {
		t.Fatal(r.err)
	}
	if !strings.Contains(r.err, "not in the cache") {
		t.Errorf("the missing translation is not said: %q", r.err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s stats
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	if s.Stop != "power off" || s.Instructions == 0 || s.Native == 0 || s.Instructions != s.Native+s.Interpreted+s.PALcode || s.Translation == 0 || s.HostSeconds == 0 {
		t.Errorf("stats: %s", data)
	}
}

func TestTranslateUsesCache(t *testing.T) {
	dir, kernel := t.TempDir(), halting(t, 4)
	first := cli(t, t.Context(), dir, "translate", kernel)
	if first.status != statusOK || !strings.Contains(first.out, "translated in") {
		t.Fatalf("first: %d %q %q", first.status, first.out, first.err)
	}
	second := cli(t, t.Context(), dir, "translate", "--json", kernel)
	var s summary
	if err := json.Unmarshal([]byte(second.out), &s); err != nil || len(s.Files) != 1 || !s.Files[0].Cached || second.err != "" {
		t.Errorf("second: %v %+v %q", err, s, second.err)
	}
	if r := cli(t, t.Context(), dir, "translate", "-d", "cse=off", kernel); !strings.Contains(r.out, "translated in") {
		t.Errorf("another option, same translation: %q", r.out)
	}
	if r := cli(t, t.Context(), dir, "cache", "list"); !strings.Contains(r.out, "2 translations") {
		t.Errorf("list: %q", r.out)
	}
	if r := cli(t, t.Context(), dir, "cache", "clear"); r.status != statusOK || len(files(t, dir)) != 0 {
		t.Errorf("clear: %q, left %q", r.out, files(t, dir))
	}
}

func TestTranslateInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	r := cli(t, ctx, dir, "translate", halting(t, 4))
	if r.status != statusInterrupted || len(files(t, dir)) != 0 {
		t.Errorf("status %d, %q, cache has %q", r.status, r.err, files(t, dir))
	}
}

// A bad cache entry is refused with a reason and made again; it never runs.
func TestBadCacheEntries(t *testing.T) {
	dir, kernel := t.TempDir(), halting(t, 4)
	cli(t, t.Context(), dir, "translate", kernel)
	entries := files(t, dir)
	if len(entries) != 1 {
		t.Fatalf("cache has %q", entries)
	}
	good, err := os.ReadFile(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	change := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	other := cli(t, t.Context(), t.TempDir(), "translate", "--json", halting(t, 2))
	var s summary
	if err := json.Unmarshal([]byte(other.out), &s); err != nil {
		t.Fatal(err)
	}
	foreign, err := os.ReadFile(s.Files[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, reason string
		data         []byte
	}{
		{"empty", "damaged", nil},
		{"half-written", "damaged", good[:len(good)/2]},
		{"no artefact", "damaged", bytes.Repeat([]byte("x"), len(good))},
		{"a bit of the header", "damaged", change(10)},
		{"a bit of the code", "damaged", change(4096)},
		{"another input's", "another version", foreign},
	} {
		if err := os.WriteFile(entries[0], c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		r := cli(t, t.Context(), dir, "run", "--kernel", kernel, "--memory", bootMem)
		if r.status != statusOK || !strings.Contains(r.err, "cache entry refused: ") || !strings.Contains(r.err, c.reason) {
			t.Errorf("%s: status %d, %q", c.name, r.status, r.err)
		}
		if r := cli(t, t.Context(), dir, "run", "--kernel", kernel, "--memory", bootMem); r.status != statusOK || strings.Contains(r.err, "translating") {
			t.Errorf("%s: not mended: status %d, %q", c.name, r.status, r.err)
		}
	}
	// What an interrupted writer leaves is no entry.
	if err := os.WriteFile(filepath.Join(dir, ".new-123"), good[:100], 0o644); err != nil {
		t.Fatal(err)
	}
	if r := cli(t, t.Context(), dir, "cache", "list"); !strings.Contains(r.out, "1 translations") {
		t.Errorf("list: %q", r.out)
	}
}

// Pruning removes what this version cannot load and what nobody has used lately; using an entry keeps it.
func TestCachePrune(t *testing.T) {
	dir, kernel := t.TempDir(), halting(t, 4)
	cli(t, t.Context(), dir, "translate", kernel)
	cli(t, t.Context(), dir, "translate", "-d", "cse=off", kernel)
	long := time.Now().Add(-40 * 24 * time.Hour)
	for _, f := range files(t, dir) {
		if err := os.Chtimes(f, long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "00.axp"), []byte("of another age"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--days", "-1"}, ""},
		{[]string{"--days", "0"}, "removed 1 of 3"},
		{[]string{"--days", "50"}, "removed 0 of 2"},
		{nil, "removed 1 of 2"},
	} {
		if c.args == nil {
			cli(t, t.Context(), dir, "run", "--kernel", kernel, "--memory", bootMem)
		}
		r := cli(t, t.Context(), dir, append([]string{"cache", "prune"}, c.args...)...)
		if !strings.Contains(r.out, c.want) || (r.status == statusOK) != (c.want != "") {
			t.Errorf("%q: status %d, %q %q", c.args, r.status, r.out, r.err)
		}
	}
	if r := cli(t, t.Context(), dir, "translate", kernel); !strings.Contains(r.out, "in the cache already") {
		t.Errorf("the entry that is in use has gone: %q", r.out)
	}
}

// Bad input gives one line that says what and where, the documented status, and
// leaves nothing behind.
func TestBadInput(t *testing.T) {
	kernel := halting(t, 4)
	good, err := os.ReadFile(kernel)
	if err != nil {
		t.Fatal(err)
	}
	word := imagetest.Words(0x47ff041f)
	seg := func(va uint64, mem uint64) imagetest.Seg {
		return imagetest.Seg{VAddr: va, Data: word, MemSize: mem, Flags: elf.PF_R | elf.PF_X}
	}
	build := func(segs ...imagetest.Seg) string {
		return writeFile(t, imagetest.Build(imagetest.File{Entry: segs[0].VAddr, Segs: segs}))
	}
	foreign := bytes.Clone(good)
	foreign[18], foreign[19] = 0x3e, 0 // EM_X86_64
	text := writeFile(t, []byte("hello, world\n"))
	big := filepath.Join(t.TempDir(), "initrd")
	if err := os.WriteFile(big, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, 64<<20); err != nil {
		t.Fatal(err)
	}
	boot := func(file string, more ...string) []string {
		return append([]string{"run", "--memory", bootMem, "--kernel", file}, more...)
	}
	for _, c := range []struct {
		name string
		args []string
		want status
		says string
	}{
		{"no ELF", boot(text), statusInput, "not an ELF file"},
		{"no ELF, translate", []string{"translate", text}, statusInput, "neither an ELF file nor an initramfs"},
		{"not for Alpha", boot(writeFile(t, foreign)), statusInput, "EM_X86_64"},
		{"not for Alpha, translate", []string{"translate", writeFile(t, foreign)}, statusInput, "EM_X86_64"},
		{"header truncated", boot(writeFile(t, good[:40])), statusInput, "truncated"},
		{"truncated", boot(writeFile(t, good[:len(good)/2])), statusInput, "truncated"},
		{"segments overlap", boot(build(seg(kernelVA, 0x4000), seg(kernelVA+0x2000, 0x4000))), statusInput, "overlap"},
		{"segment wraps", boot(build(seg(^uint64(0)-0x1fff, 0x4000))), statusInput, "wrap"},
		{"segment leaves memory", boot(build(seg(kernelVA, 1<<30))), statusInput, "does not fit"},
		{"a program as kernel", boot(build(seg(0x120000000, 0))), statusInput, "no kernel"},
		{"no such kernel", boot("/nonexistent/vmlinux"), statusInput, "no such file"},
		{"a folder as kernel", boot(t.TempDir()), statusInput, "directory"},
		{"no such initrd", boot(kernel, "--initrd", "/nonexistent/initrd"), statusInput, "no such file"},
		{"initrd too large", boot(kernel, "--initrd", big), statusInput, "smaller initrd or more --memory"},
		{"empty folder", []string{"translate", t.TempDir()}, statusInput, "no Alpha program"},
		{"no such hints", boot(kernel, "--hints", "/nonexistent/stats"), statusInput, "no such file"},
		{"bad hints", boot(kernel, "--hints", text), statusInput, "--stats"},
		{"no kernel", []string{"run"}, statusUsage, "--kernel"},
		{"no file", []string{"translate"}, statusUsage, "which file"},
		{"unknown command", []string{"tranlsate"}, statusUsage, "unknown command"},
		{"unknown option", boot(kernel, "--turbo"), statusUsage, "unknown flag"},
		{"an argument too many", boot(kernel, "file"), statusUsage, "file"},
		{"engine", boot(kernel, "--engine", "jit"), statusUsage, `["native" "go" "interp"]`},
		{"platform", boot(kernel, "--platform", "marvel"), statusUsage, `platform "marvel" does not exist; there is clipper`},
		{"memory", []string{"run", "--kernel", kernel, "--memory", "1X"}, statusUsage, "K, M, G or T"},
		{"memory empty", []string{"run", "--kernel", kernel, "--memory", ""}, statusUsage, "K, M, G or T"},
		{"memory too large", []string{"run", "--kernel", kernel, "--memory", "99999999999G"}, statusUsage, "no size"},
		{"memory odd", []string{"run", "--kernel", kernel, "--memory", "1000B"}, statusUsage, "page size"},
		{"log-tail", boot(kernel, "--log-tail", "-2"), statusUsage, "number of lines"},
		{"memory that the kernel loses", []string{"run", "--kernel", kernel, "--memory", "1024G"}, statusUsage, "--memory 1T: Linux/Alpha uses no more than 32G"},
		{"memory that mem= takes away", []string{"run", "--kernel", kernel, "--memory", "64M", "--append", "mem=64M mem=8m", "--engine", "interp"}, statusInput, "64M of memory, of which mem= leaves 8M"},
		{"memory too small", []string{"run", "--kernel", kernel, "--memory", "1M", "--engine", "interp"}, statusInput, "does not fit"},
		{"CPUs", boot(kernel, "--smp", "5"), statusUsage, "--smp 5: platform clipper has 1 to 4 CPUs"},
		{"no CPU", boot(kernel, "--smp", "0"), statusUsage, "--smp 0: platform clipper has 1 to 4 CPUs"},
		{"CPUs, negative", boot(kernel, "--smp", "-1"), statusUsage, "--smp -1: platform clipper has 1 to 4 CPUs"},
		{"CPUs, no number", boot(kernel, "--smp", "x"), statusUsage, `"x"`},
		{"CPUs, platform", boot(kernel, "--smp", "4", "--platform", "marvel"), statusUsage, `platform "marvel" does not exist; there is clipper`},
		{"IPIs", boot(kernel, "--smp", "2", "--ipi", "level"), statusUsage, `["edge" "latched"]`},
		{"stress, CPUs", []string{"stress", "--smp", "5"}, statusUsage, "--smp 5: platform clipper has 1 to 4 CPUs"},
		{"CPUs, Go", boot(kernel, "--smp", "2", "--engine", "go"), statusUsage, "--engine native"},
		{"append", boot(kernel, "--append", strings.Repeat("x", 256)), statusUsage, "256 bytes"},
		{"timeout", boot(kernel, "--timeout", "-1s"), statusUsage, "90s"},
		{"jobs", boot(kernel, "--jobs", "-1"), statusUsage, "--jobs"},
		{"pass", boot(kernel, "-d", "nosuch=off"), statusUsage, "no pass"},
		{"required pass", boot(kernel, "-d", "promote=off"), statusUsage, "required"},
		{"only", boot(kernel, "--only", "("), statusUsage, "--only"},
		{"debug option", boot(kernel, "-d", "cse"), statusUsage, "PASS=off"},
		{"disasm without file", []string{"disasm"}, statusUsage, "usage"},
		{"disasm without function", []string{"disasm", kernel, "nosuch"}, statusInput, "no function"},
		{"ir without file", []string{"ir", "f"}, statusUsage, "--file"},
		{"ir without function", []string{"ir", "nosuch", "--file", kernel}, statusInput, "no function"},
		{"flavour", []string{"guest", "build", "--flavour", "large"}, statusUsage, "small"},
		{"variant", []string{"guest", "build", "--variant", "a2"}, statusUsage, "a1-oldbug"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			r := cli(t, t.Context(), dir, c.args...)
			if r.status != c.want || !strings.Contains(r.err, c.says) {
				t.Errorf("status %d, want %d and %q; stderr:\n%s", r.status, c.want, c.says, r.err)
			}
			if strings.Count(r.err, "\n") != 1 || !strings.HasPrefix(r.err, "axpress: ") {
				t.Errorf("not one line:\n%s", r.err)
			}
			if left := files(t, dir); len(left) != 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// noTools leaves nothing on PATH, and names no llc.
func noTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(toolchain.Variable, "")
}

func TestMissingTool(t *testing.T) {
	noTools(t)
	dir := filepath.Join(t.TempDir(), "cache")
	r := cli(t, t.Context(), dir, "translate", halting(t, 4))
	if r.status != statusInput || !strings.Contains(r.err, "apt-get install") || strings.Count(r.err, "\n") != 1 {
		t.Errorf("translate: status %d, %q", r.status, r.err)
	}
	// What cannot be translated is interpreted, which is said once, and stands in the counters.
	s, r := runStats(t, dir, halting(t, 4))
	if r.status != statusOK || !strings.Contains(r.err, "not translated: ") || !strings.Contains(r.err, "apt-get install") || strings.Count(r.err, "\n") != 2 || !strings.HasSuffix(r.err, silent) {
		t.Errorf("run: status %d, %q", r.status, r.err)
	}
	if len(s.NotTranslated) != 1 || !strings.Contains(s.NotTranslated[0].Reason, "apt-get install") || s.Native != 0 || s.Interpreted == 0 {
		t.Errorf("counters: %+v", s)
	}
	if len(files(t, dir)) != 0 {
		t.Errorf("left behind: %q", files(t, dir))
	}
	if r := cli(t, t.Context(), dir, "run", "--kernel", halting(t, 4), "--memory", bootMem, "--engine", "interp"); r.status != statusOK {
		t.Errorf("the interpreter needs no tool: %d %q", r.status, r.err)
	}
}

// files returns the files below dir.
func files(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestInternalError(t *testing.T) {
	var errs bytes.Buffer
	a := app{streams: streams{err: &errs}}
	if st := a.internal("BUG: no such op"); st != statusInternal || strings.Count(errs.String(), "\n") != 1 ||
		!strings.Contains(errs.String(), "internal error: no such op; please report") {
		t.Errorf("%d %q", st, errs.String())
	}
}

// --platform list needs no kernel.
func TestPlatformList(t *testing.T) {
	r := cli(t, t.Context(), t.TempDir(), "run", "--platform", "list")
	if r.status != statusOK || strings.Count(r.out, "\n") != 1+len(platforms.All()) {
		t.Errorf("%d %q", r.status, r.out)
	}
	for _, p := range platforms.All() {
		if !strings.Contains(r.out, p.Name) || !strings.Contains(r.out, p.Description) {
			t.Errorf("%s is not in %q", p.Name, r.out)
		}
	}
}

func TestVersionAndCachePath(t *testing.T) {
	dir := t.TempDir()
	if r := cli(t, t.Context(), dir, "version"); r.status != statusOK || !strings.Contains(r.out, "state layout") {
		t.Errorf("%d %q", r.status, r.out)
	}
	if r := cli(t, t.Context(), dir, "version", "--pal"); !strings.Contains(r.out, "swpctx") {
		t.Errorf("%q", r.out)
	}
	if r := cli(t, t.Context(), dir, "cache", "path"); r.out != dir+"\n" {
		t.Errorf("%q", r.out)
	}
	want, err := cache.DefaultDir()
	if err != nil {
		t.Fatal(err)
	}
	if r := cli(t, t.Context(), "", "cache", "path"); r.out != want+"\n" {
		t.Errorf("%q", r.out)
	}
}

func TestDisasmAndIR(t *testing.T) {
	kernel := halting(t, 4)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"disasm", kernel}, "fffffc0001010018:\t00000000\thalt"},
		{[]string{"disasm", kernel, "_start"}, "<_start>:"},
		{[]string{"disasm", kernel, "0xfffffc0001010000"}, "sll\ts0,0x2a,s0"},
		{[]string{"ir", "_start", "--file", kernel}, "promoted"},
		{[]string{"ir", "_start", "--file", kernel, "--lifted"}, "setreg"},
		{[]string{"ir", "_start", "--file", kernel, "--passes"}, "promote"},
		{[]string{"ir", "_start", "--file", kernel, "--llvm"}, "define"},
		{[]string{"ir", "_start", "-d", "help"}, "cse"},
	} {
		if r := cli(t, t.Context(), t.TempDir(), c.args...); r.status != statusOK || !strings.Contains(r.out, c.want) {
			t.Errorf("%q: status %d, %q, no %q in\n%s", c.args, r.status, r.err, c.want, r.out)
		}
	}
}

// The README documents every exit status.
func TestStatusesInREADME(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range statusDocs {
		if row := fmt.Sprintf("| %d | %s |", d.Status, d.Text); !strings.Contains(string(data), row) {
			t.Errorf("README.md has no row %q", row)
		}
	}
}
