package pass

import (
	"math/bits"

	"axpress/ir"
)

// simplify rewrites values to cheaper ones: constants are folded, identities
// applied, constants moved to the right, Alpha idioms turned into what they
// mean; guards, branches and switches that are decided go. It works on both
// forms and looks at each value once, operands first.
//
//	v1 = const 7                       extbl v9, v0:
//	v2 = and v0, v1                      v3 = const 3
//	v3 = const 3                         v4 = shl v0, v3      ; counts are modulo 64
//	v4 = shl v2, v3             =>       v5 = lshr v9, v4
//	v5 = lshr v9, v4                     v6 = const 255
//	v6 = const 255                       v7 = and v5, v6
//	v7 = and v5, v6
//
// The rules are functions from a value to what may stand for it, one per op, in
// the table simplifyRules. An OpPC is a constant only in a unit at a fixed
// address; in a relocatable one nothing but adding to it is decided here.
func simplify(f *ir.Func, _ *Options) error {
	removeUnreachable(f)
	s := &simplifier{f: f, rules: &simplifyRules, sub: newSubst(f), zeros: make([]uint64, f.NumValues()), uses: countUses(f)}
	for _, b := range ir.NewCFG(f).Order {
		s.block(b)
	}
	// Back edges carry values that were replaced after their block was done.
	for _, b := range f.Blocks {
		s.sub.term(&b.Term)
	}
	if s.cut {
		removeUnreachable(f)
	}
	return nil
}

// rule returns what may stand for v: v itself changed in place (which is looked
// at again), another value, or nil for no change. Constant operands are on the
// right if the op commutes.
type rule func(s *simplifier, v *ir.Value) *ir.Value

type simplifier struct {
	f     *ir.Func
	rules *[len(ir.Table)]rule
	sub   *subst
	// zeros has by value ID the bits that are known to be 0, among those of the
	// type; bits above it are not set.
	zeros []uint64
	// uses has by value ID how often values were used when the pass began: a guide
	// to what pays, not a fact.
	uses []int
	out  []*ir.Value // new list of values of the block
	b    *ir.Block
	pc   uint64
	cut  bool // edges were removed
}

func (s *simplifier) block(b *ir.Block) {
	s.b = b
	s.out = make([]*ir.Value, 0, len(b.Vals)+4)
	ended := false
	for _, v := range b.Vals {
		s.pc = v.PC
		s.sub.values(v.Args)
		s.sub.regs(v.Snap)
		if v.Op == ir.OpGuard {
			if c, ok := s.konst(v.Args[0]); ok {
				if c&1 != 0 {
					continue
				}
				b.Term = ir.Term{Kind: ir.TermInterpret, PC: v.PC, Snap: v.Snap}
				s.cut, ended = true, true
				break
			}
		}
		s.value(v)
	}
	s.pc = b.Term.PC
	if !ended {
		s.sub.term(&b.Term)
		s.term(&b.Term)
	}
	b.Vals = s.out
}

// value simplifies v, whose operands are done, and appends what remains.
func (s *simplifier) value(v *ir.Value) {
	if r := s.reduce(v); r != v {
		s.sub.replace(v, r)
		return
	}
	s.out = append(s.out, v)
	s.note(v)
}

// reduce applies rules until none does. The result is v or a value that is
// already in place.
func (s *simplifier) reduce(v *ir.Value) *ir.Value {
	if !pure(v.Op) && v.Op != ir.OpFTrunc {
		return v
	}
	// The bound stops rules that undo each other: that would be a bug, but not
	// one worth an endless loop.
	for range 32 {
		s.normalize(v)
		if c, ok := s.fold(v); ok {
			return c
		}
		fn := s.rules[v.Op]
		if fn == nil {
			return v
		}
		r := fn(s, v)
		if r == nil {
			return v
		}
		if r != v {
			return r
		}
	}
	return v
}

var commutes = [len(ir.Table)]bool{ir.OpAdd: true, ir.OpMul: true, ir.OpUMulH: true, ir.OpAnd: true, ir.OpOr: true,
	ir.OpXor: true, ir.OpICmpEQ: true, ir.OpICmpNE: true, ir.OpSAddO: true, ir.OpSMulO: true}

// normalize brings constants into canonical form and to the right, plain ones
// further than addresses.
func (s *simplifier) normalize(v *ir.Value) {
	if v.Op == ir.OpConst {
		v.Imm = ir.Canonical(v.Type, v.Imm)
	}
	if !commutes[v.Op] {
		return
	}
	x, y := v.Args[0], v.Args[1]
	if isConst(x) && !isConst(y) || x.Op == ir.OpConst && y.Op == ir.OpPC {
		v.Args[0], v.Args[1] = y, x
	}
}

func isConst(v *ir.Value) bool { return v.Op == ir.OpConst || v.Op == ir.OpPC }

// emit makes a value, simplifies it, and puts it before the one at hand.
func (s *simplifier) emit(op ir.Op, t ir.Type, imm int64, args ...*ir.Value) *ir.Value {
	v := s.f.NewValue(op, t, args...)
	v.Imm, v.PC, v.Block = imm, s.pc, s.b
	if r := s.reduce(v); r != v {
		return r
	}
	s.out = append(s.out, v)
	s.note(v)
	return v
}

