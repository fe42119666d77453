package pass

import (
	"slices"

	"axpress/ir"
)

// inline copies small functions to where they are called: their registers then are
// values of the caller, which need not be spilled for a call, nor be loaded behind it.
//
//	b0:                               b0:
//	  v0 = getreg r27                   v0 = getreg r27
//	  v1 = and v0, -4                   v1 = and v0, -4
//	  setreg r26, 0x1008                guard v0 == 0x2000
//	  retire 1                          setreg r27, 0x2000
//	  call v1 guess 0x2000 b1    =>     setreg r26, 0x1008
//	b1 @0x1008: ...                     retire 1
//	                                    jump b2
//	func 0x2000:                      b2 @0x2000:
//	  poll                              v2 = getreg r16
//	  v2 = getreg r16                   setreg r0, v2
//	  setreg r0, v2                     retire 1
//	  retire 1                          v3 = getreg r26
//	  v3 = getreg r26                   guard v3 == 0x1008
//	  retire 1                          setreg r26, 0x1008
//	  ret v3                            retire 1
//	                                    jump b1
//	                                  b1 @0x1008: ...
//
// The guards leave the call, or the return, to the interpreter; most are decided
// later. What the guest knows of calls stays as it is: the return address, the stack,
// the PC of every instruction.
//
// A function is copied if it is small, calls nobody (or only what is copied into it
// first), has no loop and always returns. Nothing inside polls then, and nobody
// enters in the middle: if a copy is left, by a fault, the guest goes on in the
// function itself, and behind the call in code that is not this unit's. So a place behind
// a call is no entry any more, unless a loop begins there: what is known before the
// call is still known behind it.
func inline(f *ir.Func, o *Options) error {
	if o.Full && o.Callee != nil {
		in := &inliner{o: o, bodies: map[uint64]*body{}}
		in.into(f, []uint64{f.PC})
	}
	return nil
}

const (
	// MaxBody is how many guest instructions a function to be copied has at most, with
	// what was copied into it.
	MaxBody = 48
	// minRoom is by how many instructions any unit may grow; a large one may become
	// growth times as large.
	minRoom = 400
	growth  = 1
	// MaxNested bounds how deep copies are nested.
	MaxNested = 4
)

type inliner struct {
	o      *Options
	bodies map[uint64]*body // by where they are called; nil: not to be copied
}

// body is what a call of a function is replaced by.
type body struct {
	f     *ir.Func
	order []*ir.Block // the entry that is called first
	size  int         // guest instructions
}

// into replaces the calls of f; chain is what is being copied into what, at last into f.
func (in *inliner) into(f *ir.Func, chain []uint64) {
	room := max(minRoom, growth*size(f.Blocks))
	for _, b := range slices.Clone(f.Blocks) {
		t := &b.Term
		if t.Kind != ir.TermCall {
			continue
		}
		pc := t.Guess
		if t.Target.Op == ir.OpPC {
			pc = uint64(t.Target.Imm)
		}
		if g := in.body(pc, chain); g != nil && g.size <= room && expectCallee(f, b, pc) {
			room -= g.size
			splice(f, b, g)
			f.Copied = append(append(f.Copied, g.f.PC), g.f.Copied...)
		}
	}
	slices.Sort(f.Copied)
	f.Copied = slices.Compact(f.Copied)
}

// body returns what a call of pc is replaced by, nil if nothing.
func (in *inliner) body(pc uint64, chain []uint64) *body {
	if pc == 0 || len(chain) > MaxNested {
		return nil
	}
	if g, ok := in.bodies[pc]; ok {
		return g
	}
	f := in.o.Callee(pc)
	if f == nil || slices.Contains(chain, f.PC) {
		return nil
	}
	in.into(f, append(slices.Clone(chain), f.PC))
	g := newBody(f, pc)
	in.bodies[pc] = g
	return g
}

// newBody returns the part of f that a call of pc executes, nil if it is no use.
func newBody(f *ir.Func, pc uint64) *body {
	i := slices.IndexFunc(f.Entries, func(e ir.Entry) bool { return e.PC == pc })
	if i < 0 {
		return nil
	}
	g := &body{f: f}
	const open, done = 1, 2
	state := make([]uint8, f.NumBlocks())
	fits, returns := true, false
	var visit func(b *ir.Block)
	visit = func(b *ir.Block) {
		state[b.ID] = open
		g.order = append(g.order, b)
		t := &b.Term
		switch t.Kind {
		case ir.TermJump, ir.TermBr:
			t.Edges(func(e *ir.Edge) {
				switch state[e.Block.ID] {
				case open: // a loop
					fits = false
				case 0:
					visit(e.Block)
				}
			})
		case ir.TermRet:
			returns = true
			fits = fits && definedIn(t.Target, b)
		default:
			fits = false
		}
		state[b.ID] = done
	}
	visit(f.Entries[i].Block)
	g.size = size(g.order)
	if !fits || !returns || g.size > MaxBody {
		return nil
	}
	return g
}

