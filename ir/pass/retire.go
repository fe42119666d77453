package pass

import "axpress/ir"

// retire adds up the instruction counts between the points where the count can
// be seen: exits, accesses to the guest state, fences, the end of the block.
//
//	v1 = add v0, v9                 v1 = add v0, v9
//	retire 1                        v2 = sub v1, v9
//	v2 = sub v1, v9          =>     retire 2
//	retire 1                        store v2, v1 [...]
//	store v2, v1 [...]
func retire(f *ir.Func, _ *Options) error {
	for _, b := range f.Blocks {
		var pending *ir.Value
		kept := make([]*ir.Value, 0, len(b.Vals))
		for _, v := range b.Vals {
			if v.Op == ir.OpRetire {
				if pending != nil {
					v.Imm += pending.Imm
				}
				pending = v
				continue
			}
			if pending != nil && !pure(v.Op) {
				kept = append(kept, pending)
				pending = nil
			}
			kept = append(kept, v)
		}
		if pending != nil && pending.Imm != 0 {
			kept = append(kept, pending)
		}
		b.Vals = kept
	}
	return nil
}
