package gosrc

import (
	"fmt"
	"math/bits"

	"github.com/dave/jennifer/jen"

	"axpress/ir"
	"axpress/runtime/abi"
)

// Guest memory accesses. A fast path in line finds the host address: in kernel mode
// the KSEG window, in user mode, and where the kernel accesses user memory, the soft
// TLB. Everything else, such as a TLB miss, a misaligned address, I/O or a fault, is left
// to the interpreter, which fills the TLB.
//
//	if t := &s.TLB[1][0][v3>>13&1023]; t.Tag == v3&^0x1ff8^s.ASNTag {
//		v4 = *(*uint64)(gocode.At(v3 + t.Addend))
//	} else {
//		return 0x120000344 | gocode.Interpret, n + 2
//	}
//
// A call of the runtime would keep the unit, but Go's calls keep no register, so that even
// the ways that have no call pay for one. Only the kernel's accesses to user memory call:
// there misses are many, and what is behind them is a long loop.

// access is one guest access being lowered.
type access struct {
	v     *ir.Value
	va    expr // a name
	t     ir.Type
	log2  int
	write bool
}

func (u *unit) access(v *ir.Value, t ir.Type, write bool) (a access, err error) {
	if !t.IsInt() || t.Bits() < 8 {
		return a, fmt.Errorf("no guest access of type %s", t)
	}
	u.beforeExit(v)
	return access{v: v, va: u.keep(u.stable(v.Args[0])), t: t, log2: bits.TrailingZeros(uint(t.Bits() / 8)), write: write}, nil
}

// fastPath is the condition of an if statement, with what is before it, and the host
// address where it holds.
func (u *unit) fastPath(a access) (before, cond *jen.Statement, host expr) {
	switch {
	case !u.f.Kernel:
		return u.probeTLB(a, abi.ModeUser)
	case u.o.User != nil && u.o.User(a.v.PC):
		return u.probeTLB(a, abi.ModeKernel)
	}
	return u.probeKSEG(a)
}

// probeKSEG: a rotation puts the misalignment bits on top, so that a single comparison
// checks window and alignment (see abi.State.KSEGBias).
func (u *unit) probeKSEG(a access) (before, cond *jen.Statement, host expr) {
	bias, base, limit := "KSEGBias", "RAMBase", fmt.Sprintf("RAMLimit[%d]", a.log2)
	if a.write {
		bias, base, limit = "Store"+bias, "Store"+base, "Store"+limit
	}
	before = jen.Id("p").Op(":=").Add(binary(a.va, "+", u.state(bias)).code)
	p := name("p")
	rotated := p
	if a.log2 > 0 {
		rotated = call(jen.Qual("math/bits", "RotateLeft64"), p, expr{code: jen.Lit(-a.log2), prec: precPrimary})
	}
	return before, binary(rotated, "<", u.state(limit)).code, binary(p, "+", u.state(base))
}

// probeTLB probes the soft TLB of a mode (see abi.TLBEntry).
func (u *unit) probeTLB(a access, mode int) (before, cond *jen.Statement, host expr) {
	kind := abi.AccessRead
	if a.write {
		kind = abi.AccessWrite
	}
	index := binary(binary(a.va, ">>", number(abi.PageShift)), "&", number(abi.TLBEntries-1))
	table := u.state(fmt.Sprintf("TLB[%d][%d]", mode, kind))
	before = jen.Id("t").Op(":=").Op("&").Add(table.code).Index(index.code)
	tag := binary(binary(a.va, "&^", number((abi.PageSize-1)&^(1<<a.log2-1))), "^", u.state("ASNTag"))
	t := name("t")
	return before, binary(field(t, "Tag"), "==", tag).code, binary(a.va, "+", field(t, "Addend"))
}

// memory is the memory of type t at a host address.
func memory(t ir.Type, host expr) *jen.Statement {
	return jen.Op("*").Parens(jen.Op("*").Id(goType(t))).Call(call(lib("At"), host).code)
}

// slow is the way without a fast path: to, by the function fn of the runtime if that is
// worth it.
func (u *unit) slow(a access, to []jen.Code, fn string, args ...jen.Code) *jen.Statement {
	if !u.f.Kernel || u.o.User == nil || !u.o.User(a.v.PC) {
		return jen.Block(u.leave(u.exitPC(a.v.PC, "Interpret")))
	}
	return u.ask(a, to, fn, args...)
}

