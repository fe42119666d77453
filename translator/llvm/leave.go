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

// sharedExit is the code of all side exits that write the same values home; they
// differ only in PC and instruction count.
type sharedExit struct {
	block      *lir.Block
	pc, icount *lir.InstPhi
	snap       []ir.RegValue
}

// sideExit returns the block to branch to in order to leave the unit at pc with
// the registers of v.Snap written home. The branch comes from a new block that
// sideExit fills; low are the low bits of the returned PC.
func (u *unit) sideExit(v *ir.Value, low int64) *lir.Block {
	key := make([]byte, 0, 8*len(v.Snap))
	for _, rv := range v.Snap {
		key = append(key, byte(rv.Reg), byte(rv.Val.ID), byte(rv.Val.ID>>8), byte(rv.Val.ID>>16))
	}
	x := u.exits[string(key)]
	if x == nil {
		x = &sharedExit{block: u.fn.NewBlock(""), snap: v.Snap}
		x.pc, x.icount = newPhi(x.block, types.I64), newPhi(x.block, types.I64)
		u.exits[string(key)] = x
		u.exitOrder = append(u.exitOrder, x)
	}
	save := u.cur
	stub := u.fn.NewBlock("")
	u.cur = stub
	icount := u.icount
	if u.done != 0 {
		icount = stub.NewAdd(icount, i64(u.done))
	}
	x.pc.Incs = append(x.pc.Incs, lir.NewIncoming(u.pcValue(v.PC, low), stub))
	x.icount.Incs = append(x.icount.Incs, lir.NewIncoming(icount, stub))
	stub.NewBr(x.block)
	u.cur = save
	return stub
}

// finishExits writes the code of the shared exits, in the order of their making.
func (u *unit) finishExits() {
	for _, x := range u.exitOrder {
		u.cur = x.block
		u.writeHome(x.snap)
		u.ret(x.snap, x.icount, x.pc)
	}
}

// writeHome stores the registers of snap that do not travel in host registers.
func (u *unit) writeHome(snap []ir.RegValue) {
	for _, rv := range snap {
		if _, pinned := u.resOf[rv.Reg]; !pinned {
			u.cur.NewStore(u.vals[rv.Val.ID], u.regHome(rv.Reg))
		}
	}
}

// ret returns from the unit with the pinned registers of snap.
func (u *unit) ret(snap []ir.RegValue, icount, pc value.Value) {
	agg := u.undef()
	agg = u.cur.NewInsertValue(agg, icount, uint64(u.resIcount))
	agg = u.cur.NewInsertValue(agg, pc, uint64(u.resPC))
	for _, rv := range snap {
		if i, ok := u.resOf[rv.Reg]; ok {
			agg = u.cur.NewInsertValue(agg, u.vals[rv.Val.ID], uint64(i))
		}
	}
	u.cur.NewRet(agg)
}

// leave ends the unit at a terminal: state home, continue at pc.
func (u *unit) leave(snap []ir.RegValue, pc value.Value) error {
	if err := u.checkPinned(snap); err != nil {
		return err
	}
	u.writeHome(snap)
	u.ret(snap, u.count(), pc)
	return nil
}

// checkPinned makes sure that promotion provided every register that travels in
// a host register.
func (u *unit) checkPinned(snap []ir.RegValue) error {
	n := 0
	for _, rv := range snap {
		if _, ok := u.resOf[rv.Reg]; ok {
			n++
		}
	}
	if n != len(u.resOf) {
		return fmt.Errorf("snapshot holds %d of %d pinned registers", n, len(u.resOf))
	}
	return nil
}

// args makes the arguments of a call of a unit.
func (u *unit) args(snap []ir.RegValue, target, index value.Value) []value.Value {
	as := make([]value.Value, len(u.sig))
	for i, t := range u.sig {
		as[i] = constant.NewUndef(t)
	}
	as[u.argIcount] = u.count()
	as[u.argState] = u.state
	as[u.argTarget] = target
	as[u.argIndex] = index
	for _, rv := range snap {
		if i, ok := u.argOf[rv.Reg]; ok {
			as[i] = u.vals[rv.Val.ID]
		}
	}
	return as
}

func (u *unit) callUnit(callee value.Value, args []value.Value) *lir.InstCall {
	c := u.cur.NewCall(callee, args...)
	c.CallingConv = enum.CallingConvHHVM
	return c
}

