package llvm

import (
	"fmt"
	"strings"

	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
	"axpress/runtime/abi"
)

// Guest memory accesses, strategy "window": the pages of the current address space
// are mapped at GS + guest address, those of the kernel at CheckedDelta + guest
// address, so an access is one host instruction:
//
//	before: probe of the soft TLB, 9 instructions
//	after:  mov %gs:8(%rdi),%rax
//
// If the page is not mapped the host faults; runtime/dispatch finds the instruction
// in the table of section .gft and continues at its slow path, a thunk, which
// makes the access and may have the page mapped. The address is checked as bases
// are, so that the access cannot leave the window.

// faultSection is the section of pairs of 32-bit offsets: an instruction that may
// fault, and where to go on then, each relative to where the offset stands.
const faultSection = `.pushsection .gft,"a",@progbits; .long 1b-.,${%d:l}-.; .popsection`

// windowed is how an access of some type is written: the host instruction, the
// constraint of its register, and its type there.
type windowed struct {
	asm string
	reg string
	typ types.Type
}

// loads and stores, by how the value is used.
var (
	windowLoads = map[extension]map[ir.Type]windowed{
		extendZero: {
			ir.I8: {"movzbl %gs:$1,${0:k}", "r", types.I64}, ir.I16: {"movzwl %gs:$1,${0:k}", "r", types.I64},
			ir.I32: {"movl %gs:$1,${0:k}", "r", types.I64}, ir.I64: {"movq %gs:$1,$0", "r", types.I64},
		},
		extendSign: {
			ir.I8: {"movsbq %gs:$1,$0", "r", types.I64}, ir.I16: {"movswq %gs:$1,$0", "r", types.I64},
			ir.I32: {"movslq %gs:$1,$0", "r", types.I64},
		},
		extendFloat: {ir.I64: {"vmovsd %gs:$1,$0", "x", types.Double}, ir.I32: {"vmovss %gs:$1,$0", "x", types.Float}},
	}
	windowStores = map[ir.Type]windowed{
		ir.I8: {"movb ${1:b},%gs:$0", "r", types.I8}, ir.I16: {"movw ${1:w},%gs:$0", "r", types.I16},
		ir.I32: {"movl ${1:k},%gs:$0", "r", types.I32}, ir.I64: {"movq $1,%gs:$0", "r", types.I64},
	}
	windowStoreFloat = windowed{"vmovsd $1,%gs:$0", "x", types.Double}
)

// extension says how a loaded value is used: what the load may do at once.
type extension uint8

const (
	extendZero extension = iota
	extendSign
	extendFloat
)

// findUses notes the loads whose value is wanted sign-extended to 64 bits or as a
// floating-point number, by all or first of its uses.
func (u *unit) findUses() {
	u.uses = map[int]extension{}
	for _, b := range u.order {
		for _, v := range b.Vals {
			for _, a := range v.Args {
				if a.Op != ir.OpLoad {
					continue
				}
				switch {
				case v.Op == ir.OpSExt && v.Type == ir.I64:
					u.uses[a.ID] = extendSign
				case v.Op == ir.OpBitcast && (v.Type == ir.F64 || v.Type == ir.F32), v.Op == ir.OpMapS:
					u.uses[a.ID] = extendFloat
				}
			}
		}
	}
}

// loaded is a value in the form its load gave it.
type loaded struct {
	how extension
	val value.Value
}

// windowLoad emits a load of user code.
func (u *unit) windowLoad(a access, t ir.Type) value.Value {
	how := u.uses[a.v.ID]
	w := windowLoads[how][t]
	u.checkWindow(a)
	done, slow := u.fn.NewBlock(""), u.slowBlock()
	fast := u.callBr("", u.segment(w.asm), "="+w.reg+",*m", "", w.typ, done, slow, []value.Value{u.guestPointer(a, llvmType(t))})
	fastEnd := u.cur
	u.cur = slow
	u.stayInWindow(a)
	var x, carry value.Value
	if a.v.Imm == ir.LoadQuads {
		x, carry = u.quads(a, t), zero8
	} else {
		x, carry = u.thunk(abi.ThunkLoad0+a.log2, true, a.v, u.slowAddress(a))
	}
	switch how {
	case extendSign:
		x = u.cur.NewSExt(u.narrow(x, llvmType(t)), types.I64)
	case extendFloat:
		x = u.cur.NewBitCast(u.narrow(x, llvmType(t)), w.typ)
	}
	u.condBr(u.carryClear(carry), done, u.sideExit(a.v, abi.PCExit), u.likely)
	phi := done.NewPhi(lir.NewIncoming(fast, fastEnd), lir.NewIncoming(x, u.cur))
	u.cur = done
	u.loaded[a.v.ID] = loaded{how, phi}
	if how == extendFloat {
		return u.cur.NewBitCast(phi, llvmType(t))
	}
	return u.narrow(phi, llvmType(t))
}

