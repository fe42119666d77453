package pass

import (
	"slices"

	"axpress/ir"
)

// Loops are copied up to unrollCopies times, as long as all copies together have at
// most unrollInsts guest instructions.
const (
	unrollCopies = 4
	unrollInsts  = 32
)

// unroll lets short innermost loops go round several times for each poll. The copies
// of the loop's head have none: what a round costs beside its own work is
// the poll, the instruction count, and moving the values that it carries. A run
// gets longer by unrollInsts instructions at most. The copies are no entries.
//
// Loops that compute with floating point alone are worth it: a product of matrices takes 0.78 of its time. Of others
// a dozen was measured: they wait for memory or for each other's results, and bzip2, zstd and a sort lost
// up to 6 % by their size.
//
//	b1:                             b1:
//	  poll                            poll
//	  body                            body
//	  br v1, b1, b2         =>        br v1, b3, b2
//	                                b3:
//	                                  body
//	                                  br v2, b1, b2
//
// It works on the lifted form: values have no snapshots, and most no use in other blocks.
func unroll(f *ir.Func, o *Options) error {
	if !o.Full {
		return nil
	}
	c := ir.NewCFG(f)
	for _, l := range innerLoops(c) {
		blocks := make([]*ir.Block, len(l.body))
		size, polls, floats := int64(0), false, false
		for n, i := range l.body {
			blocks[n] = c.Order[i]
			size += retired(blocks[n])
			polls = polls || slices.ContainsFunc(blocks[n].Vals, isPoll)
			floats = floats || slices.ContainsFunc(blocks[n].Vals, hasFloatType)
		}
		if !polls || !floats || size == 0 || unrollInsts/size < 2 || usedOutside(c, blocks) {
			continue
		}
		unrollLoop(f, c.Order[l.header], blocks, int(min(unrollCopies, unrollInsts/size)))
	}
	return nil
}

func isPoll(v *ir.Value) bool { return v.Op == ir.OpPoll }

func hasFloatType(v *ir.Value) bool { return v.Type.IsFloat() }

// retired is how many guest instructions b has.
func retired(b *ir.Block) (n int64) {
	for _, v := range b.Vals {
		if v.Op == ir.OpRetire {
			n += v.Imm
		}
	}
	return n
}

// usedOutside says whether a value of the blocks is used in another block of c.
func usedOutside(c *ir.CFG, blocks []*ir.Block) bool {
	from := func(v *ir.Value) bool { return v != nil && slices.Contains(blocks, v.Block) }
	for _, b := range c.Order {
		if slices.Contains(blocks, b) {
			continue
		}
		for _, v := range b.Vals {
			if slices.ContainsFunc(v.Args, from) {
				return true
			}
		}
		used := from(b.Term.Cond) || from(b.Term.Target)
		b.Term.Edges(func(e *ir.Edge) { used = used || slices.ContainsFunc(e.Args, from) })
		if used {
			return true
		}
	}
	return false
}

// unrollLoop makes n copies, the first included, of the loop of blocks, which begins at header.
func unrollLoop(f *ir.Func, header *ir.Block, blocks []*ir.Block, n int) {
	last, lastHeader := blocks, header
	for range n - 1 {
		next := copyBlocks(f, last)
		for _, b := range next {
			b.Vals = slices.DeleteFunc(b.Vals, isPoll)
		}
		// The copy goes back to its own header as yet; the one before it goes on to it.
		nextHeader := next[slices.Index(last, lastHeader)]
		for _, b := range last {
			redirect(b, lastHeader, nextHeader)
		}
		last, lastHeader = next, nextHeader
	}
	for _, b := range last {
		redirect(b, lastHeader, header)
	}
}

// redirect has the edges of b that lead to from lead to to.
func redirect(b, from, to *ir.Block) {
	b.Term.Edges(func(e *ir.Edge) {
		if e.Block == from {
			e.Block = to
		}
	})
}

// copyBlocks returns copies of blocks, in their order, which have edges and values among themselves where the originals
// have. Values have no snapshots.
func copyBlocks(f *ir.Func, blocks []*ir.Block) []*ir.Block {
	copies := make([]*ir.Block, len(blocks))
	for i, b := range blocks {
		copies[i] = f.NewBlock(b.PC)
	}
	values := map[*ir.Value]*ir.Value{}
	for i, b := range blocks {
		for _, p := range b.Params {
			values[p] = f.AddParam(copies[i], p.Type)
		}
		for _, v := range b.Vals {
			w := f.NewValue(v.Op, v.Type, slices.Clone(v.Args)...)
			w.Imm, w.PC, w.Block = v.Imm, v.PC, copies[i]
			copies[i].Vals = append(copies[i].Vals, w)
			values[v] = w
		}
	}
	replace := func(v *ir.Value) *ir.Value {
		if w := values[v]; w != nil {
			return w
		}
		return v
	}
	for i, b := range blocks {
		for _, w := range copies[i].Vals {
			for n, v := range w.Args {
				w.Args[n] = replace(v)
			}
		}
		t := b.Term
		t.Cond, t.Target = replace(t.Cond), replace(t.Target)
		t.Succs, t.Cases = slices.Clone(t.Succs), slices.Clone(t.Cases)
		t.Edges(func(e *ir.Edge) {
			e.Args = slices.Clone(e.Args)
			for n, v := range e.Args {
				e.Args[n] = replace(v)
			}
		})
		copies[i].Term = t
		for n, to := range blocks {
			redirect(copies[i], to, copies[n])
		}
	}
	return copies
}
