package ir

import (
	"fmt"
	"slices"
)

// shape is what a kind of terminal needs.
type shape struct {
	succs        int
	cond, target bool
}

var shapes = [...]shape{
	TermJump:      {succs: 1},
	TermBr:        {succs: 2, cond: true},
	TermSwitch:    {target: true},
	TermCall:      {succs: 1, target: true},
	TermGoto:      {target: true},
	TermRet:       {target: true},
	TermInterpret: {},
	TermExit:      {},
}

func (c *verifier) terms() error {
	for _, b := range c.f.Blocks {
		if err := c.term(&b.Term); err != nil {
			return fmt.Errorf("%v (%v @%#x): %w", b, b.Term.Kind, b.Term.PC, err)
		}
	}
	return nil
}

func (c *verifier) term(t *Term) error {
	if t.Kind == TermNone || int(t.Kind) >= len(shapes) {
		return fmt.Errorf("no terminal")
	}
	s := shapes[t.Kind]
	if err := c.operand("condition", t.Cond, s.cond, I1); err != nil {
		return err
	}
	if err := c.operand("target", t.Target, s.target, I64); err != nil {
		return err
	}
	if len(t.Succs) != s.succs {
		return fmt.Errorf("%d successors, want %d", len(t.Succs), s.succs)
	}
	if len(t.Cases) > 0 && t.Kind != TermSwitch {
		return fmt.Errorf("has cases")
	}
	if err := c.cases(t); err != nil {
		return err
	}
	var bad error
	t.Edges(func(e *Edge) {
		if err := c.edge(t, e); err != nil && bad == nil {
			bad = err
		}
	})
	if bad != nil {
		return bad
	}
	if err := parallel(t); err != nil {
		return err
	}
	if t.Kind == TermCall && !c.isEntryAt(t.Succs[0].Block, t.ReturnPC) {
		return fmt.Errorf("the continuation %v is no entry for %#x", t.Succs[0].Block, t.ReturnPC)
	}
	if len(t.Snap) > 0 && !t.Leaves() {
		return fmt.Errorf("a snapshot, but control stays in the unit")
	}
	return c.snapshot(t.Snap)
}

// parallel checks that edges to the same block carry the same arguments: in LLVM
// a phi has one value for each block before it.
func parallel(t *Term) error {
	if len(t.Succs)+len(t.Cases) < 2 {
		return nil
	}
	var bad error
	seen := map[*Block][]*Value{}
	t.Edges(func(e *Edge) {
		if args, ok := seen[e.Block]; ok && !slices.Equal(args, e.Args) {
			bad = fmt.Errorf("two edges to %v with different arguments", e.Block)
		}
		seen[e.Block] = e.Args
	})
	return bad
}

func (c *verifier) operand(name string, v *Value, wanted bool, typ Type) error {
	if !wanted {
		if v != nil {
			return fmt.Errorf("has a %s", name)
		}
		return nil
	}
	if err := c.exists(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if v.Type != typ {
		return fmt.Errorf("%s %v is %v, want %v", name, v, v.Type, typ)
	}
	return nil
}

func (c *verifier) cases(t *Term) error {
	if len(t.Cases) < 2 {
		return nil
	}
	seen := make(map[uint64]bool, len(t.Cases))
	for i := range t.Cases {
		if seen[t.Cases[i].PC] {
			return fmt.Errorf("case %#x occurs twice", t.Cases[i].PC)
		}
		seen[t.Cases[i].PC] = true
	}
	return nil
}

func (c *verifier) edge(t *Term, e *Edge) error {
	if !c.knows(e.Block) {
		return fmt.Errorf("goes to %v, which is not in Blocks", e.Block)
	}
	if c.f.Promoted && t.Flows() && c.entry[e.Block.ID] {
		return fmt.Errorf("goes to the entry %v in the promoted form", e.Block)
	}
	if len(e.Args) != len(e.Block.Params) {
		return fmt.Errorf("%d arguments for %d parameters of %v", len(e.Args), len(e.Block.Params), e.Block)
	}
	for i, a := range e.Args {
		if err := c.exists(a); err != nil {
			return err
		}
		if p := e.Block.Params[i]; a.Type != p.Type {
			return fmt.Errorf("argument %v (%v) for parameter %v (%v) of %v", a, a.Type, p, p.Type, e.Block)
		}
	}
	return nil
}

func (c *verifier) isEntryAt(b *Block, pc uint64) bool {
	for _, e := range c.f.Entries {
		if e.Block == b && e.PC == pc {
			return true
		}
	}
	return false
}

// dominance checks that every use in a reachable block is dominated by its
// definition.
func (c *verifier) dominance() error {
	g := NewCFG(c.f)
	for i, b := range g.Order {
		// use checks a use at position pos of b.
		use := func(v *Value, pos int) error {
			def := g.Index[v.Block.ID]
			if def == int32(i) && int(c.pos[v.ID]) < pos {
				return nil
			}
			if def < 0 || def == int32(i) || !g.Dominates(def, int32(i)) {
				return fmt.Errorf("use of %v, which %v does not define on every path to here", v, v.Block)
			}
			return nil
		}
		for pos, v := range b.Vals {
			for _, a := range v.Args {
				if err := use(a, pos); err != nil {
					return fmt.Errorf("%v %v (%v @%#x): %w", b, v, v.Op, v.PC, err)
				}
			}
			for _, s := range v.Snap {
				if err := use(s.Val, pos); err != nil {
					return fmt.Errorf("%v %v (%v @%#x): snapshot of %v: %w", b, v, v.Op, v.PC, s.Reg, err)
				}
			}
		}
		if err := uses(&b.Term, func(v *Value) error { return use(v, len(b.Vals)) }); err != nil {
			return fmt.Errorf("%v (%v @%#x): %w", b, b.Term.Kind, b.Term.PC, err)
		}
	}
	return nil
}

// uses calls fn with every value that t uses until fn fails.
func uses(t *Term, fn func(*Value) error) (err error) {
	visit := func(v *Value) {
		if v != nil && err == nil {
			err = fn(v)
		}
	}
	visit(t.Cond)
	visit(t.Target)
	t.Edges(func(e *Edge) {
		for _, a := range e.Args {
			visit(a)
		}
	})
	for _, s := range t.Snap {
		visit(s.Val)
	}
	return err
}
