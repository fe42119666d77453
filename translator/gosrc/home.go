package gosrc

import "axpress/ir"

// home says which value the home of each guest register is known to hold: the ID
// of the value plus 1, 0 if unknown. Registers are written home before whatever may
// leave the unit, each value once, as late as possible.
type home [64]int32

// step follows one value.
func (h *home) step(v *ir.Value) {
	switch {
	case v.Op == ir.OpGetReg:
		h[v.Imm] = int32(v.ID) + 1
	case v.Op == ir.OpSetReg:
		h[v.Imm] = int32(v.Args[0].ID) + 1
	case v.Op.Exits():
		for _, rv := range v.Snap {
			h[rv.Reg] = int32(rv.Val.ID) + 1
		}
	}
}

// homes is a forward data flow over the blocks of a unit: in and out hold what is at
// home at the beginning and the end of each block, by its index in the order of cfg.
type homes struct {
	cfg     *ir.CFG
	defined []int32 // by value ID: the block
	in, out []home
	visited []bool
}

// solveHomes returns what is at home at the beginning of each block: what all ways
// into it agree on. It starts by believing that ways back into loops agree.
func solveHomes(cfg *ir.CFG, values int) []home {
	n := len(cfg.Order)
	s := &homes{cfg: cfg, defined: make([]int32, values), in: make([]home, n), out: make([]home, n), visited: make([]bool, n)}
	for i, b := range cfg.Order {
		for _, vs := range [][]*ir.Value{b.Params, b.Vals} {
			for _, v := range vs {
				s.defined[v.ID] = int32(i)
			}
		}
	}
	for again := true; again; {
		again = false
		for i := range cfg.Order {
			again = s.visit(i) || again
		}
	}
	return s.in
}

// visit looks at block i once more, and says whether something is new.
func (s *homes) visit(i int) (news bool) {
	h := s.meet(i)
	if s.visited[i] {
		// What is no longer the same is unknown from now on, so this comes to an end.
		for r := range h {
			if h[r] != s.in[i][r] {
				h[r] = 0
			}
		}
		if h == s.in[i] {
			return false
		}
	}
	s.in[i] = h
	for _, v := range s.cfg.Order[i].Vals {
		h.step(v)
	}
	news = !s.visited[i] || h != s.out[i]
	s.out[i], s.visited[i] = h, true
	return news
}

// meet is what the ways into block i that were visited agree on; nothing for an
// entry.
func (s *homes) meet(i int) (h home) {
	if s.cfg.Entry[i] {
		return h
	}
	first := true
	for _, p := range s.cfg.Preds[i] {
		if !s.visited[p] {
			continue
		}
		s.cfg.Order[p].Term.Edges(func(e *ir.Edge) {
			if s.cfg.Index[e.Block.ID] != int32(i) {
				return
			}
			way := s.along(e, int32(i), s.out[p])
			for r := range h {
				if !first && h[r] != way[r] {
					way[r] = 0
				}
			}
			h, first = way, false
		})
	}
	return h
}

// along turns what holds at the end of a block into what it says at the beginning of
// block i, after edge e: parameters take the place of arguments, and values that may be
// others by then, as they are computed anew in a loop, say nothing.
func (s *homes) along(e *ir.Edge, i int32, h home) home {
	for r, id := range h {
		if id == 0 {
			continue
		}
		if d := s.defined[id-1]; d == i || !s.cfg.Dominates(d, i) {
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
