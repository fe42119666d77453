package conform

import (
	"errors"
	"os/exec"
	"testing"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
)

// Faults behind the data are compared with qemu-alpha, those that a user program cannot
// have are not.
func TestQEMUFaults(t *testing.T) {
	if _, err := exec.LookPath(qemuProgram); err != nil {
		t.Skip("qemu-alpha is not installed")
	}
	q, err := NewQEMU()
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInterpreter()
	if err != nil {
		t.Fatal(err)
	}
	engines := []Engine{in, q}
	defer func() {
		for _, e := range engines {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
	}()
	code := assemble(t, "stq $1,0xf8($2)", "stq $1,0x100($2)", "addq $1,1,$1")
	for _, e := range engines {
		if err := e.Load(isa.DefaultModel(), code); err != nil {
			t.Fatal(err)
		}
	}
	views := cases.Views()
	for _, va := range []uint64{views[0].VA, views[0].VA + cases.ViewsHigh} {
		before := cases.Initial()
		before.R[1], before.R[2] = 7, va
		after, compared, d, err := Compare(engines, &before)
		if err != nil || d != nil || !compared[1] {
			t.Fatalf("compared: %v; %v, %+v", compared[1], err, d)
		}
		if after.Exit != abi.ExitFault || after.PC != 4 || after.Data[31] != 7 {
			t.Errorf("%+v", after)
		}
	}
	for _, v := range views[1:] {
		s := cases.Initial()
		s.R[2] = v.VA
		if err := q.Run(&s); !errors.Is(err, ErrExcluded) {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}
