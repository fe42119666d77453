package eval

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"axpress/ir"
)

func parse(t *testing.T, src string) *ir.Func {
	t.Helper()
	funcs, err := ir.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Verify(funcs[0]); err != nil {
		t.Fatal(err)
	}
	return funcs[0]
}

// TestPure evaluates one op on constants.
func TestPure(t *testing.T) {
	const i8min, i64min, i64max = 0x80, 1 << 63, 1<<63 - 1
	f32, f64 := func(x float32) uint64 { return uint64(math.Float32bits(x)) }, math.Float64bits
	for _, c := range []struct {
		op   ir.Op
		t    ir.Type // result
		argT ir.Type
		args []uint64
		want uint64
	}{
		{ir.OpAdd, ir.I8, ir.I8, []uint64{200, 100}, 44},
		{ir.OpSub, ir.I32, ir.I32, []uint64{0, 1}, 0xffffffff},
		{ir.OpMul, ir.I16, ir.I16, []uint64{0x1234, 0x100}, 0x3400},
		{ir.OpUMulH, ir.I64, ir.I64, []uint64{1 << 63, 6}, 3},
		{ir.OpShl, ir.I64, ir.I64, []uint64{3, 65}, 6},
		{ir.OpShl, ir.I32, ir.I32, []uint64{3, 33}, 6},
		{ir.OpLShr, ir.I8, ir.I8, []uint64{0x80, 7}, 1},
		{ir.OpAShr, ir.I8, ir.I8, []uint64{0x80, 7}, 0xff},
		{ir.OpICmpSLT, ir.I1, ir.I8, []uint64{0xff, 0}, 1},
		{ir.OpICmpULT, ir.I1, ir.I8, []uint64{0xff, 0}, 0},
		{ir.OpICmpSLE, ir.I1, ir.I64, []uint64{i64min, i64max}, 1},
		{ir.OpICmpULE, ir.I1, ir.I64, []uint64{i64min, i64max}, 0},
		{ir.OpTrunc, ir.I8, ir.I64, []uint64{0x1ff}, 0xff},
		{ir.OpSExt, ir.I32, ir.I8, []uint64{i8min}, 0xffffff80},
		{ir.OpSExt, ir.I64, ir.I1, []uint64{1}, math.MaxUint64},
		{ir.OpZExt, ir.I64, ir.I8, []uint64{i8min}, 0x80},
		{ir.OpCtPop, ir.I16, ir.I16, []uint64{0xf0f0}, 8},
		{ir.OpCtLz, ir.I16, ir.I16, []uint64{1}, 15},
		{ir.OpCtLz, ir.I64, ir.I64, []uint64{0}, 64},
		{ir.OpCtTz, ir.I16, ir.I16, []uint64{0}, 16},
		{ir.OpSAddO, ir.I1, ir.I8, []uint64{127, 1}, 1},
		{ir.OpSAddO, ir.I1, ir.I8, []uint64{127, 0xff}, 0},
		{ir.OpSAddO, ir.I1, ir.I64, []uint64{i64max, 1}, 1},
		{ir.OpSSubO, ir.I1, ir.I64, []uint64{i64min, 1}, 1},
		{ir.OpSSubO, ir.I1, ir.I64, []uint64{0, i64min}, 1},
		{ir.OpSSubO, ir.I1, ir.I32, []uint64{5, 7}, 0},
		{ir.OpSMulO, ir.I1, ir.I32, []uint64{1 << 16, 1 << 15}, 1},
		{ir.OpSMulO, ir.I1, ir.I32, []uint64{1 << 16, 0xffff8000}, 0}, // -2^31 fits
		{ir.OpSMulO, ir.I1, ir.I64, []uint64{i64min, math.MaxUint64}, 1},
		{ir.OpSMulO, ir.I1, ir.I64, []uint64{i64min, 1}, 0},
		{ir.OpSMulO, ir.I1, ir.I64, []uint64{math.MaxUint64, math.MaxUint64}, 0},
		{ir.OpFAdd, ir.F32, ir.F32, []uint64{f32(1 << 24), f32(1)}, f32(1 << 24)},
		{ir.OpFAdd, ir.F64, ir.F64, []uint64{f64(1 << 24), f64(1)}, f64(1<<24 + 1)},
		{ir.OpFDiv, ir.F64, ir.F64, []uint64{f64(1), f64(4)}, f64(0.25)},
		{ir.OpFSqrt, ir.F32, ir.F32, []uint64{f32(2)}, f32(1.41421356)},
		{ir.OpFCmpEQ, ir.I1, ir.F64, []uint64{f64(0), f64(math.Copysign(0, -1))}, 1},
		{ir.OpFExt, ir.F64, ir.F32, []uint64{f32(1.5)}, f64(1.5)},
		{ir.OpFTrunc, ir.F32, ir.F64, []uint64{f64(1 + 1e-10)}, f32(1)},
		{ir.OpSIToF, ir.F64, ir.I64, []uint64{math.MaxUint64}, f64(-1)},
		{ir.OpFToSI, ir.I64, ir.F64, []uint64{f64(-2.5)}, ^uint64(1)},
		{ir.OpFToSI, ir.I64, ir.F64, []uint64{f64(3.5)}, 4},
		{ir.OpBitcast, ir.I64, ir.F64, []uint64{f64(1)}, 0x3ff0000000000000},
	} {
		f := &ir.Func{Name: c.op.String()}
		v := f.NewValue(c.op, c.t)
		a := [3]uint64{}
		for i, x := range c.args {
			a[i] = x
			v.Args = append(v.Args, f.NewValue(ir.OpConst, c.argT))
		}
		fn := pure[c.op]
		if fn == nil {
			fn = func(v *ir.Value, a [3]uint64) uint64 {
				r, ok := evalFloat(v, a)
				if !ok {
					t.Errorf("%v.%v%x leaves", c.op, c.t, c.args)
				}
				return r
			}
		}
		if got := fn(v, a) & mask(c.t); got != c.want {
			t.Errorf("%v.%v%x = %#x, want %#x", c.op, c.t, c.args, got, c.want)
		}
	}
}

