package pass

import (
	"slices"

	"axpress/ir"
)

// unaligned reads bytes, and numbers that need not be aligned, at once, at the full
// setting: what code reads in aligned quadwords and takes out of them (Handbook, sections
// 4.6.2 and 4.13).
//
//	v2 = load (v0 & -8) [..]           v9 = load quads v0 [..]
//	v3 = load (v0 + 7 & -8) [r1=v2 ..]
//	v4 = lshr v2, v0 << 3        =>
//	v5 = shl v3, 0 - (v0 << 3)
//	v6 = or v4, v5                     ; v9 for v6
//	ret [r2=v5]                        ret [r2=v9 & -1 << (0 - (v0 << 3))]
//
// Nothing may want the quadwords but the second load's exit, which goes: the first one's
// is that of both, and no store, fence or poll may stand between them. The parts, where
// they are wanted, are parts of the result.
func unaligned(f *ir.Func, o *Options) error {
	if !o.Full {
		return nil
	}
	u := &unaligner{f: f, o: o, sub: newSubst(f)}
	u.count()
	for _, b := range f.Blocks {
		u.block(b)
	}
	if u.found {
		u.finish()
	}
	return nil
}

type unaligner struct {
	f     *ir.Func
	o     *Options
	uses  [][]*ir.Value // by ID: the values that have it as an operand
	other []int         // by ID: how often it is on edges, and in terminals
	snaps [][]*ir.Value // by ID: the values whose snapshots have it
	sub   *subst
	found bool
	gone  map[*ir.Value]bool
	fresh map[*ir.Value][]*ir.Value // what stands in place of a value
}

func (u *unaligner) count() {
	n := u.f.NumValues()
	u.uses, u.other, u.snaps = make([][]*ir.Value, n), make([]int, n), make([][]*ir.Value, n)
	u.gone, u.fresh = map[*ir.Value]bool{}, map[*ir.Value][]*ir.Value{}
	for _, b := range u.f.Blocks {
		for _, v := range b.Vals {
			for _, a := range v.Args {
				u.uses[a.ID] = append(u.uses[a.ID], v)
			}
			for _, rv := range v.Snap {
				u.snaps[rv.Val.ID] = append(u.snaps[rv.Val.ID], v)
			}
		}
		t := &b.Term
		for _, v := range []*ir.Value{t.Cond, t.Target} {
			if v != nil {
				u.other[v.ID]++
			}
		}
		for _, rv := range t.Snap {
			u.other[rv.Val.ID]++
		}
		t.Edges(func(e *ir.Edge) {
			for _, a := range e.Args {
				u.other[a.ID]++
			}
		})
	}
}

// part is what is taken out of a quadword.
type part struct {
	v     *ir.Value // what is taken
	load  *ir.Value // the quadword
	at    *ir.Value // the address that says what is taken
	high  bool      // the bytes from address at on are shifted up, to what they are in the number
	bytes int       // that are kept; 8: all
}

// sizes are the masks of parts, and what they keep.
var sizes = map[int64]int{0xff: 1, 0xffff: 2, 0xffff_ffff: 4}

// partOf returns the part that v is.
func partOf(v *ir.Value) (p part, ok bool) {
	p.v, p.bytes = v, 8
	if v.Op == ir.OpAnd && v.Args[1].Op == ir.OpConst {
		if p.bytes, ok = sizes[v.Args[1].Imm]; !ok {
			return p, false
		}
		v = v.Args[0]
	}
	if v.Op != ir.OpLShr && v.Op != ir.OpShl {
		return p, false
	}
	p.load = v.Args[0]
	count := v.Args[1]
	if v.Op == ir.OpShl {
		p.high = true
		if count.Op != ir.OpSub || !isNumber(count.Args[0], 0, 63) {
			return p, false
		}
		count = count.Args[1]
	}
	if count.Op != ir.OpShl || !isNumber(count.Args[1], 3, -1) {
		return p, false
	}
	p.at = count.Args[0]
	return p, isQuad(p.load)
}

// isNumber says whether v is the constant n, among the bits of mask.
func isNumber(v *ir.Value, n, mask int64) bool { return v.Op == ir.OpConst && v.Imm&mask == n }

// isQuad says whether v is what LDQ_U reads.
func isQuad(v *ir.Value) bool {
	return v.Op == ir.OpLoad && v.Type == ir.I64 && v.Args[0].Op == ir.OpAnd && isNumber(v.Args[0].Args[1], -8, -1)
}

// distance returns how far address b is behind a, if that is known.
func distance(a, b *ir.Value) (int64, bool) {
	x, n := base(a)
	y, m := base(b)
	return m - n, x == y
}

func base(v *ir.Value) (*ir.Value, int64) {
	n := int64(0)
	for v.Op == ir.OpAdd && v.Args[1].Op == ir.OpConst {
		n += v.Args[1].Imm
		v = v.Args[0]
	}
	return v, n
}

func (u *unaligner) block(b *ir.Block) {
	for _, v := range b.Vals {
		if v.ID >= len(u.uses) || u.o.User != nil && u.o.User(v.PC) {
			continue
		}
		switch {
		case v.Op == ir.OpOr:
			u.number(b, v)
		case v.Op == ir.OpAnd:
			u.byte(v)
		}
	}
}

// wantedBy says whether nothing but by wants v, as an operand, and nothing but the exits
// of exits.
func (u *unaligner) wantedBy(v, by *ir.Value, exits ...*ir.Value) bool {
	if u.other[v.ID] != 0 || len(u.uses[v.ID]) != 1 || u.uses[v.ID][0] != by {
		return false
	}
	for _, x := range u.snaps[v.ID] {
		if !slices.Contains(exits, x) {
			return false
		}
	}
	return true
}

