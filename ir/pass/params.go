package pass

import "axpress/ir"

// params replaces block parameters that have the same value on every edge (or
// themselves, around a loop), and those that always have the same constant.
//
//	  br c, b1(v1, v2), b2            br c, b1, b2
//	b2:                             b2:
//	  v2' = const 5           =>      jump b1
//	  jump b1(v1, v2')              b1:
//	b1(v3, v4):                       v4' = const 5
//	  ... v3, v4 ...                  ... v1, v4' ...
//
// where v2 is const 5, too.
func params(f *ir.Func, _ *Options) error {
	removeUnreachable(f)
	into := edgesInto(f)
	sub := newSubst(f)
	gone := make([]bool, f.NumValues()) // by value ID: parameters that were replaced
	any := false
	for changed := true; changed; {
		changed = false
		for _, b := range f.Blocks {
			for i, p := range b.Params {
				if gone[p.ID] {
					continue
				}
				v := sameArg(sub, into[b.ID], i, p)
				if v == nil {
					continue
				}
				if isConst(v) {
					v = copyConst(f, b, v)
				}
				gone[p.ID] = true
				sub.replace(p, v)
				changed, any = true, true
			}
		}
	}
	if !any {
		return nil
	}
	for _, b := range f.Blocks {
		dropParams(b, into[b.ID], func(i int) bool { return !gone[b.Params[i].ID] })
	}
	sub.all(f)
	return nil
}

// sameArg returns the one value that the edges bind to parameter i, which is p;
// nil if there are different ones. Equal constants count as one value.
func sameArg(sub *subst, into []*ir.Edge, i int, p *ir.Value) *ir.Value {
	var same *ir.Value
	for _, e := range into {
		v := sub.value(e.Args[i])
		switch {
		case v == p || v == same:
		case same == nil:
			same = v
		case isConst(v) && v.Op == same.Op && v.Imm == same.Imm:
		default:
			return nil
		}
	}
	return same
}

// copyConst puts a copy of v at the start of b: the original may not dominate b,
// and cse drops one of them where it does.
func copyConst(f *ir.Func, b *ir.Block, v *ir.Value) *ir.Value {
	c := f.NewValue(v.Op, v.Type)
	c.Imm, c.PC, c.Block = v.Imm, b.PC, b
	b.Vals = append([]*ir.Value{c}, b.Vals...)
	return c
}
