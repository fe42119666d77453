package llvm

import (
	"fmt"
	"slices"

	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
	"axpress/runtime/abi"
)

// Most addresses are a constant away from a value that the unit has used as an
// address before: a stack pointer, a pointer to a structure, an array element.
// Such a value is a base of these addresses. A unit checks a base once (that it lies in
// the window of memory and is aligned), and then accesses what is near the checked base
// without a check of its own:
//
//	before: each of  stq ra,0(sp)  stq s0,8(sp)  checks, has a slow path and an exit
//	after:  check sp;  mov %r11,(%rbp,%rax)  mov %rcx,8(%rbp,%rax)
//
// If the check fails the interpreter executes the access, which knows every case.
// At the cheap setting kernel units treat their stack pointer so, which is always in
// KSEG; at the full setting all units treat all bases so, and what is not mapped
// where they access it has a slow path (see window.go).

const (
	regSP    = ir.Reg(30)
	stackLog = 3 // alignment that the check of a stack pointer establishes
)

// check is a place where a base was found good.
type check struct {
	block int32 // index in order
	log2  int   // of the alignment that was checked
	stack bool  // by stackIsGood, which says more than baseIsGood
}

// baseAndOffset splits the address of a into a base and an offset that is in reach of it.
// log2: if the base is aligned to 1<<log2 the address is aligned as a needs it.
func baseAndOffset(a access) (r *ir.Value, off int64, log2 int) {
	addr := a.v.Args[0]
	if addr.Op == ir.OpAnd && addr.Args[1].Op == ir.OpConst && addr.Args[1].Imm == -1<<a.log2 {
		// LDQ_U and STQ_U: aligned by themselves, at most 7 bytes further away.
		if r, off := offsetFrom(addr.Args[0]); inReach(off) {
			return r, off, 0
		}
	}
	r, off = offsetFrom(addr)
	if !inReach(off) || off&(1<<a.log2-1) != 0 {
		return addr, 0, a.log2
	}
	return r, off, a.log2
}

// laterLog2 returns the largest alignment that accesses near r need between v and the end
// of its block, log2. Checked at once it saves checks:
//
//	before: test %rdi,mask0; jne; movzbl %gs:2(%rdi),%eax; test %rdi,mask2; jne; movl %gs:4(%rdi),%ecx
//	after:  test %rdi,mask2; jne; movzbl %gs:2(%rdi),%eax; movl %gs:4(%rdi),%ecx
func (u *unit) laterLog2(r, v *ir.Value) (log2 int) {
	if u.o.Disable[lowerAlign] || u.o.Disable[lowerBases] {
		return 0
	}
	vals := v.Block.Vals
	for _, w := range vals[slices.Index(vals, v)+1:] {
		t := w.Type
		switch w.Op {
		case ir.OpLoad:
		case ir.OpStore:
			t = w.Args[1].Type
		default:
			continue
		}
		a := access{v: w, log2: alignment(w, t)}
		if !u.windowed(a) || u.checkedBefore(a) {
			continue
		}
		if near, _, n := baseAndOffset(a); near == r {
			log2 = max(log2, n)
		}
	}
	return log2
}

func inReach(off int64) bool { return off > -abi.CheckedReach+8 && off < abi.CheckedReach-8 }

// checkBase makes sure that r has been checked for 1<<log2 on every way to here, as a
// stack of the kernel if stack is set; if not, it is checked here, and v is left to the
// interpreter if it is no good.
func (u *unit) checkBase(r *ir.Value, log2 int, v *ir.Value, stack bool) {
	if u.isGood(r, log2, stack) {
		return
	}
	u.checks[r.ID] = append(u.checks[r.ID], check{u.here, log2, stack})
	var good value.Value
	if stack {
		good = u.stackIsGood(u.vals[r.ID])
	} else {
		good = u.baseIsGood(u.vals[r.ID], log2)
	}
	next := u.fn.NewBlock("")
	u.condBr(good, next, u.sideExit(v, abi.PCInterpret), u.likely)
	u.cur = next
}

