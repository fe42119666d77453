package llvm

import "axpress/ir"

// exchanges finds the STx_C of f that may be a compare-and-exchange with what LDx_L has loaded: on all ways to them from
// an LDx_L there is no other access to memory. If such an exchange succeeds LDx_L might have been executed just before it,
// and nobody could tell; another access could. The table is by Value.ID.
func exchanges(f *ir.Func, cfg *ir.CFG) []bool {
	found := make([]bool, f.NumValues())
	// pure says of each block in reverse postorder whether all ways to its end come from an LDx_L without an access;
	// the greatest solution, so it begins with all of them.
	pure := make([]bool, len(cfg.Order))
	for i := range pure {
		pure[i] = true
	}
	for again := true; again; {
		again = false
		for i, b := range cfg.Order {
			in := !cfg.Entry[i] && len(cfg.Preds[i]) > 0
			for _, p := range cfg.Preds[i] {
				in = in && pure[p]
			}
			if out := throughBlock(b, in, found); out != pure[i] {
				pure[i], again = out, true
			}
		}
	}
	return found
}

// throughBlock follows b, which is entered without an access since LDx_L if in, and notes its STx_C.
func throughBlock(b *ir.Block, in bool, found []bool) (out bool) {
	for _, v := range b.Vals {
		switch v.Op {
		case ir.OpLoadLocked:
			in = true
		case ir.OpStoreCond:
			found[v.ID] = in
			in = false
		case ir.OpLoad, ir.OpStore, ir.OpAtomic:
			in = false
		}
	}
	return in
}
