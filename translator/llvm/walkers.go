package llvm

import (
	"math/bits"
	"slices"

	"axpress/ir"
	"axpress/runtime/abi"
)

// A pointer that walks through memory in a loop is not checked each time round
// (roots.go), but before the loop, if the loop accesses memory through it:
//
//	before: loop: test %rdi,mask; jne exit; movzbl %gs:(%rdi),%eax; inc %rdi; ... jne loop
//	after:  test %rdi,mask; jne exit; loop: movzbl %gs:(%rdi),%eax; inc %rdi; ... jne loop
//
// Its steps are small, and the access before each step did not leave the window: the
// host would have faulted there, and slow paths leave the unit for other addresses.
// So the pointer is never far from the window, and what is around that is not mapped.
//
// Such a pointer is a parameter, called a walker, of the head of a loop or of a
// block where ways join. Where control goes round a loop, or to a join, its argument
// is a walker and a constant; where a loop is entered it may be anything, and is
// checked there.

const (
	// walkReach is how far from a walker, either way, the accesses are that need no
	// check of their own.
	walkReach = abi.RootReach / 4
	// maxDrift bounds the steps of walkers between two accesses.
	maxDrift = 1 << 10
)

func inWalk(off int64) bool { return off >= -walkReach && off <= walkReach }

// walker is what is known of a parameter.
type walker struct {
	v     *ir.Value
	block int32
	poll  *ir.Value // that the loop begins with; nil for a join
	steps []step
	// anchors are the blocks with accesses near it.
	anchors []int32
	drift   int64 // farthest from the last access
	needed  bool  // it saves checks, or is an argument of one that does
	// aligned is the alignment that all steps keep, want that of the largest access:
	// log2 both.
	aligned, want int
}

// step is a way to give a walker its value.
type step struct {
	prev  *walker // the value is this one plus off; nil: from outside of the loop
	off   int64
	saved bool // an access near prev is always made before
}

// log2 is the alignment that is checked where the loop is entered.
func (w *walker) log2() int { return min(w.aligned, w.want) }

// walkers are the walkers of a unit.
type walkers struct {
	list []*walker       // in order of blocks
	of   map[int]*walker // by ID of the parameter
}

// drop removes the walkers that bad names, and says whether there were any.
func (ws *walkers) drop(bad func(w *walker) bool) bool {
	n := len(ws.list)
	ws.list = slices.DeleteFunc(ws.list, func(w *walker) bool {
		if !bad(w) {
			return false
		}
		delete(ws.of, w.v.ID)
		return true
	})
	return len(ws.list) < n
}

// findWalkers returns the walkers of the unit.
func (u *unit) findWalkers() *walkers {
	ws := &walkers{of: map[int]*walker{}}
	if !u.o.Hot || u.o.Disable[lowerWindows] || u.o.Disable[lowerRoots] || u.o.Disable[lowerWalkers] {
		return ws
	}
	u.candidates(ws)
	for u.link(ws) || ws.driftAway() {
	}
	ws.need()
	return ws
}

// candidates enters the parameters of joins, and of heads of loops.
func (u *unit) candidates(ws *walkers) {
	for i, b := range u.order {
		var poll *ir.Value
		for _, p := range u.cfg.Preds[i] {
			if u.cfg.Dominates(int32(i), p) {
				poll = firstPoll(b)
			}
		}
		for _, p := range b.Params {
			if p.Type == ir.I64 {
				w := &walker{v: p, block: int32(i), poll: poll}
				ws.list, ws.of[p.ID] = append(ws.list, w), w
			}
		}
	}
	for i, b := range u.order {
		for _, v := range b.Vals {
			if v.Op != ir.OpLoad && v.Op != ir.OpStore {
				continue
			}
			t := v.Type
			if v.Op == ir.OpStore {
				t = v.Args[1].Type
			}
			a := access{v: v, log2: alignment(v, t)}
			r, off, log2 := root(a)
			if w := ws.of[r.ID]; w != nil && inWalk(off) && u.windowed(a) {
				w.anchors = append(w.anchors, int32(i))
				w.want = max(w.want, log2)
			}
		}
	}
}

// firstPoll returns the poll that b begins with.
func firstPoll(b *ir.Block) *ir.Value {
	for _, v := range b.Vals {
		if v.Op == ir.OpPoll {
			return v
		}
		if v.Op.Info().Effect != ir.EffectNone {
			return nil
		}
	}
	return nil
}

