package pass

import (
	"fmt"
	"slices"

	"axpress/ir"
)

// bound puts a poll where the guest could go on for more than about ir.PollFree
// instructions without one: in long straight code, and in what inline and unroll have
// made. Loops and calls poll by themselves. It works on the lifted form, between two
// guest instructions: there all of the guest's state is in registers.
//
//	b0: retire 1 @0x1000            b0: retire 1 @0x1000
//	    ...                             ...
//	    retire 1 @0x1700                retire 1 @0x1700
//	                          =>        poll @0x1704
//	    v9 = add v7, v8                 v9 = add v7, v8
//	    retire 1 @0x1704                retire 1 @0x1704
//
// It follows the longest path to each block, from block to block in order, and again
// only if a backward edge makes one longer; in most units all of these lead to polls.
// The error says that some path has no place for a poll.
func bound(f *ir.Func, _ *Options) error {
	c := ir.NewCFG(f)
	b := &bounder{f: f, c: c}
	in, out := make([]int64, len(c.Order)), make([]int64, len(c.Order)) // the longest paths
	for i := range in {
		in[i] = -1 // not yet followed
	}
	for changed := true; changed; {
		changed = false
		for i := range c.Order {
			n := int64(0)
			for _, p := range c.Preds[i] {
				n = max(n, out[p])
			}
			if n <= in[i] {
				continue
			}
			in[i], changed = n, true
			var err error
			if out[i], err = b.block(i, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// pollFrom is the length of a path from which on a poll is put in at the next place. It
// leaves room for an instruction that is spread over blocks.
const pollFrom = ir.PollFree - 64

type bounder struct {
	f *ir.Func
	c *ir.CFG
}

// block follows block i, which the longest path to without a poll has n instructions. It
// puts in the polls that it needs, and returns the longest path to its end.
func (b *bounder) block(i int, n int64) (int64, error) {
	blk, between := b.c.Order[i], b.begins(i)
	for k := 0; k < len(blk.Vals); k++ {
		v := blk.Vals[k]
		if between && n >= pollFrom && v.Op != ir.OpPoll {
			if next := slices.IndexFunc(blk.Vals[k:], isRetire); next >= 0 {
				poll := b.f.NewValue(ir.OpPoll, ir.Void)
				poll.PC, poll.Block = blk.Vals[k+next].PC, blk
				blk.Vals = slices.Insert(blk.Vals, k, poll)
				v = poll
			}
		}
		switch v.Op {
		case ir.OpPoll:
			n = 0
		case ir.OpRetire:
			n, between = n+v.Imm, true
			continue
		}
		between = false
	}
	if n+behind(&blk.Term) > ir.PollFree {
		return 0, fmt.Errorf("%v @%#x: no place for a poll", blk, blk.PC)
	}
	return n, nil
}

// begins says whether block i begins between two guest instructions: all ways to it come
// from the end of one.
func (b *bounder) begins(i int) bool {
	for _, p := range b.c.Preds[i] {
		vals := b.c.Order[p].Vals
		for len(vals) > 0 && pure(vals[len(vals)-1].Op) {
			vals = vals[:len(vals)-1]
		}
		if len(vals) == 0 || !isRetire(vals[len(vals)-1]) {
			return false
		}
	}
	return true
}

func isRetire(v *ir.Value) bool { return v.Op == ir.OpRetire }
