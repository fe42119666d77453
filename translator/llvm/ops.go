package llvm

import (
	"fmt"
	"slices"

	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
	"axpress/runtime/abi"
)

// lower emits one op: x are the operands' LLVM values. It returns nil for ops
// without a result.
type lower func(u *unit, v *ir.Value, x []value.Value) (value.Value, error)

// value emits v and remembers its LLVM value.
func (u *unit) value(v *ir.Value) error {
	if u.sunk[v.ID] {
		return nil
	}
	fn := u.lower[v.Op]
	if fn == nil {
		return fmt.Errorf("no lowering for this op")
	}
	var buf [3]value.Value
	x := buf[:0]
	for _, a := range v.Args {
		x = append(x, u.vals[a.ID])
	}
	r, err := fn(u, v, x)
	u.vals[v.ID] = r
	return err
}

// lowering is the table of ops. A row that is missing is reported by
// TestLoweringIsComplete.
var lowering = makeLowering()

func makeLowering() map[ir.Op]lower {
	t := map[ir.Op]lower{
		ir.OpConst:  lowerConst,
		ir.OpFConst: lowerFConst,
		ir.OpPC: func(u *unit, v *ir.Value, _ []value.Value) (value.Value, error) {
			return u.pcValue(uint64(v.Imm), 0), nil
		},
		ir.OpGetReg:  lowerGetReg,
		ir.OpSetReg:  lowerSetReg,
		ir.OpLdState: lowerLdState,
		ir.OpStState: lowerStState,
		ir.OpUMulH:   lowerUMulH,
		ir.OpSelect: func(u *unit, _ *ir.Value, x []value.Value) (value.Value, error) {
			return u.cur.NewSelect(x[0], x[1], x[2]), nil
		},
		ir.OpTrunc:      conv(func(b *lir.Block, x value.Value, t types.Type) value.Value { return b.NewTrunc(x, t) }),
		ir.OpZExt:       lowerZExt,
		ir.OpSExt:       lowerSExt,
		ir.OpBitcast:    lowerBitcast,
		ir.OpFExt:       conv(func(b *lir.Block, x value.Value, t types.Type) value.Value { return b.NewFPExt(x, t) }),
		ir.OpMapS:       lowerMapS,
		ir.OpUnmapS:     lowerUnmapS,
		ir.OpSIToF:      conv(func(b *lir.Block, x value.Value, t types.Type) value.Value { return b.NewSIToFP(x, t) }),
		ir.OpCtPop:      bitCount("ctpop", false),
		ir.OpCtLz:       bitCount("ctlz", true),
		ir.OpCtTz:       bitCount("cttz", true),
		ir.OpSAddO:      overflow("sadd"),
		ir.OpSSubO:      overflow("ssub"),
		ir.OpSMulO:      overflow("smul"),
		ir.OpLoad:       lowerLoad,
		ir.OpStore:      lowerStore,
		ir.OpLoadLocked: lowerLoadLocked,
		ir.OpStoreCond:  lowerStoreCond,
		ir.OpAtomic:     lowerAtomic,
		ir.OpFence:      lowerFence,
		ir.OpPrefetch:   lowerPrefetch,
		ir.OpRPCC:       lowerRPCC,
		ir.OpFPOperate:  lowerFPOperate,
		ir.OpGuard:      lowerGuard,
		ir.OpPoll:       lowerPoll,
		ir.OpRetire:     func(u *unit, v *ir.Value, _ []value.Value) (value.Value, error) { u.done += v.Imm; return nil, nil },
	}
	for op, f := range map[ir.Op]func(b *lir.Block, x, y value.Value) value.Value{
		ir.OpAdd:  func(b *lir.Block, x, y value.Value) value.Value { return b.NewAdd(x, y) },
		ir.OpSub:  func(b *lir.Block, x, y value.Value) value.Value { return b.NewSub(x, y) },
		ir.OpMul:  func(b *lir.Block, x, y value.Value) value.Value { return b.NewMul(x, y) },
		ir.OpAnd:  func(b *lir.Block, x, y value.Value) value.Value { return b.NewAnd(x, y) },
		ir.OpOr:   func(b *lir.Block, x, y value.Value) value.Value { return b.NewOr(x, y) },
		ir.OpXor:  func(b *lir.Block, x, y value.Value) value.Value { return b.NewXor(x, y) },
		ir.OpShl:  func(b *lir.Block, x, y value.Value) value.Value { return b.NewShl(x, shiftCount(b, y)) },
		ir.OpLShr: func(b *lir.Block, x, y value.Value) value.Value { return b.NewLShr(x, shiftCount(b, y)) },
		ir.OpAShr: func(b *lir.Block, x, y value.Value) value.Value { return b.NewAShr(x, shiftCount(b, y)) },
	} {
		t[op] = func(u *unit, _ *ir.Value, x []value.Value) (value.Value, error) { return f(u.cur, x[0], x[1]), nil }
	}
	for op, p := range map[ir.Op]enum.IPred{ir.OpICmpEQ: enum.IPredEQ, ir.OpICmpNE: enum.IPredNE, ir.OpICmpSLT: enum.IPredSLT,
		ir.OpICmpSLE: enum.IPredSLE, ir.OpICmpULT: enum.IPredULT, ir.OpICmpULE: enum.IPredULE} {
		t[op] = func(u *unit, _ *ir.Value, x []value.Value) (value.Value, error) {
			return u.cur.NewICmp(p, x[0], x[1]), nil
		}
	}
	for op := range floating {
		t[op] = lowerFloat
	}
	return t
}