// byte replaces EXTBL of a quadword.
func (u *unaligner) byte(v *ir.Value) {
	p, ok := partOf(v)
	if !ok || p.high || p.bytes != 1 || !u.wantedBy(p.load, v.Args[0]) || !u.wantedBy(v.Args[0], v) {
		return
	}
	at := p.load.Args[0].Args[0]
	if d, ok := distance(p.at, at); !ok || d&7 != 0 || u.gone[p.load] || u.user(p.load) {
		return
	}
	u.gone[v.Args[0]] = true
	u.replace(v, u.read(p.load, at, 1))
}

// number replaces the EXTxL and EXTxH of two quadwords, put together.
func (u *unaligner) number(b *ir.Block, v *ir.Value) {
	low, ok1 := partOf(v.Args[0])
	high, ok2 := partOf(v.Args[1])
	if low.high {
		low, high = high, low
	}
	if !ok1 || !ok2 || low.high || !high.high || low.bytes != high.bytes || low.bytes == 1 {
		return
	}
	at := low.load.Args[0].Args[0]
	near := func(x *ir.Value, want, mask int64) bool {
		d, ok := distance(at, x)
		return ok && d&mask == want
	}
	if !near(low.at, 0, 7) || !near(high.at, 0, 7) || !near(high.load.Args[0].Args[0], int64(low.bytes)-1, -1) {
		return
	}
	first, second := low.load, high.load
	i, j := slices.Index(b.Vals, first), slices.Index(b.Vals, second)
	if i > j {
		first, second, i, j = second, first, j, i
	}
	if i < 0 || i == j || u.gone[first] || u.gone[second] || u.user(first) || u.user(second) || !together(b.Vals[i+1:j]) {
		return
	}
	for _, p := range []part{low, high} {
		by := p.v
		if p.bytes < 8 {
			by = p.v.Args[0]
			if !u.wantedBy(by, p.v) {
				return
			}
		}
		if !u.wantedBy(p.load, by, second) || len(u.uses[p.v.ID]) != 1 {
			return
		}
	}
	if len(u.snaps[second.ID]) != 0 || !before(b, first, at) {
		return
	}
	n := u.read(first, at, low.bytes)
	u.gone[second] = true
	u.replace(v, n)
	for _, p := range []part{low, high} {
		if u.other[p.v.ID] != 0 || len(u.snaps[p.v.ID]) != 0 {
			u.keep(p, n)
		}
		u.gone[p.v] = true
		if p.bytes < 8 {
			u.gone[p.v.Args[0]] = true
		}
	}
}

// before says whether x is there before v, both being of b or what is known in b.
func before(b *ir.Block, v, x *ir.Value) bool {
	return x.Block != b || x.Op == ir.OpParam || slices.Index(b.Vals, x) < slices.Index(b.Vals, v)
}

// together says whether a load from behind vals may be made before them.
func together(vals []*ir.Value) bool {
	return !slices.ContainsFunc(vals, func(v *ir.Value) bool {
		switch v.Op {
		case ir.OpLoad, ir.OpGuard, ir.OpRetire, ir.OpPrefetch:
			return false
		}
		return !droppable(v.Op)
	})
}

// user says whether load v may access memory of processes from the kernel.
func (u *unaligner) user(v *ir.Value) bool { return u.o.User != nil && u.o.User(v.PC) }

// emit makes a value in place of old, after others that are.
func (u *unaligner) emit(old *ir.Value, op ir.Op, t ir.Type, imm int64, args ...*ir.Value) *ir.Value {
	v := u.f.NewValue(op, t, args...)
	v.Imm, v.PC, v.Block = imm, old.PC, old.Block
	u.fresh[old] = append(u.fresh[old], v)
	return v
}

// read makes a load of n bytes at address at in place of load first, and returns the
// number, zero-extended.
func (u *unaligner) read(first, at *ir.Value, n int) *ir.Value {
	u.found, u.gone[first] = true, true
	t := map[int]ir.Type{1: ir.I8, 2: ir.I16, 4: ir.I32, 8: ir.I64}[n]
	v := u.emit(first, ir.OpLoad, t, ir.LoadQuads, at)
	v.Snap = first.Snap
	if n == 8 {
		return v
	}
	return u.emit(first, ir.OpZExt, ir.I64, 0, v)
}

// replace has n stand for v, and for the low part of v what n was extended from.
func (u *unaligner) replace(v, n *ir.Value) {
	u.sub.replace(v, n)
	u.gone[v] = true
	for _, w := range u.uses[v.ID] {
		if w.Op == ir.OpTrunc && n.Op == ir.OpZExt && n.Args[0].Type == w.Type {
			u.sub.replace(w, n.Args[0])
			u.gone[w] = true
		}
	}
}

// keep computes part p from number n, for the exits that want it.
func (u *unaligner) keep(p part, n *ir.Value) {
	old := p.v
	shift := old
	if p.bytes < 8 {
		shift = old.Args[0]
	}
	ones := u.emit(old, ir.OpConst, ir.I64, -1)
	mask := u.emit(old, shift.Op, ir.I64, 0, ones, shift.Args[1])
	u.sub.replace(old, u.emit(old, ir.OpAnd, ir.I64, 0, n, mask))
}

// finish puts what is new where it belongs, and drops what it stands for.
func (u *unaligner) finish() {
	for _, b := range u.f.Blocks {
		var vals []*ir.Value
		for _, v := range b.Vals {
			vals = append(vals, u.fresh[v]...)
			if !u.gone[v] {
				vals = append(vals, v)
			}
		}
		b.Vals = vals
	}
	u.sub.all(u.f)
}
