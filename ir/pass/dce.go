package pass

import "axpress/ir"

// dce drops values without effect that nothing needs, block parameters among
// them, with the arguments on the edges.
//
//	v1 = add v0, v9
//	jump b1(v0, v1)                jump b1(v0)
//	b1(v2, v3):             =>     b1(v2):
//	  v4 = add v3, v3                ret v2
//	  ret v2
func dce(f *ir.Func, _ *Options) error {
	removeUnreachable(f)
	d := &marker{live: make([]bool, f.NumValues())}
	into := edgesInto(f)
	index := make([]int32, f.NumValues()) // of parameters in their blocks
	for _, b := range f.Blocks {
		for i, p := range b.Params {
			index[p.ID] = int32(i)
		}
		for _, v := range b.Vals {
			if !droppable(v.Op) {
				d.mark(v)
				d.snap(v.Snap)
			}
		}
		t := &b.Term
		d.mark(t.Cond)
		d.mark(t.Target)
		d.snap(t.Snap)
	}
	for len(d.work) > 0 {
		v := d.work[len(d.work)-1]
		d.work = d.work[:len(d.work)-1]
		for _, a := range v.Args {
			d.mark(a)
		}
		if v.Op == ir.OpParam {
			for _, e := range into[v.Block.ID] {
				d.mark(e.Args[index[v.ID]])
			}
		}
	}
	for _, b := range f.Blocks {
		kept := b.Vals[:0]
		for _, v := range b.Vals {
			if d.live[v.ID] {
				kept = append(kept, v)
			}
		}
		clear(b.Vals[len(kept):])
		b.Vals = kept
		dropParams(b, into[b.ID], func(i int) bool { return d.live[b.Params[i].ID] })
	}
	return nil
}

// droppable says whether an unused value of op may go: reading has no effect.
func droppable(op ir.Op) bool {
	e := op.Info().Effect
	return e == ir.EffectNone || e == ir.EffectReadState
}

type marker struct {
	live []bool // by value ID
	work []*ir.Value
	last *ir.RegValue
}

func (d *marker) mark(v *ir.Value) {
	if v != nil && !d.live[v.ID] {
		d.live[v.ID] = true
		d.work = append(d.work, v)
	}
}

func (d *marker) snap(snap []ir.RegValue) {
	if len(snap) == 0 || d.last == &snap[0] {
		return // neighbours often share one
	}
	d.last = &snap[0]
	for _, s := range snap {
		d.mark(s.Val)
	}
}