func definedIn(v *ir.Value, b *ir.Block) bool { return v.Op != ir.OpParam && v.Block == b }

// size counts guest instructions.
func size(blocks []*ir.Block) (n int) {
	for _, b := range blocks {
		for _, v := range b.Vals {
			if v.Op == ir.OpRetire {
				n += int(v.Imm)
			}
		}
	}
	return n
}

// expectCallee has b, which ends in a call, go on only if it calls pc.
func expectCallee(f *ir.Func, b *ir.Block, pc uint64) bool {
	t := &b.Term
	if t.Target.Op == ir.OpPC {
		return true
	}
	if !definedIn(t.Target, b) {
		return false
	}
	expect(f, b, t.Target, pc, t.PC)
	return true
}

// expect inserts behind target, in b, a guard that it is pc, for the instruction at
// where. If target is a register without its low bits, the register must be pc, and
// becomes that constant.
func expect(f *ir.Func, b *ir.Block, target *ir.Value, pc, where uint64) {
	reg := target
	if target.Op == ir.OpAnd && target.Args[0].Op == ir.OpGetReg && definedIn(target.Args[0], b) {
		reg = target.Args[0]
	}
	news := &ir.Builder{F: f, B: &ir.Block{}, PC: where}
	want := news.PCConst(pc)
	news.Guard(news.Cmp(ir.OpICmpEQ, reg, want))
	if reg != target {
		news.SetReg(ir.Reg(reg.Imm), want)
	}
	for _, v := range news.B.Vals {
		v.Block = b
	}
	at := slices.Index(b.Vals, target)
	b.Vals = slices.Insert(b.Vals, at+1, news.B.Vals...)
}

// splice replaces the call that ends b by a copy of g.
func splice(f *ir.Func, b *ir.Block, g *body) {
	call := b.Term
	next := call.Succs[0].Block
	blocks, vals := map[*ir.Block]*ir.Block{}, map[*ir.Value]*ir.Value{}
	for _, old := range g.order {
		c := f.NewBlock(old.PC)
		blocks[old] = c
		for _, p := range old.Params {
			vals[p] = f.AddParam(c, p.Type)
			vals[p].PC = p.PC
		}
		for _, v := range old.Vals {
			if v.Op == ir.OpPoll {
				continue
			}
			n := f.NewValue(v.Op, v.Type)
			n.Imm, n.PC, n.Block = v.Imm, v.PC, c
			vals[v] = n
			c.Vals = append(c.Vals, n)
		}
	}
	copied := func(args []*ir.Value) (out []*ir.Value) {
		for _, a := range args {
			out = append(out, vals[a])
		}
		return out
	}
	for _, old := range g.order {
		c := blocks[old]
		for _, v := range old.Vals {
			if n := vals[v]; n != nil {
				n.Args = copied(v.Args)
			}
		}
		t := old.Term
		if t.Kind == ir.TermRet {
			expect(f, c, vals[t.Target], call.ReturnPC, t.PC)
			c.Term = ir.Term{Kind: ir.TermJump, Succs: []ir.Edge{{Block: next}}, PC: t.PC}
			continue
		}
		if t.Cond != nil {
			t.Cond = vals[t.Cond]
		}
		t.Succs = slices.Clone(t.Succs)
		t.Edges(func(e *ir.Edge) { e.Block, e.Args = blocks[e.Block], copied(e.Args) })
		c.Term = t
	}
	b.Term = ir.Term{Kind: ir.TermJump, Succs: []ir.Edge{{Block: blocks[g.order[0]]}}, PC: call.PC}
	dropEntry(f, next)
}

// dropEntry makes next, which is behind a call, no entry any more, unless it begins with
// a poll, as loops do. The first two entries are where others call.
func dropEntry(f *ir.Func, next *ir.Block) {
	if len(next.Vals) > 0 && next.Vals[0].Op == ir.OpPoll {
		return
	}
	for i := 2; i < len(f.Entries); i++ {
		if f.Entries[i].Block == next {
			f.Entries = slices.Delete(f.Entries, i, i+1)
			return
		}
	}
}
