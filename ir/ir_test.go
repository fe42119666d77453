package ir

import (
	"os"
	"strings"
	"testing"
)

func readForms(t testing.TB) string {
	t.Helper()
	src, err := os.ReadFile("testdata/forms.ir")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func printAll(funcs []*Func) string {
	var b strings.Builder
	for i, f := range funcs {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.String())
	}
	return b.String()
}

// The file is written as the printer writes it, so text -> Func -> text is exact.
func TestRoundTrip(t *testing.T) {
	src := readForms(t)
	_, want, _ := strings.Cut(src, "\n") // without the comment
	funcs, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	if got := printAll(funcs); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	for _, f := range funcs {
		if err := Verify(f); err != nil {
			t.Error(err)
		}
	}
}

func TestTableIsComplete(t *testing.T) {
	names := map[string]Op{}
	for op := OpInvalid + 1; op < numOps; op++ {
		row := op.Info()
		if row.Name == "" || row.Effect == effectUnknown || row.Doc == "" {
			t.Errorf("op %d (%q): incomplete row", op, row.Name)
		}
		if other, dup := names[row.Name]; dup {
			t.Errorf("ops %d and %d are both called %q", op, other, row.Name)
		}
		names[row.Name] = op
		args, _, ok := strings.Cut(row.Sig, "->")
		if n := (len(args) + 1) / 2; !ok || n != row.NArgs {
			t.Errorf("%s: Sig %q does not have %d arguments", row.Name, row.Sig, row.NArgs)
		}
	}
	for _, k := range termNames {
		if _, clash := names[k]; clash {
			t.Errorf("%q is an op and a terminal", k)
		}
	}
}

func TestParseErrors(t *testing.T) {
	const head = "func \"x\" @0x100 {\nentry 0x100 b0\nb0 @0x100:\n"
	for _, c := range []struct{ src, want string }{
		{"bogus", `line 1: want "func"`},
		{"func x @1 {", "line 1: want the quoted name"},
		{"func \"x\" @1 {", "no } at the end"},
		{"func \"x\" @1 {\nretire 1\n}", `line 2: "retire" outside a block`},
		{head + "}", "line 4: b0 has no terminal"},
		{head + "b1 @0:\n}", "line 4: b0 has no terminal"},
		{head + "jump b1\n}", "line 4: b1 is not defined"},
		{head + "v1:i64 = add v1, v2\ninterpret\n}", "line 4: v2 is not defined"},
		{head + "v1:i64 = const 1\nv1:i64 = const 1\ninterpret\n}", "line 5: v1 is defined twice"},
		{head + "v1:i65 = const 1\n", "line 4: want the type of v1"},
		{head + "v1:i64 = const x\n", "line 4: want a number"},
		{head + "v1:i64 = frob\n", "line 4: no op or terminal is called"},
		{head + "interpret\nretire 1\n}", "line 5: \"retire\" after the terminal"},
		{head + "interpret interpret\n}", "line 4: unexpected"},
		{head + "retire 1, 2\n}", "line 4: want a value"},
		{head + "v99999999999:i64 = const 1\n}", "line 4"},
		{head + "exit code 1\n}", `line 4: want "imm"`},
		{head + "interpret [r1]\n}", `line 4: want "="`},
		{head + "interpret $\n}", `line 4: unexpected character`},
	} {
		_, err := Parse(c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.src, err, c.want)
		}
	}
}

