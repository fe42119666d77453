package pass

import (
	"math"

	"axpress/ir"
)

// singles keeps in single format what loops carry in registers that hold the results
// of single-precision operations, at the full setting. Otherwise each round converts
// to the format of registers and back, which takes three times as long as the addition
// in between.
//
//	b0: v0 = fconst 0                       b0: v5 = fconst 0
//	    jump b1(v0)                             jump b1(v5)
//	b1(v1:f64):                             b1(v6:f32):
//	    v2 = ftrunc v1                =>
//	    v3 = fadd v2, v9                        v3 = fadd v6, v9
//	    v4 = fext v3
//	    br c, b1(v4), b2                        br c, b1(v3), b2
//
// A loop that is entered from the runtime has registers from their slots: there they are
// converted, and if they do not hold singles the interpreter executes the instruction.
func singles(f *ir.Func, o *Options) error {
	if !o.Full {
		return nil
	}
	s := &singler{f: f, of: map[*ir.Value]*ir.Value{}, entry: entrySet(f)}
	s.find()
	if len(s.of) == 0 {
		return nil
	}
	s.convert()
	return nil
}

type singler struct {
	f     *ir.Func
	of    map[*ir.Value]*ir.Value // the new parameter for each that is converted
	ways  []way
	entry []bool
}

// way is an edge and the block it leaves.
type way struct {
	from *ir.Block
	edge *ir.Edge
}

// find fills of with the parameters that are singles by all ways, by at least one
// because an operation made them, and that are wanted as singles.
func (s *singler) find() {
	wanted := map[*ir.Value]bool{}
	for _, b := range s.f.Blocks {
		for _, p := range b.Params {
			if p.Type == ir.F64 {
				s.of[p] = p
			}
		}
		for _, v := range b.Vals {
			if v.Op == ir.OpFTrunc && v.Imm == ir.RoundNone {
				wanted[v.Args[0]] = true
			}
		}
		b.Term.Edges(func(e *ir.Edge) { s.ways = append(s.ways, way{b, e}) })
	}
	for s.refuse() {
	}
	made := map[*ir.Value]bool{}
	for changed := true; changed; {
		changed = false
		for _, w := range s.ways {
			for i, p := range w.edge.Block.Params {
				if s.of[p] == nil {
					continue
				}
				a := w.edge.Args[i]
				if wanted[p] && s.of[a] != nil && !wanted[a] {
					wanted[a], changed = true, true
				}
				if !made[p] && (a.Op == ir.OpFExt || made[a]) {
					made[p], changed = true, true
				}
			}
		}
	}
	for p := range s.of {
		if !wanted[p] || !made[p] {
			delete(s.of, p)
		}
	}
	for s.refuse() { // what got its value from those
	}
}

// refuse drops the parameters that cannot be converted on some way, and says whether
// there were any.
func (s *singler) refuse() (any bool) {
	for _, w := range s.ways {
		for i, p := range w.edge.Block.Params {
			if s.of[p] != nil && !s.single(w, w.edge.Args[i]) {
				delete(s.of, p)
				any = true
			}
		}
	}
	return any
}

// single says whether a can be had as a single on w.
func (s *singler) single(w way, a *ir.Value) bool {
	switch a.Op {
	case ir.OpFExt:
		return true
	case ir.OpFConst:
		x := math.Float64frombits(uint64(a.Imm))
		y := math.Abs(float64(float32(x)))
		return x == 0 || y == math.Abs(x) && y >= 0x1p-126 && y <= math.MaxFloat32
	case ir.OpGetReg:
		// What is checked at the end of the block must be for this way alone.
		return s.entry[w.from.ID] && a.Block == w.from && w.from.Term.Kind == ir.TermJump && firstPoll(w.edge.Block) != nil
	}
	return s.of[a] != nil
}

// firstPoll returns the poll that b begins with, if what it spills is known before
// b.
func firstPoll(b *ir.Block) *ir.Value {
	for _, v := range b.Vals {
		switch {
		case v.Op == ir.OpPoll:
			for _, rv := range v.Snap {
				if rv.Val.Block == b && rv.Val.Op != ir.OpParam {
					return nil
				}
			}
			return v
		case v.Op.Info().Effect != ir.EffectNone:
			return nil
		}
	}
	return nil
}