// isGood says whether r is known here to be a base that is aligned to 1<<log2, or a stack
// of the kernel.
func (u *unit) isGood(r *ir.Value, log2 int, stack bool) bool {
	// How much RAM there is, and so where a stack may be, is not known yet.
	if n, ok := known(r); ok && !stack && u.inWindow(n) && n&(1<<log2-1) == 0 {
		return true
	}
	return slices.ContainsFunc(u.checks[r.ID], func(c check) bool {
		return c.log2 >= log2 && (c.stack || !stack) && u.cfg.Dominates(c.block, u.here)
	})
}

// known returns the number that v is, if it is one.
func known(v *ir.Value) (uint64, bool) {
	return uint64(v.Imm), v.Op == ir.OpConst || v.Op == ir.OpPC
}

// inWindow says whether address n is in the window of the unit's mode.
func (u *unit) inWindow(n uint64) bool {
	if u.f.Kernel {
		return -n < 1<<abi.WindowBits
	}
	return n < 1<<abi.WindowBits
}

// baseIsGood: of an address below 1<<WindowBits that is aligned some bits are clear,
// which one instruction can tell; the windows of kernel mode end at address 0, and a
// rotation puts the misalignment bits on top, so that one comparison checks all.
func (u *unit) baseIsGood(x value.Value, log2 int) value.Value {
	if !u.f.Kernel {
		mask := u.cur.NewLoad(types.I64, u.baseMask(log2))
		mask.Metadata = append(mask.Metadata, u.invariant)
		return u.cur.NewICmp(enum.IPredEQ, u.cur.NewAnd(x, mask), i64(0))
	}
	x = u.cur.NewSub(i64(0), x)
	return u.cur.NewICmp(enum.IPredEQ, u.cur.NewLShr(u.rotate(x, log2), i64(abi.WindowBits-int64(log2))), i64(0))
}

// baseMask returns the constant of the bits that are clear in the addresses of user
// mode's window which are multiples of 1<<log2.
func (m *module) baseMask(log2 int) *lir.Global {
	if m.masks[log2] == nil {
		g := m.m.NewGlobalDef(fmt.Sprintf("mask%d", log2), i64(-1<<abi.WindowBits|1<<log2-1))
		g.Linkage, g.Immutable = enum.LinkagePrivate, true
		m.masks[log2] = g
	}
	return m.masks[log2]
}

func (u *unit) rotate(x value.Value, n int) value.Value {
	if n == 0 {
		return x
	}
	return u.cur.NewCall(u.intrinsic("llvm.fshr.i64", types.I64, types.I64, types.I64, types.I64), x, x, i64(int64(n)))
}

// stackIsGood is baseIsGood for kernel stacks, which are in RAM, as a base anywhere
// in KSEG need not be (see abi.State.CheckedBias).
func (u *unit) stackIsGood(x value.Value) value.Value {
	x = u.cur.NewAdd(x, u.constField(abi.Offset("CheckedBias")))
	return u.cur.NewICmp(enum.IPredULT, u.rotate(x, stackLog), u.constField(abi.Offset("CheckedLimit")))
}

// stackAddress returns the host address of kernel access a if it is near the stack
// pointer, else nil.
func (u *unit) stackAddress(a access) value.Value {
	r, _, _ := baseAndOffset(a)
	if sp := registerAt(a.v, regSP); sp == nil || r != baseOf(sp) {
		return nil
	}
	u.checkBase(r, stackLog, a.v, true)
	return u.cur.NewAdd(u.vals[a.v.Args[0].ID], u.constField(abi.Offset("CheckedDelta")))
}

// registerAt returns the value of pinned register r just before v.
func registerAt(v *ir.Value, r ir.Reg) *ir.Value {
	for _, rv := range v.Snap {
		if rv.Reg == r {
			return rv.Val
		}
	}
	return nil
}

func baseOf(v *ir.Value) *ir.Value {
	r, _ := offsetFrom(v)
	return r
}

// offsetFrom splits v into a value and a constant number of bytes from it.
func offsetFrom(v *ir.Value) (base *ir.Value, off int64) {
	for v.Op == ir.OpAdd && v.Args[1].Op == ir.OpConst {
		off += v.Args[1].Imm
		v = v.Args[0]
	}
	return v, off
}
