package llvm

import (
	"slices"

	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
)

// arm is one way out of a switch: the guest address, relative to the unit's base.
type arm struct {
	pc    uint64
	block *lir.Block
}

// switchTerm emits a jump table. The cases share edges' target blocks, so each
// case gets a block of its own for its phi operands.
func (u *unit) switchTerm(t *ir.Term) error {
	u.count()
	icount, from := u.icount, u.cur
	target := u.vals[t.Target.ID]
	other := u.fn.NewBlock("")
	var arms []arm
	seen := map[uint64]bool{}
	for _, c := range t.Cases {
		if seen[c.PC] {
			continue
		}
		seen[c.PC] = true
		b := u.fn.NewBlock("")
		u.cur, u.icount, u.done = b, icount, 0
		u.checkWalkers(c.Edge)
		head := u.flow(c.Edge)
		u.cur.NewBr(head)
		arms = append(arms, arm{c.PC - u.f.Base, b})
	}
	key := target
	if u.f.Relocatable {
		key = from.NewSub(target, u.base)
	}
	if !u.tableSwitch(from, key, arms, other) {
		var cases []*lir.Case
		for _, a := range arms {
			cases = append(cases, lir.NewCase(i64(int64(a.pc)), a.block))
		}
		from.NewSwitch(key, other, cases...)
	}
	u.cur, u.icount, u.done = other, icount, 0
	u.tail(t)
	return nil
}

// tableSwitch emits a switch with many arms as two dense tables: one from the guest
// address to the number of the arm, and the one that LLVM makes from these numbers.
// LLVM would search the addresses, which are far between, by comparing.
//
//	before: cmp; jb; cmp; jb; cmp; je ...
//	after:  ror $2,%rax; cmp; ja; movzbl table(%rax); jmp *arms(,%rax,8)
func (u *unit) tableSwitch(from *lir.Block, key value.Value, arms []arm, other *lir.Block) bool {
	const fewArms, maxArms, maxBytes = 8, 255, 64 << 10
	if u.o.Disable[lowerTables] || len(arms) < fewArms || len(arms) > maxArms {
		return false
	}
	byPC := func(a, b arm) int { return int(int64(a.pc - b.pc)) }
	lo, hi := slices.MinFunc(arms, byPC).pc, slices.MaxFunc(arms, byPC).pc
	n := int((hi-lo)/4) + 1
	if n > maxBytes {
		return false
	}
	table := make([]byte, n)
	var cases []*lir.Case
	for i, a := range arms {
		table[(a.pc-lo)/4] = byte(i + 1)
		cases = append(cases, lir.NewCase(constant.NewInt(types.I8, int64(int8(i+1))), a.block))
	}
	g := u.m.NewGlobalDef("", constant.NewCharArray(table))
	g.Immutable, g.Linkage = true, enum.LinkagePrivate
	x := from.NewSub(key, i64(int64(lo)))
	// A misaligned address is out of range after the rotation.
	x2 := from.NewCall(u.intrinsic("llvm.fshr.i64", types.I64, types.I64, types.I64, types.I64), x, x, i64(2))
	look := u.fn.NewBlock("")
	br := from.NewCondBr(from.NewICmp(enum.IPredULT, x2, i64(int64(n))), look, other)
	br.Metadata = append(br.Metadata, u.likely)
	p := look.NewGetElementPtr(types.NewArray(uint64(n), types.I8), g, i64(0), x2)
	look.NewSwitch(look.NewLoad(types.I8, p), other, cases...)
	return true
}
