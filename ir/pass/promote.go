package pass

import (
	"errors"
	"math/bits"

	"axpress/ir"
)

// promote turns guest registers into SSA values: it is the step from the lifted
// to the promoted form (see package ir).
//
//	entry b0:                         entry b0:
//	  v0 = getreg r1                    v0 = getreg r1
//	  setreg r2, v0                     v1 = getreg r3
//	  v1 = getreg r3                    v2 = load v1 [r2=v0]
//	  v2 = load v1              =>      br c, b1, b2(v0)
//	  br c, b1, b2                    b1:
//	b1:                                 v3 = const 1
//	  v3 = const 1                      jump b2(v3)
//	  setreg r2, v3                   b2(v4):
//	  jump b2                           goto t [r2=v4]
//	b2:
//	  goto t
//
// An entry that is also reached from inside the unit keeps its role through a
// new block, which reads the registers from their spill slots and jumps to it.
//
// A register is dirty where its newest value may not be in its slot: after a setreg
// on some path from an entry. Exits write back what is dirty, and in any case the
// pinned registers; so these are live up to the exit. Parameters are made where
// different definitions of a live register meet (pruned SSA by dominance
// frontiers). All sets of registers are 64-bit masks.
//
// Where more than Options.Carry registers would become parameters of a block only
// for the sake of its exits, the blocks before it spill them instead, by a
// setreg: a loop over a large part of the registers would else carry all of them
// around, and load all of them before. Options.CarryLoop is for innermost loops.
func promote(f *ir.Func, o *Options) error {
	if f.Promoted {
		return errors.New("already promoted")
	}
	removeUnreachable(f)
	splitEntries(f)
	p := &promoter{f: f, o: o, cfg: ir.NewCFG(f), pinned: regSet(o.Pinned &^ (1 << 31))}
	p.scan()
	p.read()
	frontier, inner := p.frontiers(), innermost(p.cfg)
	for {
		p.dirty()
		p.live()
		p.place(frontier)
		if !p.writeBack(inner) {
			break
		}
	}
	p.rename()
	f.Promoted = true
	return nil
}

// regSet is a set of registers: bit n is register n.
type regSet uint64

func (s regSet) has(r ir.Reg) bool { return s>>r&1 != 0 }

// each calls fn for the members in ascending order.
func (s regSet) each(fn func(r ir.Reg)) {
	for ; s != 0; s &= s - 1 {
		fn(ir.Reg(bits.TrailingZeros64(uint64(s))))
	}
}

// splitEntries gives each entry that is also the target of an edge inside the
// unit a block of its own for coming from outside.
func splitEntries(f *ir.Func) {
	isEntry, inside := entrySet(f), make([]bool, f.NumBlocks())
	any := false
	for _, b := range f.Blocks {
		if b.Term.Flows() {
			b.Term.Edges(func(e *ir.Edge) {
				inside[e.Block.ID] = true
				any = any || isEntry[e.Block.ID]
			})
		}
	}
	if !any {
		return
	}
	stub := make([]*ir.Block, f.NumBlocks()) // by ID of the entry
	old := f.Blocks
	f.Blocks = make([]*ir.Block, 0, len(old)+8)
	for _, b := range old {
		if isEntry[b.ID] && inside[b.ID] {
			s := f.NewBlock(b.PC)
			s.Term = ir.Term{Kind: ir.TermJump, Succs: []ir.Edge{{Block: b}}, PC: b.PC}
			stub[b.ID] = s
		}
		f.Blocks = append(f.Blocks, b)
	}
	for i := range f.Entries {
		if s := stub[f.Entries[i].Block.ID]; s != nil {
			f.Entries[i].Block = s
		}
	}
	for _, b := range old {
		if b.Term.Kind == ir.TermCall {
			if s := stub[b.Term.Succs[0].Block.ID]; s != nil {
				b.Term.Succs[0].Block = s
			}
		}
	}
}

type promoter struct {
	f      *ir.Func
	cfg    *ir.CFG
	o      *Options
	pinned regSet
	// By index in cfg.Order:
	info []blockRegs
	out  [][64]*ir.Value // value of each register at the end of the block
	// snapOut is the last snapshot of the block if it still holds at its end.
	snapOut []snapshot
	slab    []ir.RegValue // free space for snapshots
}

// blockRegs is what the analyses know about a block.
type blockRegs struct {
	uses     regSet // read before written in the block, snapshots included
	defs     regSet // written
	exits    bool   // some value or the terminal can leave the unit
	exitDefs regSet // written before the first exit
	readIn   regSet // read by the guest's code from here on, before being written
	write    regSet // if dirty, to be spilled at the end of the block, see writeBack
	dirtyIn  regSet
	liveIn   regSet
	params   regSet // registers that need a parameter
	base     int    // number of parameters the block had before
}

