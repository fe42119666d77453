package pass

import (
	"slices"

	"axpress/ir"
)

// merge skips blocks that only jump, joins a block to the only one before it,
// and drops what became unreachable. Entries stay blocks of their own. Two edges
// of one terminal to the same block keep equal arguments (back ends rely on it).
//
//	b0:                               b0:
//	  br c, b1, b2                      br c, b3(v1), b2
//	b1:                       =>      b2:
//	  jump b3(v1)                       v2 = load v1
//	b2:                                 jump b3(v2)
//	  jump b4
//	b4:
//	  v2 = load v1
//	  jump b3(v2)
func merge(f *ir.Func, _ *Options) error {
	removeUnreachable(f)
	skipEmpty(f)
	removeUnreachable(f)
	joinLines(f)
	return nil
}

// skipper redirects edges past empty blocks.
type skipper struct {
	entry []bool // by block ID
	uses  []int  // by value ID: an upper bound of the uses, for parameters
}

func skipEmpty(f *ir.Func) {
	s := &skipper{entry: entrySet(f), uses: countUses(f)}
	for _, b := range f.Blocks {
		if !b.Term.Flows() {
			continue
		}
		b.Term.Edges(func(e *ir.Edge) {
			// The bound is for circles of empty blocks.
			for hops := 0; hops < 16 && s.skip(b, e); hops++ {
			}
		})
		if t := &b.Term; t.Kind == ir.TermBr && t.Succs[0].Block == t.Succs[1].Block && slices.Equal(t.Succs[0].Args, t.Succs[1].Args) {
			*t = ir.Term{Kind: ir.TermJump, Succs: t.Succs[:1], PC: t.PC}
		}
	}
}

// skip redirects e, an edge of b, if it leads to an empty block.
func (s *skipper) skip(b *ir.Block, e *ir.Edge) bool {
	via := e.Block
	if len(via.Vals) > 0 || via.Term.Kind != ir.TermJump || s.entry[via.ID] || via == b {
		return false
	}
	next := &via.Term.Succs[0]
	if next.Block == via || !s.onlyPasses(via, next) {
		return false
	}
	args := slices.Clone(next.Args)
	for i, a := range args {
		if p := slices.Index(via.Params, a); p >= 0 {
			args[i] = e.Args[p]
		}
	}
	clash := false
	b.Term.Edges(func(o *ir.Edge) {
		clash = clash || o != e && o.Block == next.Block && !slices.Equal(o.Args, args)
	})
	if clash {
		return false
	}
	for _, a := range args {
		s.uses[a.ID]++
	}
	*e = ir.Edge{Block: next.Block, Args: args}
	return true
}

// onlyPasses says whether the parameters of via are used by its jump only.
func (s *skipper) onlyPasses(via *ir.Block, next *ir.Edge) bool {
	for _, p := range via.Params {
		own := 0
		for _, a := range next.Args {
			if a == p {
				own++
			}
		}
		if own != s.uses[p.ID] {
			return false
		}
	}
	return true
}

// joinLines appends each block that has one edge into it, from a jump, to the
// block that jumps.
func joinLines(f *ir.Func) {
	entry, into := entrySet(f), make([]int, f.NumBlocks())
	for _, b := range f.Blocks {
		b.Term.Edges(func(e *ir.Edge) { into[e.Block.ID]++ })
	}
	sub, joined := newSubst(f), make([]bool, f.NumBlocks())
	any := false
	for _, b := range f.Blocks {
		if joined[b.ID] {
			continue
		}
		for b.Term.Kind == ir.TermJump {
			e := b.Term.Succs[0]
			next := e.Block
			if next == b || into[next.ID] != 1 || entry[next.ID] {
				break
			}
			for i, p := range next.Params {
				sub.replace(p, e.Args[i])
			}
			for _, v := range next.Vals {
				v.Block = b
			}
			b.Vals = append(b.Vals, next.Vals...)
			b.Term = next.Term
			joined[next.ID], any = true, true
		}
	}
	if !any {
		return
	}
	f.Blocks = slices.DeleteFunc(f.Blocks, func(b *ir.Block) bool { return joined[b.ID] })
	sub.all(f)
}
