package llvm

import (
	"fmt"
	"math/bits"

	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
	"axpress/runtime/abi"
)

// Guest memory accesses, strategy "soft TLB". A fast path in line finds the host
// address; everything else (TLB miss, misaligned address, I/O, faults) is a call
// of a thunk, which preserves all registers but its result and tells a fault by
// the carry flag. In kernel mode the fast path is the KSEG window, and the thunk
// probes the TLB; in user mode, and where the kernel accesses user memory, the fast
// path is the TLB.
//
// Guest accesses are volatile: LLVM may not tear, merge, invent or reorder them.

// access is one guest access being lowered.
type access struct {
	v     *ir.Value
	va    value.Value
	log2  int
	write bool
	reads bool // although it writes
}

func newAccess(v *ir.Value, va value.Value, t ir.Type, write bool) (access, error) {
	n := t.Bits()
	if !t.IsInt() || n < 8 {
		return access{}, fmt.Errorf("no guest access of type %s", t)
	}
	return access{v: v, va: va, log2: alignment(v, t), write: write}, nil
}

// alignment returns what access v of type t needs, log2.
func alignment(v *ir.Value, t ir.Type) int {
	if v.Op == ir.OpLoad && v.Imm == ir.LoadQuads {
		return 0
	}
	return bits.TrailingZeros(uint(t.Bits() / 8))
}

// hostAddress emits the fast path's check. It leaves u.cur where the check
// succeeded and returns the host address (i64) and the block where it failed.
//
// A stack access of the kernel has no slow path: slow is nil then.
func (u *unit) hostAddress(a access) (host value.Value, slow *lir.Block) {
	if u.f.Kernel {
		if host := u.stackAddress(a); host != nil {
			return host, nil
		}
	}
	slow = u.fn.NewBlock("")
	switch {
	case !u.f.Kernel:
		return u.tlbAddress(a, abi.ModeUser, slow), slow
	case u.o.User != nil && u.o.User(a.v.PC):
		return u.tlbAddress(a, abi.ModeKernel, slow), slow
	}
	return u.ksegAddress(a, slow), slow
}

// ksegAddress: one rotation puts the misalignment bits on top, so that a single
// comparison checks window and alignment (see abi.State.KSEGBias).
func (u *unit) ksegAddress(a access, slow *lir.Block) value.Value {
	bias, base, limit := "KSEGBias", "RAMBase", "RAMLimit"
	if a.write {
		bias, base, limit = "StoreKSEGBias", "StoreRAMBase", "StoreRAMLimit"
	}
	t := value.Value(u.cur.NewAdd(a.va, u.constField(abi.Offset(bias))))
	if a.log2 > 0 {
		t = u.cur.NewCall(u.intrinsic("llvm.fshr.i64", types.I64, types.I64, types.I64, types.I64), t, t, i64(int64(a.log2)))
	}
	ok := u.cur.NewICmp(enum.IPredULT, t, u.constField(abi.Offset(limit)+8*int64(a.log2)))
	fast := u.fn.NewBlock("")
	u.condBr(ok, fast, slow, u.likely)
	u.cur = fast
	if a.log2 > 0 {
		t = u.cur.NewShl(t, i64(int64(a.log2)))
	}
	return u.cur.NewAdd(u.constField(abi.Offset(base)), t)
}

// tlbAddress probes the soft TLB of a mode (see abi.TLBEntry).
func (u *unit) tlbAddress(a access, mode int64, slow *lir.Block) value.Value {
	off := u.cur.NewAnd(u.cur.NewLShr(a.va, i64(abi.PageShift-4)), i64((abi.TLBEntries-1)*abi.TLBEntrySize))
	entry := u.cur.NewGetElementPtr(types.I8, u.state, off)
	at := func(kind, field int64) value.Value {
		table := abi.Offset("TLB") + (mode*2+kind)*abi.TLBEntries*abi.TLBEntrySize
		p := u.cur.NewGetElementPtr(types.I8, entry, i64(table-abi.StateBias+field))
		return u.cur.NewLoad(types.I64, u.cur.NewBitCast(p, types.NewPointer(types.I64)))
	}
	asn := u.cur.NewLoad(types.I64, u.field(abi.Offset("ASNTag"), types.I64))
	tag := u.cur.NewXor(u.cur.NewAnd(a.va, i64(-abi.PageSize|(1<<a.log2-1))), asn)
	probe := func(kind int64) {
		fast := u.fn.NewBlock("")
		u.condBr(u.cur.NewICmp(enum.IPredEQ, at(kind, 0), tag), fast, slow, u.likely)
		u.cur = fast
	}
	if !a.write || a.reads {
		probe(abi.AccessRead)
	}
	if !a.write {
		return u.cur.NewAdd(a.va, at(abi.AccessRead, 8))
	}
	probe(abi.AccessWrite)
	return u.cur.NewAdd(a.va, at(abi.AccessWrite, 8))
}

