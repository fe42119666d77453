package gosrc

import (
	"github.com/dave/jennifer/jen"

	"axpress/ir"
	"axpress/runtime/abi"
)

// A unit returns the guest address where the guest goes on, with the low bits of
// abi.PCExit, PCPoll or PCInterpret if something else must be done first, and the
// number of instructions retired.

// Where the guest can go on without a poll is as for host code (translator/llvm, leave.go):
// units call entries of calls alone, which poll; everything else goes through
// CPU.Continue, which asks before each unit that it looks up. A unit that is nested too
// deeply returns the address that it was called at, and so do its callers; the first that
// has depth left goes on there by CPU.Continue.

// pc is the guest address at.
func (u *unit) pc(at uint64) expr {
	if u.f.Relocatable {
		return binary(name("base"), "+", number(at-u.f.Base))
	}
	return number(at)
}

// exitPC is the guest address at with the low bits of an exit.
func (u *unit) exitPC(at uint64, how string) expr {
	return binary(u.pc(at), "|", expr{code: lib(how), prec: precPrimary})
}

// count adds the instructions of the block so far to n.
func (u *unit) count() {
	if u.done != 0 {
		u.add(jen.Id("n").Op("+=").Add(number(uint64(u.done)).code))
		u.done = 0
	}
}

// retired is the number of instructions retired at this point.
func (u *unit) retired() expr {
	if u.done == 0 {
		return name("n")
	}
	return binary(name("n"), "+", number(uint64(u.done)))
}

// leave returns from the unit.
func (u *unit) leave(pc expr) *jen.Statement { return jen.Return(pc.code, u.retired().code) }

// leaveIf leaves the unit at v, before v has had any effect, if cond holds. What must be
// in its spill slot is stored before it; see beforeExit.
func (u *unit) leaveIf(v *ir.Value, cond expr, how string) {
	u.add(jen.If(cond.code).Block(u.leave(u.exitPC(v.PC, how))))
}

// beforeExit does what must be done before v, which may leave the unit.
func (u *unit) beforeExit(v *ir.Value) { u.spillAll(v.Snap) }

// spillAll stores the registers of snap whose slots do not hold them yet.
func (u *unit) spillAll(snap []ir.RegValue) {
	for _, rv := range snap {
		if !u.slots.Holds(rv) {
			u.slots.Hold(rv)
			u.spill(rv.Reg, u.ref(rv.Val))
		}
	}
}

// spill stores x in the slot of r.
func (u *unit) spill(r ir.Reg, x expr) {
	switch {
	case x.bits != nil:
		x = *x.bits
	case r.Type() == ir.F64:
		x = call(jen.Qual("math", "Float64bits"), x)
	}
	u.add(jen.Add(u.slotOf(r).code).Op("=").Add(x.code))
}

// call emits a guest call. The function at the target, or the one that is guessed to be
// there, is called if it is known; CPU.Continue runs what else comes before the return.
func (u *unit) call(t *ir.Term) {
	u.spillAll(t.Snap)
	u.count()
	target := u.keep(u.ref(t.Target))
	u.add(jen.Id("pc").Op("=").Add(target.code))
	guess, exact := t.Guess, false
	if t.Target.Op == ir.OpPC {
		guess, exact = uint64(t.Target.Imm), true
	}
	if fn := u.direct(guess); fn != nil {
		direct := jen.List(jen.Id("pc"), jen.Id("n")).Op("=").Add(fn).Call(jen.Id("c"), jen.Id("pc"), jen.Id("n"), jen.Id("depth").Op("-").Lit(1))
		if !exact {
			direct = jen.If(binary(name("pc"), "==", u.pc(guess)).code).Block(direct)
		}
		u.add(direct)
	}
	back := u.pc(t.ReturnPC)
	goOn := jen.List(jen.Id("pc"), jen.Id("n")).Op("=").Id("c").Dot("Continue").Call(jen.Id("pc"), back.code, jen.Id("n"), jen.Id("depth"))
	elsewhere := func() expr { return binary(name("pc"), "!=", back) }
	u.add(jen.If(elsewhere().code).Block(
		jen.If(goOn, elsewhere().code).Block(jen.Return(jen.Id("pc"), jen.Id("n"))),
	))
	u.add(u.edge(&t.Succs[0], true)...)
}

// returnTo returns. One that polls (ir.CFG.ReturnPolls) and finds that the run is to end
// returns the low bits of a poll: no caller goes on then.
func (u *unit) returnTo(t *ir.Term) {
	u.spillAll(t.Snap)
	target := u.ref(t.Target)
	if u.returnPolls[u.here] {
		target = u.keep(target)
		poll := binary(target, "|", expr{code: lib("Poll"), prec: precPrimary})
		u.add(jen.If(binary(u.retired(), ">=", u.limit()).code).Block(u.leave(poll)))
	}
	u.add(u.leave(target))
}

// limit reads State.Limit, which other goroutines may set.
func (u *unit) limit() expr {
	return call(jen.Qual("sync/atomic", "LoadInt64"), unary("&", u.state("Limit")))
}

// direct is the function for guest address pc, nil if it is not known or cannot be
// relied on: a relocatable unit knows only its own page.
func (u *unit) direct(pc uint64) *jen.Statement {
	if pc == 0 || u.link == nil || u.f.Relocatable && pc&abi.PageMask != u.f.Base {
		return nil
	}
	fn, ok := u.link(pc)
	if !ok {
		return nil
	}
	return jen.Qual(u.o.LinkPath, fn)
}
