package pass

import (
	"slices"

	"axpress/ir"
)

// atomics makes one operation of LDx_L, an operation on what it loads, and STx_C to the
// same place (Handbook, section 4.2.5): as they are not far apart, and nothing stands
// between them but computation, the store may always succeed. The way back to LDx_L
// goes.
//
//	b1:                                        b1:
//	  v1 = loadlocked v0 [r16=v0]                v3 = const 1
//	  v2 = add v1, v3                            v1 = atomic 1, v0, v3 [r16=v0]
//	  retire 2                             =>    v2 = add v1, v3
//	  v4 = storecond v0, v2 [r1=v2 r16=v0]       retire 4
//	  retire 2                                   ret v9 [r1=v2]
//	  br v4, b2, b1
//	b2:
//	  ret v9 [r1=v2]
//
// The operation leaves where LDx_L does, before all instructions of the sequence, and so
// stands before their counts; what it needs is computed before it.
func atomics(f *ir.Func, o *Options) error {
	a := &atomizer{f: f, o: o}
	for _, b := range f.Blocks {
		a.block(b)
	}
	if !a.found {
		return nil
	}
	return simplify(f, o) // decides the branches
}

type atomizer struct {
	f     *ir.Func
	o     *Options
	found bool
}

// block finds the sequences of b.
func (a *atomizer) block(b *ir.Block) {
	first := -1 // the LDx_L that there is nothing but computation since
	for i := 0; i < len(b.Vals); i++ {
		v := b.Vals[i]
		switch {
		case v.Op == ir.OpLoadLocked:
			first = i
		case v.Op == ir.OpStoreCond && first >= 0:
			if s, ok := a.sequence(b.Vals[first : i+1]); ok {
				rest := slices.Clone(b.Vals[i+1:])
				b.Vals = append(b.Vals[:first], a.replace(s)...)
				i = len(b.Vals) - 1
				b.Vals = append(b.Vals, rest...)
			}
			first = -1
		case v.Op != ir.OpRetire && !pure(v.Op):
			first = -1
		}
	}
}

// atomicSequence is one that can be replaced.
type atomicSequence struct {
	load, store *ir.Value
	between     []*ir.Value
	depends     map[*ir.Value]bool // what is computed from what was loaded, which is one of them
	kind        int64              // ir.AtomicXxx
	operand     *ir.Value          // of the type of load, or wider
}

// atomicKinds are the operations that the host does in memory. All but exchange.
var atomicKinds = map[ir.Op]int64{
	ir.OpAdd: ir.AtomicAdd, ir.OpSub: ir.AtomicSub, ir.OpAnd: ir.AtomicAnd, ir.OpOr: ir.AtomicOr, ir.OpXor: ir.AtomicXor,
}

// sequence says what vals, from LDx_L to STx_C, do, if that is one operation.
func (a *atomizer) sequence(vals []*ir.Value) (s atomicSequence, ok bool) {
	n := len(vals) - 1
	s = atomicSequence{load: vals[0], store: vals[n], between: vals[1:n], depends: map[*ir.Value]bool{vals[0]: true}}
	stored := s.store.Args[1]
	if s.load.Args[0] != s.store.Args[0] || s.load.Type != stored.Type || a.user(s.load) != a.user(s.store) {
		return s, false
	}
	for _, v := range s.between {
		if slices.ContainsFunc(v.Args, func(x *ir.Value) bool { return s.depends[x] }) {
			s.depends[v] = true
		}
	}
	if !s.depends[stored] {
		s.kind, s.operand = ir.AtomicExchange, stored
		return s, true
	}
	s.kind, s.operand, ok = s.operation(stored)
	return s, ok
}

// operation says how v is made of what was loaded and something else. All operations can
// be made of the low parts of numbers.
func (s *atomicSequence) operation(v *ir.Value) (kind int64, operand *ir.Value, ok bool) {
	loaded := func(x *ir.Value) bool { return x == s.load }
	if v.Op == ir.OpTrunc {
		v = v.Args[0]
		loaded = func(x *ir.Value) bool { return (x.Op == ir.OpSExt || x.Op == ir.OpZExt) && x.Args[0] == s.load }
	}
	if kind, ok = atomicKinds[v.Op]; !ok {
		return 0, nil, false
	}
	x, y := v.Args[0], v.Args[1]
	if !loaded(x) && v.Op != ir.OpSub {
		x, y = y, x
	}
	return kind, y, loaded(x) && !s.depends[y]
}

// replace returns what stands in place of a sequence. The value that was loaded becomes
// the operation's, so that its uses stay.
func (a *atomizer) replace(s atomicSequence) (vals []*ir.Value) {
	a.found = true
	var after, counts []*ir.Value
	for _, v := range s.between {
		switch {
		case v.Op == ir.OpRetire:
			counts = append(counts, v)
		case s.depends[v]:
			after = append(after, v)
		default:
			vals = append(vals, v)
		}
	}
	operand := s.operand
	if operand.Type != s.load.Type {
		operand = a.f.NewValue(ir.OpTrunc, s.load.Type, operand)
		operand.PC, operand.Block = s.load.PC, s.load.Block
		vals = append(vals, operand)
	}
	s.load.Op, s.load.Imm, s.load.Args = ir.OpAtomic, s.kind, []*ir.Value{s.load.Args[0], operand}
	s.store.Op, s.store.Imm, s.store.Args, s.store.Snap = ir.OpConst, 1, nil, nil
	return slices.Concat(vals, []*ir.Value{s.load}, after, counts, []*ir.Value{s.store})
}

// user says whether v may access memory of processes from the kernel.
func (a *atomizer) user(v *ir.Value) bool { return a.o.User != nil && a.o.User(v.PC) }
