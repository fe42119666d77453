package pipeline

import (
	"slices"

	"axpress/ir"
	"axpress/runtime/abi"
	"axpress/translator/artifact"
	"axpress/translator/unit"
)

// directCalls returns the starts of the functions that the unit u goes to without asking
// what their pages hold, see unit.Set.Link.
func directCalls(set *unit.Set, u *ir.Func) (starts []uint64) {
	for _, b := range u.Blocks {
		t := &b.Term
		if t.Target == nil {
			continue
		}
		pc := t.Guess
		if t.Target.Op == ir.OpPC {
			pc = uint64(t.Target.Imm)
		}
		if l, ok := set.Link(u.PC, pc); ok {
			starts = append(starts, l.Function.Start)
		}
	}
	slices.Sort(starts)
	return slices.Compact(starts)
}

// spread adds to what each unit holds copies of what the units do that it goes to
// directly, and these, and so on: all of it is executed once it has been entered. calls is
// by the unit's address.
func spread(units []artifact.UnitInfo, calls map[uint64][]uint64) {
	copied := map[uint64][]abi.CodeSpan{}
	for _, u := range units {
		copied[u.PC] = u.Copied
	}
	for i := range units {
		u := &units[i]
		all := slices.Clone(u.Copied)
		seen, next := map[uint64]bool{u.PC: true}, calls[u.PC]
		for len(next) > 0 {
			pc := next[0]
			if next = next[1:]; seen[pc] {
				continue
			}
			seen[pc] = true
			for _, s := range copied[pc] {
				if !slices.Contains(all, s) {
					all = append(all, s)
				}
			}
			next = append(slices.Clip(next), calls[pc]...)
		}
		u.Copied = all
	}
}
