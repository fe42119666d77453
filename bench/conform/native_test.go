package conform

import (
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/interp/cases"
)

// assemble makes code for cases.CodeVA.
func assemble(t testing.TB, lines ...string) (code []uint32) {
	t.Helper()
	for i, l := range lines {
		w, err := isa.Assemble(l, cases.CodeVA+4*uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		code = append(code, w)
	}
	return code
}

// Host code that does something else than the code is noticed, and named.
func TestNativeIsCompared(t *testing.T) {
	model := isa.DefaultModel()
	plus, minus := assemble(t, "addq $1,$2,$3", "addq $3,1,$3"), assemble(t, "addq $1,$2,$3", "subq $3,1,$3")
	for _, name := range []string{"native", "native-hot"} {
		in, err := New(Reference)
		if err != nil {
			t.Fatal(err)
		}
		e, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		n := e.(*Native)
		if err := n.Prepare(t.Context(), []Program{{model, plus}, {model, minus}}); err != nil {
			t.Fatal(err)
		}
		before := cases.Initial()
		compare := func() *Difference {
			for _, e := range []Engine{in, n} {
				if err := e.Load(model, plus); err != nil {
					t.Fatal(err)
				}
			}
			_, _, d, err := Compare([]Engine{in, n}, &before)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		if d := compare(); d != nil {
			t.Errorf("%s: %s", d.Engine, d.Text)
		}
		n.ready[key(model, plus)] = n.ready[key(model, minus)]
		if d := compare(); d == nil || d.Engine != name || d.Text != "r3 is 0xffffffffffffffff, want 0x1" {
			t.Errorf("%s: %+v", name, d)
		}
		if n.own != 4 || n.left != 0 {
			t.Errorf("%s retired %d instructions and left %d", name, n.own, n.left)
		}
		for _, e := range []Engine{in, e} {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// What was not prepared is translated when it is loaded, and a program does not run what
// the one before it left in the jump cache.
func TestNativeLoadsOthers(t *testing.T) {
	e, err := NewNative(false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	loop := []string{"lda $1,3($31)", "bsr $26,.+16", "subq $1,1,$1", "bne $1,.-8", "br $31,.+12", "", "ret $31,($26)"}
	for step, want := range map[string]uint64{"addq $2,1,$2": 3, "addq $2,5,$2": 15} {
		loop[5] = step
		if err := e.Load(isa.DefaultModel(), assemble(t, loop...)); err != nil {
			t.Fatal(err)
		}
		s := cases.Initial()
		if err := e.Run(&s); err != nil {
			t.Fatal(err)
		}
		if s.R[2] != want || s.PC != 28 {
			t.Errorf("r2 is %d, want %d; pc %d", s.R[2], want, s.PC)
		}
	}
	if e.left > 4 || e.own < 20 {
		t.Errorf("retired %d instructions, and left %d", e.own, e.left)
	}
}