// Every op is executed somewhere: by the pure table or by machine.value.
func TestAllOps(t *testing.T) {
	for op := ir.OpParam + 1; int(op) < len(ir.Table); op++ {
		f := &ir.Func{}
		v := f.NewValue(op, ir.I64)
		if op.Info().Sig[len(op.Info().Sig)-1] == 'v' {
			v.Type = ir.Void
		}
		for i := 0; i < op.Info().NArgs; i++ {
			v.Args = append(v.Args, f.NewValue(ir.OpConst, ir.I64))
		}
		m := &machine{f: f, env: &Machine{}, vals: make([]uint64, f.NumValues())}
		if _, err := m.value(v); err != nil {
			t.Error(err)
		}
	}
}

func TestRunForms(t *testing.T) {
	lifted := parse(t, `func "loop" @0x1000 {
entry 0x1000 b0
b0 @0x1000:
  v0:i64 = getreg r16
  jump b1
b1 @0x1004:
  v1:i64 = getreg r0
  v2:i64 = getreg r16
  v3:i64 = add v1, v2
  setreg r0, v3
  retire 1
  v4:i64 = const -1 @0x1008
  v5:i64 = add v2, v4
  setreg r16, v5
  retire 1
  poll
  v6:i64 = const 0
  v7:i1 = icmp.ne v5, v6
  br v7, b1, b2
b2 @0x100c:
  v8:i64 = getreg r26
  retire 1
  ret v8
}`)
	promoted := parse(t, `func "loop" @0x1000 promoted {
entry 0x1000 b0
b0 @0x1000:
  v0:i64 = getreg r0
  v1:i64 = getreg r16
  v2:i64 = getreg r26
  jump b1(v0, v1)
b1(v3:i64, v4:i64) @0x1004:
  v5:i64 = add v3, v4
  retire 1
  v6:i64 = const -1 @0x1008
  v7:i64 = add v4, v6
  retire 1
  poll [r0=v5 r16=v7]
  v8:i64 = const 0
  v9:i1 = icmp.ne v7, v8
  br v9, b1(v5, v7), b2
b2 @0x100c:
  retire 1
  ret v2 [r0=v5 r16=v7]
}`)
	for _, f := range []*ir.Func{lifted, promoted} {
		m := &Machine{}
		m.R[16], m.R[26] = 10, 0x2000
		res, err := Run(f, m, 0)
		if err != nil || res != (Result{Kind: Ret, PC: 0x2000, Icount: 21}) || m.R[0] != 55 || m.R[16] != 0 {
			t.Errorf("promoted %v: %+v, %v, r0 %d, r16 %d", f.Promoted, res, err, m.R[0], m.R[16])
		}
		m = &Machine{Budget: 5}
		m.R[16] = 10
		res, err = Run(f, m, 0)
		if err != nil || res != (Result{Kind: Poll, PC: 0x1008, Icount: 6}) || m.R[0] != 27 || m.R[16] != 7 {
			t.Errorf("promoted %v: %+v, %v, r0 %d, r16 %d", f.Promoted, res, err, m.R[0], m.R[16])
		}
	}
}