func (s *simplifier) newConst(t ir.Type, n int64) *ir.Value { return s.emit(ir.OpConst, t, n) }

// become turns v into another operation in place.
func become(v *ir.Value, op ir.Op, imm int64, args ...*ir.Value) *ir.Value {
	v.Op, v.Imm, v.Args, v.Snap = op, imm, args, nil
	return v
}

// konst returns the constant that v is, in canonical form.
func (s *simplifier) konst(v *ir.Value) (int64, bool) {
	switch {
	case v.Op == ir.OpConst:
		return ir.Canonical(v.Type, v.Imm), true
	case v.Op == ir.OpPC && !s.f.Relocatable:
		return v.Imm, true
	}
	return 0, false
}

// is says whether v is the constant n.
func (s *simplifier) is(v *ir.Value, n int64) bool {
	c, ok := s.konst(v)
	return ok && c == ir.Canonical(v.Type, n)
}

// single says whether v seems to have one use.
func (s *simplifier) single(v *ir.Value) bool { return v.ID >= len(s.uses) || s.uses[v.ID] <= 1 }

func typeMask(t ir.Type) uint64 { return ^uint64(0) >> (64 - t.Bits()) }

// zero returns the bits of v that are known to be 0.
func (s *simplifier) zero(v *ir.Value) uint64 {
	if v.ID < len(s.zeros) {
		return s.zeros[v.ID]
	}
	return 0
}

// note records the known zero bits of v.
func (s *simplifier) note(v *ir.Value) {
	if !v.Type.IsInt() {
		return
	}
	z := s.knownZeros(v) & typeMask(v.Type)
	if z == 0 {
		return
	}
	for v.ID >= len(s.zeros) {
		s.zeros = append(s.zeros, 0)
	}
	s.zeros[v.ID] = z
}

func (s *simplifier) knownZeros(v *ir.Value) uint64 {
	arg := func(i int) uint64 { return s.zero(v.Args[i]) }
	switch v.Op {
	case ir.OpConst:
		return ^uint64(v.Imm)
	case ir.OpPC:
		// Units move by whole pages (8 KB), so the offset in the page is known.
		if !s.f.Relocatable {
			return ^uint64(v.Imm)
		}
		return ^uint64(v.Imm) & (1<<13 - 1)
	case ir.OpAnd:
		return arg(0) | arg(1)
	case ir.OpOr, ir.OpXor:
		return arg(0) & arg(1)
	case ir.OpSelect:
		return arg(1) & arg(2)
	case ir.OpZExt:
		return arg(0) | ^typeMask(v.Args[0].Type)
	case ir.OpTrunc:
		return arg(0)
	case ir.OpAdd:
		return sumZeros(arg(0), arg(1), v.Type)
	case ir.OpMul:
		return lowZeros(bits.TrailingZeros64(^arg(0)) + bits.TrailingZeros64(^arg(1)))
	case ir.OpShl, ir.OpLShr:
		n, ok := s.konst(v.Args[1])
		if !ok {
			return 0
		}
		n &= int64(v.Type.Bits() - 1)
		if v.Op == ir.OpShl {
			return arg(0)<<n | (1<<n - 1)
		}
		return arg(0)>>n | ^(typeMask(v.Type) >> n)
	case ir.OpCtPop, ir.OpCtLz, ir.OpCtTz:
		return ^uint64(2*v.Type.Bits() - 1)
	}
	return 0
}

// lowZeros returns the n low bits.
func lowZeros(n int) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<n - 1
}

// sumZeros: below the lowest bit that may be set there is no carry; and the sum
// of two numbers below 1<<k is below 1<<(k+1).
func sumZeros(a, b uint64, t ir.Type) uint64 {
	low := lowZeros(min(bits.TrailingZeros64(^a), bits.TrailingZeros64(^b)))
	most := max(bits.Len64(^a&typeMask(t)), bits.Len64(^b&typeMask(t))) + 1
	return low | ^lowZeros(most)
}

// term simplifies a terminal whose operands are done.
func (s *simplifier) term(t *ir.Term) {
	switch t.Kind {
	case ir.TermBr:
		for t.Cond.Op == ir.OpXor && s.is(t.Cond.Args[1], 1) {
			t.Cond = t.Cond.Args[0]
			t.Succs[0], t.Succs[1] = t.Succs[1], t.Succs[0]
		}
		if c, ok := s.konst(t.Cond); ok {
			s.jump(t, t.Succs[1-c&1])
		}
	case ir.TermSwitch:
		for i := range t.Cases {
			if t.Target.Op == ir.OpPC && uint64(t.Target.Imm) == t.Cases[i].PC || !s.f.Relocatable && s.is(t.Target, int64(t.Cases[i].PC)) {
				s.jump(t, t.Cases[i].Edge)
				return
			}
		}
		if isConst(t.Target) && (t.Target.Op == ir.OpPC || !s.f.Relocatable) {
			s.cut = s.cut || len(t.Cases) > 0
			t.Kind, t.Cases = ir.TermGoto, nil
		}
	}
}

func (s *simplifier) jump(t *ir.Term, e ir.Edge) {
	*t = ir.Term{Kind: ir.TermJump, Succs: []ir.Edge{e}, PC: t.PC}
	s.cut = true
}
