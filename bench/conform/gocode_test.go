package conform

import (
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/interp/cases"
)

// go vet has nothing to say about the code of all cases. What a program does not have is
// translated when it is loaded; it runs what it was asked for.
func TestGoProgram(t *testing.T) {
	lines, err := cases.ReadFile("../../runtime/interp/testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewGo()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	var programs []Program
	for _, l := range lines {
		programs = append(programs, Program{l.Model, l.Code})
	}
	if err := e.Prepare(t.Context(), programs); err != nil {
		t.Fatal(err)
	}
	if err := e.module.Vet(t.Context(), e.dir); err != nil {
		t.Error(err)
	}
	loop := []string{"lda $1,3($31)", "bsr $26,.+16", "subq $1,1,$1", "bne $1,.-8", "br $31,.+12", "", "ret $31,($26)"}
	for step, want := range map[string]uint64{"addq $2,1,$2": 3, "addq $2,5,$2": 15} {
		loop[5] = step
		if err := e.Load(isa.DefaultModel(), assemble(t, loop...)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			s := cases.Initial()
			if err := e.Run(&s); err != nil {
				t.Fatal(err)
			}
			if s.R[2] != want || s.PC != 28 {
				t.Errorf("r2 is %d, want %d; pc %d", s.R[2], want, s.PC)
			}
		}
	}
	if e.left > 8 || e.own < 40 {
		t.Errorf("retired %d instructions, and left %d", e.own, e.left)
	}
}
