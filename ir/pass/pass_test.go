package pass

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"axpress/ir"
)

var update = flag.Bool("update", false, "rewrite the wanted output in testdata")

const wantMark = "; ---- want\n"

// TestGolden runs the pass that a file is named for (up to the first '_') on the
// units in it and compares with the part of the file after the mark.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.ir")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	covered := map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".ir"), "_")
			covered[name] = true
			golden(t, file, name)
		})
	}
	for _, p := range passes {
		if !covered[p.Name] && p.Name != "presimplify" {
			t.Errorf("no testdata for pass %s", p.Name)
		}
	}
}

func golden(t *testing.T, file, name string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in, want, _ := strings.Cut(string(data), wantMark)
	funcs, err := ir.Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	o := &Options{Full: true, Pinned: 1 << 30, Carry: 64, CarryLoop: 64}
	if strings.Contains(in, "; carry 0") {
		o.Carry, o.CarryLoop = 0, 0
	}
	if !strings.Contains(in, "; pinned r30") {
		o.Pinned = 0
	}
	o.Callee = callees(t, in)
	var got strings.Builder
	for _, f := range funcs {
		if err := ir.Verify(f); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(passes, func(p Pass) bool { return p.Name == name })
		if i < 0 {
			t.Fatalf("no pass %q", name)
		}
		if err := runOne(&passes[i], f, o); err != nil {
			t.Fatal(err)
		}
		if err := ir.Verify(f); err != nil {
			t.Errorf("%v\n%s", err, f)
		}
		got.WriteString(f.String())
	}
	if *update {
		if err := os.WriteFile(file, []byte(in+wantMark+got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", &got, want)
	}
}

// callees is Options.Callee for calls of the functions of a text.
func callees(t *testing.T, src string) func(pc uint64) *ir.Func {
	return func(pc uint64) *ir.Func {
		funcs, err := ir.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(funcs, func(f *ir.Func) bool { return f.PC == pc })
		if i < 0 {
			return nil
		}
		return funcs[i]
	}
}

func TestConstraints(t *testing.T) {
	at := map[string]int{}
	for i, p := range List() {
		if _, dup := at[p.Name]; dup || p.Name == "" || p.Doc == "" || p.Fn == nil {
			t.Errorf("pass %d (%q): twice or incomplete", i, p.Name)
		}
		at[p.Name] = i
	}
	for _, c := range constraints {
		first, ok1 := at[c.first]
		then, ok2 := at[c.then]
		if !ok1 || !ok2 || first >= then || c.why == "" {
			t.Errorf("%q must stand before %q: %s", c.first, c.then, c.why)
		}
	}
}

const loop = `func "loop" @0x1000 {
entry 0x1000 b0
b0 @0x1000:
  v0:i64 = getreg r1
  v1:i64 = const 1
  v2:i64 = sub v0, v1
  setreg r1, v2
  retire 1
  poll
  v3:i64 = const 0
  v4:i1 = icmp.ne v2, v3
  br v4, b0, b1
b1 @0x1004:
  v5:i64 = getreg r26
  ret v5
}`

func parse(t *testing.T, src string) *ir.Func {
	t.Helper()
	funcs, err := ir.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return funcs[0]
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestRun(t *testing.T) {
	var dump bytes.Buffer
	if err := Run(parse(t, loop), Options{Check: true, Dump: &dump}); err != nil {
		t.Fatal(err)
	}
	for _, p := range passes {
		if !strings.Contains(dump.String(), "; after "+p.Name+"\n") {
			t.Errorf("no dump after %s", p.Name)
		}
	}
	if _, err := ir.Parse(dump.String()); err != nil {
		t.Errorf("the dump does not parse: %v", err)
	}
	dump.Reset()
	if err := Run(parse(t, loop), Options{Dump: &dump, Disable: map[string]bool{"cse": true, "dce": false}}); err != nil {
		t.Fatal(err)
	}
	if s := dump.String(); strings.Contains(s, "after cse") || !strings.Contains(s, "after dce") {
		t.Error("Disable does not work")
	}
}

func TestRunErrors(t *testing.T) {
	promoted := parse(t, loop)
	if err := Run(promoted, Options{}); err != nil {
		t.Fatal(err)
	}
	broken := parse(t, strings.Replace(loop, "v2:i64 = sub v0, v1", "v2:i64 = sub v0", 1))
	broken2 := parse(t, strings.Replace(loop, "v2:i64 = sub v0, v1", "v2:i64 = sub v0", 1))
	for _, c := range []struct {
		f    *ir.Func
		o    Options
		want string
	}{
		{parse(t, loop), Options{Disable: map[string]bool{"nope": true}}, `no pass is called "nope"`},
		{parse(t, loop), Options{Disable: map[string]bool{"promote": true}}, `pass "promote" is required`},
		{parse(t, loop), Options{Dump: failingWriter{}}, "full"},
		{promoted, Options{}, "already promoted"},
		{broken, Options{Check: true}, "after input"},
		{broken2, Options{}, "panic"},
	} {
		if err := Run(c.f, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
