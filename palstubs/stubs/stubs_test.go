package stubs_test

import (
	"math/rand"
	"reflect"
	"testing"

	"axpress/ir"
	"axpress/ir/eval"
	"axpress/palstubs/osf"
	"axpress/palstubs/stubs"
	"axpress/runtime/abi"
)

// fields of the state that stubs may read or write.
var fields = []string{"PS", "USP", "MCES", "SysVal", "WHAMI", "Unique", "IRQLevel", "KSP", "KGP", "JumpKey"}

// TestStubsAgainstPAL executes each stub on random states, by the IR evaluator
// and by palstubs/osf.
func TestStubsAgainstPAL(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for _, row := range stubs.Table() {
		if row.Emit == nil {
			if row.Why == "" {
				t.Errorf("%s is not inlined, but there is no reason", row.Name)
			}
			continue
		}
		f := &ir.Func{Name: row.Name}
		b := ir.Builder{F: f, B: f.NewBlock(0)}
		f.Entries = []ir.Entry{{Block: b.B}}
		attention := row.Emit(&b)
		b.B.Term = ir.Term{Kind: ir.TermExit}
		if attention != nil {
			yes, no := f.NewBlock(0), f.NewBlock(0)
			yes.Term = ir.Term{Kind: ir.TermExit, Code: int64(abi.ExitAfterPAL)}
			no.Term = ir.Term{Kind: ir.TermExit}
			b.B.Term = ir.Term{Kind: ir.TermBr, Cond: attention, Succs: []ir.Edge{{Block: yes}, {Block: no}}}
		}
		if err := ir.Verify(f); err != nil {
			t.Fatal(err)
		}
		for range 200 {
			compare(t, rng, row, f)
		}
	}
}

func compare(t *testing.T, rng *rand.Rand, row stubs.Stub, f *ir.Func) {
	t.Helper()
	s, err := abi.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := abi.FreeState(s); err != nil {
			t.Error(err)
		}
	}()
	m := &eval.Machine{Fields: map[int64]uint64{}}
	for i := range 31 {
		s.R[i] = rng.Uint64()
		m.R[i] = s.R[i]
	}
	state := reflect.ValueOf(s).Elem()
	for _, name := range fields {
		v := rng.Uint64()
		switch name {
		case "PS", "IRQLevel": // kernel mode
			v &= 7
		case "JumpKey":
			v = 0
		}
		state.FieldByName(name).SetUint(v)
		m.Fields[abi.Offset(name)] = v
	}
	res, err := eval.Run(f, m, 0)
	if err != nil {
		t.Fatal(err)
	}
	cpu := osf.CPU{S: s}
	if got := cpu.Call(row.Number); got != osf.Continue {
		t.Fatalf("%s: the PALcode does not continue: %v", row.Name, got)
	}
	for i := range 31 {
		if m.R[i] != s.R[i] {
			t.Errorf("%s: r%d = %#x, PALcode %#x", row.Name, i, m.R[i], s.R[i])
		}
	}
	for _, name := range fields {
		if got, want := m.Fields[abi.Offset(name)], state.FieldByName(name).Uint(); got != want {
			t.Errorf("%s: %s = %#x, PALcode %#x", row.Name, name, got, want)
		}
	}
	if due := s.IRQLevel > s.PS&7; row.Name == "swpipl" && due != (res.Code == int64(abi.ExitAfterPAL)) {
		t.Errorf("swpipl: PS %#x, IRQLevel %d: code %d", s.PS, s.IRQLevel, res.Code)
	}
}

// TestTableAgrees: numbers, names and privileges are those of palstubs/osf.
func TestTableAgrees(t *testing.T) {
	last := -1
	for _, row := range stubs.Table() {
		if int(row.Number) <= last {
			t.Errorf("%s is out of order", row.Name)
		}
		last = int(row.Number)
		if stubs.Lookup(row.Number).Name != row.Name {
			t.Errorf("Lookup(%#x) is not %s", row.Number, row.Name)
		}
		pal := osf.Lookup(row.Number)
		if pal == nil || pal.Name != row.Name || pal.Privileged != stubs.Privileged(row.Number) {
			t.Errorf("%#x %s: PALcode has %+v", row.Number, row.Name, pal)
		}
	}
	for _, fn := range []uint32{0x100, 1<<26 - 1, 0x7f} {
		if stubs.Lookup(fn) != nil {
			t.Errorf("%#x is no CALL_PAL", fn)
		}
	}
}
