package llvm

import (
	"math/bits"
	"slices"

	"axpress/ir"
	"axpress/runtime/abi"
)

// A pointer that a loop moves by a constant, an induction pointer, is not checked each time
// round (bases.go), but before the loop, if the loop accesses memory through it:
//
//	before: loop: test %rdi,mask; jne exit; movzbl %gs:(%rdi),%eax; inc %rdi; ... jne loop
//	after:  test %rdi,mask; jne exit; loop: movzbl %gs:(%rdi),%eax; inc %rdi; ... jne loop
//
// Its steps are small, and the access before each step did not leave the window: the
// host would have faulted there, and slow paths leave the unit for other addresses.
// So the pointer is never far from the window, and what is around that is not mapped.
//
// An induction pointer is a parameter of the head of a loop, or of a block where ways join.
// Where control goes round a loop, or to a join, its argument is an induction pointer and a
// constant; where a loop is entered it may be anything, and is checked there.

const (
	// inductionReach is how far from an induction pointer, either way, the accesses are
	// that need no check of their own.
	inductionReach = abi.CheckedReach / 4
	// maxDrift bounds the steps of induction pointers between two accesses.
	maxDrift = 1 << 10
)

func nearInduction(off int64) bool { return off >= -inductionReach && off <= inductionReach }

