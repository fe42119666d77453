package pass

import (
	"math/rand"
	"slices"
	"testing"

	"axpress/ir"
	"axpress/ir/eval"
)

// A program of four functions. What their instructions are, for those that guards leave
// to the interpreter, stands in interpret.
const inlineProgram = `func "caller" @0x1000 {
entry 0x1000 b0
entry 0x1008 b1
entry 0x100c b2
entry 0x1010 b3
b0 @0x1000:
  poll
  v0:i64 = getreg r26
  setreg r9, v0
  retire 1
  v1:i64 = getreg r27 @0x1004
  v2:i64 = const -4
  v3:i64 = and v1, v2
  v4:i64 = pc 0x1008
  setreg r26, v4
  retire 1
  call v3 guess 0x2000 return 0x1008 b1
b1 @0x1008:
  v5:i64 = pc 0x100c
  setreg r26, v5
  v6:i64 = pc 0x3000
  retire 1
  call v6 return 0x100c b2
b2 @0x100c:
  v7:i64 = pc 0x1010
  setreg r26, v7
  v8:i64 = pc 0x4000
  retire 1
  call v8 return 0x1010 b3
b3 @0x1010:
  v9:i64 = getreg r9
  retire 1
  ret v9
}
func "leaf" @0x2000 {
entry 0x2000 b0
b0 @0x2000:
  poll
  v0:i64 = getreg r16
  v1:i64 = const 3
  v2:i1 = icmp.eq v0, v1
  retire 1
  br v2, b1, b2
b1 @0x2004:
  v3:i64 = getreg r18
  setreg r26, v3
  retire 1
  jump b2
b2 @0x2008:
  v4:i64 = getreg r26
  v5:i64 = const -4
  v6:i64 = and v4, v5
  retire 1
  ret v6
}
func "calls" @0x3000 {
entry 0x3000 b0
entry 0x3008 b1
b0 @0x3000:
  poll
  v0:i64 = getreg r26
  setreg r10, v0
  retire 1
  v1:i64 = pc 0x3008 @0x3004
  setreg r26, v1
  v2:i64 = pc 0x2000
  retire 1
  call v2 return 0x3008 b1
b1 @0x3008:
  v3:i64 = getreg r10
  retire 1
  ret v3
}
func "loops" @0x4000 {
entry 0x4000 b0
b0 @0x4000:
  poll
  v0:i64 = getreg r16
  v1:i64 = const 1
  v2:i64 = sub v0, v1
  setreg r16, v2
  retire 1
  v3:i64 = const 0 @0x4004
  v4:i1 = icmp.slt v2, v3
  retire 1
  br v4, b1, b0
b1 @0x4008:
  v5:i64 = getreg r26
  v6:i64 = const -4
  v7:i64 = and v5, v6
  retire 1
  ret v7
}
`

// interpret executes the jumps of the program: the register with the target, and the
// return address if there is one.
var interpret = map[uint64]struct {
	target int
	link   uint64
}{0x1004: {27, 0x1008}, 0x1010: {9, 0}, 0x2008: {26, 0}, 0x3008: {10, 0}, 0x4008: {26, 0}}

// TestInline runs the program with and without copies, from the same states: with
// guesses that are wrong, returns to elsewhere, and runs that end in the middle. Where a
// unit has no entry, the function as it was is "the other translation".
func TestInline(t *testing.T) {
	plain, err := ir.Parse(inlineProgram)
	if err != nil {
		t.Fatal(err)
	}
	copies, err := ir.Parse(inlineProgram)
	if err != nil {
		t.Fatal(err)
	}
	o := &Options{Full: true, Callee: callees(t, inlineProgram)}
	if err := inline(copies[0], o); err != nil {
		t.Fatal(err)
	}
	if err := ir.Verify(copies[0]); err != nil {
		t.Fatalf("%v\n%s", err, copies[0])
	}
	if want := []uint64{0x2000, 0x3000}; !slices.Equal(copies[0].Copied, want) {
		t.Errorf("copied %#x, want %#x", copies[0].Copied, want)
	}
	left := 0
	for seed := range int64(500) {
		want, _ := runProgram(t, plain, plain, seed)
		got, n := runProgram(t, copies[:1], plain, seed)
		left += n
		if got != want {
			t.Fatalf("seed %d: %+v, want %+v\n%s", seed, got, want, copies[0])
		}
	}
	if left < 100 {
		t.Errorf("the interpreter was asked %d times only", left)
	}
}

// ended is where and how a run ended.
type ended struct {
	pc     uint64
	icount int64
	regs   [64]uint64
}

// runProgram runs units, and where they have no entry the others, until the guest is
// anywhere else, and returns the state and how often the interpreter was asked.
func runProgram(t *testing.T, units, others []*ir.Func, seed int64) (ended, int) {
	t.Helper()
	rnd := rand.New(rand.NewSource(seed))
	m := &eval.Machine{Budget: 1 << 40}
	m.R[16], m.R[18] = uint64(rnd.Intn(6)), []uint64{0x9004, 0x3008, 0x1011}[rnd.Intn(3)]
	m.R[26] = 0x9000
	m.R[27] = []uint64{0x2000, 0x2000, 0x2001, 0x3000, 0x4000, 0x9008}[rnd.Intn(6)]
	e, asked := ended{pc: 0x1000}, 0
	for range 100 {
		f, entry := entryAt(append(slices.Clone(units), others...), e.pc)
		if f == nil {
			break
		}
		res, err := eval.Run(f, m, entry)
		if err != nil {
			t.Fatal(err)
		}
		e.pc, e.icount = res.PC, e.icount+res.Icount
		if res.Kind == eval.Interpret {
			in, ok := interpret[res.PC]
			if !ok {
				t.Fatalf("seed %d: %#x is left to the interpreter", seed, res.PC)
			}
			asked++
			e.pc = m.R[in.target] &^ 3
			if in.link != 0 {
				m.R[26] = in.link
			}
			e.icount++
		}
	}
	e.regs = m.R
	return e, asked
}

func entryAt(fs []*ir.Func, pc uint64) (*ir.Func, int) {
	for _, f := range fs {
		if i := slices.IndexFunc(f.Entries, func(e ir.Entry) bool { return e.PC == pc }); i >= 0 {
			return f, i
		}
	}
	return nil, 0
}
