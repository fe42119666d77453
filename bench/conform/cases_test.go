package conform

import (
	"errors"
	"testing"

	"axpress/runtime/interp/cases"
	"axpress/translator/toolchain"
	"axpress/translator/toolchain/toolchaintest"
)

// TestCases runs the interpreter's cases on every engine, in the order of the
// stages: the first that differs is to blame.
func TestCases(t *testing.T) {
	runCases(t, testEngines(t, Reference, "lifted", "passes", "hot", "native", "native-hot", "go"))
}

// Each LLVM that can be used makes code that does the same.
func TestCasesWithEveryLLVM(t *testing.T) {
	toolchaintest.Each(t, func(t *testing.T, tools *toolchain.LLVM) {
		t.Setenv(toolchain.Variable, tools.Path())
		runCases(t, testEngines(t, Reference, "native", "native-hot"))
	})
}

// runCases runs the cases on engines, of which the first is the reference.
func runCases(t *testing.T, engines []Engine) {
	t.Helper()
	lines, err := cases.ReadFile("../../runtime/interp/testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
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

// testEngines are the engines of these names, until the test ends.
func testEngines(t testing.TB, names ...string) []Engine {
	t.Helper()
	var out []Engine
	for _, name := range names {
		e, err := New(name)
		if errors.Is(err, toolchain.ErrMissing) {
			t.Logf("without %s: %v", name, err)
			continue
		}
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