// link finds the steps of the walkers. It drops those that have none of the allowed
// form, and says whether there were such.
func (u *unit) link(ws *walkers) bool {
	for _, w := range ws.list {
		w.steps = w.steps[:0]
	}
	bad := map[*walker]bool{}
	for i, b := range u.order {
		if !b.Term.Flows() {
			continue
		}
		b.Term.Edges(func(e *ir.Edge) {
			for n, p := range e.Block.Params {
				w := ws.of[p.ID]
				if w == nil {
					continue
				}
				r, off := offsetFrom(e.Args[n])
				s := step{prev: ws.of[r.ID], off: off}
				if s.prev != nil {
					s.saved = u.anchored(s.prev, int32(i))
				} else if w.poll == nil || u.cfg.Dominates(w.block, int32(i)) {
					bad[w] = true
				}
				w.steps = append(w.steps, s)
			}
		})
	}
	return ws.drop(func(w *walker) bool { return bad[w] })
}

// anchored says whether each way from w to the end of block from makes an access near w.
func (u *unit) anchored(w *walker, from int32) bool {
	for _, a := range w.anchors {
		if u.cfg.Dominates(a, from) {
			return true
		}
	}
	return false
}

// driftAway computes how far walkers get from the last access, drops those that get
// too far, and says whether there were such.
func (ws *walkers) driftAway() bool {
	for _, w := range ws.list {
		w.drift = 0
	}
	for changed := true; changed; {
		changed = false
		for _, w := range ws.list {
			for _, s := range w.steps {
				if s.prev == nil {
					continue
				}
				drift := max(s.off, -s.off)
				if !s.saved {
					drift += s.prev.drift
				}
				if drift > w.drift && w.drift <= maxDrift {
					w.drift, changed = drift, true
				}
			}
		}
	}
	return ws.drop(func(w *walker) bool { return w.drift > maxDrift })
}

// need drops the walkers that save no check, and finds the alignments of the others.
// A walker saves checks if its own access is made before a step.
func (ws *walkers) need() {
	for _, w := range ws.list {
		w.aligned = 3
		for _, s := range w.steps {
			if s.saved {
				s.prev.needed = true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, w := range ws.list {
			for _, s := range w.steps {
				if s.prev == nil || !w.needed {
					continue
				}
				aligned := min(w.aligned, s.prev.aligned, bits.TrailingZeros64(uint64(s.off)))
				want := max(w.want, s.prev.want)
				if !s.prev.needed || aligned != w.aligned || want != s.prev.want {
					s.prev.needed, w.aligned, s.prev.want, changed = true, aligned, want, true
				}
			}
		}
	}
	ws.drop(func(w *walker) bool { return !w.needed })
}

// walks says whether the address of a is near enough to a walker that it needs no
// check.
func (u *unit) walks(a access) bool {
	r, off, log2 := root(a)
	w := u.walkers.of[r.ID]
	return w != nil && inWalk(off) && log2 <= w.log2()
}

// entersLoop says whether edge e enters the loop of a walker.
func (u *unit) entersLoop(e ir.Edge) bool {
	for n, p := range e.Block.Params {
		if w := u.walkers.of[p.ID]; w != nil && u.walkers.of[rootOf(e.Args[n]).ID] == nil {
			return true
		}
	}
	return false
}

// checkWalkers makes sure that what edge e from the current place into a loop gives to
// walkers is good; else the unit is left for the loop's beginning.
func (u *unit) checkWalkers(e ir.Edge) {
	for n, p := range e.Block.Params {
		w := u.walkers.of[p.ID]
		if w == nil {
			continue
		}
		r, off := offsetFrom(e.Args[n])
		if u.walkers.of[r.ID] != nil {
			continue
		}
		log2 := w.log2()
		if !inWalk(off) || off&(1<<log2-1) != 0 {
			r = e.Args[n]
		}
		if u.isGood(r, log2, false) {
			continue
		}
		next := u.fn.NewBlock("")
		u.condBr(u.rootIsGood(u.vals[r.ID], log2), next, u.sideExit(u.pollBefore(w.poll, e), abi.PCInterpret), u.likely)
		u.cur = next
	}
}

// pollBefore is the poll at the end of edge e as seen from before the edge.
func (u *unit) pollBefore(poll *ir.Value, e ir.Edge) *ir.Value {
	var before func(v *ir.Value) *ir.Value
	before = func(v *ir.Value) *ir.Value {
		if v.Block != e.Block {
			return v
		}
		if n := slices.Index(e.Block.Params, v); n >= 0 {
			return e.Args[n]
		}
		w := u.f.NewValue(v.Op, v.Type)
		w.Imm, w.PC = v.Imm, v.PC
		for _, a := range v.Args {
			w.Args = append(w.Args, before(a))
		}
		return w
	}
	v := &ir.Value{Op: poll.Op, PC: poll.PC}
	for _, rv := range poll.Snap {
		v.Snap = append(v.Snap, ir.RegValue{Reg: rv.Reg, Val: before(rv.Val)})
	}
	return v
}