// quads reads the number at the address of a, of type t, out of the quadwords that it is
// in, and zero-extends it as a thunk does. If one cannot be read, the interpreter finds out.
func (u *unit) quads(a access, t ir.Type) value.Value {
	va := u.slowAddress(a)
	quad := func(va value.Value) value.Value {
		x, carry := u.thunk(abi.ThunkLoad0+3, true, a.v, u.cur.NewAnd(va, i64(-8)))
		next := u.fn.NewBlock("")
		u.condBr(u.carryClear(carry), next, u.sideExit(a.v, abi.PCInterpret), u.likely)
		u.cur = next
		return x
	}
	// Counts are 8 times the low three bits of the address, and its complement to 64;
	// if that is 64, both quadwords are the same one, which then is the number.
	low := quad(va)
	count := u.cur.NewAnd(u.cur.NewShl(va, i64(3)), i64(63))
	x := value.Value(u.cur.NewLShr(low, count))
	if bytes := int64(t.Bits() / 8); bytes > 1 {
		high := quad(u.cur.NewAdd(va, i64(bytes-1)))
		x = u.cur.NewOr(x, u.cur.NewShl(high, u.cur.NewAnd(u.cur.NewSub(i64(0), count), i64(63))))
	}
	return u.widen(u.narrow(x, llvmType(t)))
}

// windowStore emits a store of user code.
func (u *unit) windowStore(a access, v *ir.Value) {
	w, x := windowStores[v.Type], u.vals[v.ID]
	if v.Op == ir.OpBitcast && v.Args[0].Type == ir.F64 {
		w, x = windowStoreFloat, u.vals[v.Args[0].ID]
	}
	u.checkWindow(a)
	done, slow := u.fn.NewBlock(""), u.slowBlock()
	u.callBr("", u.segment(w.asm), "*m,"+w.reg, "~{memory},", types.Void, done, slow, []value.Value{u.guestPointer(a, llvmType(v.Type)), x})
	u.cur = slow
	u.stayInWindow(a)
	_, carry := u.thunk(abi.ThunkStore0+a.log2, false, a.v, u.slowAddress(a), u.widen(u.vals[v.ID]))
	u.condBr(u.carryClear(carry), done, u.sideExit(a.v, abi.PCExit), u.likely)
	u.cur = done
}

// prefetches are the host instructions by ir.PrefetchXxx. They never fault, wherever
// the address leads to.
var prefetches = [...]string{ir.PrefetchRead: "prefetcht0 %gs:$0", ir.PrefetchOnce: "prefetchnta %gs:$0", ir.PrefetchModify: "prefetchw %gs:$0"}

// lowerPrefetch prefetches through the window; without one it does nothing.
//
//	before: ldl zero,0(t0)
//	after:  prefetcht0 %gs:(%rdi)
func lowerPrefetch(u *unit, v *ir.Value, x []value.Value) (value.Value, error) {
	if !u.windowed(access{v: v}) || u.o.Disable[lowerPrefetches] {
		return nil, nil
	}
	p := u.guestPointer(access{v: v, va: x[0]}, types.I8)
	asm := lir.NewInlineAsm(types.NewPointer(types.NewFunc(types.Void, p.Type())), u.segment(prefetches[v.Imm]), "*m,~{dirflag},~{fpsr},~{flags}")
	asm.SideEffect = true
	c := u.cur.NewCall(asm, p)
	c.Typ = types.Void
	return nil, nil
}

