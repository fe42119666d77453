package interp

import (
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
	"axpress/runtime/vcpu"
)

// TestCases runs testdata/cases.txt, whose form is that of package cases.
func TestCases(t *testing.T) {
	lines, err := cases.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, vcpu.CPU{}, nil)
	g := cases.Guest{S: r.s, RAM: r.ram.Bytes()}
	for _, l := range lines {
		r.c = New(&vcpu.CPU{S: r.s, MMU: r.m, RAM: r.ram, Cycles: func() uint64 { return cases.Cycles }, Model: l.Model}, nil)
		g.Set(&l.Before, l.Code)
		exit := abi.ExitPoll
		for n := 0; n < len(l.Code) && exit == abi.ExitPoll; n++ {
			exit = r.c.Step()
		}
		var got cases.State
		g.Get(&got, exit)
		if err := l.Check(&got); err != nil {
			t.Errorf("cases.txt:%d: %s: %v", l.Number, l.Text, err)
		}
	}
}

// TestEveryInstructionHasACase: a row of the table without a line in cases.txt is
// not tested by hand.
func TestEveryInstructionHasACase(t *testing.T) {
	lines, err := cases.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[isa.Op]bool{}
	for _, l := range lines {
		for _, w := range l.Code {
			seen[isa.Decode(w).Op] = true
		}
	}
	for op := range isa.Op(isa.NumOps) {
		if !seen[op] {
			t.Errorf("no case of %v", op)
		}
	}
}