func conv(f func(*lir.Block, value.Value, types.Type) value.Value) lower {
	return func(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
		return f(u.cur, x[0], llvmType(v.Type)), nil
	}
}

// The extensions of a loaded value may have been made by its load (window.go).

// carryChains is the major version of the LLVM from which on lowerZExt avoids extensions.
const carryChains = 15

func lowerZExt(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	if l, ok := u.loaded[v.Args[0].ID]; ok && l.how == extendZero && v.Type == ir.I64 {
		return l.val, nil
	}
	if v.Args[0].Type == ir.I1 && u.o.LLVM >= carryChains {
		// From sums of carries that are extended, as a product of several words has them,
		// LLVM 15 and 16 make chains of additions with carry, and some make them run for
		// ever or corrupt their memory. Of a selection they do not. 14 and 19 are right.
		t := llvmType(v.Type).(*types.IntType)
		return u.cur.NewSelect(x[0], constant.NewInt(t, 1), constant.NewInt(t, 0)), nil
	}
	return u.cur.NewZExt(x[0], llvmType(v.Type)), nil
}

func lowerSExt(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	if l, ok := u.loaded[v.Args[0].ID]; ok && l.how == extendSign && v.Type == ir.I64 {
		return l.val, nil
	}
	return u.cur.NewSExt(x[0], llvmType(v.Type)), nil
}

func lowerBitcast(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	if l, ok := u.loaded[v.Args[0].ID]; ok && l.how == extendFloat && v.Type.Bits() == v.Args[0].Type.Bits() {
		return l.val, nil
	}
	return u.cur.NewBitCast(x[0], llvmType(v.Type)), nil
}

// shiftCount makes a count that is in range: LLVM's shifts are undefined beyond
// the width, ours are modulo it. The mask costs nothing on x86.
func shiftCount(b *lir.Block, y value.Value) value.Value {
	t := y.Type().(*types.IntType)
	if c, ok := y.(*constant.Int); ok {
		return constant.NewInt(t, c.X.Int64()&int64(t.BitSize-1))
	}
	return b.NewAnd(y, constant.NewInt(t, int64(t.BitSize-1)))
}

func lowerConst(_ *unit, v *ir.Value, _ []value.Value) (value.Value, error) {
	if v.Type == ir.I1 {
		return constant.NewBool(v.Imm&1 != 0), nil
	}
	return constant.NewInt(llvmType(v.Type).(*types.IntType), v.Imm), nil
}

func lowerFConst(u *unit, v *ir.Value, _ []value.Value) (value.Value, error) {
	if v.Type == ir.F32 {
		return u.cur.NewBitCast(constant.NewInt(types.I32, int64(int32(v.Imm))), types.Float), nil
	}
	return u.cur.NewBitCast(i64(v.Imm), types.Double), nil
}