func (u *unit) pointer(host value.Value, t types.Type) value.Value {
	return u.cur.NewIntToPtr(host, types.NewPointer(t))
}

// thunk calls thunk n in the current block with args in the registers that
// abi.ThunkXxx names. It returns RAX (i64), nil if the thunk has no result, and the carry
// flag (i8), which tells a fault.
func (u *unit) thunk(n int, result bool, v *ir.Value, args ...value.Value) (rax, carry value.Value) {
	inputs := []string{"{ax}", "{cx}", "{dx}"}
	sig := []types.Type{i8ptr}
	constraints := "={@ccc},{r12}"
	ret := types.Type(types.I8)
	if result {
		constraints = "={ax}," + constraints
		ret = types.NewStruct(types.I64, types.I8)
	}
	for i := range args {
		constraints += "," + inputs[i]
		sig = append(sig, types.I64)
	}
	asm := lir.NewInlineAsm(types.NewPointer(types.NewFunc(ret, sig...)), "call "+abi.ThunkNames[n],
		constraints+",~{memory},~{dirflag},~{fpsr},~{flags}")
	asm.SideEffect = true
	c := u.cur.NewCall(asm, append([]value.Value{u.state}, args...)...)
	if !result {
		return nil, c
	}
	return u.cur.NewExtractValue(c, 0), u.cur.NewExtractValue(c, 1)
}

// join ends the fast path of access v, whose result is fast, and writes the slow
// one, which slowPath begins: it returns its result and the carry flag. The
// result of join is the phi of both results, nil if there is none.
func (u *unit) join(v *ir.Value, fast value.Value, slow *lir.Block, slowPath func() (r, carry value.Value)) value.Value {
	if slow == nil {
		return fast
	}
	done := u.fn.NewBlock("")
	fastEnd := u.cur
	fastEnd.NewBr(done)
	u.cur = slow
	r, carry := slowPath()
	u.condBr(u.carryClear(carry), done, u.sideExit(v, abi.PCExit), u.likely)
	u.cur = done
	if r == nil {
		return nil
	}
	return done.NewPhi(lir.NewIncoming(fast, fastEnd), lir.NewIncoming(r, slow))
}

func (u *unit) carryClear(carry value.Value) value.Value {
	return u.cur.NewICmp(enum.IPredEQ, carry, zero8)
}

func (u *unit) narrow(x value.Value, t types.Type) value.Value {
	if t.Equal(x.Type()) {
		return x
	}
	return u.cur.NewTrunc(x, t)
}

func (u *unit) widen(x value.Value) value.Value {
	if types.I64.Equal(x.Type()) {
		return x
	}
	return u.cur.NewZExt(x, types.I64)
}

func lowerLoad(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	a, err := u.begin(v, x[0], v.Type, false)
	if err != nil {
		return nil, err
	}
	if u.windowed(a) {
		return u.windowLoad(a, v.Type), nil
	}
	t := llvmType(v.Type)
	if v.Imm == ir.LoadQuads {
		return u.narrow(u.quads(a, v.Type), t), nil
	}
	host, slow := u.hostAddress(a)
	l := u.cur.NewLoad(t, u.pointer(host, t))
	l.Volatile = true
	return u.join(v, l, slow, func() (r, carry value.Value) {
		r, carry = u.thunk(abi.ThunkLoad0+a.log2, true, v, x[0])
		return u.narrow(r, t), carry
	}), nil
}

func lowerStore(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	a, err := u.begin(v, x[0], v.Args[1].Type, true)
	if err != nil {
		return nil, err
	}
	if u.windowed(a) {
		u.windowStore(a, v.Args[1])
		return nil, nil
	}
	host, slow := u.hostAddress(a)
	s := u.cur.NewStore(x[1], u.pointer(host, x[1].Type()))
	s.Volatile = true
	u.join(v, nil, slow, func() (r, carry value.Value) {
		return u.thunk(abi.ThunkStore0+a.log2, false, v, x[0], u.widen(x[1]))
	})
	return nil, nil
}

// lowerLoadLocked: a plain load that notes the physical address and the value.
func lowerLoadLocked(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	a, err := u.begin(v, x[0], v.Type, false)
	if err != nil {
		return nil, err
	}
	t := llvmType(v.Type)
	host, slow := u.hostAddress(a)
	l := u.cur.NewLoad(t, u.pointer(host, t))
	l.Volatile = true
	u.storeState(i64(1), "LockFlag")
	u.storeState(u.cur.NewSub(host, u.constField(abi.Offset("RAMBase"))), "LockPA")
	u.storeState(u.widen(l), "LockValue")
	return u.join(v, l, slow, func() (r, carry value.Value) {
		r, carry = u.thunk(abi.ThunkLoadLocked2+a.log2-2, true, v, x[0])
		return u.narrow(r, t), carry
	}), nil
}

