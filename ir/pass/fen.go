package pass

import "axpress/ir"

// fen drops checks that floating point is enabled where that has been found on every way,
// at the full setting. Only what runs outside of the unit changes it, so entries begin
// without knowing. A loop that checks it in each round is checked before it.
//
//	b0: jump b1                     b0: v9 = ldstate FEN; guard v9 & 1 != 0
//	                                    jump b1
//	b1: poll                  =>    b1: poll
//	    v1 = ldstate FEN
//	    guard v1 & 1 != 0
//	    br c, b1, b2                    br c, b1, b2
func fen(f *ir.Func, o *Options) error {
	if !o.Full {
		return nil
	}
	removeUnreachable(f)
	g := ir.NewCFG(f)
	p := &fenner{f: f, g: g, has: make([]*ir.Value, len(g.Order)), writes: make([]bool, len(g.Order))}
	if !p.find() {
		return nil
	}
	p.solve()
	p.rewrite()
	return nil
}

type fenner struct {
	f      *ir.Func
	g      *ir.CFG
	has    []*ir.Value // the first check of each block
	any    *ir.Value   // one of them
	writes []bool      // blocks that write the flag
	hoist  []bool      // heads of loops that are checked before them
	in     []bool      // enabled at the beginning of each block
}

// asksFEN returns the offset of the field that guard v tests bit 0 of, as lifter/lift
// tests FEN: there is no other such guard.
func asksFEN(v *ir.Value) (off int64, ok bool) {
	if v.Op != ir.OpGuard || v.Args[0].Op != ir.OpICmpNE {
		return 0, false
	}
	and, zero := v.Args[0].Args[0], v.Args[0].Args[1]
	if and.Op != ir.OpAnd || zero.Op != ir.OpConst || zero.Imm != 0 {
		return 0, false
	}
	field, one := and.Args[0], and.Args[1]
	if field.Op != ir.OpLdState || one.Op != ir.OpConst || one.Imm != 1 {
		return 0, false
	}
	return field.Imm, true
}

// find fills has and writes, and says whether there are checks.
func (p *fenner) find() bool {
	var off int64
	for i, b := range p.g.Order {
		for _, v := range b.Vals {
			o, ok := asksFEN(v)
			switch {
			case !ok:
				continue
			case p.any != nil && o != off: // the rule is not what it was
				return false
			case p.has[i] == nil:
				p.has[i] = v
			}
			off, p.any = o, v
		}
	}
	for i, b := range p.g.Order {
		for _, v := range b.Vals {
			if v.Op == ir.OpStState && v.Imm == off {
				p.writes[i] = true
			}
		}
	}
	return p.any != nil
}

// solve computes in, optimistically: in a loop that checks in each round, entering it
// counts as having checked.
func (p *fenner) solve() {
	n := len(p.g.Order)
	p.in, p.hoist = make([]bool, n), make([]bool, n)
	for i := range n {
		p.in[i] = !p.g.Entry[i]
		p.hoist[i] = !p.g.Entry[i] && headExit(p.g.Order[i]) != nil && p.everyRound(int32(i))
	}
	for changed := true; changed; {
		changed = false
		for i := range n {
			in := !p.g.Entry[i]
			for _, from := range p.g.Preds[i] {
				in = in && (p.out(from) || p.hoist[i] && !p.g.Dominates(int32(i), from))
			}
			if in != p.in[i] {
				p.in[i], changed = in, true
			}
		}
	}
}

// out says whether it is enabled at the end of block i.
func (p *fenner) out(i int32) bool { return !p.writes[i] && (p.in[i] || p.has[i] != nil) }

// everyRound says whether control goes round from block h and checks each time.
func (p *fenner) everyRound(h int32) bool {
	return !goesRound(p.g, h, func(i int32) bool { return p.has[i] != nil }) && goesRound(p.g, h, func(int32) bool { return false })
}

// rewrite checks before loops, while what they begin with is there, and drops what is known.
func (p *fenner) rewrite() {
	c := newChecker(p.f)
	for i, b := range p.g.Order {
		if !b.Term.Flows() {
			continue
		}
		b.Term.Edges(func(e *ir.Edge) {
			to := p.g.Index[e.Block.ID]
			if to < 0 || !p.hoist[to] || !p.in[to] || p.out(int32(i)) || p.g.Dominates(to, int32(i)) {
				return
			}
			at, way := c.place(b, e)
			and := p.any.Args[0].Args[0]
			field := c.emit(at, ir.OpLdState, and.Type, and.Args[0].Imm)
			bit := c.emit(at, ir.OpAnd, and.Type, 0, field, c.emit(at, ir.OpConst, and.Type, 1))
			c.guard(at, way, c.emit(at, ir.OpICmpNE, ir.I1, 0, bit, c.emit(at, ir.OpConst, and.Type, 0)))
		})
	}
	for i, b := range p.g.Order {
		if p.in[i] && !p.writes[i] && p.has[i] != nil {
			kept := b.Vals[:0]
			for _, v := range b.Vals {
				if _, ok := asksFEN(v); !ok {
					kept = append(kept, v)
				}
			}
			b.Vals = kept
		}
	}
}
