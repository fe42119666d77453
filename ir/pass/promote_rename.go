package pass

import (
	"fmt"

	"axpress/ir"
)

// snapshot is a snapshot that may be used again as long as nothing changed.
type snapshot struct {
	regs  []ir.RegValue
	valid bool
}

// rename walks the blocks, dominators first, replaces getreg by the current
// value of the register, and gives exits their snapshots.
func (p *promoter) rename() {
	n := len(p.cfg.Order)
	p.out, p.snapOut = make([][64]*ir.Value, n), make([]snapshot, n)
	sub := newSubst(p.f)
	for i, b := range p.cfg.Order {
		p.info[i].params.each(func(r ir.Reg) { p.f.AddParam(b, r.Type()) })
	}
	for i := range p.cfg.Order {
		p.renameBlock(int32(i), sub)
	}
	for i, b := range p.cfg.Order {
		if !b.Term.Flows() {
			continue
		}
		b.Term.Edges(func(e *ir.Edge) {
			p.info[p.cfg.Index[e.Block.ID]].params.each(func(r ir.Reg) {
				e.Args = append(e.Args, p.current(&p.out[i], r, b))
			})
		})
	}
}

// current returns the value of r. Liveness and placement guarantee one.
func (p *promoter) current(cur *[64]*ir.Value, r ir.Reg, b *ir.Block) *ir.Value {
	v := cur[r]
	if v == nil {
		panic(fmt.Sprintf("BUG: promote: no value for %v in %v", r, b))
	}
	return v
}

func (p *promoter) renameBlock(i int32, sub *subst) {
	b, x := p.cfg.Order[i], &p.info[i]
	cur, dirty := &p.out[i], x.dirtyIn
	var snap snapshot
	if d := p.cfg.Idom[i]; d >= 0 {
		*cur = p.out[d]
		if len(p.cfg.Preds[i]) == 1 {
			snap = p.snapOut[d]
		}
	}
	next := x.base
	x.params.each(func(r ir.Reg) {
		cur[r] = b.Params[next]
		next++
	})
	vals := b.Vals
	kept := vals[:0]
	if p.cfg.Entry[i] {
		kept = p.reload(b, x.liveIn, cur, len(vals))
	}
	for _, v := range vals {
		sub.values(v.Args)
		switch v.Op {
		case ir.OpGetReg:
			sub.replace(v, p.current(cur, ir.Reg(v.Imm), b))
			continue
		case ir.OpSetReg:
			if r := ir.Reg(v.Imm); cur[r] != v.Args[0] {
				cur[r] = v.Args[0]
				dirty |= 1 << r
				snap.valid = false
			}
			continue
		}
		if v.Op.Exits() {
			v.Snap = p.snap(&snap, cur, dirty, b)
		}
		kept = append(kept, v)
	}
	(x.write & dirty).each(func(r ir.Reg) {
		v := p.f.NewValue(ir.OpSetReg, ir.Void, p.current(cur, r, b))
		v.Imm, v.PC, v.Block = int64(r), b.Term.PC, b
		kept = append(kept, v)
		dirty &^= 1 << r
		snap.valid = false
	})
	b.Vals = kept
	sub.term(&b.Term)
	if b.Term.Leaves() {
		b.Term.Snap = p.snap(&snap, cur, dirty, b)
	}
	p.snapOut[i] = snap
}

// reload starts an entry: it reads the registers of set from their slots.
func (p *promoter) reload(b *ir.Block, set regSet, cur *[64]*ir.Value, room int) []*ir.Value {
	vals := make([]*ir.Value, 0, room+8)
	set.each(func(r ir.Reg) {
		v := p.f.NewValue(ir.OpGetReg, r.Type())
		v.Imm, v.PC, v.Block = int64(r), b.PC, b
		cur[r] = v
		vals = append(vals, v)
	})
	return vals
}

// snap returns the snapshot for an exit here, the same slice as before if
// nothing changed.
func (p *promoter) snap(last *snapshot, cur *[64]*ir.Value, dirty regSet, b *ir.Block) []ir.RegValue {
	if last.valid {
		return last.regs
	}
	const most = 64
	if cap(p.slab)-len(p.slab) < most {
		p.slab = make([]ir.RegValue, 0, 1024)
	}
	start := len(p.slab)
	(dirty | p.pinned).each(func(r ir.Reg) {
		// A register that has its first value back stays in the snapshot: the back
		// end may have spilled another one at an exit in between.
		p.slab = append(p.slab, ir.RegValue{Reg: r, Val: p.current(cur, r, b)})
	})
	*last = snapshot{p.slab[start:len(p.slab):len(p.slab)], true}
	return last.regs
}