// lowerGetReg reads a register at an entry: from its host register if it has
// one, else from its slot.
func lowerSetReg(u *unit, v *ir.Value, _ []value.Value) (value.Value, error) {
	u.spillAll([]ir.RegValue{{Reg: ir.Reg(v.Imm), Val: v.Args[0]}})
	return nil, nil
}

func lowerGetReg(u *unit, v *ir.Value, _ []value.Value) (value.Value, error) {
	r := ir.Reg(v.Imm)
	if phi := u.blocks[v.Block.ID].pinned[r]; phi != nil {
		return phi, nil
	}
	if !u.blocks[v.Block.ID].entry {
		return nil, fmt.Errorf("register read outside an entry block")
	}
	return u.cur.NewLoad(llvmType(v.Type), u.slotOf(r)), nil
}

func lowerLdState(u *unit, v *ir.Value, _ []value.Value) (value.Value, error) {
	return u.cur.NewLoad(llvmType(v.Type), u.field(v.Imm, llvmType(v.Type))), nil
}

func lowerStState(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	u.cur.NewStore(x[0], u.field(v.Imm, x[0].Type()))
	return nil, nil
}

func lowerUMulH(u *unit, _ *ir.Value, x []value.Value) (value.Value, error) {
	p := u.cur.NewMul(u.cur.NewZExt(x[0], types.I128), u.cur.NewZExt(x[1], types.I128))
	return u.cur.NewTrunc(u.cur.NewLShr(p, constant.NewInt(types.I128, 64)), types.I64), nil
}

func bitCount(name string, zeroFlag bool) lower {
	return func(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
		t := llvmType(v.Type)
		full := fmt.Sprintf("llvm.%s.i%d", name, v.Type.Bits())
		if zeroFlag {
			return u.cur.NewCall(u.intrinsic(full, t, t, types.I1), x[0], constant.False), nil
		}
		return u.cur.NewCall(u.intrinsic(full, t, t), x[0]), nil
	}
}

func overflow(name string) lower {
	return func(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
		t := x[0].Type()
		f := u.intrinsic(fmt.Sprintf("llvm.%s.with.overflow.i%d", name, v.Args[0].Type.Bits()), types.NewStruct(t, types.I1), t, t)
		return u.cur.NewExtractValue(u.cur.NewCall(f, x[0], x[1]), 1), nil
	}
}

// lowerFence: MB orders everything; WMB orders stores, which x86 does by itself,
// so only the compiler must be held. A locked instruction orders everything too.
func lowerFence(u *unit, v *ir.Value, _ []value.Value) (value.Value, error) {
	f := u.cur.NewFence(enum.AtomicOrderingSequentiallyConsistent)
	if v.Imm != 0 || behindAtomic(v) {
		f.SyncScope = "singlethread"
	}
	return nil, nil
}

// behindAtomic says whether the access to memory before v is certain to be a locked
// instruction.
func behindAtomic(v *ir.Value) bool {
	vals := v.Block.Vals
	for i := slices.Index(vals, v) - 1; i >= 0; i-- {
		switch op := vals[i].Op; {
		case op == ir.OpAtomic:
			return true
		case op.Info().Effect == ir.EffectMemory:
			return false
		}
	}
	return false
}

// lowerGuard leaves for the interpreter unless the condition holds.
func lowerGuard(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	u.beforeExit(v)
	next := u.fn.NewBlock("")
	u.condBr(x[0], next, u.sideExit(v, abi.PCInterpret), u.likely)
	u.cur = next
	return nil, nil
}

// underLimit is true while the run may go on.
func (u *unit) underLimit() value.Value {
	limit := u.cur.NewLoad(types.I64, u.field(abi.Offset("Limit"), types.I64))
	limit.Volatile = true
	icount := u.icount
	if u.done != 0 {
		icount = u.cur.NewAdd(icount, i64(u.done))
	}
	return u.cur.NewICmp(enum.IPredSLT, icount, limit)
}

func lowerPoll(u *unit, v *ir.Value, _ []value.Value) (value.Value, error) {
	u.beforeExit(v)
	next := u.fn.NewBlock("")
	u.condBr(u.underLimit(), next, u.sideExit(v, abi.PCPoll), u.likely)
	u.cur = next
	return nil, nil
}
