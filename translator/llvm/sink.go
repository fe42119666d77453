package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/value"

	"axpress/ir"
)

// What only exits want to know is sunk to where they spill registers, at the full setting:
// results of comparisons behind the branch that they are for, addresses,
// parts that were put together.
//
//	before: cmp %rax,%rcx; setb %sil; ... jb loop        exit: mov %rsi,t2
//	after:  cmp %rax,%rcx; ... jb loop                   exit: cmp %rax,%rcx; setb; mov t2
//
// The operands must live as long as the exits then, so this is done for values of one
// operand, which takes the same place, and for those of two that every exit wants as well.

// findSunk notes the values that only exits use.
func (u *unit) findSunk() {
	u.sunk = make([]bool, u.f.NumValues())
	if !u.o.Hot || u.o.Disable[lowerSink] {
		return
	}
	used := make([]bool, u.f.NumValues())
	for i := len(u.order) - 1; i >= 0; i-- {
		t := &u.order[i].Term
		for _, v := range []*ir.Value{t.Cond, t.Target} {
			if v != nil {
				used[v.ID] = true
			}
		}
		t.Edges(func(e *ir.Edge) {
			for _, v := range e.Args {
				used[v.ID] = true
			}
		})
	}
	wanted := u.snapshots()
	// Backwards: users come behind what they use, but for loops, which edges tell of.
	for i := len(u.order) - 1; i >= 0; i-- {
		vals := u.order[i].Vals
		for k := len(vals) - 1; k >= 0; k-- {
			v := vals[k]
			if !used[v.ID] && v.Op.Info().Effect == ir.EffectNone && (operands(v) == 1 || atHand(v, wanted[v.ID])) {
				u.sunk[v.ID] = true
				continue
			}
			for _, a := range v.Args {
				used[a.ID] = true
			}
		}
	}
}

// snapshots returns by Value.ID the snapshots that have a value of several operands;
// neighbours often share one.
func (u *unit) snapshots() [][][]ir.RegValue {
	wanted := make([][][]ir.RegValue, u.f.NumValues())
	var last *ir.RegValue
	note := func(snap []ir.RegValue) {
		if len(snap) == 0 || last == &snap[0] {
			return
		}
		last = &snap[0]
		for _, rv := range snap {
			if v := rv.Val; v.Op.Info().Effect == ir.EffectNone && operands(v) == 2 {
				wanted[v.ID] = append(wanted[v.ID], snap)
			}
		}
	}
	for _, b := range u.order {
		for _, v := range b.Vals {
			note(v.Snap)
		}
		note(b.Term.Snap)
	}
	return wanted
}

// atHand says whether all snapshots have what v is computed from.
func atHand(v *ir.Value, snaps [][]ir.RegValue) bool {
	for _, snap := range snaps {
		if !has(snap, v.Args, 4) {
			return false
		}
	}
	return len(snaps) > 0
}

// has says whether snap has all of vals, but for constants, or what they are computed
// from by few steps, of one operand each.
func has(snap []ir.RegValue, vals []*ir.Value, steps int) bool {
	for _, v := range vals {
		if _, ok := known(v); ok || slices.ContainsFunc(snap, func(rv ir.RegValue) bool { return rv.Val == v }) {
			continue
		}
		if steps == 0 || v.Op.Info().Effect != ir.EffectNone || operands(v) != 1 || !has(snap, v.Args, steps-1) {
			return false
		}
	}
	return true
}

// operands is how many operands of v are no constants.
func operands(v *ir.Value) (n int) {
	for _, a := range v.Args {
		if _, ok := known(a); !ok {
			n++
		}
	}
	return n
}

// valueOf returns the LLVM value of v, which it makes here if v is sunk or in no block.
func (u *unit) valueOf(v *ir.Value) value.Value {
	if v.Block != nil && !u.sunk[v.ID] {
		return u.vals[v.ID]
	}
	var x []value.Value
	for _, a := range v.Args {
		x = append(x, u.valueOf(a))
	}
	r, err := u.lower[v.Op](u, v, x)
	if err != nil {
		panic(err) // Emit's callers expect that of bugs
	}
	return r
}
