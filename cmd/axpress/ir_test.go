package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"axpress/ir/pass"
	"axpress/lifter/asmtest"
	"axpress/lifter/image"
	"axpress/runtime/abi"
	"axpress/translator/profile"
	"axpress/translator/toolchain"
	"axpress/translator/toolchain/toolchaintest"
)

// callers is a program with a function that calls one small enough to be copied and
// one that has a loop, by the addresses of where it lies.
func callers(t *testing.T, text uint64) string {
	t.Helper()
	data, _, err := asmtest.File("callers", fmt.Sprintf(`.entry f
.text %#x
.func f
	lda sp,-16(sp)
	stq ra,0(sp)
	bsr ra,g
	addq v0,a0,a0
	bsr ra,h
	ldq ra,0(sp)
	lda sp,16(sp)
	ret zero,(ra),1
.end
.func g
	ldq v0,0(a0)
	ret zero,(ra),1
.end
.func h
loop:
	subq a0,1,a0
	stq a0,0(a1)
	bne a0,loop
	ret zero,(ra),1
.end
`, text))
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, data)
}

// listening has an llc that keeps the modules that it gets, and returns a function that
// returns these.
func listening(t *testing.T) func() []string {
	t.Helper()
	dir := t.TempDir()
	llc := filepath.Join(dir, "llc")
	script := fmt.Sprintf("#!/bin/sh\nif test \"$1\" = --version; then exec '%s' --version; fi\nexport f=%s/$$.ll; cat >$f; exec '%s' \"$@\" <$f\n",
		toolchaintest.Find(t).Path(), dir, toolchaintest.Find(t).Path())
	if err := os.WriteFile(llc, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(toolchain.Variable, llc)
	return func() (texts []string) {
		files, err := filepath.Glob(filepath.Join(dir, "*.ll"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(data))
		}
		return texts
	}
}

// profileOf writes a profile by which functions of file are hot.
func profileOf(t *testing.T, file string, functions ...string) string {
	t.Helper()
	img, err := image.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	p := &profile.Profile{}
	for _, name := range functions {
		r, err := findFunction(img, name)
		if err != nil {
			t.Fatal(err)
		}
		p.Add(img.Hash, img.Name, r.start, name, 1_000_000)
	}
	path := filepath.Join(t.TempDir(), "profile.json")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	metadata   = regexp.MustCompile(`![0-9]+`)
	definition = regexp.MustCompile(`(?ms)^define [^\n]*@(u_[0-9a-f]+)\(.*?^}`)
)

// defined returns the functions of the guest in a module, by symbol. Metadata has no
// numbers there: these depend on what else is in the module.
func defined(module string) map[string]string {
	all := map[string]string{}
	for _, m := range definition.FindAllStringSubmatch(module, -1) {
		all[m[1]] = metadata.ReplaceAllString(m[0], "!")
	}
	return all
}

// What 'ir --llvm' prints is what llc gets in a translation: the module, where the function
// is alone in it, else its part. Code that is hot is that with a profile, and that which the
// command takes for hot.
func TestIRIsWhatLLCGets(t *testing.T) {
	for name, text := range map[string]uint64{"kernel": 0xfffffc0000310000, "program": 0x120000000} {
		t.Run(name, func(t *testing.T) {
			file := callers(t, text)
			modules := listening(t)
			all, alone := profileOf(t, file, "f", "g", "h"), profileOf(t, file, "h")
			for _, p := range []string{all, alone} {
				if r := cli(t, t.Context(), t.TempDir(), "translate", "--profile", p, "--cpu", "EV56", file); r.status != statusOK {
					t.Fatal(r.err)
				}
			}
			texts := modules()
			shown := func(args ...string) string {
				t.Helper()
				r := cli(t, t.Context(), t.TempDir(), append([]string{"ir", "--file", file, "--cpu", "EV56", "--llvm"}, args...)...)
				if r.status != statusOK || r.err != "" {
					t.Fatalf("%q: %d, %s", args, r.status, r.err)
				}
				return r.out
			}
			if module := shown("h", "--hot", "--profile", alone); !slices.Contains(texts, module) {
				t.Errorf("h, alone: llc did not get\n%s", module)
			}
			seen := map[string]string{}
			for _, f := range []string{"f", "g", "h"} {
				for _, args := range [][]string{{f}, {f, "--hot"}, {f, "--hot", "--profile", all}} {
					for symbol, body := range defined(shown(args...)) {
						if !slices.ContainsFunc(texts, func(module string) bool { return defined(module)[symbol] == body }) {
							t.Errorf("%q: llc did not get\n%s", args, body)
						}
						if len(args) == 2 && body == seen[symbol] {
							t.Errorf("%q: hot code is like other code", args)
						}
						seen[symbol] = body
					}
				}
			}
			if len(seen) != 3 {
				t.Errorf("units %v; want 3", slices.Sorted(maps.Keys(seen)))
			}
		})
	}
}

// All passes are shown, those of the full setting too, and what is copied.
func TestIRShowsAllPasses(t *testing.T) {
	file := callers(t, 0xfffffc0000310000)
	r := cli(t, t.Context(), t.TempDir(), "ir", "f", "--file", file, "--hot", "--passes")
	if r.status != statusOK {
		t.Fatal(r.err)
	}
	for _, p := range pass.List() {
		if !strings.Contains(r.out, "; after "+p.Name+"\n") {
			t.Errorf("nothing after %s", p.Name)
		}
	}
	lifted := cli(t, t.Context(), t.TempDir(), "ir", "f", "--file", file, "--hot", "--lifted").out
	if _, in, _ := strings.Cut(r.out, "; after input\n"); !strings.HasPrefix(in, strings.TrimRight(lifted, "\n")) {
		t.Errorf("the input of the passes is not\n%s", lifted)
	}
	if n := strings.Count(r.out[strings.Index(r.out, "; after retire"):], "call "); n != 1 {
		t.Errorf("%d calls are left; want that of h", n)
	}
}

// sumIR adds up the quadwords before 0x2010; another function calls it.
var sumIR = strings.ReplaceAll(`func "sum" @0x1000 {
entry 0x1000 b0
b0 @0x1000:
  v0:i64 = getreg r16
  jump b1
b1 @0x1004:
  v1:i64 = getreg r0
  v2:i64 = getreg r16
  v3:i64 = load v2
  v4:i64 = add v1, v3
  setreg r0, v4
  retire 1
  v5:i64 = const 8 @0x1008
  v6:i64 = add v2, v5
  setreg r16, v6
  retire 1
  poll
  v7:i64 = const 0x2010
  v8:i1 = icmp.ne v6, v7
  br v8, b1, b2
b2 @0x100c:
  v9:i64 = getreg r26
  retire 1
  ret v9
}
func "twice" @0x3000 {
entry 0x3000 b0
entry 0x3004 b1
b0 @0x3000:
  v0:i64 = pc 0x3004
  setreg r26, v0
  retire 1
  v1:i64 = pc 0x1000
  call v1 return 0x3004 b1
b1 @0x3004:
  v2:i64 = getreg r0
  v3:i64 = add v2, v2
  setreg r0, v3
  v4:i64 = getreg r16
  v5:i64 = const 8
  v6:i64 = sub v4, v5
  store v6, v3
  v7:i64 = ldstate FEN
  v8:i64 = add v7, v7
  ststate FEN, v8
  v9:i64 = getreg r1
  retire 4
  ret v9
}
`, "FEN", fmt.Sprint(abi.Offset("FEN")))

func TestIRFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.ir", sumIR)
	promoted := write("promoted.ir", cli(t, t.Context(), dir, "ir", good).out)
	endless := write("endless.ir", "func \"x\" @0x10 {\nentry 0x10 b0\nb0 @0x10:\nv0:i64 = pc 0x10\ngoto v0\n}\n")
	spin := write("spin.ir", "func \"x\" @0x10 {\nentry 0x10 b0\nb0 @0x10:\njump b0\n}\n")
	memory := []string{"--set", "0x2000=4", "--set", "0x2008=5", "--set", "r16=0x2000", "--set", "ra=0x40"}
	twice := append([]string{"--set", "pc=0x3000", "--set", "fen=3", "--set", "r1=0x88"}, memory...)
	state := "ret 0x88 after 10 instructions\nr0=0x12\nr16=0x2010\nr26=0x3004\nFEN=0x6\n0x2008=0x12\n"
	for _, c := range []struct {
		name string
		args []string
		want status
		says string
	}{
		{"printed", []string{good, "--lifted"}, statusOK, "setreg r16, v6"},
		{"passes", []string{good, "--passes"}, statusOK, "; after retire\n"},
		{"after them", []string{good}, statusOK, "func \"twice\" @0x3000 promoted {"},
		{"no pass", []string{good, "--passes", "-d", "cse=off", "--check"}, statusOK, "; after atomics\n"},
		{"hot", []string{good, "--hot", "--passes"}, statusOK, "; after inline\n"},
		{"LLVM", []string{good, "--llvm"}, statusOK, "@u_1000("},
		{"LLVM, hot", []string{good, "--hot", "--llvm"}, statusOK, "@u_3000("},
		{"LLVM, promoted", []string{promoted, "--llvm"}, statusOK, "@u_3000("},
		{"run", append([]string{good, "--run"}, memory...), statusOK, "ret 0x40 after 5 instructions\nr0=0x9\nr16=0x2010\n"},
		{"run, lifted", append([]string{good, "--run", "--lifted"}, twice...), statusOK, state},
		{"run, after the passes", append([]string{good, "--run"}, twice...), statusOK, state},
		{"run, hot", append([]string{good, "--run", "--hot"}, twice...), statusOK, state},
		{"run, promoted", append([]string{promoted, "--run"}, twice...), statusOK, state},
		{"fault", []string{good, "--run", "--set", "r16=0x2000"}, statusOK, "fault 0x1004 after 0 instructions\n"},
		{"floating", []string{good, "--run", "--set", "f1=1.5", "--set", "$f2=-1"}, statusOK, "fault"},
		{"no file", []string{filepath.Join(dir, "none.ir")}, statusInput, "no such file"},
		{"empty", []string{write("empty.ir", "; nothing\n")}, statusInput, "there is no function"},
		{"malformed", []string{write("a.ir", strings.Replace(sumIR, "add v1, v3", "add v1 v3", 1))}, statusInput, `line 10: want ",", have "v3"`},
		{"undefined", []string{write("b.ir", strings.Replace(sumIR, "add v1, v3", "add v1, v99", 1))}, statusInput, "line 10: v99 is not defined"},
		{"cut", []string{write("c.ir", sumIR[:300])}, statusInput, "line "},
		{"wrong", []string{write("d.ir", strings.Replace(sumIR, "v4:i64 = add", "v4:i32 = add", 1))}, statusInput, `verify "sum": b1 v4`},
		{"twice the same", []string{write("e.ir", sumIR+sumIR)}, statusInput, "two functions at 0x1000"},
		{"of both kinds", []string{write("f.ir", strings.Replace(sumIR, "0x3000 {", "0x3000 kernel {", 1))}, statusInput, "cannot be translated together"},
		{"no place", []string{write("g.ir", strings.ReplaceAll(sumIR, "000 {", "000 relocatable base 0x0 {")), "--hot"}, statusInput, "position-independent"},
		{"endless", []string{endless, "--run"}, statusInput, "still running after 100000 entries"},
		{"endless in itself", []string{spin, "--run"}, statusInput, "step limit"},
		{"pc", []string{good, "--run", "--set", "pc=0x1004"}, statusUsage, "the entries are 0x1000, 0x3000, 0x3004"},
		{"setting", []string{good, "--run", "--set", "r16"}, statusUsage, "want WHAT=VALUE"},
		{"register", []string{good, "--run", "--set", "r31=1"}, statusUsage, "always zero"},
		{"number", []string{good, "--run", "--set", "r1=1.5"}, statusUsage, `"1.5" is no number`},
		{"memory", []string{good, "--run", "--set", "0x2004=1"}, statusUsage, "multiples of 8"},
		{"what", []string{good, "--run", "--set", "nonsense=1"}, statusUsage, `what is "nonsense"?`},
		{"passes of promoted", []string{promoted, "--passes"}, statusUsage, "the passes have been there"},
		{"hot, of promoted", []string{promoted, "--hot"}, statusUsage, "the passes have been there"},
		{"of a file", []string{good, "--file", "vmlinux"}, statusUsage, "--file"},
		{"cpu", []string{good, "--cpu", "EV6"}, statusUsage, "--cpu"},
		{"profile", []string{good, "--profile", "p", "--hot"}, statusUsage, "--profile is about a guest's file"},
		{"set, no run", []string{good, "--set", "r1=1"}, statusUsage, "--set is for --run"},
		{"run and passes", []string{good, "--run", "--passes"}, statusUsage, "give one"},
		{"lifted and hot", []string{good, "--lifted", "--hot"}, statusUsage, "--hot changes the passes"},
		{"lifted and check", []string{good, "--lifted", "--check"}, statusUsage, "--check"},
		{"run of a guest", []string{"f", "--file", "vmlinux", "--run"}, statusUsage, "axpress run"},
		{"profile of what", []string{"f", "--file", "vmlinux", "--profile", "p"}, statusUsage, "give --hot too"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := cli(t, t.Context(), dir, append([]string{"ir"}, c.args...)...)
			if r.status != c.want {
				t.Fatalf("status %d, want %d: %s%s", r.status, c.want, r.out, r.err)
			}
			if c.want != statusOK && (!strings.Contains(r.err, c.says) || strings.Count(r.err, "\n") != 1) {
				t.Errorf("%q; want %q, in one line", r.err, c.says)
			}
			if c.want == statusOK && !strings.Contains(r.out, c.says) {
				t.Errorf("no %q in\n%s", c.says, r.out)
			}
		})
	}
}

