package pass

import (
	"fmt"
	"maps"
	"math/rand"
	"testing"

	"axpress/ir"
	"axpress/ir/eval"
)

// outcome is all that can be seen of a run.
type outcome struct {
	res    eval.Result
	err    error
	regs   [64]uint64
	mem    map[uint64]byte
	fields map[int64]uint64
	trace  string
}

const runsPerEntry = 4

// runs evaluates f from each entry in a few states.
func runs(f *ir.Func, seed int64) []outcome {
	var list []outcome
	for entry := range f.Entries {
		for n := int64(0); n < runsPerEntry; n++ {
			list = append(list, run(f, entry, seed+n, 0))
		}
	}
	return list
}

// run evaluates f from an entry. budget 0: the seed says how many instructions may be executed.
func run(f *ir.Func, entry int, seed, budget int64) outcome {
	rnd := rand.New(rand.NewSource(seed))
	if chance := 1 + rnd.Int63n(60); budget == 0 {
		budget = chance
	}
	m := &eval.Machine{Budget: budget, Cycles: rnd.Uint64(), LoadedAt: genBase + 0x2000*uint64(rnd.Intn(4)),
		Fields: map[int64]uint64{8: rnd.Uint64()}}
	for i := range m.R {
		m.R[i] = rnd.Uint64() >> (rnd.Intn(2) * rnd.Intn(64))
	}
	m.Map(genMem, 256)
	for i := uint64(0); i < 256; i++ {
		m.Mem[genMem+i] = byte(rnd.Int())
	}
	// Some trap; the others depend on the state, and change it.
	m.FP = func(inst uint32, a, b uint64) (uint64, bool) {
		if (a^b)%5 == 0 {
			return 0, false
		}
		m.Fields[8] = m.Fields[8]*3 + uint64(inst)
		return m.Fields[8] ^ a - b, true
	}
	o := outcome{}
	m.Trace = func(what string, addr, value uint64) { o.trace += fmt.Sprintf("%s %x %x;", what, addr, value) }
	o.res, o.err = eval.Run(f, m, entry)
	o.regs, o.mem, o.fields = m.R, m.Mem, m.Fields
	return o
}

// diff says how b differs from a, "" if not.
func diff(a, b *outcome) string {
	switch {
	case a.err != nil || b.err != nil:
		return fmt.Sprintf("errors %v, %v", a.err, b.err)
	case a.res != b.res:
		return fmt.Sprintf("result %+v, want %+v", b.res, a.res)
	case a.trace != b.trace:
		return fmt.Sprintf("accesses %s, want %s", b.trace, a.trace)
	case !maps.Equal(a.mem, b.mem):
		return "memory"
	case !maps.Equal(a.fields, b.fields):
		return "state"
	}
	for r := range a.regs {
		if a.regs[r] != b.regs[r] {
			return fmt.Sprintf("%v is %#x, want %#x", ir.Reg(r), b.regs[r], a.regs[r])
		}
	}
	return ""
}

// checkPasses runs the pipeline on the unit of seed and compares what can be
// seen after each pass with what the lifted form does.
func checkPasses(t *testing.T, f *ir.Func, seed int64) {
	if err := ir.Verify(f); err != nil {
		t.Fatalf("generator: %v\n%s", err, f)
	}
	want := runs(f, seed)
	lifted := reparse(t, f)
	o := &Options{Full: seed&16 != 0, Pinned: uint32(seed) & (1<<1 | 1<<16 | 1<<26 | 1<<30), Carry: int(seed & 3), CarryLoop: int(seed >> 2 & 3)}
	for i := range passes {
		p := &passes[i]
		before := f.String()
		if err := runOne(p, f, o); err != nil {
			t.Fatalf("%v\nbefore:\n%s", err, before)
		}
		if err := ir.Verify(f); err != nil {
			t.Fatalf("after %s: %v\nbefore:\n%s\nafter:\n%s", p.Name, err, before, f)
		}
		for n, got := range runs(f, seed) {
			if p.Name == "unroll" && got.res.Kind == eval.Poll && got.res.Icount > want[n].res.Icount {
				// It polls less often: where it does, the lifted form can be stopped too.
				want[n] = run(lifted, n/runsPerEntry, seed+int64(n%runsPerEntry), got.res.Icount)
			}
			if d := diff(&want[n], &got); d != "" {
				t.Fatalf("seed %d, run %d, after %s: %s\nbefore:\n%s\nafter:\n%s", seed, n, p.Name, d, before, f)
			}
		}
		if f.Promoted {
			checkPinned(t, f, regSet(o.Pinned))
		}
	}
	checkText(t, f)
}

// checkPinned: every exit carries the pinned registers.
func checkPinned(t *testing.T, f *ir.Func, pinned regSet) {
	check := func(what fmt.Stringer, snap []ir.RegValue) {
		var have regSet
		for _, s := range snap {
			have |= 1 << s.Reg
		}
		if pinned&^have != 0 {
			t.Fatalf("%s: %v: snapshot lacks pinned registers %#x\n%s", f.Name, what, pinned&^have, f)
		}
	}
	for _, b := range f.Blocks {
		for _, v := range b.Vals {
			if v.Op.Exits() {
				check(v, v.Snap)
			}
		}
		if b.Term.Leaves() {
			check(b, b.Term.Snap)
		}
	}
}

// checkText: the text form keeps everything.
func checkText(t *testing.T, f *ir.Func) {
	text := f.String()
	if got := reparse(t, f).String(); got != text {
		t.Fatalf("round trip:\n%s\nwant:\n%s", got, text)
	}
}

// reparse makes a copy of f by way of its text.
func reparse(t *testing.T, f *ir.Func) *ir.Func {
	text := f.String()
	again, err := ir.Parse(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return again[0]
}

func TestPassesKeepMeaning(t *testing.T) {
	n := int64(300)
	if testing.Short() {
		n = 100
	}
	for seed := int64(0); seed < n; seed++ {
		checkPasses(t, generate(seed), seed)
		checkPasses(t, generateChain(seed), seed)
		checkPasses(t, generateChain(-seed), seed)
	}
}

func FuzzPasses(f *testing.F) {
	f.Add(int64(1))
	f.Fuzz(func(t *testing.T, seed int64) {
		checkPasses(t, generate(seed), seed)
		checkPasses(t, generateChain(seed), seed)
	})
}

// The same input gives the same output.
func TestDeterministic(t *testing.T) {
	for seed := int64(0); seed < 50; seed++ {
		a, b := generate(seed), generate(seed)
		for _, f := range []*ir.Func{a, b} {
			if err := Run(f, Options{Check: true, Pinned: 1 << 30}); err != nil {
				t.Fatal(err)
			}
		}
		if a.String() != b.String() {
			t.Fatalf("seed %d: two results", seed)
		}
	}
}
