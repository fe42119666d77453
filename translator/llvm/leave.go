package llvm

import (
	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
	"axpress/runtime/abi"
)

// How a unit is left. At the cheap setting registers are spilled before
// everything that may leave (spill.go), so a side exit has nothing to do but say
// where the guest is: all side exits of a unit share one return and differ in PC
// and instruction count. At the full setting a side exit spills the registers.

// How far the guest goes once a run is to end. Package ir says that a path without a poll
// has two parts, each bounded by the pass "bound": from a poll to a return that does not
// poll, and on behind a call in the unit that it returns to. That wants a poll before, or
// where, a unit is entered in whatever way:
//
//	call, tail jump    with a unit that is known: Options.Link has the entries of calls
//	(transfer)         alone, which poll (lifter/lift, markCallEntries). By the jump
//	                   cache, at any entry: probe asks before it jumps.
//	return             into the middle of a caller on the host's stack: the second part. It
//	                   ends in a poll, or in a return that polls, as a call came back on it.
//	                   A caller that did not expect this address returns at once.
//	dispatcher         at any entry: it asks before, when it comes from Go as when a unit
//	                   came back to its loop, and behind callsys and rti, which it does
//	                   itself (runtime/dispatch, enter_amd64.s, next). An access that Go
//	                   served goes on where it was.
//
// So a unit without calls, or a way through one on which no call has come back, needs no
// poll at its return: the last one was in it or right before it. What is left to the
// runtime, a CALL_PAL or an instruction to interpret, is one instruction more, which Reach
// in ir/pass counts; then the dispatcher, or Go, asks.

// sideExit returns a block to branch to in order to leave the unit at v.PC; low
// are the low bits of the returned PC. See beforeExit.
func (u *unit) sideExit(v *ir.Value, low int64) *lir.Block {
	save := u.cur
	stub := u.fn.NewBlock("")
	u.cur = stub
	icount := u.icount
	if u.done != 0 {
		icount = stub.NewAdd(icount, i64(u.done))
	}
	u.wayOut(v).from(stub, u.pcValue(v.PC, low), icount)
	u.cur = save
	return stub
}

// wayOut is a way out of the unit that side exits share.
type wayOut struct {
	block      *lir.Block
	pc, icount *lir.InstPhi
}

func (u *unit) newWayOut() *wayOut {
	b := u.fn.NewBlock("")
	return &wayOut{b, newPhi(b, types.I64), newPhi(b, types.I64)}
}

// from ends b by leaving w's way, at pc after icount instructions.
func (w *wayOut) from(b *lir.Block, pc, icount value.Value) {
	w.pc.Incs = append(w.pc.Incs, lir.NewIncoming(pc, b))
	w.icount.Incs = append(w.icount.Incs, lir.NewIncoming(icount, b))
	b.NewBr(w.block)
}

// plainExit is the way out where all registers are in their slots.
func (u *unit) plainExit() *wayOut {
	if u.exit == nil {
		u.exit = u.newWayOut()
	}
	return u.exit
}

// wayOut returns the way out for v. At the full setting it spills the registers that
// are not in their slots; exits where these are the same ones, with the same values, share
// it. All others lead to the one return.
func (u *unit) wayOut(v *ir.Value) *wayOut {
	exit := u.plainExit()
	if !u.o.Hot {
		return exit
	}
	key := u.unspilled(v.Snap)
	if key == "" {
		return exit
	}
	if way := u.exits[key]; way != nil && !u.o.Disable[lowerExits] {
		return way
	}
	way := u.newWayOut()
	u.exits[key] = way
	save := u.cur
	u.cur = way.block
	u.spillOnExit(v.Snap)
	exit.from(way.block, way.pc, way.icount)
	u.cur = save
	return way
}

// finishExit writes the return that the side exits share.
func (u *unit) finishExit() {
	if u.exit != nil {
		u.cur = u.exit.block
		u.ret(nil, u.exit.icount, u.exit.pc)
	}
}

// ret returns from the unit; snap gives the registers whose copies travel, nil
// if none need be valid.
func (u *unit) ret(snap []ir.RegValue, icount, pc value.Value) {
	agg := value.Value(constant.NewUndef(u.result))
	agg = u.cur.NewInsertValue(agg, icount, uint64(u.resIcount))
	agg = u.cur.NewInsertValue(agg, pc, uint64(u.resPC))
	if snap != nil {
		for _, r := range u.resRegs {
			agg = u.cur.NewInsertValue(agg, u.current(snap, r), uint64(u.resOf[r]))
		}
	}
	u.cur.NewRet(agg)
}