// scan fills in what each block does by itself.
func (p *promoter) scan() {
	p.info = make([]blockRegs, len(p.cfg.Order))
	for i, b := range p.cfg.Order {
		x := &p.info[i]
		x.base = len(b.Params)
		for _, v := range b.Vals {
			switch {
			case v.Op == ir.OpGetReg:
				x.uses |= 1 << v.Imm &^ x.defs
			case v.Op == ir.OpSetReg:
				x.defs |= 1 << v.Imm
			case v.Op.Exits() && !x.exits:
				x.exits, x.exitDefs = true, x.defs
			}
		}
		if b.Term.Leaves() && !x.exits {
			x.exits, x.exitDefs = true, x.defs
		}
	}
}

// read propagates backward which registers the guest's code reads, exits aside.
func (p *promoter) read() {
	for i := range p.info {
		p.info[i].readIn = p.info[i].uses
	}
	for changed := true; changed; {
		changed = false
		for i := len(p.info) - 1; i >= 0; i-- {
			x := &p.info[i]
			in := x.uses
			for _, s := range p.cfg.Succs[i] {
				in |= p.info[s].readIn &^ x.defs
			}
			if in != x.readIn {
				x.readIn, changed = in, true
			}
		}
	}
}

// dirty propagates dirtiness forward: union over the edges, nothing at entries.
func (p *promoter) dirty() {
	for i := range p.info {
		p.info[i].dirtyIn = 0
	}
	for changed := true; changed; {
		changed = false
		for i := range p.info {
			x := &p.info[i]
			out := (x.dirtyIn | x.defs) &^ x.write
			for _, s := range p.cfg.Succs[i] {
				if y := &p.info[s]; out&^y.dirtyIn != 0 {
					y.dirtyIn |= out
					// Later blocks are still visited in this round.
					changed = changed || int(s) <= i
				}
			}
		}
	}
}

// live propagates liveness backward. An exit uses all that is dirty or pinned.
func (p *promoter) live() {
	uses := make([]regSet, len(p.info))
	for i := range p.info {
		x := &p.info[i]
		uses[i] = x.uses | x.write&x.dirtyIn&^x.defs
		if x.exits {
			uses[i] |= (x.dirtyIn | p.pinned) &^ x.exitDefs
		}
		x.liveIn = uses[i]
	}
	for changed := true; changed; {
		changed = false
		for i := len(p.info) - 1; i >= 0; i-- {
			x := &p.info[i]
			in := uses[i]
			for _, s := range p.cfg.Succs[i] {
				in |= p.info[s].liveIn &^ x.defs
			}
			if in != x.liveIn {
				x.liveIn = in
				changed = true
			}
		}
	}
}

// place decides which registers need parameters where: in the iterated dominance
// frontier of their definitions, if live there. Entries define all registers.
func (p *promoter) place(frontier [][]int32) {
	defs := make([]regSet, len(p.info))
	var work []int32
	queued := make([]bool, len(p.info))
	for i := range p.info {
		p.info[i].params = 0
		defs[i] = p.info[i].defs
		if p.cfg.Entry[i] {
			defs[i] = ^regSet(0)
		}
		if defs[i] != 0 && len(frontier[i]) > 0 {
			work = append(work, int32(i))
			queued[i] = true
		}
	}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		queued[i] = false
		for _, j := range frontier[i] {
			y := &p.info[j]
			if need := defs[i] & y.liveIn &^ y.params; need != 0 {
				y.params |= need
				defs[j] |= need
				if !queued[j] {
					work = append(work, j)
					queued[j] = true
				}
			}
		}
	}
}

// writeBack finds the blocks with too many parameters that nothing reads, has the
// blocks before them spill these registers, and says whether that is new. What is
// dirty, live and in need of parameters is then less, and to be computed again.
func (p *promoter) writeBack(inner []bool) (found bool) {
	const integers = 1<<32 - 1
	for i := range p.info {
		x := &p.info[i]
		idle := x.params &^ x.readIn &^ p.pinned
		carry := p.o.Carry
		if inner[i] {
			carry = p.o.CarryLoop
		}
		if bits.OnesCount64(uint64(idle&integers)) <= carry {
			idle &^= integers
		}
		if bits.OnesCount64(uint64(idle&^integers)) <= carry {
			idle &= integers
		}
		for _, pred := range p.cfg.Preds[i] {
			if y := &p.info[pred]; idle&^y.write != 0 {
				y.write |= idle
				found = true
			}
		}
	}
	return found
}

// frontiers computes the dominance frontier of each block (Cooper, Harvey and
// Kennedy). Entries are never in one: no edge leads to them.
func (p *promoter) frontiers() [][]int32 {
	c := p.cfg
	out := make([][]int32, len(c.Order))
	for j := range c.Order {
		if len(c.Preds[j]) < 2 {
			continue
		}
		for _, pred := range c.Preds[j] {
			for at := pred; at != c.Idom[j]; at = c.Idom[at] {
				if n := len(out[at]); n > 0 && out[at][n-1] == int32(j) {
					break // another edge came this way: the rest is done
				}
				out[at] = append(out[at], int32(j))
			}
		}
	}
	return out
}
