package fuzz

import (
	"math/rand/v2"
	"strings"
	"testing"

	"axpress/bench/conform"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/cases"
)

// engines are all that need nothing installed.
func engines(t testing.TB) []conform.Engine {
	t.Helper()
	var out []conform.Engine
	for _, name := range []string{"interp", "lifted", "passes", "hot", "exact"} {
		out = append(out, engine(t, name))
	}
	return out
}

func engine(t testing.TB, name string) conform.Engine {
	t.Helper()
	e, err := conform.New(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
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

// TestNative compares a slice of all shapes with native code, at both settings. Most
// of it is not left to the interpreter.
func TestNative(t *testing.T) {
	list := engines(t)[:1]
	for _, name := range []string{"native", "native-hot"} {
		list = append(list, engine(t, name))
	}
	for _, c := range []Config{{Programs: batchSize}, {Programs: batchSize / 2, Shapes: []string{"function"}}} {
		c.Seed, c.Engines = 1, list
		res, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if res.Failure != nil {
			t.Fatal(res.Failure)
		}
		if res.Programs != c.Programs || res.Compared[1] != res.Cases || res.Compared[2] != res.Cases {
			t.Errorf("%d programs; %d of %d cases compared", res.Programs, res.Compared, res.Cases)
		}
	}
	for _, e := range list[1:] {
		own, left := e.(conform.Counter).Retired()
		t.Logf("%s: retired %d instructions, and left %d to the interpreter", e.Name(), own, left)
		if own < 5_000 || own < 2*left {
			t.Errorf("%s: retired %d instructions, and left %d", e.Name(), own, left)
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

// Functions fault in every way that memory has, as often behind an access that was made
// as at the first; and conditional stores succeed and fail.
func TestFunctionsFault(t *testing.T) {
	e := engines(t)[0]
	type fault struct{ kind, mmcsr, access uint64 }
	faults, later := map[fault]int{}, 0
	for i := range uint64(3000) {
		r := rand.New(rand.NewPCG(i, 2))
		p := generate(r, flow)
		if err := e.Load(p.model, p.code); err != nil {
			t.Fatal(err)
		}
		before := p.state(r)
		s := before
		if err := e.Run(&s); err != nil {
			t.Fatal(err)
		}
		if s.Exit == abi.ExitFault {
			faults[fault{s.Kind, s.MMCSR, s.Access}]++
			if s.Data != before.Data {
				later++
			}
		}
	}
	t.Logf("%d, %d after a store", faults, later)
	const load, store = abi.MMAccessRead, abi.MMAccessWrite
	for _, f := range []fault{{abi.FaultMM, abi.MMCSRTNV, load}, {abi.FaultMM, abi.MMCSRTNV, store}, {abi.FaultMM, abi.MMCSRACV, load},
		{abi.FaultMM, abi.MMCSRACV, store}, {abi.FaultMM, abi.MMCSRFOR, load}, {abi.FaultMM, abi.MMCSRFOW, store},
		{abi.FaultUnaligned, 0, load}, {abi.FaultUnaligned, 0, store}} {
		if faults[f] < 15 {
			t.Errorf("%d times %+v", faults[f], f)
		}
	}
	if later < 100 {
		t.Errorf("%d of %d faults are behind a store", later, faults)
	}
}

// Different programs are counted once, and a limit of them is kept.
func TestPrograms(t *testing.T) {
	c := Config{Seed: 1, Programs: 1000, States: 3, Engines: engines(t)[:1]}
	res, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if res.Programs != 1000 || res.Cases < 3000 || res.Cases%3 != 0 {
		t.Errorf("%d programs, %d cases", res.Programs, res.Cases)
	}
	p, same := c.program(5, block), c.program(5, block)
	other := c.program(6, block)
	if p.hash() != same.hash() || p.hash() == other.hash() {
		t.Errorf("hashes %x %x %x", p.hash(), same.hash(), other.hash())
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
	res, err := Run(t.Context(), Config{Seed: 1, Cases: 100_000, Engines: []conform.Engine{&forgetful{all[0]}, all[len(all)-1]}})
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
