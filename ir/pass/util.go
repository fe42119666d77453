package pass

import "axpress/ir"

// removeUnreachable drops the blocks that no entry leads to.
func removeUnreachable(f *ir.Func) {
	reached := make([]bool, f.NumBlocks())
	var work []*ir.Block
	visit := func(b *ir.Block) {
		if !reached[b.ID] {
			reached[b.ID] = true
			work = append(work, b)
		}
	}
	for _, e := range f.Entries {
		visit(e.Block)
	}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		b.Term.Edges(func(e *ir.Edge) { visit(e.Block) })
	}
	kept := f.Blocks[:0]
	for _, b := range f.Blocks {
		if reached[b.ID] {
			kept = append(kept, b)
		}
	}
	clear(f.Blocks[len(kept):])
	f.Blocks = kept
}

// subst replaces values by others throughout a unit. A value's replacement is
// the same everywhere, so slices may be shared and rewritten more than once.
type subst struct {
	to   []*ir.Value // by ID; nil: stays
	snap *ir.RegValue
}

func newSubst(f *ir.Func) *subst { return &subst{to: make([]*ir.Value, f.NumValues())} }

// replace has v stand for old from now on.
func (s *subst) replace(old, v *ir.Value) {
	for old.ID >= len(s.to) {
		s.to = append(s.to, nil)
	}
	s.to[old.ID] = v
}

// value returns what stands for v.
func (s *subst) value(v *ir.Value) *ir.Value {
	for v.ID < len(s.to) && s.to[v.ID] != nil {
		v = s.to[v.ID]
	}
	return v
}

func (s *subst) values(list []*ir.Value) {
	for i, v := range list {
		list[i] = s.value(v)
	}
}

// regs rewrites a snapshot; neighbours often share one.
func (s *subst) regs(snap []ir.RegValue) {
	if len(snap) == 0 || s.snap == &snap[0] {
		return
	}
	s.snap = &snap[0]
	for i := range snap {
		snap[i].Val = s.value(snap[i].Val)
	}
}

func (s *subst) term(t *ir.Term) {
	if t.Cond != nil {
		t.Cond = s.value(t.Cond)
	}
	if t.Target != nil {
		t.Target = s.value(t.Target)
	}
	t.Edges(func(e *ir.Edge) { s.values(e.Args) })
	s.regs(t.Snap)
}

// all rewrites the whole unit.
func (s *subst) all(f *ir.Func) {
	for _, b := range f.Blocks {
		for _, v := range b.Vals {
			s.values(v.Args)
			s.regs(v.Snap)
		}
		s.term(&b.Term)
	}
}

// edgesInto lists, by block ID, the edges into each block.
func edgesInto(f *ir.Func) [][]*ir.Edge {
	into := make([][]*ir.Edge, f.NumBlocks())
	for _, b := range f.Blocks {
		b.Term.Edges(func(e *ir.Edge) { into[e.Block.ID] = append(into[e.Block.ID], e) })
	}
	return into
}

// entrySet says by block ID which blocks are entries.
func entrySet(f *ir.Func) []bool {
	set := make([]bool, f.NumBlocks())
	for _, e := range f.Entries {
		set[e.Block.ID] = true
	}
	return set
}

// pure says whether a value of op may be dropped when unused.
func pure(op ir.Op) bool { return op.Info().Effect == ir.EffectNone }

// dropParams removes the parameters of b that keep refuses, by index, with the
// arguments on the edges into b.
func dropParams(b *ir.Block, into []*ir.Edge, keep func(i int) bool) {
	n := 0
	for i := range b.Params {
		if !keep(i) {
			continue
		}
		b.Params[n] = b.Params[i]
		for _, e := range into {
			e.Args[n] = e.Args[i]
		}
		n++
	}
	b.Params = b.Params[:n]
	for _, e := range into {
		e.Args = e.Args[:n]
	}
}

// countUses returns by value ID how often each value is used.
func countUses(f *ir.Func) []int {
	uses := make([]int, f.NumValues())
	count := func(args []*ir.Value) {
		for _, a := range args {
			uses[a.ID]++
		}
	}
	snap := func(snap []ir.RegValue) {
		for _, r := range snap {
			uses[r.Val.ID]++
		}
	}
	for _, b := range f.Blocks {
		for _, v := range b.Vals {
			count(v.Args)
			snap(v.Snap)
		}
		t := &b.Term
		if t.Cond != nil {
			uses[t.Cond.ID]++
		}
		if t.Target != nil {
			uses[t.Target.ID]++
		}
		t.Edges(func(e *ir.Edge) { count(e.Args) })
		snap(t.Snap)
	}
	return uses
}
