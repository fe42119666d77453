package pass

import (
	"slices"

	"axpress/ir"
)

// finite drops guards of results that cannot be infinite or NaNs, at the full setting:
// those of operations on finite numbers, which signal instead. What loops carry is
// checked where they are entered, if that saves a guard in each round.
//
//	b0: jump b1(v0)                      b0: v9 = ... is v0 finite
//	                                         guard v9 [f1=v0]
//	                                         jump b1(v0)
//	b1(v1:f64): poll [f1=v1]             b1(v1:f64): poll [f1=v1]
//	    v2 = fmul v8, v8           =>        v2 = fmul v8, v8
//	    v3 = ... is v2 finite                v3 = ... is v2 finite
//	    guard v3                             guard v3
//	    v4 = fadd v1, v2                     v4 = fadd v1, v2
//	    v5 = ... is v4 finite
//	    guard v5
//	    br c, b1(v4), b2                     br c, b1(v4), b2
//
// An infinity that a loop carries would leave it in each round, so nothing is lost if it
// is not entered.
func finite(f *ir.Func, o *Options) error {
	if !o.Full || !hasFloat(f) {
		return nil
	}
	removeUnreachable(f)
	p := &finiter{f: f, g: ir.NewCFG(f), carried: map[*ir.Value]bool{}, rounds: map[[2]int32]bool{}}
	p.children = make([][]int32, len(p.g.Order))
	for i, d := range p.g.Idom {
		if d < 0 {
			p.roots = append(p.roots, int32(i))
		} else {
			p.children[d] = append(p.children[d], int32(i))
		}
	}
	p.into = make([][]way, f.NumBlocks())
	for _, b := range f.Blocks {
		for _, v := range b.Params {
			p.carried[v] = isFloat(v.Type)
		}
		b.Term.Edges(func(e *ir.Edge) { p.into[e.Block.ID] = append(p.into[e.Block.ID], way{b, e}) })
	}
	// Optimistic at first: each round finds out what does not hold.
	for {
		p.run()
		if !p.refuse() {
			break
		}
	}
	p.check() // while what blocks begin with is there
	for v := range p.saved {
		p.drop(v)
	}
	return nil
}

func isFloat(t ir.Type) bool { return t == ir.F32 || t == ir.F64 }

// hasFloat says whether f has a guard that could go.
func hasFloat(f *ir.Func) bool {
	for _, b := range f.Blocks {
		for _, v := range b.Vals {
			if v.Op == ir.OpGuard && guarded(v) != nil {
				return true
			}
		}
	}
	return false
}

type finiter struct {
	f        *ir.Func
	g        *ir.CFG
	roots    []int32
	children [][]int32
	into     [][]way            // by Block.ID
	rounds   map[[2]int32]bool  // what everyRound has found
	carried  map[*ir.Value]bool // parameters that are always finite

	// Of the last run:
	known  map[*ir.Value]bool
	trail  []*ir.Value
	saved  map[*ir.Value]bool // guards that are not needed
	useful map[*ir.Value]bool // parameters that this is for
	bad    map[*ir.Value]bool // parameters that are not always finite after all
	checks []edgeCheck
}

// edgeCheck is a check that must be made on the way from a block.
type edgeCheck struct {
	from  *ir.Block
	edge  *ir.Edge
	param int
}

// guarded returns the value that guard v makes sure is neither infinite nor a NaN, nil
// if it is not such a guard.
func guarded(v *ir.Value) *ir.Value {
	c := v.Args[0]
	if c.Op != ir.OpICmpULT {
		return nil
	}
	double, limit := c.Args[0], c.Args[1]
	if double.Op != ir.OpShl || limit.Op != ir.OpConst || double.Args[1].Op != ir.OpConst || double.Args[1].Imm != 1 {
		return nil
	}
	if ir.Canonical(limit.Type, limit.Imm) != ir.Canonical(limit.Type, infinite(limit.Type)) {
		return nil
	}
	return plain(double.Args[0])
}

// infinite returns infinity's bits, doubled, in a format as wide as t.
func infinite(t ir.Type) int64 {
	if t == ir.I32 {
		return 255 << 24
	}
	return -1 << 53
}

// plain returns the value that v has the bits of.
func plain(v *ir.Value) *ir.Value {
	for v.Op == ir.OpBitcast {
		v = v.Args[0]
	}
	return v
}

// run walks the blocks, with what p.carried assumes.
func (p *finiter) run() {
	p.known, p.trail = map[*ir.Value]bool{}, nil
	p.saved, p.useful, p.bad, p.checks = map[*ir.Value]bool{}, map[*ir.Value]bool{}, map[*ir.Value]bool{}, nil
	for _, i := range p.roots {
		p.walk(i)
	}
}

func (p *finiter) walk(i int32) {
	mark := len(p.trail)
	b := p.g.Order[i]
	for _, v := range b.Vals {
		switch {
		case v.Op == ir.OpGuard:
			x := guarded(v)
			if x == nil {
				continue
			}
			if p.is(x) {
				p.saved[v] = true
				p.credit(i, x, map[*ir.Value]bool{})
			}
			p.note(x)
		case p.follows(v):
			p.add(v)
		}
	}
	if b.Term.Flows() {
		b.Term.Edges(func(e *ir.Edge) { p.arrive(i, e) })
	}
	for _, c := range p.children[i] {
		p.walk(c)
	}
	for _, v := range p.trail[mark:] {
		delete(p.known, v)
	}
	p.trail = p.trail[:mark]
}

