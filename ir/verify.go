package ir

import (
	"fmt"
	"strings"
)

// Verify checks that f is well formed: every value has the types its row in
// Table asks for and is defined before its uses on all paths, edges fit the
// parameters of their blocks, terminals are complete, entries are clean, and the
// rules of the form (lifted or promoted, see the package comment) hold. It
// returns the first violation, naming function, block and value. Unreachable
// blocks are checked too, but for the order of definitions and uses.
//
// The letters of Sig: I any integer type and F any floating-point type, the same
// everywhere in the row; J another integer type; A any type but void, the same
// in all arguments; b i1; q i64; v no result. What the letters cannot say is in
// typeRules.
func Verify(f *Func) error {
	v := &verifier{f: f, blocks: make([]*Block, f.nextBlock), defs: make([]*Value, f.nextValue), pos: make([]int32, f.nextValue)}
	for _, step := range []func() error{v.structure, v.entries, v.contents, v.terms, v.dominance} {
		if err := step(); err != nil {
			return fmt.Errorf("ir: verify %q: %w", f.Name, err)
		}
	}
	return nil
}

type verifier struct {
	f      *Func
	blocks []*Block // by ID: blocks of f
	entry  []bool   // by block ID
	defs   []*Value // by ID: values of f
	pos    []int32  // by value ID: position in its block; parameters have -1
}

