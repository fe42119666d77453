package pass

import "axpress/ir"

// shiftBy is the common part of the rules for shifts: it cleans up the count.
// Only the low bits of the count matter, so what changes the others goes: this
// undoes the masking in the lifted byte-manipulation instructions. It returns
// the result, if there is one, and the count if it is a constant.
func (s *simplifier) shiftBy(v *ir.Value) (r *ir.Value, n int64, isConst bool) {
	t := v.Type
	if c, ok := s.konst(v.Args[1]); ok {
		n = shiftCount(t, c)
		if n == 0 {
			return v.Args[0], 0, true
		}
		if n != c {
			return become(v, v.Op, 0, v.Args[0], s.newConst(t, n)), n, true
		}
		return nil, n, true
	}
	if y := s.demand(v.Args[1], uint64(t.Bits()-1), 0); y != v.Args[1] {
		return become(v, v.Op, 0, v.Args[0], y), 0, false
	}
	return nil, 0, false
}

// demand returns a value that agrees with v in the bits of want and may be
// cheaper.
func (s *simplifier) demand(v *ir.Value, want uint64, depth int) *ir.Value {
	if want&^s.zero(v) == 0 {
		if s.is(v, 0) {
			return v
		}
		return s.newConst(v.Type, 0)
	}
	if depth > 4 || len(v.Args) != 2 {
		return v
	}
	x, y := v.Args[0], v.Args[1]
	c, ok := s.konst(y)
	switch v.Op {
	case ir.OpAnd:
		if ok && uint64(c)&want == want {
			return s.demand(x, want, depth+1)
		}
	case ir.OpOr, ir.OpXor:
		if ok && uint64(c)&want == 0 {
			return s.demand(x, want, depth+1)
		}
	case ir.OpAdd, ir.OpSub:
		// Carries go upward only: all bits up to the highest wanted one count.
		below := want | want>>1
		below |= below >> 2
		below |= below >> 4
		below |= below >> 8
		below |= below >> 16
		below |= below >> 32
		if ok && uint64(c)&below == 0 {
			return s.demand(x, want, depth+1)
		}
		x2, y2 := s.demand(x, below, depth+1), s.demand(y, below, depth+1)
		if x2 != x || y2 != y {
			return s.emit(v.Op, v.Type, 0, x2, y2)
		}
	case ir.OpShl:
		if ok {
			if x2 := s.demand(x, want>>shiftCount(v.Type, c), depth+1); x2 != x {
				return s.emit(v.Op, v.Type, 0, x2, y)
			}
		}
	}
	return v
}

// constShift says whether x is the shift op by a constant, and which.
func (s *simplifier) constShift(x *ir.Value, op ir.Op) (int64, bool) {
	if x.Op != op {
		return 0, false
	}
	c, ok := s.konst(x.Args[1])
	return shiftCount(x.Type, c), ok
}

// ruleShl: (x<<m)<<n = x<<(m+n); (x>>n)<<n = x & mask.
func ruleShl(s *simplifier, v *ir.Value) *ir.Value {
	r, n, ok := s.shiftBy(v)
	if r != nil || !ok {
		return r
	}
	x, t := v.Args[0], v.Type
	if m, ok := s.constShift(x, ir.OpShl); ok {
		if int(m+n) >= t.Bits() {
			return s.newConst(t, 0)
		}
		return become(v, ir.OpShl, 0, x.Args[0], s.newConst(t, m+n))
	}
	if m, ok := s.constShift(x, ir.OpLShr); ok && m == n {
		return become(v, ir.OpAnd, 0, x.Args[0], s.newConst(t, -1<<n))
	}
	if m, ok := s.constShift(x, ir.OpAShr); ok && m == n {
		return become(v, ir.OpAnd, 0, x.Args[0], s.newConst(t, -1<<n))
	}
	return nil
}

// ruleLShr: (x>>m)>>n = x>>(m+n); (x<<n)>>n = x & mask.
func ruleLShr(s *simplifier, v *ir.Value) *ir.Value {
	r, n, ok := s.shiftBy(v)
	if r != nil || !ok {
		return r
	}
	x, t := v.Args[0], v.Type
	if s.zero(x)|lowZeros(int(n)) == typeMask(t) {
		return s.newConst(t, 0)
	}
	if m, ok := s.constShift(x, ir.OpLShr); ok && int(m+n) < t.Bits() {
		return become(v, ir.OpLShr, 0, x.Args[0], s.newConst(t, m+n))
	}
	if m, ok := s.constShift(x, ir.OpShl); ok && m == n {
		return become(v, ir.OpAnd, 0, x.Args[0], s.newConst(t, int64(typeMask(t)>>n)))
	}
	return nil
}

// narrow is the integer type of so many bits, Void if there is none.
func narrow(bits int) ir.Type {
	switch bits {
	case 8:
		return ir.I8
	case 16:
		return ir.I16
	case 32:
		return ir.I32
	}
	return ir.Void
}

// ruleAShr: a value that is not negative shifts logically; (x<<n)>>n is the
// sign-extension of the low part.
func ruleAShr(s *simplifier, v *ir.Value) *ir.Value {
	r, n, ok := s.shiftBy(v)
	if r != nil {
		return r
	}
	x, t := v.Args[0], v.Type
	if s.zero(x)>>(t.Bits()-1)&1 != 0 {
		return become(v, ir.OpLShr, 0, x, v.Args[1])
	}
	if !ok {
		return nil
	}
	if m, ok := s.constShift(x, ir.OpAShr); ok {
		return become(v, ir.OpAShr, 0, x.Args[0], s.newConst(t, min(m+n, int64(t.Bits()-1))))
	}
	if m, ok := s.constShift(x, ir.OpShl); ok && m == n {
		if to := narrow(t.Bits() - int(n)); to != ir.Void {
			return become(v, ir.OpSExt, 0, s.emit(ir.OpTrunc, to, 0, x.Args[0]))
		}
	}
	return nil
}
