package pass

import "axpress/ir"

// checker puts checks of what arrives at the blocks of loops on the ways into them. A
// check that fails leaves the unit for the beginning of the block, whose first exit says
// what the registers are there.
type checker struct {
	f     *ir.Func
	split map[*ir.Edge]*ir.Block
}

func newChecker(f *ir.Func) *checker { return &checker{f, map[*ir.Edge]*ir.Block{}} }

// place returns the block at whose end checks for e stand, which leaves from, and the
// edge it ends with: from itself, or a new block if e is one of several ways.
func (c *checker) place(from *ir.Block, e *ir.Edge) (*ir.Block, *ir.Edge) {
	if from.Term.Kind == ir.TermJump {
		return from, e
	}
	b := c.split[e]
	if b == nil {
		b = c.f.NewBlock(e.Block.PC)
		b.Term = ir.Term{Kind: ir.TermJump, PC: e.Block.PC, Succs: []ir.Edge{*e}}
		*e = ir.Edge{Block: b}
		c.split[e] = b
	}
	return b, &b.Term.Succs[0]
}

// emit appends a value to b.
func (c *checker) emit(b *ir.Block, op ir.Op, t ir.Type, imm int64, args ...*ir.Value) *ir.Value {
	v := c.f.NewValue(op, t, args...)
	v.Imm, v.PC, v.Block = imm, b.Term.PC, b
	b.Vals = append(b.Vals, v)
	return v
}

// guard appends a guard of cond to b, which ends with the jump e.
func (c *checker) guard(b *ir.Block, e *ir.Edge, cond *ir.Value) {
	exit := headExit(e.Block)
	snap := c.before(b, e, exit.Snap)
	g := c.emit(b, ir.OpGuard, ir.Void, 0, cond)
	g.PC, g.Snap = exit.PC, snap
}

// headExit returns the first value of b that may leave the unit, if it does so for the
// beginning of b: nothing is done before it, and what its snapshot names can be computed
// before b. Else it returns nil.
func headExit(b *ir.Block) *ir.Value {
	for _, v := range b.Vals {
		switch {
		case v.Op.Exits():
			for _, rv := range v.Snap {
				if rv.Val.Block == b && !pureInside(b, rv.Val) {
					return nil
				}
			}
			return v
		case !droppable(v.Op):
			return nil
		}
	}
	return nil
}

// pureInside says whether v is computed by pure operations of b from what is there
// before b.
func pureInside(b *ir.Block, v *ir.Value) bool {
	if v.Block != b || v.Op == ir.OpParam {
		return true
	}
	if !pure(v.Op) {
		return false
	}
	for _, a := range v.Args {
		if !pureInside(b, a) {
			return false
		}
	}
	return true
}

// before returns snap, of the first exit of the block that e goes to, as it is at the end
// of b, which e leaves. What that block computes first is computed in b.
func (c *checker) before(b *ir.Block, e *ir.Edge, snap []ir.RegValue) (out []ir.RegValue) {
	made := map[*ir.Value]*ir.Value{}
	for i, p := range e.Block.Params {
		made[p] = e.Args[i]
	}
	var value func(v *ir.Value) *ir.Value
	value = func(v *ir.Value) *ir.Value {
		if w := made[v]; w != nil {
			return w
		}
		if v.Block != e.Block {
			return v
		}
		args := make([]*ir.Value, len(v.Args))
		for i, a := range v.Args {
			args[i] = value(a)
		}
		made[v] = c.emit(b, v.Op, v.Type, v.Imm, args...)
		return made[v]
	}
	for _, rv := range snap {
		out = append(out, ir.RegValue{Reg: rv.Reg, Val: value(rv.Val)})
	}
	return out
}

// goesRound says whether control can come from block h of g back to it without coming
// through a block that stops it.
func goesRound(g *ir.CFG, h int32, stops func(i int32) bool) bool {
	seen := map[int32]bool{}
	work := []int32{h}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		if stops(i) {
			continue
		}
		for _, s := range g.Succs[i] {
			if s == h {
				return true
			}
			if !seen[s] {
				seen[s] = true
				work = append(work, s)
			}
		}
	}
	return false
}