func TestVerifyErrors(t *testing.T) {
	const one = "entry 0x100 b0\nb0 @0x100:\n"
	for _, c := range []struct{ body, want string }{
		{"b0 @0:\ninterpret", "no entries"},
		{"entry 1 b0\nb0(v0:i64) @0:\ninterpret", "has parameters"},
		{"entry 1 b0\nentry 1 b0\nb0 @0:\ninterpret", "occurs twice"},
		{one + "none", "no terminal"},
		{one + "v0:i64 = const 1\nv1:i64 = add v0\ninterpret", "b0 v1 (add @0x100): 1 arguments, want 2"},
		{one + "v0:i64 = const 1\nv1:i32 = const 1\nv2:i64 = add v0, v1\ninterpret", "argument 1 is i32"},
		{one + "v0:i64 = const 1\nv2:i32 = add v0, v0\ninterpret", "the result is i32"},
		{one + "v0:i64 = const 1\nv2:i64 = trunc v0\ninterpret", "narrower"},
		{one + "v0:i64 = const 1\nv2:f32 = bitcast v0\ninterpret", "same width"},
		{one + "v0:i64 = const 1\nv2:i64 = fpop v0, v0\ninterpret", "an instruction word"},
		{one + "v0:f64 = fconst 1\nv2:i64 = fpop 0x54221403, v0, v0\ninterpret", "argument 0 is f64"},
		{one + "v0:i64 = getreg r31\ninterpret", "want a register"},
		{one + "v0:i64 = getreg f3\ninterpret", "want a register"},
		{one + "v1:i64 = add v0, v0\nv0:i64 = const 1\ninterpret", "v0, which b0 does not define"},
		{one + "v0:i1 = const 1\nguard v0 [r1=v0]\ninterpret", "a snapshot in the lifted form"},
		{one + "v0:i64 = const 1\nbr v0, b0, b0", "condition v0 is i64"},
		{one + "v0:i64 = const 1\njump b1(v0)\nb1 @0:\ninterpret", "1 arguments for 0 parameters"},
		{one + "v0:i64 = const 1\njump b1(v0)\nb1(v1:f64) @0:\ninterpret", "for parameter v1 (f64)"},
		{one + "v0:i1 = const 1\nv2:i1 = const 0\nbr v0, b1(v0), b1(v2)\nb1(v1:i1) @0:\ninterpret", "two edges to b1"},
		{one + "v0:i64 = pc 1\ncall v0 return 0x104 b1\nb1 @0x104:\ninterpret", "no entry for 0x104"},
		{one + "v0:i64 = pc 1\nswitch v0 {1: b0, 1: b0}", "case 0x1 occurs twice"},
		{one + "v0:i1 = const 1\nbr v0, b1, b2\nb1 @0:\nv1:i64 = const 1\njump b2\nb2 @0:\nret v1", "b2 (ret @0x0): use of v1"},
		{"promoted\n" + one + "jump b1\nb1 @0:\nv0:i64 = getreg r1\ninterpret", "not at the start of an entry"},
		{"promoted\n" + one + "retire 1\nv0:i64 = getreg r1\ninterpret", "not at the start of an entry"},
		{"promoted\n" + one + "jump b0", "goes to the entry b0"},
		{"promoted\n" + one + "v0:i64 = const 1\ninterpret [r2=v0 r1=v0]", "ascending"},
		{"promoted\n" + one + "v0:i64 = const 1\ninterpret [f2=v0]", "snapshot of f2 is i64"},
	} {
		flags, body := "", c.body
		if rest, ok := strings.CutPrefix(body, "promoted\n"); ok {
			flags, body = "promoted ", rest
		}
		funcs, err := Parse("func \"x\" @0x100 " + flags + "{\n" + body + "\n}\n")
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		if err := Verify(funcs[0]); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\nerror %v, want %q", c.body, err, c.want)
		}
	}
}

func TestCFG(t *testing.T) {
	// b0 -> b1 <-> b2, b1 -> b3; the entry b4 -> b3.
	funcs, err := Parse(`func "x" @0x100 {
entry 0x100 b0
entry 0x200 b4
b0 @0x100:
  v0:i1 = const 1
  jump b1
b1 @0x100:
  br v0, b2, b3
b2 @0x100:
  jump b1
b3 @0x100:
  interpret
b4 @0x100:
  jump b3
b5 @0x100:
  jump b5
}`)
	if err != nil {
		t.Fatal(err)
	}
	g := NewCFG(funcs[0])
	idom := func(id int) int {
		if d := g.Idom[g.Index[id]]; d >= 0 {
			return g.Order[d].ID
		}
		return -1
	}
	for id, want := range []int{-1, 0, 1, -1, -1} {
		if got := idom(id); got != want {
			t.Errorf("idom(b%d) = %d, want %d", id, got, want)
		}
	}
	if g.Index[5] != -1 {
		t.Error("b5 is reachable")
	}
	if g.Order[0].ID != 0 {
		t.Errorf("the first block in order is %v", g.Order[0])
	}
	for a := int32(0); a < 5; a++ {
		for b := int32(0); b < 5; b++ {
			want := false
			for x := b; x >= 0; x = g.Idom[x] {
				want = want || x == a
			}
			if g.Dominates(a, b) != want {
				t.Errorf("Dominates(%v, %v) = %v", g.Order[a], g.Order[b], !want)
			}
		}
	}
}

// FuzzParse: Parse and Verify never panic, and what parses prints and parses to
// the same text.
func FuzzParse(f *testing.F) {
	f.Add(readForms(f))
	f.Add("func \"x\" @1 {\nentry 1 b0\nb0 @1:\nswitch v0 {}\n}")
	f.Fuzz(func(t *testing.T, src string) {
		funcs, err := Parse(src)
		if err != nil {
			return
		}
		text := printAll(funcs)
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if got := printAll(again); got != text {
			t.Fatalf("got:\n%s\nwant:\n%s", got, text)
		}
		for _, fn := range funcs {
			_ = Verify(fn)
		}
	})
}
