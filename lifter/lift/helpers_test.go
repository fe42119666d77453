package lift

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"axpress/ir"
	"axpress/ir/eval"
	"axpress/lifter/discover"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/interp/fpu"
)

// codeAt is where test code lies.
const codeAt = 0x1000

// words is Code at codeAt.
type words []uint32

func (w words) Word(va uint64) (uint32, bool) {
	if va < codeAt || va%4 != 0 || va >= codeAt+4*uint64(len(w)) {
		return 0, false
	}
	return w[(va-codeAt)/4], true
}

// assemble translates lines of assembler text; addresses count from codeAt.
func assemble(t testing.TB, lines ...string) words {
	t.Helper()
	var out words
	for _, line := range lines {
		w, err := isa.Assemble(line, codeAt+4*uint64(len(out)))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, w)
	}
	return out
}

// unit cuts code into blocks as lifter/discover would: at branch targets and
// behind everything that ends a block, and at leaders.
func unit(code words, leaders ...uint64) *discover.Function { return unitAt(codeAt, code, leaders...) }

func unitAt(base uint64, code []uint32, leaders ...uint64) *discover.Function {
	end := base + 4*uint64(len(code))
	starts := map[uint64]bool{base: true}
	for _, pc := range leaders {
		starts[pc] = true
	}
	type exit struct {
		succs []uint64
		kind  discover.EndKind
	}
	exits := map[uint64]exit{} // by address of the next instruction
	fn := &discover.Function{Name: "test", Start: base, Entries: []uint64{base}}
	for i, w := range code {
		pc := base + 4*uint64(i)
		in := isa.Decode(w)
		var e exit
		switch in.Op.Info().Flow {
		case isa.FlowNext:
			continue
		case isa.FlowCond:
			e = exit{[]uint64{in.BranchTarget(pc), pc + 4}, discover.EndCond}
		case isa.FlowBranch, isa.FlowCall:
			if e = (exit{[]uint64{in.BranchTarget(pc)}, discover.EndBranch}); in.Ra != 31 {
				e = exit{[]uint64{pc + 4}, discover.EndCall}
			}
		case isa.FlowPAL:
			e = exit{[]uint64{pc + 4}, discover.EndPAL}
		case isa.FlowCallReg:
			e = exit{[]uint64{pc + 4}, discover.EndCallReg}
		case isa.FlowReturn:
			e.kind = discover.EndReturn
		case isa.FlowJump:
			e.kind = discover.EndJump
		default:
			e.kind = discover.EndTrap
		}
		exits[pc+4] = e
		starts[pc+4] = true
		for _, s := range e.succs {
			starts[s] = true
		}
		if e.kind == discover.EndPAL || e.kind == discover.EndCall || e.kind == discover.EndCallReg {
			if pc+4 < end {
				fn.Entries = append(fn.Entries, pc+4)
			}
		}
	}
	starts[end] = true
	from := base
	for pc := from + 4; pc <= end; pc += 4 {
		if !starts[pc] {
			continue
		}
		b := discover.Block{Start: from, End: pc, Kind: discover.EndFall}
		succs := []uint64{pc}
		if e, ok := exits[pc]; ok {
			b.Kind, succs = e.kind, e.succs
		}
		for _, s := range succs {
			if s >= base && s < end {
				b.Succs = append(b.Succs, s)
			}
		}
		fn.Blocks = append(fn.Blocks, b)
		from = pc
	}
	return fn
}

// liftUnit lifts and verifies.
func liftUnit(t testing.TB, fn *discover.Function, code Code, o Options) *ir.Func {
	t.Helper()
	f, err := Lift(fn, code, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Verify(f); err != nil {
		t.Fatalf("%v\n%s", err, f)
	}
	return f
}

// newMachine returns an environment with floating point enabled and rounding to
// nearest, and memory at 0x8000-0x8100.
func newMachine() *eval.Machine {
	m := &eval.Machine{Fields: map[int64]uint64{}}
	m.Fields[offFEN] = 1
	m.Fields[offFPCR] = dynNearest
	m.Map(0x8000, 0x100)
	m.FP = func(inst uint32, a, b uint64) (uint64, bool) {
		v, fpcr, ok := executeFP(inst, a, b, m.Fields[offFPCR])
		m.Fields[offFPCR] = fpcr
		return v, ok
	}
	return m
}

// executeFP is OpFPOperate.
func executeFP(inst uint32, a, b, fpcr uint64) (v, newFPCR uint64, ok bool) {
	if r := fpu.Execute(inst, a, b, fpcr); r.Summary == 0 {
		return r.Value, r.FPCR, true
	}
	return 0, fpcr, false
}

// slot finds what name means: a register (r1, f1), a state field (FPCR), or the
// quadword of memory at an address (m8010).
func slot(m *eval.Machine, name string) (get func() uint64, set func(uint64), err error) {
	var n uint64
	if _, err := fmt.Sscanf(name, "r%d", &n); err == nil && n < 31 {
		return func() uint64 { return m.R[n] }, func(v uint64) { m.R[n] = v }, nil
	}
	if _, err := fmt.Sscanf(name, "f%d", &n); err == nil && n < 31 {
		return func() uint64 { return m.R[32+n] }, func(v uint64) { m.R[32+n] = v }, nil
	}
	if _, err := fmt.Sscanf(name, "m%x", &n); err == nil && len(name) == 5 {
		get := func() uint64 {
			var b [8]byte
			for i := range b {
				b[i] = m.Mem[n+uint64(i)]
			}
			return binary.LittleEndian.Uint64(b[:])
		}
		return get, func(v uint64) { m.Store(n, 8, v) }, nil
	}
	if strings.ToUpper(name[:1]) == name[:1] {
		off := abi.Offset(name)
		return func() uint64 { return m.Fields[off] }, func(v uint64) { m.Fields[off] = v }, nil
	}
	return nil, nil, fmt.Errorf("what is %q?", name)
}

func parseHex(t testing.TB, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
