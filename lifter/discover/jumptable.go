package discover

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"axpress/lifter/isa"
)

// jumpTable is a resolved indirect jump.
type jumpTable struct {
	targets   []int // code indexes, sorted, each once
	entries   int   // how many were read
	unbounded bool  // its length or address was taken from what valid entries are
}

const (
	maxTable    = 1 << 16 // entries of a table whose length is known
	maxGuessed  = 1 << 12 // entries of a table whose length is not
	minGuessed  = 4       // entries of a table whose address is not
	maxTargets  = 1 << 18 // of all tables of a function: an absurd file must not cost gigabytes
	traceBlocks = 8       // how far back of the jump the bounds check is looked for
)

// resolveJump finds the targets of the JMP that ends block n. gcc compiles a
// switch for Alpha to
//
//	cmpule idx,max,t; beq t,default
//	s4addq idx,table,p; ldl o,0(p); addq $29,o,o; jmp (o)
//
// with .gprel32 entries (gcc/config/alpha/alpha.md, tablejump), in any order and
// with the table's address perhaps computed long before; and a computed goto to
// s8addq, ldq, jmp with addresses as entries, or, in position-independent code,
// to the first form with offsets to a label.
func (f *finder) resolveJump(fn *funcInfo, n int) {
	at := fn.blocks[n].end - 1
	if _, ok := fn.tables[at]; ok {
		return // found with less of the function known; more code does not change it
	}
	if f.guessTarget(fn, n) {
		fn.tailJumps++
		return
	}
	ev := f.trace(fn, n)
	jump := &f.flow.insts[at-fn.start]
	tab, reason := f.matchTable(fn, ev, ev.reg(jump.Rb))
	if reason == "" && fn.targets+len(tab.targets) > maxTargets {
		reason = "the function has too many jump targets"
	}
	switch {
	case reason == "":
		if fn.tables == nil {
			fn.tables = map[int]jumpTable{}
		}
		fn.tables[at] = tab
		fn.targets += len(tab.targets)
		fn.stale, f.grew = true, true // its edges change what is known
		for _, t := range tab.targets {
			f.reach(t)
		}
	case jump.Rb == regPV:
		fn.tailJumps++ // through the procedure value: a call in tail position
	default:
		fn.unresolved++
		if fn.reasons == nil {
			fn.reasons = map[int]string{}
		}
		fn.reasons[at] = reason
	}
}

// trace evaluates the only path that leads to the end of block n, from at most
// traceBlocks before, and keeps the conditions that hold on it.
func (f *finder) trace(fn *funcInfo, n int) *evaluator {
	path := []int{n}
	for b := n; len(path) < traceBlocks; {
		preds := fn.blocks[b].preds
		// A block that others enter has unknown predecessors.
		if len(preds) != 1 || f.code.mark[fn.blocks[b].first]&(mStart|mEntry) != 0 || slices.Contains(path, preds[0]) {
			break
		}
		b = preds[0]
		if k := fn.blocks[b].kind; k == EndCall || k == EndCallReg || k == EndCoroutine || k == EndJump {
			break
		}
		path = append(path, b)
	}
	slices.Reverse(path)
	ev := newEvaluator(&f.flow.in[path[0]])
	for k, b := range path {
		blk := &fn.blocks[b]
		insts := f.flow.insts[blk.first-fn.start : blk.end-fn.start]
		for i := range insts {
			ev.step(&insts[i], fn.gp)
		}
		if blk.kind == EndCond && k+1 < len(path) {
			taken := blk.target == fn.blocks[path[k+1]].first
			if taken && blk.target == blk.end {
				continue // both ways lead on
			}
			ev.condition(&insts[len(insts)-1], taken)
		}
		if blk.kind == EndPAL {
			for r := uint8(0); r < 31; r++ {
				if palClobbers>>r&1 != 0 {
					ev.regs[r] = ev.fresh()
				}
			}
		}
	}
	return ev
}