// ask calls the runtime: to, and a condition, are what it returns; to may be "_".
func (u *unit) ask(a access, to []jen.Code, fn string, args ...jen.Code) *jen.Statement {
	call := jen.Id("c").Dot(fmt.Sprintf("%s%d", fn, a.t.Bits())).Call(args...)
	if len(to) == 0 {
		return jen.If(jen.Op("!").Add(call)).Block(u.leave(u.exitPC(a.v.PC, "Exit")))
	}
	u.usesOK = true
	return jen.If(jen.List(append(to, jen.Id("ok"))...).Op("=").Add(call), jen.Op("!").Id("ok")).
		Block(u.leave(u.exitPC(a.v.PC, "Exit")))
}

// lowerLoad is a load, or a load that sets the reservation.
func lowerLoad(u *unit, v *ir.Value) error {
	a, err := u.access(v, v.Type, false)
	if err != nil {
		return err
	}
	to := u.prepare(v)
	before, cond, host := u.fastPath(a)
	fast := []jen.Code{jen.Id(to).Op("=").Add(memory(a.t, host))}
	fn := "Load"
	if v.Op == ir.OpLoadLocked {
		fn = "LoadLocked"
		fast = []jen.Code{jen.Id("v").Op(":=").Add(memory(a.t, host)),
			jen.Id("c").Dot("Reserve").Call(host.code, jen.Uint64().Call(jen.Id("v"))),
			jen.Id(to).Op("=").Id("v")}
	}
	u.add(jen.If(before, cond).Block(fast...).Else().Add(u.slow(a, []jen.Code{jen.Id(to)}, fn, a.va.code)))
	return nil
}

func lowerStore(u *unit, v *ir.Value) error {
	a, err := u.access(v, v.Args[1].Type, true)
	if err != nil {
		return err
	}
	x := u.keep(u.ref(v.Args[1]))
	before, cond, host := u.fastPath(a)
	u.add(jen.If(before, cond).Block(jen.Add(memory(a.t, host)).Op("=").Add(x.code)).Else().Add(u.slow(a, nil, "Store", a.va.code, x.code)))
	return nil
}

// lowerStoreCond: the runtime knows the reservation.
func lowerStoreCond(u *unit, v *ir.Value) error {
	a, err := u.access(v, v.Args[1].Type, true)
	if err != nil {
		return err
	}
	x := u.ref(v.Args[1])
	to := u.prepare(v)
	u.add(u.ask(a, []jen.Code{jen.Id(to)}, "StoreCond", a.va.code, x.code))
	return nil
}

// atomics are the operators by ir.AtomicXxx; an exchange has none.
var atomics = [...]string{ir.AtomicAdd: "+", ir.AtomicSub: "-", ir.AtomicAnd: "&", ir.AtomicOr: "|", ir.AtomicXor: "^"}

// lowerAtomic is a load and a store, as nobody else runs. Where memory may not be both
// read and written, the interpreter executes the sequence.
//
//	m := (*uint64)(gocode.At(v3 + t.Addend))
//	v := *m
//	*m = v + v5
//	s.LockFlag = 0
//	v4 = v
func lowerAtomic(u *unit, v *ir.Value) error {
	a, err := u.access(v, v.Type, true)
	if err != nil {
		return err
	}
	x := u.keep(u.ref(v.Args[1]))
	to := u.prepare(v)
	refused := jen.Block(u.leave(u.exitPC(v.PC, "Interpret")))
	read := a
	read.write = false
	before, cond, _ := u.fastPath(read)
	u.add(jen.If(before, jen.Op("!").Parens(cond)).Add(refused))
	made := x
	if op := atomics[v.Imm]; op != "" {
		made = binary(name("v"), op, x)
	}
	before, cond, host := u.fastPath(a)
	u.add(jen.If(before, cond).Block(
		jen.Id("m").Op(":=").Parens(jen.Op("*").Id(goType(a.t))).Call(call(lib("At"), host).code),
		jen.Id("v").Op(":=").Op("*").Id("m"),
		jen.Op("*").Id("m").Op("=").Add(made.code),
		u.state("LockFlag").code.Op("=").Lit(0),
		jen.Id(to).Op("=").Id("v"),
	).Else().Add(refused))
	return nil
}

// orLeave emits a call of the runtime that returns v and whether all is well, and leaves
// if not.
func (u *unit) orLeave(v *ir.Value, call *jen.Statement, how string) {
	to := u.prepare(v)
	u.usesOK = true
	u.add(jen.If(jen.List(jen.Id(to), jen.Id("ok")).Op("=").Add(call), jen.Op("!").Id("ok")).
		Block(u.leave(u.exitPC(v.PC, how))))
}