// inductionPointer is what is known of a parameter.
type inductionPointer struct {
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

// step is a way to give an induction pointer its value.
type step struct {
	prev  *inductionPointer // the value is this one plus off; nil: from outside of the loop
	off   int64
	saved bool // an access near prev is always made before
}

// log2 is the alignment that is checked where the loop is entered.
func (ptr *inductionPointer) log2() int { return min(ptr.aligned, ptr.want) }

// inductionPointers are those of a unit.
type inductionPointers struct {
	list []*inductionPointer       // in order of blocks
	of   map[int]*inductionPointer // by ID of the parameter
}

// drop removes the induction pointers that bad names, and says whether there were any.
func (ptrs *inductionPointers) drop(bad func(ptr *inductionPointer) bool) bool {
	n := len(ptrs.list)
	ptrs.list = slices.DeleteFunc(ptrs.list, func(ptr *inductionPointer) bool {
		if !bad(ptr) {
			return false
		}
		delete(ptrs.of, ptr.v.ID)
		return true
	})
	return len(ptrs.list) < n
}

// findInductions returns the induction pointers of the unit.
func (u *unit) findInductions() *inductionPointers {
	ptrs := &inductionPointers{of: map[int]*inductionPointer{}}
	if !u.o.Hot || u.o.Disable[lowerWindows] || u.o.Disable[lowerBases] || u.o.Disable[lowerInduction] {
		return ptrs
	}
	u.candidates(ptrs)
	for u.link(ptrs) || ptrs.driftAway() {
	}
	ptrs.need()
	return ptrs
}

// candidates enters the parameters of joins, and of heads of loops.
func (u *unit) candidates(ptrs *inductionPointers) {
	for i, b := range u.order {
		var poll *ir.Value
		for _, p := range u.cfg.Preds[i] {
			if u.cfg.Dominates(int32(i), p) {
				poll = firstPoll(b)
			}
		}
		for _, p := range b.Params {
			if p.Type == ir.I64 {
				ptr := &inductionPointer{v: p, block: int32(i), poll: poll}
				ptrs.list, ptrs.of[p.ID] = append(ptrs.list, ptr), ptr
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
			r, off, log2 := baseAndOffset(a)
			if ptr := ptrs.of[r.ID]; ptr != nil && nearInduction(off) && u.windowed(a) {
				ptr.anchors = append(ptr.anchors, int32(i))
				ptr.want = max(ptr.want, log2)
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

// link finds the steps of the induction pointers. It drops those that have none of the allowed
// form, and says whether there were such.
func (u *unit) link(ptrs *inductionPointers) bool {
	for _, ptr := range ptrs.list {
		ptr.steps = ptr.steps[:0]
	}
	bad := map[*inductionPointer]bool{}
	for i, b := range u.order {
		if !b.Term.Flows() {
			continue
		}
		b.Term.Edges(func(e *ir.Edge) {
			for n, p := range e.Block.Params {
				ptr := ptrs.of[p.ID]
				if ptr == nil {
					continue
				}
				r, off := offsetFrom(e.Args[n])
				s := step{prev: ptrs.of[r.ID], off: off}
				if s.prev != nil {
					s.saved = u.anchored(s.prev, int32(i))
				} else if ptr.poll == nil || u.cfg.Dominates(ptr.block, int32(i)) {
					bad[ptr] = true
				}
				ptr.steps = append(ptr.steps, s)
			}
		})
	}
	return ptrs.drop(func(ptr *inductionPointer) bool { return bad[ptr] })
}

// anchored says whether each way from ptr to the end of block from makes an access near ptr.
func (u *unit) anchored(ptr *inductionPointer, from int32) bool {
	for _, a := range ptr.anchors {
		if u.cfg.Dominates(a, from) {
			return true
		}
	}
	return false
}

// driftAway computes how far induction pointers get from the last access, drops those that get
// too far, and says whether there were such.
func (ptrs *inductionPointers) driftAway() bool {
	for _, ptr := range ptrs.list {
		ptr.drift = 0
	}
	for changed := true; changed; {
		changed = false
		for _, ptr := range ptrs.list {
			for _, s := range ptr.steps {
				if s.prev == nil {
					continue
				}
				drift := max(s.off, -s.off)
				if !s.saved {
					drift += s.prev.drift
				}
				if drift > ptr.drift && ptr.drift <= maxDrift {
					ptr.drift, changed = drift, true
				}
			}
		}
	}
	return ptrs.drop(func(ptr *inductionPointer) bool { return ptr.drift > maxDrift })
}

// need drops the induction pointers that save no check, and finds the alignments of the others.
// An induction pointer saves checks if its own access is made before a step.
func (ptrs *inductionPointers) need() {
	for _, ptr := range ptrs.list {
		ptr.aligned = 3
		for _, s := range ptr.steps {
			if s.saved {
				s.prev.needed = true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, ptr := range ptrs.list {
			for _, s := range ptr.steps {
				if s.prev == nil || !ptr.needed {
					continue
				}
				aligned := min(ptr.aligned, s.prev.aligned, bits.TrailingZeros64(uint64(s.off)))
				want := max(ptr.want, s.prev.want)
				if !s.prev.needed || aligned != ptr.aligned || want != s.prev.want {
					s.prev.needed, ptr.aligned, s.prev.want, changed = true, aligned, want, true
				}
			}
		}
	}
	ptrs.drop(func(ptr *inductionPointer) bool { return !ptr.needed })
}

// checkedBefore says whether the address of a is near enough to an induction pointer that it needs no
// check.
func (u *unit) checkedBefore(a access) bool {
	r, off, log2 := baseAndOffset(a)
	ptr := u.inductions.of[r.ID]
	return ptr != nil && nearInduction(off) && log2 <= ptr.log2()
}

// entersLoop says whether edge e enters the loop of an induction pointer.
func (u *unit) entersLoop(e ir.Edge) bool {
	for n, p := range e.Block.Params {
		if ptr := u.inductions.of[p.ID]; ptr != nil && u.inductions.of[baseOf(e.Args[n]).ID] == nil {
			return true
		}
	}
	return false
}

// checkInductions makes sure that what edge e from the current place into a loop gives to
// induction pointers is good; else the unit is left for the loop's beginning.
func (u *unit) checkInductions(e ir.Edge) {
	for n, p := range e.Block.Params {
		ptr := u.inductions.of[p.ID]
		if ptr == nil {
			continue
		}
		r, off := offsetFrom(e.Args[n])
		if u.inductions.of[r.ID] != nil {
			continue
		}
		log2 := ptr.log2()
		if !nearInduction(off) || off&(1<<log2-1) != 0 {
			r = e.Args[n]
		}
		if u.isGood(r, log2, false) {
			continue
		}
		next := u.fn.NewBlock("")
		u.condBr(u.baseIsGood(u.vals[r.ID], log2), next, u.sideExit(u.pollBefore(ptr.poll, e), abi.PCInterpret), u.likely)
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