func TestExits(t *testing.T) {
	f := parse(t, `func "exits" @0x1000 relocatable base 0x1000 {
entry 0x1000 b0
entry 0x1008 b1
entry 0x100c b2
entry 0x1010 b3
entry 0x1014 b4
b0 @0x1000:
  v0:i64 = pc 0x3000
  retire 1
  call v0 return 0x1008 b1
b1 @0x1008:
  v1:i64 = const 3
  v2:i64 = load v1
  interpret
b2 @0x100c:
  v3:i1 = const 0
  guard v3
  interpret
b3 @0x1010:
  v4:i64 = getreg r1
  switch v4 {0x1014: b4}
b4 @0x1014:
  exit code 7 imm 131
}`)
	for entry, want := range []Result{
		{Kind: Call, PC: 0x5000, ReturnPC: 0x3008, Icount: 1},
		{Kind: Fault, PC: 0x3008},
		{Kind: Interpret, PC: 0x300c},
		{Kind: Exit, PC: 0x3014, Code: 7, Imm: 131},
	} {
		m := &Machine{LoadedAt: 0x3000}
		m.R[1] = 0x3014
		if got, err := Run(f, m, entry); err != nil || got != want {
			t.Errorf("entry %d: %+v, %v, want %+v", entry, got, err, want)
		}
	}
	m := &Machine{LoadedAt: 0x3000}
	m.R[1] = 0x1014
	if got, err := Run(f, m, 3); err != nil || got != (Result{Kind: Goto, PC: 0x1014}) {
		t.Errorf("switch default: %+v, %v", got, err)
	}
	if _, err := Run(f, m, 9); err == nil {
		t.Error("no error for a bad entry")
	}
}

// An operation of the guest's gets its operands and instruction; one that traps leaves.
func TestFPOperate(t *testing.T) {
	f := parse(t, `func "fp" @0x1000 {
entry 0x1000 b0
b0 @0x1000:
  v0:i64 = getreg r1
  v1:i64 = getreg r2
  v2:i64 = fpop 0x54221403, v0, v1
  setreg r3, v2
  retire 1
  ret v2
}`)
	m := &Machine{FP: func(inst uint32, a, b uint64) (uint64, bool) { return uint64(inst) + 16*a + b, a != 7 }}
	m.R[1], m.R[2] = 3, 5
	if got, err := Run(f, m, 0); err != nil || got != (Result{Kind: Ret, PC: 0x54221438, Icount: 1}) || m.R[3] != 0x54221438 {
		t.Errorf("%+v, %v, r3 %#x", got, err, m.R[3])
	}
	m.R[1], m.R[3] = 7, 0
	if got, err := Run(f, m, 0); err != nil || got != (Result{Kind: Interpret, PC: 0x1000}) || m.R[3] != 0 {
		t.Errorf("a trap: %+v, %v, r3 %#x", got, err, m.R[3])
	}
}

func TestStepLimit(t *testing.T) {
	f := parse(t, "func \"x\" @1 {\nentry 1 b0\nb0 @1:\njump b0\n}")
	if _, err := Run(f, &Machine{}, 0); !errors.Is(err, ErrSteps) {
		t.Error(err)
	}
}