// What a profile does not show to be hot has no hot code.
func TestIRRefusesHot(t *testing.T) {
	file := callers(t, 0xfffffc0000310000)
	r := cli(t, t.Context(), t.TempDir(), "ir", "f", "--file", file, "--hot", "--profile", profileOf(t, file, "h"))
	if r.status != statusInput || !strings.Contains(r.err, "by the profile the function at 0xfffffc0000310000 is not hot") {
		t.Errorf("%d, %s", r.status, r.err)
	}
}

// FuzzIRFile: whatever is in a file of IR, the command ends, and not by a bug.
func FuzzIRFile(f *testing.F) {
	f.Setenv("PATH", "")
	f.Setenv(toolchain.Variable, "")
	f.Add(sumIR, uint8(0))
	f.Add(sumIR, uint8(1))
	f.Add("func \"x\" @1 promoted {\nentry 1 b0\nb0 @1:\nswitch v0 {}\n}", uint8(2))
	f.Fuzz(func(t *testing.T, text string, how uint8) {
		ways := []irView{{run: true}, {run: true, lifted: true, settings: []string{"0x1000=1"}}, {hot: true, passes: true}, {hot: true, llvm: true}, {llvm: true}, {hot: true, run: true}}
		v := ways[int(how)%len(ways)]
		v.app = &app{streams: streams{out: io.Discard, err: io.Discard}}
		if v.passes {
			v.o.Dump = io.Discard
		}
		if err := v.parsed(t.Context(), "x.ir", text); err != nil && statusOf(err) != statusInput && statusOf(err) != statusUsage {
			t.Error(err)
		}
	})
}
