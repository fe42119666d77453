package pass

import (
	"maps"
	"slices"

	"axpress/ir"
)

// facts replaces values that a branch tells by constants, where control has come by
// way of that branch. Registers that compared results are left in cost nothing then.
// At the full setting only: where registers are spilled already, a value that is
// another one would be spilled again.
//
//	v2 = zext v1                      v2 = zext v1
//	br v1, b1(v2), b2           =>    v5 = const 1
//	b2: ret v0 [r1=v2]                v6 = const 0
//	                                  br v1, b1(v5), b2
//	                                  b2: ret v0 [r1=v6]
func facts(f *ir.Func, o *Options) error {
	if !o.Full {
		return nil
	}
	// A parameter that has the same value by all ways would have constants by some.
	if err := params(f, o); err != nil {
		return err
	}
	removeUnreachable(f)
	g := ir.NewCFG(f)
	k := &knowledge{f: f, known: map[*ir.Value]fact{}, derived: derivations(f)}
	children := make([][]int32, len(g.Order))
	var roots []int32
	for i, p := range g.Idom {
		if p < 0 {
			roots = append(roots, int32(i))
		} else {
			children[p] = append(children[p], int32(i))
		}
	}
	var walk func(i int32)
	walk = func(i int32) {
		mark := len(k.trail)
		if e := onlyWayIn(g, i); e != nil {
			k.learn(e.cond, e.truth)
		}
		k.rewrite(g.Order[i])
		for _, c := range children[i] {
			walk(c)
		}
		k.forget(mark)
	}
	for _, i := range roots {
		walk(i)
	}
	return nil
}

// told is a condition and what it is found to be.
type told struct {
	cond  *ir.Value
	truth bool
}

// onlyWayIn returns what the branch that is the only way into block i says, nil if
// there are other ways.
func onlyWayIn(g *ir.CFG, i int32) *told {
	if g.Entry[i] || len(g.Preds[i]) != 1 {
		return nil
	}
	t := &g.Order[g.Preds[i][0]].Term
	if t.Kind != ir.TermBr {
		return nil
	}
	return &told{t.Cond, t.Succs[0].Block == g.Order[i]}
}

// knowledge is what is known at a point of the walk.
type knowledge struct {
	f       *ir.Func
	known   map[*ir.Value]fact
	derived map[*ir.Value][]*ir.Value // truth value: its extensions, opposites, and selects by it
	trail   []*ir.Value               // keys of known, oldest first
	consts  map[constant]*ir.Value    // of the current block
}

// fact is what a value is: the same as another one, or if that is nil number n, which
// is canonical for the type. computed: the value has been computed for its own sake, for
// the comparison; handing it to a block costs less than handing it a constant.
type fact struct {
	same     *ir.Value
	n        int64
	computed bool
}

type constant struct {
	t ir.Type
	n int64
}

// derivations lists what truth values alone decide.
func derivations(f *ir.Func) map[*ir.Value][]*ir.Value {
	out := map[*ir.Value][]*ir.Value{}
	for _, b := range f.Blocks {
		for _, v := range b.Vals {
			if len(v.Args) > 0 && v.Args[0].Type == ir.I1 && (isExt(v) || isOpposite(v) || v.Op == ir.OpSelect) {
				out[v.Args[0]] = append(out[v.Args[0]], v)
			}
		}
	}
	return out
}

func isOpposite(v *ir.Value) bool {
	return v.Op == ir.OpXor && v.Type == ir.I1 && v.Args[1].Op == ir.OpConst && v.Args[1].Imm&1 != 0
}

// learn notes whether condition c holds, and what follows.
func (k *knowledge) learn(c *ir.Value, is bool) { k.note(c, truth(is), false) }

// note notes that v is n, canonical for its type, and what follows.
func (k *knowledge) note(v *ir.Value, n int64, computed bool) {
	if _, ok := k.known[v]; ok || v.Op == ir.OpConst {
		return
	}
	k.known[v] = fact{n: n, computed: computed}
	k.trail = append(k.trail, v)
	for _, d := range k.derived[v] {
		switch {
		case d.Op == ir.OpSelect:
			k.same(d, d.Args[2-n&1])
		case isOpposite(d):
			k.note(d, n^1, false)
		case d.Op == ir.OpSExt:
			k.note(d, ir.Canonical(d.Type, -(n&1)), false)
		default:
			k.note(d, n&1, false)
		}
	}
	if v.Type != ir.I1 {
		if isExt(v) {
			k.note(v.Args[0], ir.Canonical(v.Args[0].Type, n), computed)
		}
		return
	}
	switch c, ok := choiceOf(v); {
	case isOpposite(v):
		k.note(v.Args[0], n^1, false)
	case ok && c.yes != c.no: // the result of a comparison, tested
		k.note(c.cond, truth(c.yes == n), false)
	case v.Op == ir.OpICmpEQ && v.Args[1].Op == ir.OpConst:
		k.equal(v.Args[0], v.Args[1].Imm, n != 0)
	case v.Op == ir.OpICmpNE && v.Args[1].Op == ir.OpConst:
		k.equal(v.Args[0], v.Args[1].Imm, n == 0)
	}
}