func (s *singler) convert() {
	// Arguments first, while the edges and snapshots are still the old ones.
	args := make([][]*ir.Value, len(s.ways))
	for n, w := range s.ways {
		for i, p := range w.edge.Block.Params {
			if s.of[p] != nil {
				args[n] = append(args[n], s.argument(w, w.edge.Args[i]))
			}
		}
	}
	sub := newSubst(s.f)
	for _, b := range s.f.Blocks {
		var made []*ir.Value
		for _, p := range b.Params {
			if s.of[p] == nil {
				continue
			}
			q := s.f.NewValue(ir.OpParam, ir.F32)
			q.Block, q.PC = b, b.PC
			x := s.f.NewValue(ir.OpFExt, ir.F64, q)
			x.Block, x.PC = b, b.PC
			s.of[p] = q
			sub.replace(p, x)
			made = append(made, x)
		}
		if made == nil {
			continue
		}
		b.Vals = append(made, b.Vals...)
	}
	into := edgesInto(s.f)
	for _, b := range s.f.Blocks {
		var fresh []*ir.Value
		for _, p := range b.Params {
			if q := s.of[p]; q != nil {
				fresh = append(fresh, q)
			}
		}
		if fresh != nil {
			dropParams(b, into[b.ID], func(i int) bool { return s.of[b.Params[i]] == nil })
			b.Params = append(b.Params, fresh...)
		}
	}
	for n, w := range s.ways {
		for _, a := range args[n] {
			if q := s.of[a]; q != nil {
				a = q
			}
			w.edge.Args = append(w.edge.Args[:len(w.edge.Args):len(w.edge.Args)], a)
		}
	}
	sub.all(s.f)
	s.fold()
}

// argument returns a as a single on w; a parameter that is converted stands for its new
// one.
func (s *singler) argument(w way, a *ir.Value) *ir.Value {
	emit := func(op ir.Op, t ir.Type, imm int64, args ...*ir.Value) *ir.Value {
		v := s.f.NewValue(op, t, args...)
		v.Imm, v.PC, v.Block = imm, w.from.Term.PC, w.from
		w.from.Vals = append(w.from.Vals, v)
		return v
	}
	switch a.Op {
	case ir.OpFExt:
		return a.Args[0]
	case ir.OpFConst:
		return emit(ir.OpFConst, ir.F32, int64(math.Float32bits(float32(math.Float64frombits(uint64(a.Imm))))))
	case ir.OpGetReg:
		poll := firstPoll(w.edge.Block)
		var snap []ir.RegValue
		for _, rv := range poll.Snap {
			for i, p := range w.edge.Block.Params {
				if p == rv.Val {
					rv.Val = w.edge.Args[i]
					break
				}
			}
			snap = append(snap, rv)
		}
		x := emit(ir.OpFTrunc, ir.F32, ir.RoundNone, a)
		same := emit(ir.OpICmpEQ, ir.I1, 0, emit(ir.OpBitcast, ir.I64, 0, emit(ir.OpFExt, ir.F64, 0, x)), emit(ir.OpBitcast, ir.I64, 0, a))
		guard := emit(ir.OpGuard, ir.Void, 0, same)
		x.PC, guard.PC = poll.PC, poll.PC
		x.Snap, guard.Snap = snap, snap
		return x
	}
	return a
}

// fold has what converts the new parameters back use them as they are.
func (s *singler) fold() {
	sub := newSubst(s.f)
	for _, b := range s.f.Blocks {
		kept := b.Vals[:0]
		for _, v := range b.Vals {
			if v.Op == ir.OpFTrunc && v.Imm == ir.RoundNone && v.Args[0].Op == ir.OpFExt {
				sub.replace(v, v.Args[0].Args[0])
				continue
			}
			kept = append(kept, v)
		}
		b.Vals = kept
	}
	sub.all(s.f)
}