func (p *finiter) add(v *ir.Value) {
	if !p.known[v] {
		p.known[v] = true
		p.trail = append(p.trail, v)
	}
}

// is says whether v is known to be finite here.
func (p *finiter) is(v *ir.Value) bool {
	v = plain(v)
	switch v.Op {
	case ir.OpParam:
		return p.carried[v] || p.known[v]
	case ir.OpFConst:
		if v.Type == ir.F32 {
			return uint32(v.Imm)<<1 < uint32(infinite(ir.I32))
		}
		return uint64(v.Imm)<<1 < 2047<<53
	case ir.OpSIToF:
		return true
	}
	return p.known[v]
}

// follows says whether v is finite because its operands are.
func (p *finiter) follows(v *ir.Value) bool {
	switch v.Op {
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv:
		return p.is(v.Args[0]) && p.is(v.Args[1])
	case ir.OpFSqrt, ir.OpFExt, ir.OpFTrunc:
		return p.is(v.Args[0])
	case ir.OpSelect:
		return isFloat(v.Type) && p.is(v.Args[1]) && p.is(v.Args[2])
	}
	return false
}

// note notes that v is finite, and which of its operands must be so. A quotient says
// nothing about the divisor.
func (p *finiter) note(v *ir.Value) {
	v = plain(v)
	if p.known[v] {
		return
	}
	p.add(v)
	switch v.Op {
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul:
		p.note(v.Args[0])
		p.note(v.Args[1])
	case ir.OpFDiv, ir.OpFSqrt, ir.OpFExt, ir.OpFTrunc:
		p.note(v.Args[0])
	}
}

// credit notes which parameters of loops around block i made x finite, if the loops
// come there in each round, and those that these get their values from.
func (p *finiter) credit(i int32, x *ir.Value, seen map[*ir.Value]bool) {
	x = plain(x)
	if seen[x] {
		return
	}
	seen[x] = true
	if x.Op == ir.OpParam {
		h := p.g.Index[x.Block.ID]
		if p.useful[x] || !p.everyRound(i, h) {
			return
		}
		p.useful[x] = true
		n := slices.Index(x.Block.Params, x)
		for _, w := range p.into[x.Block.ID] {
			p.credit(i, w.edge.Args[n], seen)
		}
		return
	}
	if !arithmetic(x) {
		return
	}
	for _, a := range x.Args {
		p.credit(i, a, seen)
	}
}

// arithmetic says whether v is finite because of what its operands are.
func arithmetic(v *ir.Value) bool {
	switch v.Op {
	case ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv, ir.OpFSqrt, ir.OpFExt, ir.OpFTrunc:
		return true
	}
	return false
}

// everyRound says whether control goes round from block h and comes through block i each
// time. Loops need not have one head: the runtime enters them where they poll.
func (p *finiter) everyRound(i, h int32) bool {
	k := [2]int32{i, h}
	if _, ok := p.rounds[k]; !ok {
		p.rounds[k] = !goesRound(p.g, h, func(j int32) bool { return j == i }) && goesRound(p.g, h, func(int32) bool { return false })
	}
	return p.rounds[k]
}

// arrive looks at what edge e from block i brings. What may be infinite is checked on
// the way if it enters a loop.
func (p *finiter) arrive(i int32, e *ir.Edge) {
	h := p.g.Index[e.Block.ID]
	for n, v := range e.Block.Params {
		if !p.carried[v] || p.is(e.Args[n]) {
			continue
		}
		if p.g.Dominates(h, i) || headExit(e.Block) == nil {
			p.bad[v] = true
			continue
		}
		p.checks = append(p.checks, edgeCheck{p.g.Order[i], e, n})
	}
}

// refuse drops assumptions that the last run found wrong, or that cost a check and save
// no guard; it says whether there were any.
func (p *finiter) refuse() (any bool) {
	for _, c := range p.checks {
		if v := c.edge.Block.Params[c.param]; !p.useful[v] {
			p.bad[v] = true
		}
	}
	for v := range p.bad {
		if p.carried[v] {
			p.carried[v], any = false, true
		}
	}
	return any
}

// drop removes guard v.
func (p *finiter) drop(v *ir.Value) {
	kept := v.Block.Vals[:0]
	for _, x := range v.Block.Vals {
		if x != v {
			kept = append(kept, x)
		}
	}
	v.Block.Vals = kept
}

// check puts the checks on their ways.
func (p *finiter) check() {
	c := newChecker(p.f)
	for _, k := range p.checks {
		b, e := c.place(k.from, k.edge)
		x := e.Args[k.param]
		t := ir.I64
		if x.Type == ir.F32 {
			t = ir.I32
		}
		double := c.emit(b, ir.OpShl, t, 0, c.emit(b, ir.OpBitcast, t, 0, x), c.emit(b, ir.OpConst, t, 1))
		c.guard(b, e, c.emit(b, ir.OpICmpULT, ir.I1, 0, double, c.emit(b, ir.OpConst, t, ir.Canonical(t, infinite(t)))))
	}
}