// same notes that v is x, which dominates it.
func (k *knowledge) same(v, x *ir.Value) {
	if _, ok := k.known[v]; !ok {
		k.known[v] = fact{same: x}
		k.trail = append(k.trail, v)
	}
}

// equal notes what follows from x being equal to n, or not.
func (k *knowledge) equal(x *ir.Value, n int64, equal bool) {
	switch {
	case equal:
		k.note(x, n, !fromTruth(x))
	case n == 0 && fromTruth(x):
		k.note(x.Args[0], 1, false)
	}
}

// fromTruth says whether x is made of a truth value alone.
func fromTruth(x *ir.Value) bool { return isExt(x) && x.Args[0].Type == ir.I1 }

// forget removes what was learned since mark.
func (k *knowledge) forget(mark int) {
	for _, v := range k.trail[mark:] {
		delete(k.known, v)
	}
	k.trail = k.trail[:mark]
}

// rewrite replaces the known values that b uses, and on each edge of its branch those
// that are known there.
func (k *knowledge) rewrite(b *ir.Block) {
	k.consts = map[constant]*ir.Value{}
	var from, to []ir.RegValue // the last snapshot; neighbours often share one
	snap := func(s []ir.RegValue) []ir.RegValue {
		if len(s) == 0 {
			return s
		}
		if len(from) == len(s) && &from[0] == &s[0] {
			return to
		}
		from, to = s, replace(s, func(rv ir.RegValue) ir.RegValue { return ir.RegValue{Reg: rv.Reg, Val: k.value(b, rv.Val)} })
		return to
	}
	value := func(v *ir.Value) *ir.Value { return k.value(b, v) }
	for _, v := range b.Vals {
		v.Args, v.Snap = replace(v.Args, value), snap(v.Snap)
	}
	t := &b.Term
	if t.Cond != nil {
		t.Cond = value(t.Cond)
	}
	if t.Target != nil {
		t.Target = value(t.Target)
	}
	t.Snap = snap(t.Snap)
	arg := func(v *ir.Value) *ir.Value {
		if k.known[v].computed {
			return v
		}
		return k.value(b, v)
	}
	differ := t.Kind == ir.TermBr && t.Succs[0].Block != t.Succs[1].Block
	cond := t.Cond
	for i := range t.Succs {
		mark := len(k.trail)
		if differ {
			k.learn(cond, i == 0)
		}
		t.Succs[i].Args = replace(t.Succs[i].Args, arg)
		k.forget(mark)
	}
	for i := range t.Cases {
		t.Cases[i].Edge.Args = replace(t.Cases[i].Edge.Args, arg)
	}
	if len(k.consts) > 0 {
		b.Vals = slices.Concat(k.sorted(), b.Vals)
	}
}

// replace returns list with fn applied to each element: list itself, which others may
// share, if nothing changes.
func replace[T comparable](list []T, fn func(T) T) []T {
	out := list
	for i, x := range list {
		y := fn(x)
		if y == x {
			continue
		}
		if &out[0] == &list[0] {
			out = slices.Clone(list)
		}
		out[i] = y
	}
	return out
}

// value returns what stands for v in b.
func (k *knowledge) value(b *ir.Block, v *ir.Value) *ir.Value {
	f, ok := k.known[v]
	switch {
	case !ok:
		return v
	case f.same != nil:
		return k.value(b, f.same)
	}
	key := constant{v.Type, f.n}
	if k.consts[key] == nil {
		c := k.f.NewValue(ir.OpConst, v.Type)
		c.Imm, c.PC, c.Block = f.n, b.PC, b
		k.consts[key] = c
	}
	return k.consts[key]
}

// sorted returns the constants of the current block in the order they were made.
func (k *knowledge) sorted() []*ir.Value {
	return slices.SortedFunc(maps.Values(k.consts), func(x, y *ir.Value) int { return x.ID - y.ID })
}