func TestLocked(t *testing.T) {
	m := &Machine{}
	m.Map(0x100, 64)
	if _, ok := m.LoadLocked(0x108, 8); !ok {
		t.Fatal("fault")
	}
	if stored, ok := m.StoreCond(0x108, 8, 5); !stored || !ok {
		t.Error("not stored")
	}
	if stored, _ := m.StoreCond(0x108, 8, 6); stored {
		t.Error("stored twice")
	}
	m.LoadLocked(0x108, 8)
	m.Store(0x100, 4, 1)
	if stored, _ := m.StoreCond(0x108, 8, 6); stored {
		t.Error("stored after a store to the same 16 bytes")
	}
	if _, ok := m.Load(0x101, 2); ok {
		t.Error("misaligned load")
	}
}

// A number out of quadwords may have any address; where one of them is missing the unit is
// left for the interpreter.
func TestLoadQuads(t *testing.T) {
	f := parse(t, `func "quads" @0x1000 {
entry 0x1000 b0
b0 @0x1000:
  v0:i64 = getreg r1
  v1:i32 = load 1, v0
  v2:i64 = zext v1
  setreg r2, v2
  ret v2
}`)
	m := &Machine{}
	m.Map(0x100, 16)
	for i := range uint64(16) {
		m.Mem[0x100+i] = byte(i)
	}
	for va, want := range map[uint64]uint64{0x100: 0x03020100, 0x103: 0x06050403, 0x106: 0x09080706, 0x10c: 0x0f0e0d0c} {
		m.R[1] = va
		if got, err := Run(f, m, 0); err != nil || got.Kind != Ret || m.R[2] != want {
			t.Errorf("at %#x: %+v, %v, %#x, want %#x", va, got, err, m.R[2], want)
		}
	}
	for _, va := range []uint64{0xff, 0x10d} {
		m.R[1] = va
		if got, err := Run(f, m, 0); err != nil || got != (Result{Kind: Interpret, PC: 0x1000}) {
			t.Errorf("at %#x: %+v, %v", va, got, err)
		}
	}
}

// What an atomic operation makes of memory, of both sizes, and that it leaves before
// doing anything.
func TestAtomic(t *testing.T) {
	text := func(typ string, kind int64) string {
		return fmt.Sprintf(`func "atomic" @0x1000 {
entry 0x1000 b0
b0 @0x1000:
  v0:i64 = getreg r1
  v1:i64 = getreg r2
  v2:i32 = trunc v1
  v3:%s = atomic %d, v0, %s
  v4:i64 = %s
  setreg r3, v4
  retire 3
  ret v4
}`, typ, kind, map[string]string{"i32": "v2", "i64": "v1"}[typ], map[string]string{"i32": "zext v3", "i64": "or v3, v3"}[typ])
	}
	const old, x = 0xf0f0_f0f0_8000_0006, 0xffff_0000_8000_0003
	for kind, want := range []uint64{
		ir.AtomicExchange: x, ir.AtomicAdd: 0xf0ef_f0f1_0000_0009, ir.AtomicSub: 0xf0f1_f0f0_0000_0003,
		ir.AtomicAnd: 0xf0f0_0000_8000_0002, ir.AtomicOr: 0xffff_f0f0_8000_0007, ir.AtomicXor: 0x0f0f_f0f0_0000_0005,
	} {
		for typ, n := range map[string]uint64{"i32": 1<<32 - 1, "i64": 1<<64 - 1} {
			f := parse(t, text(typ, int64(kind)))
			m := &Machine{Lock: 0x200, Locked: true}
			m.Map(0x100, 8)
			m.Store(0x100, 8, old)
			m.R[1], m.R[2] = 0x100, x
			got, err := Run(f, m, 0)
			if err != nil || got.Kind != Ret || got.Icount != 3 || m.R[3] != old&n || m.Locked {
				t.Errorf("%s %d: %+v, %v, r3 %#x", typ, kind, got, err, m.R[3])
			}
			if v, _ := m.Load(0x100, 8); v != want&n|old&^n {
				t.Errorf("%s %d: memory is %#x, want %#x", typ, kind, v, want&n|old&^n)
			}
			m.R[1], m.R[3] = 0x104^8, 7
			if got, err := Run(f, m, 0); err != nil || got != (Result{Kind: Fault, PC: 0x1000}) || m.R[3] != 7 {
				t.Errorf("%s %d: %+v, %v, r3 %#x", typ, kind, got, err, m.R[3])
			}
		}
	}
}