// probe looks target up in the jump cache. It leaves u.cur in the block of a
// hit and returns the unit, its entry index, and the block of a miss (empty).
func (u *unit) probe(target value.Value) (fn, index value.Value, miss *lir.Block) {
	key := target
	if !u.f.Kernel {
		// Kernel mode has key 0, see abi.State.JumpKey.
		k := u.cur.NewLoad(types.I64, u.field(abi.Offset("JumpKey"), types.I64))
		key = u.cur.NewXor(target, k)
	}
	const scale = 3 // JumpEntrySize >> 2
	off := u.cur.NewAnd(u.cur.NewShl(target, i64(scale)), i64((abi.JumpEntries-1)*abi.JumpEntrySize))
	entry := func(field int64) value.Value {
		p := u.cur.NewGetElementPtr(types.I8, u.cur.NewGetElementPtr(types.I8, u.state, off), i64(abi.Offset("Jump")-abi.StateBias+field))
		return u.cur.NewBitCast(p, types.NewPointer(types.I64))
	}
	found := u.cur.NewLoad(types.I64, entry(0))
	hit, miss := u.fn.NewBlock(""), u.fn.NewBlock("")
	// The entry found may lack a poll, so the transfer itself polls: no guest can
	// go round in circles, or down the host stack, without end.
	again := u.fn.NewBlock("")
	u.condBr(u.cur.NewICmp(enum.IPredEQ, found, key), again, miss, u.likely)
	u.cur = again
	u.condBr(u.underLimit(), hit, miss, u.likely)
	u.cur = hit
	// Volatile keeps LLVM from folding the load into the call, which has no
	// register left for a base and an index.
	host := u.cur.NewLoad(types.I64, entry(8))
	host.Volatile = true
	index = u.cur.NewLoad(types.I64, entry(16))
	return u.cur.NewIntToPtr(host, u.unitType()), index, miss
}

// direct returns the unit for guest address pc, if the artefact has it and it can
// be relied on: a relocatable unit knows only its own page.
func (u *unit) direct(pc uint64) (fn *lir.Func, index value.Value, ok bool) {
	ref, ok := u.o.Link(pc)
	if !ok || ref.Relocatable != u.f.Relocatable || u.f.Relocatable && pc&abi.PageMask != u.f.Base {
		return nil, nil, false
	}
	return u.declare(ref.Symbol), i64(int64(ref.Index)), true
}

// constTarget returns the constant guest address that t goes to, or that it is
// guessed to go to.
func constTarget(t *ir.Term) (pc uint64, exact bool) {
	if t.Target.Op == ir.OpPC {
		return uint64(t.Target.Imm), true
	}
	return t.Guess, false
}

// call emits a guest call as a host call. Whichever way the callee was found,
// the unit goes on only if the guest came back to ReturnPC.
func (u *unit) call(t *ir.Term) error {
	if err := u.checkPinned(t.Snap); err != nil {
		return err
	}
	target := u.vals[t.Target.ID]
	u.writeHome(t.Snap)
	u.count()
	if pc, exact := constTarget(t); pc != 0 {
		if fn, index, ok := u.direct(pc); ok {
			if exact {
				u.continueAfter(t, u.callUnit(fn, u.args(t.Snap, target, index)))
				return nil
			}
			hit, other := u.fn.NewBlock(""), u.fn.NewBlock("")
			u.condBr(u.cur.NewICmp(enum.IPredEQ, target, u.pcValue(pc, 0)), hit, other, u.likely)
			u.cur = hit
			u.continueAfter(t, u.callUnit(fn, u.args(t.Snap, target, index)))
			u.cur = other
		}
	}
	fn, index, miss := u.probe(target)
	u.continueAfter(t, u.callUnit(fn, u.args(t.Snap, target, index)))
	u.cur = miss
	u.ret(t.Snap, u.icount, target)
	return nil
}

// continueAfter checks where the callee came back to.
func (u *unit) continueAfter(t *ir.Term, c *lir.InstCall) {
	pc := u.cur.NewExtractValue(c, uint64(u.resPC))
	back, leave := u.fn.NewBlock(""), u.fn.NewBlock("")
	u.condBr(u.cur.NewICmp(enum.IPredEQ, pc, u.pcValue(t.ReturnPC, 0)), back, leave, u.likely)
	leave.NewRet(c)
	u.cur = back
	cont := t.Succs[0].Block
	icount := back.NewExtractValue(c, uint64(u.resIcount))
	u.enter(cont, icount, func(r ir.Reg) value.Value { return back.NewExtractValue(c, uint64(u.resOf[r])) })
	back.NewBr(u.blocks[cont.ID].head)
}

// gotoTerm leaves the unit for other guest code, by a host tail call where the
// target is known to be translated.
func (u *unit) gotoTerm(t *ir.Term) error {
	if err := u.checkPinned(t.Snap); err != nil {
		return err
	}
	target := u.vals[t.Target.ID]
	u.writeHome(t.Snap)
	u.count()
	if pc, exact := constTarget(t); pc != 0 {
		if fn, index, ok := u.direct(pc); ok {
			if exact {
				u.tailCall(fn, u.args(t.Snap, target, index))
				return nil
			}
			hit, other := u.fn.NewBlock(""), u.fn.NewBlock("")
			u.condBr(u.cur.NewICmp(enum.IPredEQ, target, u.pcValue(pc, 0)), hit, other, u.likely)
			u.cur = hit
			u.tailCall(fn, u.args(t.Snap, target, index))
			u.cur = other
		}
	}
	fn, index, miss := u.probe(target)
	u.tailCall(fn, u.args(t.Snap, target, index))
	u.cur = miss
	u.ret(t.Snap, u.icount, target)
	return nil
}

func (u *unit) tailCall(fn value.Value, args []value.Value) {
	c := u.callUnit(fn, args)
	c.Tail = enum.TailMustTail
	u.cur.NewRet(c)
}