// matchTable recognises the table load that computes value v. reason says why
// it is none.
func (f *finder) matchTable(fn *funcInfo, ev *evaluator, v int) (t jumpTable, reason string) {
	size, origin, relative := uint64(8), uint64(0), false
	load := ev.nodes[v]
	if load.op == isa.OpADDQ {
		for _, p := range [][2]int{{load.a, load.b}, {load.b, load.a}} {
			c, ok := ev.constOf(p[0])
			if ok && (c == fn.gp && fn.gp != 0 || f.code.index(c) >= 0) && ev.nodes[p[1]].op == isa.OpLDL {
				load, size, origin, relative = ev.nodes[p[1]], 4, c, true
			}
		}
	}
	if !relative && load.op != isa.OpLDQ {
		return t, "the target comes from no table that is known"
	}
	lin, ok := ev.linear(load.a, 0)
	if ok && lin.scale == size {
		lin.add += load.imm
		root, off := ev.canon(lin.idx)
		lo, count, bounded := ev.bounds(root, off)
		return f.readTable(fn, lin.add+size*(lo+off), size, count, origin, bounded)
	}
	// The register with the table's address came from the stack, or from where
	// its value could not be followed. If exactly one address that the function
	// computes is that of a table of the right length, that is it.
	sum := ev.nodes[load.a]
	if sum.op != isa.OpS4ADDQ && sum.op != isa.OpS8ADDQ {
		return t, "its target is loaded from an address that is not constant"
	}
	root, off := ev.canon(sum.a)
	lo, count, bounded := ev.bounds(root, off)
	found := 0
	for _, base := range f.addresses(fn) {
		c, why := f.readTable(fn, base+load.imm+size*(lo+off), size, count, origin, bounded)
		if why == "" && c.entries >= minGuessed {
			t = c
			found++
		}
	}
	switch found {
	case 0:
		return t, "its target is loaded from an address that is not constant"
	case 1:
		t.unbounded = true
		return t, ""
	}
	return jumpTable{}, "several tables are possible"
}

