package llvm

import (
	"fmt"

	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
	"axpress/runtime/abi"
)

// Floating-point operations run with the host's exceptions unmasked, but for
// inexact. What would signal one faults on the host instead; runtime/dispatch finds
// the instruction in the table of section .gft (window.go) and goes on at the side
// exit, which leaves the instruction to the interpreter:
//
//	before: mulsd; then 14 instructions that look for denormals, underflow, ...
//	after:  mulsd

// floatOp is the host instruction of an operation: %s is d or s, for doubles and
// singles. Operand $0 is the result, $1 and $2 are the sources; in the forms for
// hosts without AVX the first source is tied to the result.
type floatOp struct{ avx, sse string }

var floating = map[ir.Op]floatOp{
	ir.OpFAdd:   {"vadds%s $2,$1,$0", "adds%s $2,$0"},
	ir.OpFSub:   {"vsubs%s $2,$1,$0", "subs%s $2,$0"},
	ir.OpFMul:   {"vmuls%s $2,$1,$0", "muls%s $2,$0"},
	ir.OpFDiv:   {"vdivs%s $2,$1,$0", "divs%s $2,$0"},
	ir.OpFSqrt:  {"vsqrts%s $1,$1,$0", "sqrts%s $1,$0"},
	ir.OpFTrunc: {"vcvts%s2ss $1,$1,$0", "cvts%s2ss $1,$0"},
	ir.OpFToSI:  {"vcvts%s2si $1,$0", "cvts%s2si $1,$0"},
	// Comparisons make masks: flags are no result of an instruction that may fault.
	// All NaNs signal; without AVX there is no equality that does, so a comparison
	// stands before it.
	ir.OpFCmpEQ: {"vcmpeq_oss%s $2,$1,$0", "comis%[1]s $2,$0; cmpeqs%[1]s $2,$0"},
	ir.OpFCmpLT: {"vcmplts%s $2,$1,$0", "cmplts%s $2,$0"},
	ir.OpFCmpLE: {"vcmples%s $2,$1,$0", "cmples%s $2,$0"},
}

// truncate is OpFToSI that truncates, for which the host has an instruction.
var truncate = floatOp{"vcvtts%s2si $1,$0", "cvtts%s2si $1,$0"}

// lowerFloat emits an operation that may signal.
func lowerFloat(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	u.beforeExit(v)
	from, format := v.Args[0].Type, "d"
	if from == ir.F32 {
		format = "s"
	}
	host, rounds := floating[v.Op], v.Imm != ir.RoundNearest && v.Imm != ir.RoundNone
	if v.Op == ir.OpFToSI && v.Imm == ir.RoundZero {
		host, rounds = truncate, false
	}
	op, first := host.avx, "x"
	if !u.o.AVX {
		op = host.sse
		if len(x) == 2 {
			first = "0"
		}
	}
	result, out := llvmType(v.Type), "=x"
	switch {
	case v.Type == ir.I1:
		result = llvmType(from)
	case v.Type == ir.I64:
		out = "=r"
	}
	constraints := out + "," + first
	if len(x) == 2 {
		constraints += ",x"
	}
	done := u.fn.NewBlock("")
	exit := u.sideExit(v, abi.PCInterpret)
	u.name(exit)
	before, after := "", ""
	args := append([]value.Value{}, x...)
	if rounds {
		// A fault leaves native code, which loads MXCSR when it is entered.
		constraints, args = constraints+",{r12}", append(args, u.state)
		load := func(how int64) string {
			return fmt.Sprintf("ldmxcsr %d(%%r12); ", abi.Offset("MXCSR")+4*how-abi.StateBias)
		}
		before, after = load(v.Imm), "; "+load(ir.RoundNearest)
	}
	r := u.callBr(before, fmt.Sprintf(op, format)+after, constraints, "", result, done, exit, args)
	u.cur = done
	if v.Type != ir.I1 {
		return r, nil
	}
	bits := types.I64
	if from == ir.F32 {
		bits = types.I32
	}
	return u.cur.NewICmp(enum.IPredNE, u.cur.NewBitCast(r, bits), constant.NewInt(bits, 0)), nil
}

// lowerFPOperate has the runtime execute the guest's instruction.
func lowerFPOperate(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	u.beforeExit(v)
	r, carry := u.thunk(abi.ThunkFPOperate, true, v, x[0], x[1], i64(v.Imm))
	done := u.fn.NewBlock("")
	u.condBr(u.carryClear(carry), done, u.sideExit(v, abi.PCInterpret), u.likely)
	u.cur = done
	return r, nil
}

// asksForRounding says whether c is a condition on the FPCR alone, as lifter/lift makes
// it where code depends on the rounding mode: nearly always true.
func asksForRounding(c *ir.Value) bool {
	switch c.Op {
	case ir.OpConst:
		return false
	case ir.OpLdState:
		return c.Imm == abi.Offset("FPCR")
	}
	yes := false
	for _, a := range c.Args {
		ok := asksForRounding(a)
		if !ok && a.Op != ir.OpConst {
			return false
		}
		yes = yes || ok
	}
	return yes
}

// lowerMapS widens a single to the format of registers. At the full setting the host's
// conversion does that; for denormals and signaling NaNs, which Alpha loads as they are, it
// faults, and mapSingle goes on:
//
//	before: 12 instructions on the bits
//	after:  vcvtss2sd %xmm1,%xmm1,%xmm0
func lowerMapS(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	if !u.o.Hot || !u.o.AVX || u.o.Disable[lowerSingles] || v.Block == nil || u.sunk[v.ID] {
		return mapSingle(u.cur, x[0]), nil
	}
	done, slow := u.fn.NewBlock(""), u.slowBlock()
	fast := u.callBr("", "vcvtss2sd $1,$1,$0", "=x,x", "", types.Double, done, slow, []value.Value{u.cur.NewBitCast(x[0], types.Float)})
	phi := lir.NewIncoming(fast, u.cur)
	bits := mapSingle(slow, x[0])
	slow.NewBr(done)
	u.cur = done
	return done.NewPhi(phi, lir.NewIncoming(bits, slow)), nil
}

// mapSingle widens the exponent: 0 stays, 255 becomes 2047, others change their bias.
func mapSingle(b *lir.Block, x value.Value) value.Value {
	const (
		minNormal = 1 << 23
		inf       = 0xff << 23
		rebias    = (1023 - 127) << 52
		toInf     = (2047 - 255) << 52
	)
	i32 := func(n int64) value.Value { return constant.NewInt(types.I32, n) }
	mag := b.NewAnd(x, i32(0x7fff_ffff))
	wide := b.NewShl(b.NewZExt(mag, types.I64), i64(29))
	bias := b.NewSelect(b.NewICmp(enum.IPredULT, mag, i32(inf)), i64(rebias), i64(toInf))
	change := b.NewSelect(b.NewICmp(enum.IPredULT, mag, i32(minNormal)), i64(0), bias)
	sign := b.NewAnd(b.NewSExt(x, types.I64), i64(-1<<63))
	return b.NewBitCast(b.NewOr(sign, b.NewAdd(wide, change)), types.Double)
}

// lowerUnmapS takes bits 63, 62 and 58:29.
func lowerUnmapS(u *unit, _ *ir.Value, x []value.Value) (value.Value, error) {
	b := u.cur
	v := b.NewBitCast(x[0], types.I64)
	top := b.NewAnd(b.NewLShr(v, i64(32)), i64(0xc000_0000))
	rest := b.NewAnd(b.NewLShr(v, i64(29)), i64(0x3fff_ffff))
	return b.NewTrunc(b.NewOr(top, rest), types.I32), nil
}
