package conform

import (
	"testing"

	"axpress/runtime/interp/cases"
)

// TestCases runs the interpreter's cases on every engine, in the order of the
// stages: the first that differs is to blame.
func TestCases(t *testing.T) {
	lines, err := cases.ReadFile("../../runtime/interp/testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	engines := testEngines(t)
	lifted := engines[1].(*IR)
	for _, l := range lines {
		for _, e := range engines {
			if err := e.Load(l.Model, l.Code); err != nil {
				t.Errorf("cases.txt:%d: %s: %s: %v", l.Number, l.Text, e.Name(), err)
				break
			}
			got := l.Before
			if err := e.Run(&got); err != nil {
				t.Errorf("cases.txt:%d: %s: %s: %v", l.Number, l.Text, e.Name(), err)
				break
			}
			if err := l.Check(&got); err != nil {
				t.Errorf("cases.txt:%d: %s: %s: %v", l.Number, l.Text, e.Name(), err)
				break
			}
		}
	}
	t.Logf("lifted code retired %d instructions, and left %d to the interpreter", lifted.Lifted, lifted.Left)
	if lifted.Lifted < lifted.Left {
		t.Errorf("lifted code retired %d instructions, and left %d", lifted.Lifted, lifted.Left)
	}
}

// testEngines are the interpreter, and the IR before and after the passes.
func testEngines(t testing.TB) []Engine {
	t.Helper()
	var out []Engine
	add := func(e Engine, err error) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
		t.Cleanup(func() {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	in, err := NewInterpreter()
	add(in, err)
	for _, s := range []Stage{{}, {Passes: true}, {Passes: true, Hot: true}} {
		e, err := NewIR(s)
		add(e, err)
	}
	return out
}
