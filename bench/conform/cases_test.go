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
	var programs []Program
	for _, l := range lines {
		programs = append(programs, Program{l.Model, l.Code})
	}
	for _, e := range engines {
		if p, ok := e.(Preparer); ok {
			if err := p.Prepare(t.Context(), programs); err != nil {
				t.Fatalf("%s: %v", e.Name(), err)
			}
		}
	}
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
	for _, e := range engines[1:] {
		own, left := e.(Counter).Retired()
		t.Logf("%s: retired %d instructions, and left %d to the interpreter", e.Name(), own, left)
		if own < left {
			t.Errorf("%s: retired %d instructions, and left %d", e.Name(), own, left)
		}
	}
}

// testEngines are the interpreter, the IR in all stages, native code and Go code.
func testEngines(t testing.TB) []Engine {
	t.Helper()
	var out []Engine
	for _, name := range []string{Reference, "lifted", "passes", "hot", "native", "native-hot", "go"} {
		e, err := New(name)
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
	return out
}
