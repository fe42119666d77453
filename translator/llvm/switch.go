package llvm

import (
	"slices"

	lir "github.com/llir/llvm/ir"
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
		u.checkInductions(c.Edge)
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

// tableSwitch emits a switch with many arms as a table by guest address, with a place for
// every word between the first and the last arm: LLVM, which is told of the arms alone,
// would search them by comparing, as they are far between.
//
//	before: cmp; jb; cmp; jb; cmp; je ...
//	after:  ror $2,%rax; cmp; ja; movslq table(,%rax,4),%rax; add; jmp *%rax
func (u *unit) tableSwitch(from *lir.Block, key value.Value, arms []arm, other *lir.Block) bool {
	const fewArms, maxWords = 8, 16 << 10
	if u.o.Disable[lowerTables] || len(arms) < fewArms {
		return false
	}
	byPC := func(a, b arm) int { return int(int64(a.pc - b.pc)) }
	lo, hi := slices.MinFunc(arms, byPC).pc, slices.MaxFunc(arms, byPC).pc
	n := (hi-lo)/4 + 1
	if n > maxWords {
		return false
	}
	hole := u.fn.NewBlock("")
	hole.NewBr(other)
	to := slices.Repeat([]*lir.Block{hole}, int(n))
	for _, a := range arms {
		to[(a.pc-lo)/4] = a.block
	}
	cases := make([]*lir.Case, n)
	for i, b := range to {
		cases[i] = lir.NewCase(i64(int64(i)), b)
	}
	x := from.NewSub(key, i64(int64(lo)))
	// A misaligned address is out of range after the rotation.
	words := from.NewCall(u.intrinsic("llvm.fshr.i64", types.I64, types.I64, types.I64, types.I64), x, x, i64(2))
	from.NewSwitch(words, other, cases...)
	return true
}