// addresses returns what the code of the function at hand computes with lda, in
// order, each once: the addresses of its tables are among them. Of absurdly many
// it returns none.
func (f *finder) addresses(fn *funcInfo) []uint64 {
	const most = 512
	s := &f.flow
	if s.haveAddrs {
		return s.addrs
	}
	s.haveAddrs = true
	var r regs
	out := s.addrs[:0]
	for n := range fn.blocks {
		b := &fn.blocks[n]
		r = f.flow.in[n]
		for i := b.first; i < b.end; i++ {
			in := &f.flow.insts[i-fn.start]
			f.step(fn, in, &r)
			if in.Op == isa.OpLDA && in.Rb != 31 {
				if v, ok := r.get(in.Ra); ok && v%4 == 0 && f.img.SegmentAt(v) != nil {
					out = append(out, v)
				}
			}
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) > most {
		out = out[:0]
	}
	s.addrs = out
	return out
}

// readTable reads count entries of size bytes at base: addresses of 8 bytes, or
// 4-byte offsets to origin. Of a table whose length is not sure it takes the entries
// up to the first that leaves the function.
func (f *finder) readTable(fn *funcInfo, base, size, count, origin uint64, bounded bool) (t jumpTable, reason string) {
	t.unbounded = !bounded
	if count > maxTable {
		return t, "the table is too long"
	}
	for k := uint64(0); k < count; k++ {
		target := -1
		if b, ok := f.img.Bytes(base+k*size, int(size)); ok {
			if size == 4 {
				target = f.code.index(origin + uint64(int64(int32(binary.LittleEndian.Uint32(b)))))
			} else {
				target = f.code.index(binary.LittleEndian.Uint64(b))
			}
		}
		if target < 0 || !bounded && (target < fn.start || target >= fn.end) {
			if bounded {
				return t, "an entry of its table is no code"
			}
			break
		}
		t.targets = append(t.targets, target)
		t.entries++
	}
	if len(t.targets) == 0 {
		return t, "its table is empty"
	}
	slices.Sort(t.targets)
	t.targets = slices.Compact(t.targets)
	return t, ""
}

// linearForm is add + scale * idx.
type linearForm struct {
	add, scale uint64
	idx        int
}

// linear takes an address apart into a constant and one scaled unknown.
func (ev *evaluator) linear(v, depth int) (linearForm, bool) {
	if c, ok := ev.constOf(v); ok {
		return linearForm{add: c}, true
	}
	n := ev.nodes[v]
	scaleA := uint64(0)
	switch n.op {
	case isa.OpADDQ:
		scaleA = 1
	case isa.OpS4ADDQ:
		scaleA = 4
	case isa.OpS8ADDQ:
		scaleA = 8
	case isa.OpSLL:
		if c, ok := ev.constOf(n.b); ok && c < 8 {
			return linearForm{0, 1 << c, n.a}, true
		}
	}
	if scaleA == 0 || depth > 6 {
		return linearForm{0, 1, v}, true
	}
	x := linearForm{0, 1, n.a}
	ok := true
	if scaleA == 1 { // a scaled part is an index as it stands
		x, ok = ev.linear(n.a, depth+1)
	} else if c, isConst := ev.constOf(n.a); isConst {
		x = linearForm{add: c}
	}
	y, okY := ev.linear(n.b, depth+1)
	if !ok || !okY || x.scale != 0 && y.scale != 0 {
		return linearForm{}, false
	}
	out := linearForm{add: x.add*scaleA + y.add, scale: x.scale * scaleA, idx: x.idx}
	if y.scale != 0 {
		out.scale, out.idx = y.scale, y.idx
	}
	return out, true
}

// canon takes an index apart into an unknown and a constant that was added,
// looking through extensions from 32 bits, which a checked index survives.
func (ev *evaluator) canon(v int) (root int, off uint64) {
	for range 16 {
		n := ev.nodes[v]
		c, isConst := ev.constOf(n.b)
		switch {
		case !isConst:
			return v, off
		case n.op == isa.OpADDQ, n.op == isa.OpADDL:
			off += c
		case n.op == isa.OpSUBQ, n.op == isa.OpSUBL:
			off -= c
		case n.op == isa.OpZAPNOT && c == 0x0f:
		default:
			return v, off
		}
		v = n.a
	}
	return v, off
}

// bounds finds the smallest range of root that a check on the path allows, as
// the lowest value and the count of values. Without a check (ok is false) it is
// the widest range that makes sense, from where root + off is 0.
func (ev *evaluator) bounds(root int, off uint64) (lo, count uint64, ok bool) {
	lo, count = -off, maxGuessed
	if c, isSmall := ev.limit(root); isSmall && off == 0 {
		count = c // of a type or a mask; the table may well be shorter
	}
	take := func(l, c uint64) {
		if !ok || c < count {
			lo, count, ok = l, c, true
		}
	}
	for _, c := range ev.conds {
		n := ev.nodes[c.value]
		x, y := n.a, n.b
		var c1 uint64 // the count of values is the constant plus this
		limitAt := y
		switch {
		case n.op == isa.OpCMPULE && c.holds:
			c1 = 1
		case n.op == isa.OpCMPULT && c.holds:
		case n.op == isa.OpCMPULE && !c.holds: // x > y: y is the index, y < x
			x, limitAt = y, x
		case n.op == isa.OpCMPULT && !c.holds: // x >= y
			x, limitAt, c1 = y, x, 1
		default:
			continue
		}
		limit, isConst := ev.constOf(limitAt)
		if !isConst || limit >= maxTable {
			continue
		}
		if r, o := ev.canon(x); r == root {
			take(-o, limit+c1)
		}
	}
	return lo, count, ok
}

// limit tells how many values a node has if its operation says so.
func (ev *evaluator) limit(v int) (uint64, bool) {
	n := ev.nodes[v]
	c, isConst := ev.constOf(n.b)
	switch {
	case n.op == isa.OpLDBU, n.op == isa.OpEXTBL, n.op == isa.OpZAPNOT && isConst && c == 1:
		return 256, true
	case n.op == isa.OpAND && isConst && c < maxTable:
		return 1 << bits.Len64(c), true
	case n.op == isa.OpSRL && isConst && c >= 48 && c < 64:
		return 1 << (64 - c), true
	}
	return 0, false
}
