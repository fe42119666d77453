package llvm

import (
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
	"axpress/runtime/abi"
)

// Kernel stacks lie in KSEG, so a unit of the kernel checks a stack pointer once
// (window and alignment, see abi.State.StackBias) and then accesses its frame by
// one host instruction each:
//
//	before: each of  stq ra,0(sp)  stq s0,8(sp)  checks, has a slow path and an exit
//	after:  check sp;  mov %r11,(%rbp,%rax)  mov %rcx,8(%rbp,%rax)
//
// If the check fails the interpreter executes the access, which knows every case.

const (
	regSP    = ir.Reg(30)
	stackLog = 3 // alignment that the check establishes
)

// stackAddress returns the host address of a if it is relative to the current
// stack pointer and within reach of it, else nil.
func (u *unit) stackAddress(a access) value.Value {
	sp := registerAt(a.v, regSP)
	if sp == nil {
		return nil
	}
	root, _ := offsetFrom(sp)
	base, off := offsetFrom(a.v.Args[0])
	if base != root || off <= -abi.StackReach || off >= abi.StackReach-8 || off&(1<<a.log2-1) != 0 {
		return nil
	}
	u.checkStack(root, a.v)
	return u.cur.NewAdd(u.vals[a.v.Args[0].ID], u.constField(abi.Offset("StackDelta")))
}

// checkStack makes sure that root has been checked on every way to here; if not,
// it is checked here, and v is left to the interpreter if it is no good.
func (u *unit) checkStack(root, v *ir.Value) {
	here := u.cfg.Index[v.Block.ID]
	for _, b := range u.stackChecked[root.ID] {
		if u.cfg.Dominates(b, here) {
			return
		}
	}
	u.stackChecked[root.ID] = append(u.stackChecked[root.ID], here)
	t := u.cur.NewAdd(u.vals[root.ID], u.constField(abi.Offset("StackBias")))
	r := u.cur.NewCall(u.intrinsic("llvm.fshr.i64", types.I64, types.I64, types.I64, types.I64), t, t, i64(stackLog))
	ok := u.cur.NewICmp(enum.IPredULT, r, u.constField(abi.Offset("StackLimit")))
	next := u.fn.NewBlock("")
	u.condBr(ok, next, u.sideExit(v, abi.PCInterpret), u.likely)
	u.cur = next
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

// offsetFrom splits v into a value and a constant number of bytes from it.
func offsetFrom(v *ir.Value) (root *ir.Value, off int64) {
	for v.Op == ir.OpAdd && v.Args[1].Op == ir.OpConst {
		off += v.Args[1].Imm
		v = v.Args[0]
	}
	return v, off
}