// windowed says whether access a goes through the window. The kernel's accesses to
// user memory do not: each touches pages of its own a few times.
func (u *unit) windowed(a access) bool {
	return u.o.Hot && !u.o.Disable[lowerWindows] && !(u.f.Kernel && u.o.User != nil && u.o.User(a.v.PC))
}

// checkWindow makes sure that a is in the window.
func (u *unit) checkWindow(a access) {
	if u.checkedBefore(a) {
		return
	}
	r, _, log2 := baseAndOffset(a)
	if u.o.Disable[lowerBases] {
		r, log2 = a.v.Args[0], a.log2
	}
	if sp := registerAt(a.v, regSP); sp != nil && r == baseOf(sp) {
		log2 = stackLog // once for all
	}
	if !u.isGood(r, log2, false) {
		log2 = max(log2, u.laterLog2(r, a.v))
	}
	u.checkBase(r, log2, a.v, false)
}

// stayInWindow leaves the unit if the address of a, which the slow path is about to
// access, was not checked and is not in the window: induction pointers rely on it.
func (u *unit) stayInWindow(a access) {
	if !u.checkedBefore(a) {
		return
	}
	next := u.fn.NewBlock("")
	u.condBr(u.baseIsGood(u.slowAddress(a), 0), next, u.sideExit(a.v, abi.PCInterpret), u.likely)
	u.cur = next
}

// segment removes from a host instruction what addresses the window of user mode.
func (u *unit) segment(asm string) string {
	if u.f.Kernel {
		return strings.ReplaceAll(asm, "%gs:", "")
	}
	return asm
}

// slowBlock returns a block whose address can be taken.
func (u *unit) slowBlock() *lir.Block {
	b := u.fn.NewBlock("")
	u.name(b)
	return b
}

// name gives b a name, which it needs for its address to be taken.
func (u *unit) name(b *lir.Block) {
	u.named++
	b.SetName(fmt.Sprintf("n%d", u.named))
}

// guestPointer is the address of a, made anew from its base: only then does it
// become part of the instruction, while the slow path computes its own.
func (u *unit) guestPointer(a access, t types.Type) value.Value {
	va := a.va
	if r, off := offsetFrom(a.v.Args[0]); off != 0 {
		va = u.cur.NewAdd(u.vals[r.ID], i64(off))
	}
	if u.f.Kernel {
		va = u.cur.NewAdd(va, u.constField(abi.Offset("CheckedDelta")))
	}
	return lir.NewArg(u.cur.NewIntToPtr(va, types.NewPointer(t)), lir.ElementType{Typ: t})
}

// slowAddress is the address of a for its slow path.
func (u *unit) slowAddress(a access) value.Value {
	if r, off := offsetFrom(a.v.Args[0]); off != 0 {
		return u.cur.NewAdd(u.vals[r.ID], i64(off))
	}
	return a.va
}

// callBr ends the current block with host instruction asm, after what must come
// before it; it goes on in done, or in fix if it faults. The constraints are those of
// the result and of args, each clobber is followed by a comma.
func (u *unit) callBr(before, asm, constraints, clobbers string, result types.Type, done, fix *lir.Block, args []value.Value) value.Value {
	asm = before + "1: " + asm + "; " + fmt.Sprintf(faultSection, strings.Count(constraints, ",")+1)
	label := "!i"
	if u.o.LLVM < labelOperands {
		label, args = "X", append(args, constant.NewBlockAddress(u.fn, fix))
	}
	sig := make([]types.Type, 0, len(args))
	for _, a := range args {
		sig = append(sig, a.Type())
	}
	callee := lir.NewInlineAsm(types.NewPointer(types.NewFunc(result, sig...)), asm, constraints+","+label+","+clobbers+"~{dirflag},~{fpsr},~{flags}")
	callee.SideEffect = true
	c := u.cur.NewCallBr(callee, args, done, fix)
	// The result type, which a callee that is inline assembly does not tell.
	c.Typ = result
	return c
}

// labelOperands is the major version of the LLVM from which on callbr knows its labels as
// operands, by constraint !i. Before, they are block addresses among the arguments.
const labelOperands = 15