// current returns the value of register r at a point where snap holds and the
// registers are in their slots.
func (u *unit) current(snap []ir.RegValue, r ir.Reg) value.Value {
	for _, rv := range snap {
		if rv.Reg == r {
			return u.valueOf(rv.Val)
		}
	}
	return u.cur.NewLoad(types.I64, u.slotOf(r))
}

// returnTo ends the unit at a return. One that polls and finds that the run is to end sets
// the low bits of the PC: so no caller takes it for its return address, all of them
// return at once, and the dispatcher sees a poll that has left at the target.
//
//	cmp Limit,%rbx; jge 1f; ...; ret
//	1: or $3,%rsi; ...; ret
func (u *unit) returnTo(t *ir.Term) {
	pc := u.vals[t.Target.ID]
	u.spillAll(t.Snap)
	u.count()
	if u.returnPolls[u.here] {
		next, stop := u.fn.NewBlock(""), u.fn.NewBlock("")
		u.condBr(u.underLimit(), next, stop, u.likely)
		u.plainExit().from(stop, stop.NewOr(pc, i64(abi.PCPoll)), u.icount)
		u.cur = next
	}
	u.ret(t.Snap, u.icount, pc)
}

// exitAt ends the unit at a terminal for the runtime, with the low bits of pc set:
// no copies travel.
func (u *unit) exitAt(snap []ir.RegValue, pc value.Value) error {
	u.spillAll(snap)
	u.ret(nil, u.count(), pc)
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
	for _, r := range u.argRegs {
		as[u.argOf[r]] = u.current(snap, r)
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
	host := u.cur.NewLoad(types.I64, entry(8))
	index = u.cur.NewLoad(types.I64, entry(16))
	return u.cur.NewIntToPtr(host, u.unitType()), index, miss
}

// direct returns the unit for guest address pc, if the artefact has it and it can
// be relied on: a relocatable unit knows only its own page.
func (u *unit) direct(pc uint64) (fn *lir.Func, index value.Value, ok bool) {
	ref, ok := u.o.Link(u.f.PC, pc)
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

// transfer goes to the guest code at t.Target by way of host code where there is
// some: the unit that t names or is guessed to name, else what the jump cache
// has. go1 emits the transfer itself; it is called once for each way. Where there
// is no host code the unit returns to the dispatcher.
func (u *unit) transfer(t *ir.Term, go1 func(fn value.Value, args []value.Value)) {
	target := u.vals[t.Target.ID]
	u.spillAll(t.Snap)
	u.count()
	if pc, exact := constTarget(t); pc != 0 {
		if fn, index, ok := u.direct(pc); ok {
			if exact {
				go1(fn, u.args(t.Snap, target, index))
				return
			}
			hit, other := u.fn.NewBlock(""), u.fn.NewBlock("")
			u.condBr(u.cur.NewICmp(enum.IPredEQ, target, u.pcValue(pc, 0)), hit, other, u.likely)
			u.cur = hit
			go1(fn, u.args(t.Snap, target, index))
			u.cur = other
		}
	}
	fn, index, miss := u.probe(target)
	go1(fn, u.args(t.Snap, target, index))
	u.cur = miss
	u.ret(t.Snap, u.icount, target)
}

// call emits a guest call as a host call. Whichever way the callee was found,
// the unit goes on only if the guest came back to ReturnPC.
func (u *unit) call(t *ir.Term) {
	u.transfer(t, func(fn value.Value, args []value.Value) {
		c := u.callUnit(fn, args)
		pc := u.cur.NewExtractValue(c, uint64(u.resPC))
		back, leave := u.fn.NewBlock(""), u.fn.NewBlock("")
		u.condBr(u.cur.NewICmp(enum.IPredEQ, pc, u.pcValue(t.ReturnPC, 0)), back, leave, u.likely)
		leave.NewRet(c)
		u.cur = back
		cont := t.Succs[0].Block
		icount := back.NewExtractValue(c, uint64(u.resIcount))
		u.enter(cont, icount, func(r ir.Reg) value.Value { return back.NewExtractValue(c, uint64(u.resOf[r])) })
		back.NewBr(u.blocks[cont.ID].head)
	})
}

// tail leaves the unit for other guest code, by a host tail call.
func (u *unit) tail(t *ir.Term) {
	u.transfer(t, func(fn value.Value, args []value.Value) {
		c := u.callUnit(fn, args)
		c.Tail = enum.TailMustTail
		u.cur.NewRet(c)
	})
}
