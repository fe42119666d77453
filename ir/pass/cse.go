package pass

import (
	"slices"

	"axpress/ir"
)

// cse computes equal values once: a pure value that a dominating block (or the
// same block, earlier) has already is replaced by that one.
//
//	v1 = add v0, v9                 v1 = add v0, v9
//	br c, b1, b2                    br c, b1, b2
//	b1:                       =>    b1:
//	  v2 = add v0, v9                 v3 = load v1
//	  v3 = load v2
func cse(f *ir.Func, _ *Options) error {
	removeUnreachable(f)
	g := ir.NewCFG(f)
	order := make([]int32, len(g.Order)) // preorder of the dominator tree
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return g.TreeOrder(a) - g.TreeOrder(b) })
	t := newValueTable(f.NumValues())
	type scope struct {
		block int32
		mark  int
	}
	var scopes []scope
	sub := newSubst(f)
	for _, i := range order {
		for len(scopes) > 0 && !g.Dominates(scopes[len(scopes)-1].block, i) {
			t.release(scopes[len(scopes)-1].mark)
			scopes = scopes[:len(scopes)-1]
		}
		scopes = append(scopes, scope{i, len(t.nodes)})
		b := g.Order[i]
		kept := b.Vals[:0]
		for _, v := range b.Vals {
			sub.values(v.Args)
			sub.regs(v.Snap)
			if pure(v.Op) {
				if old := t.find(v); old != v {
					sub.replace(v, old)
					continue
				}
			}
			kept = append(kept, v)
		}
		clear(b.Vals[len(kept):])
		b.Vals = kept
	}
	for _, b := range f.Blocks {
		sub.term(&b.Term)
	}
	return nil
}

// valueTable is a hash table of values whose newest entries can be removed.
type valueTable struct {
	heads []int32 // index of a node + 1
	nodes []valueNode
}

type valueNode struct {
	v      *ir.Value
	next   int32 // index + 1 of the node before in the same bucket
	bucket uint32
}

func newValueTable(values int) *valueTable {
	size := 64
	for size < values {
		size *= 2
	}
	return &valueTable{heads: make([]int32, size)}
}

// find returns a value in the table that computes the same as v, and otherwise
// puts v there.
func (t *valueTable) find(v *ir.Value) *ir.Value {
	bucket := uint32(hashValue(v)) & uint32(len(t.heads)-1)
	for n := t.heads[bucket]; n != 0; n = t.nodes[n-1].next {
		if sameValue(t.nodes[n-1].v, v) {
			return t.nodes[n-1].v
		}
	}
	t.nodes = append(t.nodes, valueNode{v, t.heads[bucket], bucket})
	t.heads[bucket] = int32(len(t.nodes))
	return v
}

// release removes all but the first n values.
func (t *valueTable) release(n int) {
	for len(t.nodes) > n {
		last := t.nodes[len(t.nodes)-1]
		t.heads[last.bucket] = last.next
		t.nodes = t.nodes[:len(t.nodes)-1]
	}
}

// operands returns the IDs of the arguments of v, -1 for none; for ops that
// commute in ascending order.
func operands(v *ir.Value) (ids [3]int) {
	ids = [3]int{-1, -1, -1}
	for i, a := range v.Args {
		ids[i] = a.ID
	}
	if commutes[v.Op] && ids[0] > ids[1] {
		ids[0], ids[1] = ids[1], ids[0]
	}
	return ids
}

func hashValue(v *ir.Value) uint64 {
	h := uint64(v.Op)<<8 | uint64(v.Type)
	mix := func(x uint64) { h = (h ^ x) * 0x9e3779b97f4a7c15; h ^= h >> 29 }
	mix(uint64(v.Imm))
	for _, id := range operands(v) {
		mix(uint64(id))
	}
	return h
}

func sameValue(a, b *ir.Value) bool {
	return a.Op == b.Op && a.Type == b.Type && a.Imm == b.Imm && operands(a) == operands(b)
}