// structure checks identities: each block and each value occurs once.
func (c *verifier) structure() error {
	for _, b := range c.f.Blocks {
		if b == nil || b.ID < 0 || b.ID >= len(c.blocks) || c.blocks[b.ID] != nil {
			return fmt.Errorf("%v is nil, out of range, or twice in Blocks", b)
		}
		c.blocks[b.ID] = b
		for i, p := range b.Params {
			if err := c.define(b, p, -1); err != nil {
				return err
			}
			if p.Op != OpParam || len(p.Args) > 0 || p.Type == Void || int(p.Type) >= len(typeTable) {
				return fmt.Errorf("%v: parameter %d is not a typed OpParam", b, i)
			}
		}
		for i, v := range b.Vals {
			if err := c.define(b, v, int32(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *verifier) define(b *Block, v *Value, pos int32) error {
	switch {
	case v == nil:
		return fmt.Errorf("%v: nil value", b)
	case v.ID < 0 || v.ID >= len(c.defs):
		return fmt.Errorf("%v %v: ID out of range", b, v)
	case c.defs[v.ID] != nil:
		return fmt.Errorf("%v %v: defined twice (also in %v)", b, v, c.defs[v.ID].Block)
	case v.Block != b:
		return fmt.Errorf("%v %v: Block says %v", b, v, v.Block)
	}
	c.defs[v.ID], c.pos[v.ID] = v, pos
	return nil
}

func (c *verifier) knows(b *Block) bool {
	return b != nil && b.ID >= 0 && b.ID < len(c.blocks) && c.blocks[b.ID] == b
}

// exists checks that a use names a value of f.
func (c *verifier) exists(a *Value) error {
	if a == nil || a.ID < 0 || a.ID >= len(c.defs) || c.defs[a.ID] != a {
		return fmt.Errorf("uses %v, which is not in the function", a)
	}
	return nil
}

func (c *verifier) entries() error {
	c.entry = make([]bool, len(c.blocks))
	if len(c.f.Entries) == 0 {
		return fmt.Errorf("no entries")
	}
	seen := map[uint64]bool{}
	for _, e := range c.f.Entries {
		switch {
		case !c.knows(e.Block):
			return fmt.Errorf("entry %#x: %v is not in Blocks", e.PC, e.Block)
		case len(e.Block.Params) > 0:
			return fmt.Errorf("entry %#x: %v has parameters", e.PC, e.Block)
		case seen[e.PC]:
			return fmt.Errorf("entry %#x occurs twice", e.PC)
		}
		seen[e.PC] = true
		c.entry[e.Block.ID] = true
	}
	return nil
}

// contents checks the values of each block by themselves.
func (c *verifier) contents() error {
	for _, b := range c.f.Blocks {
		clean := true // nothing but reads so far
		for _, v := range b.Vals {
			if err := c.value(v, clean); err != nil {
				return fmt.Errorf("%v %v (%v @%#x): %w", b, v, v.Op, v.PC, err)
			}
			e := Table[v.Op].Effect
			clean = clean && (e == EffectNone || e == EffectReadState)
		}
	}
	return nil
}

func (c *verifier) value(v *Value, clean bool) error {
	if v.Op == OpInvalid || v.Op >= numOps || v.Op == OpParam {
		return fmt.Errorf("no op for a value")
	}
	if int(v.Type) >= len(typeTable) {
		return fmt.Errorf("type %d", v.Type)
	}
	info := &Table[v.Op]
	if info.Effect == effectUnknown {
		return fmt.Errorf("the op has no effect class in Table")
	}
	if len(v.Args) != info.NArgs {
		return fmt.Errorf("%d arguments, want %d", len(v.Args), info.NArgs)
	}
	for _, a := range v.Args {
		if err := c.exists(a); err != nil {
			return err
		}
	}
	if err := checkSig(v, info.Sig); err != nil {
		return err
	}
	if rule := typeRules[v.Op]; rule != nil {
		if err := rule(v); err != nil {
			return err
		}
	}
	if len(v.Snap) > 0 && !v.Op.Exits() {
		return fmt.Errorf("a snapshot on an op without side exit")
	}
	if err := c.snapshot(v.Snap); err != nil {
		return err
	}
	if !c.f.Promoted {
		return nil
	}
	if v.Op == OpGetReg && (!c.entry[v.Block.ID] || !clean) {
		return fmt.Errorf("in the promoted form, not at the start of an entry")
	}
	return nil
}

func (c *verifier) snapshot(snap []RegValue) error {
	if len(snap) > 0 && !c.f.Promoted {
		return fmt.Errorf("a snapshot in the lifted form")
	}
	for i, s := range snap {
		if err := c.exists(s.Val); err != nil {
			return fmt.Errorf("snapshot of %v: %w", s.Reg, err)
		}
		switch {
		case !isReg(int64(s.Reg)):
			return fmt.Errorf("snapshot of %v", s.Reg)
		case i > 0 && snap[i-1].Reg >= s.Reg:
			return fmt.Errorf("snapshot not in ascending order at %v", s.Reg)
		case s.Val.Type != s.Reg.Type():
			return fmt.Errorf("snapshot of %v is %v", s.Reg, s.Val.Type)
		}
	}
	return nil
}

// isReg says whether n is a register that may occur in a Func: r31 and f31 may not.
func isReg(n int64) bool { return n >= 0 && n < 64 && n != 31 && n != 63 }

// checkSig checks the types of v against a row of Table.
func checkSig(v *Value, sig string) error {
	args, result, _ := strings.Cut(sig, "->")
	var bound ['v' + 1]Type // by letter; Void if not yet seen
	check := func(letter byte, t Type) bool {
		switch letter {
		case 'v':
			return t == Void
		case 'b':
			return t == I1
		case 'q':
			return t == I64
		case 'J':
			return t.IsInt()
		}
		if old := bound[letter]; old != Void && old != t {
			return false
		}
		bound[letter] = t
		switch letter {
		case 'I':
			return t.IsInt()
		case 'F':
			return t.IsFloat()
		}
		return t != Void
	}
	for i, a := range v.Args {
		if !check(args[2*i], a.Type) {
			return fmt.Errorf("argument %d is %v, want %q", i, a.Type, sig)
		}
	}
	if v.Op == OpBitcast || v.Op == OpFExt || v.Op == OpFTrunc {
		bound = ['v' + 1]Type{} // another type: typeRules says which
	}
	if !check(result[0], v.Type) {
		return fmt.Errorf("the result is %v, want %q", v.Type, sig)
	}
	return nil
}

// typeRules holds what Sig cannot say.
var typeRules = [numOps]func(v *Value) error{
	OpTrunc:     func(v *Value) error { return want(v.Args[0].Type > v.Type, "to a narrower type") },
	OpZExt:      func(v *Value) error { return want(v.Args[0].Type < v.Type, "to a wider type") },
	OpSExt:      func(v *Value) error { return want(v.Args[0].Type < v.Type, "to a wider type") },
	OpBitcast:   func(v *Value) error { return want(v.Args[0].Type.Bits() == v.Type.Bits(), "the same width") },
	OpFExt:      func(v *Value) error { return want(v.Args[0].Type == F32 && v.Type == F64, "f32 to f64") },
	OpFTrunc:    func(v *Value) error { return want(v.Args[0].Type == F64 && v.Type == F32, "f64 to f32") },
	OpMapS:      func(v *Value) error { return want(v.Args[0].Type == I32 && v.Type == F64, "i32 to f64") },
	OpUnmapS:    func(v *Value) error { return want(v.Args[0].Type == F64 && v.Type == I32, "f64 to i32") },
	OpFToSI:     func(v *Value) error { return want(v.Type == I64, "i64") },
	OpFPOperate: func(v *Value) error { return want(v.Imm > 0 && v.Imm < 1<<32, "an instruction word") },
	OpLoad: func(v *Value) error {
		return want(v.Type != I1 && (v.Imm == LoadAligned || v.Imm == LoadQuads), "i8 or wider, kind 0 or 1")
	},
	OpStore:      func(v *Value) error { return want(v.Args[1].Type != I1, "i8 or wider") },
	OpLoadLocked: func(v *Value) error { return want(v.Type >= I32, "i32 or i64") },
	OpStoreCond:  func(v *Value) error { return want(v.Args[1].Type >= I32, "i32 or i64") },
	OpAtomic: func(v *Value) error {
		return want(v.Type >= I32 && v.Imm >= AtomicExchange && v.Imm <= AtomicXor, "i32 or i64, kind 0 to 5")
	},
	OpFence:    func(v *Value) error { return want(v.Imm == 0 || v.Imm == 1, "kind 0 or 1") },
	OpPrefetch: func(v *Value) error { return want(v.Imm >= PrefetchRead && v.Imm <= PrefetchModify, "kind 0 to 2") },
	OpRetire:   func(v *Value) error { return want(v.Imm >= 0, "a count") },
	OpLdState:  func(v *Value) error { return want(v.Imm >= 0, "an offset") },
	OpStState:  func(v *Value) error { return want(v.Imm >= 0, "an offset") },
	OpGetReg: func(v *Value) error {
		return want(isReg(v.Imm) && Reg(v.Imm).Type() == v.Type, "a register and its type")
	},
	OpSetReg: func(v *Value) error {
		return want(isReg(v.Imm) && Reg(v.Imm).Type() == v.Args[0].Type, "a register and its type")
	},
}

func want(ok bool, what string) error {
	if !ok {
		return fmt.Errorf("want %s", what)
	}
	return nil
}
