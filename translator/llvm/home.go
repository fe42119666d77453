package llvm

import (
	"encoding/binary"

	"axpress/ir"
)

// Registers live in SSA values inside a unit and are written home before
// whatever may leave it: each value once, as late as possible. home says which
// value the home of each register is known to hold at some point: the ID of the
// value plus 1, 0 if unknown.
//
//	before: r1 = ...; load A (exit: r1); load B (exit: r1); call (r1)
//	after:  r1 = ...; store r1; load A; load B; call
//
// Exits are many and cold; this keeps them free of code and of live values. At
// the full setting it is the other way round: side exits write what is not at
// home, and the hot path writes for calls and returns alone.
type home [64]int32

// step follows one value: it is what emission does, without emitting. early says
// that registers are written before side exits.
func (h *home) step(v *ir.Value, early bool) {
	switch {
	case v.Op == ir.OpGetReg:
		h[v.Imm] = int32(v.ID) + 1
	case v.Op == ir.OpSetReg:
		h[v.Imm] = int32(v.Args[0].ID) + 1
	case v.Op.Exits() && early:
		h.write(v.Snap)
	}
}

func (h *home) write(snap []ir.RegValue) {
	for _, rv := range snap {
		h[rv.Reg] = int32(rv.Val.ID) + 1
	}
}

// solveHomes computes what is at home at the beginning of each block, by a forward
// data flow over the order of cfg: what all predecessors agree on, an argument
// counting as the parameter it is bound to. It starts optimistically, so loops
// keep what they do not change.
func solveHomes(cfg *ir.CFG, values int, early bool) []home {
	n := len(cfg.Order)
	at := make([]int32, values) // the block that defines a value
	for i, b := range cfg.Order {
		for _, v := range b.Params {
			at[v.ID] = int32(i)
		}
		for _, v := range b.Vals {
			at[v.ID] = int32(i)
		}
	}
	in, out := make([]home, n), make([]home, n)
	done := make([]bool, n)
	for changed := true; changed; {
		changed = false
		for i, b := range cfg.Order {
			h := home{}
			if !cfg.Entry[i] {
				h = meet(cfg, i, at, out, done)
			}
			if done[i] {
				// What changes is unknown: values replaced by others could go on so
				// for ever.
				for r := range h {
					if h[r] != in[i][r] {
						h[r] = 0
					}
				}
				if h == in[i] {
					continue
				}
			}
			in[i] = h
			for _, v := range b.Vals {
				h.step(v, early)
			}
			if !done[i] || h != out[i] {
				out[i], done[i], changed = h, true, true
			}
		}
	}
	return in
}

// meet combines the ways into block i that have been visited.
func meet(cfg *ir.CFG, i int, at []int32, out []home, done []bool) (h home) {
	b := cfg.Order[i]
	first := true
	for _, p := range cfg.Preds[i] {
		if !done[p] {
			continue
		}
		term := &cfg.Order[p].Term
		term.Edges(func(e *ir.Edge) {
			if e.Block != b {
				return
			}
			via := along(cfg, e, int32(i), at, &out[p])
			if first {
				h, first = via, false
				return
			}
			for r := range h {
				if h[r] != via[r] {
					h[r] = 0
				}
			}
		})
	}
	return h
}

// along returns what o, at the end of a block, says on edge e to block i: about
// its parameters instead of their arguments, and about other values only if they
// are still the same there. A value that is defined anew on every way through a
// loop is not: it must dominate the block from outside.
func along(cfg *ir.CFG, e *ir.Edge, i int32, at []int32, o *home) home {
	h := *o
	for r, id := range h {
		if id == 0 {
			continue
		}
		if d := at[id-1]; d == i || !cfg.Dominates(d, i) {
			h[r] = 0
		}
		for k, a := range e.Args {
			if int32(a.ID)+1 == id {
				h[r] = int32(e.Block.Params[k].ID) + 1
				break
			}
		}
	}
	return h
}

// beforeExit does what must be done before v, which has a side exit.
func (u *unit) beforeExit(v *ir.Value) {
	if !u.o.Hot {
		u.writeHome(v.Snap)
	}
}

// writeHome stores the registers of snap whose home does not hold them yet.
func (u *unit) writeHome(snap []ir.RegValue) {
	for _, rv := range snap {
		if id := int32(rv.Val.ID) + 1; u.home[rv.Reg] != id {
			u.home[rv.Reg] = id
			u.cur.NewStore(u.valueOf(rv.Val), u.regHome(rv.Reg))
		}
	}
}

// storeHome is writeHome on a way out, which nothing comes after.
func (u *unit) storeHome(snap []ir.RegValue) {
	for _, rv := range snap {
		if u.home[rv.Reg] != int32(rv.Val.ID)+1 {
			u.cur.NewStore(u.valueOf(rv.Val), u.regHome(rv.Reg))
		}
	}
}

// notHome names the registers of snap that are not at home, and their values.
func (u *unit) notHome(snap []ir.RegValue) string {
	var key []byte
	for _, rv := range snap {
		if u.home[rv.Reg] != int32(rv.Val.ID)+1 {
			key = binary.AppendUvarint(append(key, byte(rv.Reg)), uint64(rv.Val.ID))
		}
	}
	return string(key)
}