// lowerStoreCond stores if the reservation is for this address and memory still
// holds the value that was loaded, in one locked instruction. Where that is not exact
// the interpreter is asked, which has means.
func lowerStoreCond(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	a, err := u.begin(v, x[0], v.Args[1].Type, true)
	if err != nil {
		return nil, err
	}
	if u.exchanges == nil {
		u.exchanges = exchanges(u.f, u.cfg)
	}
	if !u.exchanges[v.ID] {
		u.cur.NewBr(u.sideExit(v, abi.PCInterpret))
		u.cur = u.fn.NewBlock("") // nothing comes here
		return false1, nil
	}
	t := x[1].Type()
	host, slow := u.hostAddress(a)
	load := func(name string) value.Value { return u.cur.NewLoad(types.I64, u.field(abi.Offset(name), types.I64)) }
	pa := u.cur.NewSub(host, u.constField(abi.Offset("RAMBase")))
	held := u.cur.NewAnd(u.cur.NewICmp(enum.IPredEQ, load("LockPA"), pa), u.cur.NewICmp(enum.IPredNE, load("LockFlag"), i64(0)))
	u.storeState(i64(0), "LockFlag")
	try, failed, done := u.fn.NewBlock(""), u.fn.NewBlock(""), u.fn.NewBlock("")
	u.condBr(held, try, failed, u.likely)
	u.cur = try
	old := u.narrow(load("LockValue"), t)
	cx := u.cur.NewCmpXchg(u.pointer(host, t), old, x[1], enum.AtomicOrderingSequentiallyConsistent, enum.AtomicOrderingMonotonic)
	cx.Volatile = true
	stored := u.cur.NewExtractValue(cx, 1)
	u.cur.NewBr(done)
	failed.NewBr(done)
	u.cur = done
	ok := done.NewPhi(lir.NewIncoming(stored, try), lir.NewIncoming(false1, failed))
	return u.join(v, ok, slow, func() (r, carry value.Value) {
		r, carry = u.thunk(abi.ThunkStoreCond2+a.log2-2, true, v, x[0], u.widen(x[1]))
		return u.cur.NewICmp(enum.IPredNE, r, i64(0)), carry
	}), nil
}

// atomics are the host's instructions by ir.AtomicXxx. LLVM makes a loop around a
// compare-and-exchange of those that have no result on the host, if it is wanted.
var atomics = [...]enum.AtomicOp{ir.AtomicExchange: enum.AtomicOpXChg, ir.AtomicAdd: enum.AtomicOpAdd, ir.AtomicSub: enum.AtomicOpSub,
	ir.AtomicAnd: enum.AtomicOpAnd, ir.AtomicOr: enum.AtomicOpOr, ir.AtomicXor: enum.AtomicOpXor}

// lowerAtomic is one locked instruction, where memory may be read and written.
//
//	before: mov (%rdi),%eax; mov %rdi,LockPA; mov %rax,LockValue ... lock cmpxchg %ecx,(%rdi); jne
//	after:  lock add %ecx,(%rdi)
func lowerAtomic(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	a, err := u.begin(v, x[0], v.Type, true)
	if err != nil {
		return nil, err
	}
	a.reads = true
	host, slow := u.hostAddress(a)
	host = u.join(v, host, slow, func() (r, carry value.Value) {
		return u.thunk(abi.ThunkAtomic2+a.log2-2, true, v, x[0])
	})
	u.storeState(i64(0), "LockFlag")
	rmw := u.cur.NewAtomicRMW(atomics[v.Imm], u.pointer(host, x[1].Type()), x[1], enum.AtomicOrderingSequentiallyConsistent)
	rmw.Volatile = true
	return rmw, nil
}

// lowerRPCC asks the runtime for the cycle counter, which may be derived from the
// exact instruction count.
func lowerRPCC(u *unit, v *ir.Value, _ []value.Value) (value.Value, error) {
	u.storeState(u.count(), "Icount")
	asm := lir.NewInlineAsm(types.NewPointer(types.NewFunc(types.I64, i8ptr)), "call "+abi.ThunkNames[abi.ThunkRPCC],
		"={ax},{r12},~{memory},~{dirflag},~{fpsr},~{flags}")
	asm.SideEffect = true
	return u.cur.NewCall(asm, u.state), nil
}

// begin prepares access v, which may leave the unit.
func (u *unit) begin(v *ir.Value, va value.Value, t ir.Type, write bool) (access, error) {
	u.beforeExit(v)
	return newAccess(v, va, t, write)
}
