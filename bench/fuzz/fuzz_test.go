package fuzz

import (
	"math/rand/v2"
	"strings"
	"testing"

	"axpress/bench/conform"
	"axpress/lifter/isa"
	"axpress/runtime/interp/cases"
)

// engines are all that need nothing installed.
func engines(t testing.TB) []conform.Engine {
	t.Helper()
	var out []conform.Engine
	for _, name := range []string{"interp", "lifted", "passes", "exact"} {
		e, err := conform.New(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
		out = append(out, e)
	}
	return out
}

// TestRun compares a bounded slice of what axpress fuzz does.
func TestRun(t *testing.T) {
	res, err := Run(t.Context(), Config{Seed: 1, Cases: 40_000, Engines: engines(t)})
	if err != nil {
		t.Fatal(err)
	}
	if res.Failure != nil {
		t.Fatal(res.Failure)
	}
	for i, n := range res.Compared {
		if n < res.Cases/4 {
			t.Errorf("engine %d was compared on %d of %d cases", i, n, res.Cases)
		}
	}
}

// Functions end by themselves, and have loops and calls.
func TestFunctionsEnd(t *testing.T) {
	e := engines(t)[0]
	loops, calls := 0, 0
	for i := range uint64(300) {
		r := rand.New(rand.NewPCG(i, 1))
		p := generate(r, flow)
		for _, w := range p.code {
			switch in := isa.Decode(w); {
			case in.Op == isa.OpBSR:
				calls++
			case in.Op == isa.OpBNE && in.Imm < 0:
				loops++
			}
		}
		if err := e.Load(p.model, p.code); err != nil {
			t.Fatal(err)
		}
		s := p.state(r)
		if err := e.Run(&s); err != nil || s.Count >= 4096 {
			t.Fatalf("%d instructions, %v: %s", s.Count, err, cases.New(p.model, p.code, &s, &s))
		}
	}
	if loops < 100 || calls < 100 {
		t.Errorf("%d loops, %d calls", loops, calls)
	}
}

// wrong is the interpreter with a bug: the result of ADDQ, at the end, is one more if it
// is odd.
type wrong struct {
	conform.Engine
	code []uint32
}

func (w *wrong) Name() string { return "wrong" }

func (w *wrong) Load(m *isa.Model, code []uint32) error {
	w.code = code
	return w.Engine.Load(m, code)
}

func (w *wrong) Run(s *cases.State) error {
	err := w.Engine.Run(s)
	if in := isa.Decode(w.code[len(w.code)-1]); in.Op == isa.OpADDQ && in.Rc != 31 && s.R[in.Rc]&1 != 0 {
		s.R[in.Rc]++
	}
	return err
}

// A planted bug is found, and the case that shows it is small.
func TestFindsAndShrinks(t *testing.T) {
	e := engines(t)[:1]
	twin, err := conform.New("interp")
	if err != nil {
		t.Fatal(err)
	}
	defer twin.Close()
	for seed := range uint64(5) {
		res, err := Run(t.Context(), Config{Seed: seed, Cases: 500_000, Engines: append(e, &wrong{Engine: twin})})
		if err != nil {
			t.Fatal(err)
		}
		f := res.Failure
		if f == nil {
			t.Fatalf("seed %d: not found in %d cases", seed, res.Cases)
		}
		if f.Engine != "wrong" || !strings.HasPrefix(f.Line, "addq ") || strings.Contains(f.Line, "|") || len(strings.Fields(f.Line)) > 7 {
			t.Errorf("seed %d: %v", seed, f)
		}
		c, err := cases.Parse(f.Line)
		if err != nil {
			t.Fatal(err)
		}
		got := c.Before
		if err := e[0].Load(c.Model, c.Code); err != nil {
			t.Fatal(err)
		}
		if err := e[0].Run(&got); err != nil || c.Check(&got) != nil {
			t.Errorf("the line does not say what the first engine does: %s", f.Line)
		}
	}
}

// forgetful is the interpreter with a bug: it does not record underflow.
type forgetful struct{ conform.Engine }

func (*forgetful) Name() string { return "forgetful" }

func (f *forgetful) Run(s *cases.State) error {
	err := f.Engine.Run(s)
	s.FPCR &^= 1 << 55
	return err
}

// The exact oracle sees what only the FPCR shows.
func TestExactSees(t *testing.T) {
	all := engines(t)
	res, err := Run(t.Context(), Config{Seed: 1, Cases: 100_000, Engines: []conform.Engine{&forgetful{all[0]}, all[3]}})
	if err != nil {
		t.Fatal(err)
	}
	if res.Failure == nil || res.Failure.Engine != "exact" || !strings.Contains(res.Failure.Text, "fpcr") {
		t.Errorf("%+v", res.Failure)
	}
}

// The same seed makes the same cases.
func TestSeed(t *testing.T) {
	var counts [2]int64
	for i := range counts {
		res, err := Run(t.Context(), Config{Seed: 7, Cases: 5000, Engines: engines(t)[:1]})
		if err != nil {
			t.Fatal(err)
		}
		counts[i] = res.Instructions
	}
	if counts[0] != counts[1] {
		t.Errorf("%d and %d instructions", counts[0], counts[1])
	}
}

// FuzzInstruction and FuzzBlock let go test's engine choose the seeds.
func FuzzInstruction(f *testing.F) { fuzzPrograms(f, single) }

// FuzzBlock and FuzzFunction are FuzzInstruction with more.
func FuzzBlock(f *testing.F)    { fuzzPrograms(f, block) }
func FuzzFunction(f *testing.F) { fuzzPrograms(f, flow) }

func fuzzPrograms(f *testing.F, s shape) {
	c := Config{Engines: engines(f)}
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		c.Seed = seed
		res := &Result{Compared: make([]int64, len(c.Engines)), seen: map[uint64]struct{}{}}
		p := c.program(0, s)
		if err := c.compare(&p, res); err != nil {
			t.Fatal(err)
		}
		if res.Failure != nil {
			t.Fatal(res.Failure)
		}
	})
}
