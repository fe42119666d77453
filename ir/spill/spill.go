// Package spill says which guest registers are in their spill slots, which are those of the
// guest state: a back end keeps registers in values inside a unit, and stores them before
// whatever may leave it, each value once, as late as possible.
//
//	before: r1 = ...; load A (exit: r1); load B (exit: r1); call (r1)
//	after:  r1 = ...; store r1; load A; load B; call
//
// In: a unit in the promoted form, as ir.CFG. Out: what the slots hold at the beginning of
// each block; from there a back end goes on, value by value. It knows no back end.
package spill

import "axpress/ir"

// Slots says which value the slot of each guest register is known to hold at some point:
// the ID of the value plus 1, 0 if unknown.
type Slots [64]int32

// Hold says that rv is in its slot from here on.
func (s *Slots) Hold(rv ir.RegValue) { s[rv.Reg] = int32(rv.Val.ID) + 1 }

// Holds says whether rv is known to be in its slot.
func (s *Slots) Holds(rv ir.RegValue) bool { return s[rv.Reg] == int32(rv.Val.ID)+1 }

// Step follows one value, as it is emitted. early says that registers are stored before
// side exits, not by them.
func (s *Slots) Step(v *ir.Value, early bool) {
	switch {
	case v.Op == ir.OpGetReg:
		s.Hold(ir.RegValue{Reg: ir.Reg(v.Imm), Val: v})
	case v.Op == ir.OpSetReg:
		s.Hold(ir.RegValue{Reg: ir.Reg(v.Imm), Val: v.Args[0]})
	case v.Op.Exits() && early:
		for _, rv := range v.Snap {
			s.Hold(rv)
		}
	}
}

// flow is a forward data flow over the blocks of a unit.
type flow struct {
	cfg     *ir.CFG
	early   bool
	at      []int32 // by value ID: the block that defines it
	in, out []Slots // at the beginning and the end of blocks, by index in cfg.Order
	visited []bool
}

// Solve computes what is in the slots at the beginning of each block, by its index in
// cfg.Order: what all ways into it agree on, an argument counting as the parameter that it
// is bound to. values is ir.Func.NumValues, early as in Step. It starts by believing that
// ways back into loops agree, so loops keep what they do not change.
func Solve(cfg *ir.CFG, values int, early bool) []Slots {
	n := len(cfg.Order)
	f := &flow{cfg: cfg, early: early, at: make([]int32, values), in: make([]Slots, n), out: make([]Slots, n), visited: make([]bool, n)}
	for i, b := range cfg.Order {
		for _, v := range b.Params {
			f.at[v.ID] = int32(i)
		}
		for _, v := range b.Vals {
			f.at[v.ID] = int32(i)
		}
	}
	for again := true; again; {
		again = false
		for i := range cfg.Order {
			again = f.visit(i) || again
		}
	}
	return f.in
}

// visit looks at block i once more, and says whether something is new.
func (f *flow) visit(i int) (news bool) {
	s := f.meet(i)
	if f.visited[i] {
		// What changes is unknown from now on: values replaced by others could go on so for
		// ever.
		for r := range s {
			if s[r] != f.in[i][r] {
				s[r] = 0
			}
		}
		if s == f.in[i] {
			return false
		}
	}
	f.in[i] = s
	for _, v := range f.cfg.Order[i].Vals {
		s.Step(v, f.early)
	}
	news = !f.visited[i] || s != f.out[i]
	f.out[i], f.visited[i] = s, true
	return news
}

// meet is what the ways into block i that were visited agree on; nothing for an entry.
func (f *flow) meet(i int) (s Slots) {
	if f.cfg.Entry[i] {
		return s
	}
	b, first := f.cfg.Order[i], true
	for _, p := range f.cfg.Preds[i] {
		if !f.visited[p] {
			continue
		}
		f.cfg.Order[p].Term.Edges(func(e *ir.Edge) {
			if e.Block != b {
				return
			}
			way := f.along(e, int32(i), &f.out[p])
			if first {
				s, first = way, false
				return
			}
			for r := range s {
				if s[r] != way[r] {
					s[r] = 0
				}
			}
		})
	}
	return s
}

// along returns what out, at the end of a block, says on edge e to block i: about its
// parameters instead of their arguments, and about other values only if they are still the
// same there. A value that is defined anew on every way through a loop is not: it must
// dominate the block from outside.
func (f *flow) along(e *ir.Edge, i int32, out *Slots) Slots {
	s := *out
	for r, id := range s {
		if id == 0 {
			continue
		}
		if d := f.at[id-1]; d == i || !f.cfg.Dominates(d, i) {
			s[r] = 0
		}
		for k, a := range e.Args {
			if int32(a.ID)+1 == id {
				s[r] = int32(e.Block.Params[k].ID) + 1
				break
			}
		}
	}
	return s
}
