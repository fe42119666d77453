package pass

import (
	"fmt"
	"math/rand"

	"axpress/ir"
)

// generator makes random units in the lifted form: any flow graph, with every
// op, whose loops end because each block polls.
type generator struct {
	rnd    *rand.Rand
	f      *ir.Func
	bld    *ir.Builder
	blocks []*ir.Block
	ints   []*ir.Value // i64 values of the block at hand
}

var (
	genRegs   = []ir.Reg{0, 1, 2, 3, 16, 30}
	genFloats = []ir.Reg{32, 33, 42}
	genTypes  = []ir.Type{ir.I8, ir.I16, ir.I32, ir.I64}
)

const (
	genBase = 0x10000 // of the unit
	genMem  = 0x40000 // of 256 bytes that exist
)

func generate(seed int64) *ir.Func {
	g := &generator{rnd: rand.New(rand.NewSource(seed)), f: &ir.Func{Name: fmt.Sprintf("random %d", seed), PC: genBase}}
	g.f.Relocatable = g.rnd.Intn(3) == 0
	if g.f.Relocatable {
		g.f.Base = genBase
	}
	for i := 0; i < 2+g.rnd.Intn(9); i++ {
		g.blocks = append(g.blocks, g.f.NewBlock(genBase+uint64(i)*0x100))
	}
	g.f.Entries = []ir.Entry{{PC: g.blocks[0].PC, Block: g.blocks[0]}}
	for _, b := range g.blocks[1:] {
		if g.rnd.Intn(5) == 0 {
			g.entry(b)
		}
	}
	for _, b := range g.blocks[1:] {
		if !g.isEntry(b) && g.rnd.Intn(4) == 0 {
			g.f.AddParam(b, ir.I64)
		}
	}
	for _, b := range g.blocks {
		g.block(b)
	}
	return g.f
}

func (g *generator) isEntry(b *ir.Block) bool {
	for _, e := range g.f.Entries {
		if e.Block == b {
			return true
		}
	}
	return false
}

func (g *generator) entry(b *ir.Block) {
	if !g.isEntry(b) {
		g.f.Entries = append(g.f.Entries, ir.Entry{PC: b.PC, Block: b})
	}
}

func (g *generator) block(b *ir.Block) {
	g.bld = &ir.Builder{F: g.f, B: b, PC: b.PC}
	g.ints = append([]*ir.Value(nil), b.Params...)
	if b != g.blocks[0] && g.rnd.Intn(5) == 0 {
		g.empty(b)
		return
	}
	g.bld.Emit(ir.OpPoll, ir.Void, 0)
	for n := g.rnd.Intn(8); n >= 0; n-- {
		g.instruction()
		g.bld.Retire()
		g.bld.PC += 4
	}
	b.Term = g.term()
}

// empty makes a block that only jumps on, forward so that loops still poll.
func (g *generator) empty(b *ir.Block) {
	b.Term = ir.Term{Kind: ir.TermInterpret, PC: b.PC}
	if b.ID+1 < len(g.blocks) {
		to := g.blocks[b.ID+1+g.rnd.Intn(len(g.blocks)-b.ID-1)]
		b.Term = ir.Term{Kind: ir.TermJump, PC: b.PC, Succs: []ir.Edge{{Block: to}}}
		for range to.Params {
			if len(b.Params) == 0 {
				b.Term = ir.Term{Kind: ir.TermInterpret, PC: b.PC}
				return
			}
			b.Term.Succs[0].Args = append(b.Term.Succs[0].Args, b.Params[0])
		}
	}
}

func (g *generator) reg() ir.Reg { return genRegs[g.rnd.Intn(len(genRegs))] }

// int returns an i64 value: an old one, a register, or a constant.
func (g *generator) int() *ir.Value {
	switch k := g.rnd.Intn(10); {
	case k < 4 && len(g.ints) > 0:
		return g.ints[g.rnd.Intn(len(g.ints))]
	case k < 7:
		return g.keep(g.bld.GetReg(g.reg()))
	case k < 8:
		return g.keep(g.bld.PCConst(genBase + uint64(g.rnd.Intn(16))*4))
	}
	consts := []int64{0, 1, -1, 2, 3, 7, 8, -8, 63, 64, 255, 0xffff, 0xffffffff, -1 << 63, 1<<63 - 1, g.rnd.Int63() - g.rnd.Int63()}
	return g.keep(g.bld.Int64(consts[g.rnd.Intn(len(consts))]))
}

func (g *generator) keep(v *ir.Value) *ir.Value {
	g.ints = append(g.ints, v)
	return v
}

var (
	genBinary = []ir.Op{ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpAnd, ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpShl, ir.OpLShr, ir.OpAShr}
	genCmp    = []ir.Op{ir.OpICmpEQ, ir.OpICmpNE, ir.OpICmpSLT, ir.OpICmpSLE, ir.OpICmpULT, ir.OpICmpULE, ir.OpSAddO, ir.OpSSubO, ir.OpSMulO}
	genFloat  = []ir.Op{ir.OpFAdd, ir.OpFSub, ir.OpFMul, ir.OpFDiv}
	genFCmp   = []ir.Op{ir.OpFCmpEQ, ir.OpFCmpLT, ir.OpFCmpLE}
)

func pick[T any](g *generator, list []T) T { return list[g.rnd.Intn(len(list))] }

// typed returns a value of type t.
func (g *generator) typed(t ir.Type) *ir.Value {
	v := g.int()
	if t == ir.I64 {
		return v
	}
	return g.bld.Conv(ir.OpTrunc, t, v)
}

// cond returns an i1.
func (g *generator) cond() *ir.Value {
	b := g.bld
	switch g.rnd.Intn(8) {
	case 0:
		return b.Const(ir.I1, int64(g.rnd.Intn(2)))
	case 1:
		return b.Conv(ir.OpTrunc, ir.I1, g.int())
	case 2:
		return b.Binary(ir.OpXor, g.cond(), b.Const(ir.I1, 1))
	case 3:
		return b.Cmp(pick(g, genFCmp), b.GetReg(pick(g, genFloats)), b.GetReg(pick(g, genFloats)))
	}
	t := pick(g, genTypes)
	return b.Cmp(pick(g, genCmp), g.typed(t), g.typed(t))
}

// address returns an address that mostly exists and is aligned.
func (g *generator) address() *ir.Value {
	if g.rnd.Intn(10) == 0 {
		return g.int()
	}
	b := g.bld
	return b.Binary(ir.OpAdd, b.Binary(ir.OpAnd, g.int(), b.Int64(0xf8)), b.Int64(genMem))
}

// compute makes an i64 value.
func (g *generator) compute() *ir.Value {
	b := g.bld
	t := pick(g, genTypes)
	ext := pick(g, []ir.Op{ir.OpZExt, ir.OpSExt})
	wide := func(v *ir.Value) *ir.Value {
		if v.Type == ir.I64 {
			return v
		}
		return b.Conv(ext, ir.I64, v)
	}
	switch g.rnd.Intn(11) {
	case 0, 1, 2:
		return b.Binary(pick(g, genBinary), g.int(), g.int())
	case 3:
		return wide(b.Binary(pick(g, genBinary), g.typed(t), g.typed(t)))
	case 4:
		return wide(g.cond())
	case 5:
		return b.Select(g.cond(), g.int(), g.int())
	case 6:
		return wide(b.Unary(pick(g, []ir.Op{ir.OpCtPop, ir.OpCtLz, ir.OpCtTz}), g.typed(t)))
	case 7: // byte manipulation: shift by 8 times the low address bits
		n := b.Binary(ir.OpShl, b.Binary(ir.OpAnd, g.int(), b.Int64(7)), b.Int64(3))
		return b.Binary(pick(g, []ir.Op{ir.OpShl, ir.OpLShr}), g.int(), n)
	case 8:
		n := b.Int64(int64(pick(g, []int{8, 16, 32, 48, 56})))
		return b.Binary(pick(g, []ir.Op{ir.OpAShr, ir.OpLShr}), b.Binary(ir.OpShl, g.int(), n), n)
	case 9:
		return b.Emit(ir.OpUMulH, ir.I64, 0, g.int(), g.int())
	}
	return b.Conv(ir.OpBitcast, ir.I64, b.GetReg(pick(g, genFloats)))
}

// instruction makes one guest instruction.
func (g *generator) instruction() {
	b := g.bld
	switch g.rnd.Intn(14) {
	case 0:
		t := pick(g, genTypes)
		v := b.Load(t, g.address())
		if t != ir.I64 {
			v = b.Conv(ir.OpSExt, ir.I64, v)
		}
		b.SetReg(g.reg(), g.keep(v))
	case 1:
		b.Store(g.address(), g.typed(pick(g, genTypes)))
	case 2:
		b.Guard(g.cond())
	case 3:
		b.SetReg(pick(g, genFloats), b.Conv(ir.OpBitcast, ir.F64, g.int()))
	case 4:
		x, y := b.GetReg(pick(g, genFloats)), b.GetReg(pick(g, genFloats))
		b.SetReg(pick(g, genFloats), b.Binary(pick(g, genFloat), x, y))
	case 5:
		g.odd()
	default:
		b.SetReg(g.reg(), g.keep(g.compute()))
	}
}

// odd makes one of the rarer instructions.
func (g *generator) odd() {
	b := g.bld
	switch g.rnd.Intn(9) {
	case 8:
		g.sequence()
	case 0:
		b.SetReg(g.reg(), b.Emit(ir.OpLoadLocked, ir.I64, 0, g.address()))
	case 1:
		va, v := g.address(), g.int()
		b.SetReg(g.reg(), b.Conv(ir.OpZExt, ir.I64, b.Emit(ir.OpStoreCond, ir.I1, 0, va, v)))
	case 2:
		if g.rnd.Intn(2) == 0 {
			b.Emit(ir.OpPrefetch, ir.Void, int64(g.rnd.Intn(3)), g.address())
			return
		}
		b.Emit(ir.OpFence, ir.Void, int64(g.rnd.Intn(2)))
	case 3:
		b.StState(8, g.int())
	case 4:
		b.SetReg(g.reg(), b.LdState(ir.I64, 8))
	case 5:
		b.SetReg(g.reg(), b.Emit(ir.OpRPCC, ir.I64, 0))
	case 6: // with a result that is used ...
		b.SetReg(g.reg(), g.keep(b.Emit(ir.OpFPOperate, ir.I64, 1+int64(g.rnd.Intn(3)), g.int(), g.int())))
	case 7: // ... and for its effect only
		b.Emit(ir.OpFPOperate, ir.I64, 1+int64(g.rnd.Intn(3)), g.int(), g.int())
	}
}

// sequence makes LDx_L, something, and STx_C, mostly to the same place.
func (g *generator) sequence() {
	b := g.bld
	va, t := g.address(), pick(g, []ir.Type{ir.I32, ir.I64})
	wide := func(v *ir.Value) *ir.Value {
		if v.Type == ir.I64 {
			return v
		}
		return b.Conv(ir.OpSExt, ir.I64, v)
	}
	old := b.Emit(ir.OpLoadLocked, t, 0, va)
	b.SetReg(g.reg(), wide(old))
	b.Retire()
	x, y := wide(old), g.int()
	switch g.rnd.Intn(6) {
	case 0:
		x, y = y, x
	case 1:
		y = x
	case 2:
		b.Guard(g.cond())
	}
	made := b.Binary(pick(g, []ir.Op{ir.OpAdd, ir.OpSub, ir.OpAnd, ir.OpOr, ir.OpXor, ir.OpMul}), x, y)
	if g.rnd.Intn(5) == 0 {
		made = g.int()
	}
	b.SetReg(g.reg(), made)
	b.Retire()
	if t == ir.I32 {
		made = b.Conv(ir.OpTrunc, t, made)
	}
	if g.rnd.Intn(8) == 0 {
		va = g.address()
	}
	b.SetReg(g.reg(), b.Conv(ir.OpZExt, ir.I64, b.Emit(ir.OpStoreCond, ir.I1, 0, va, made)))
}

func (g *generator) edge() ir.Edge {
	e := ir.Edge{Block: pick(g, g.blocks)}
	for range e.Block.Params {
		e.Args = append(e.Args, g.int())
	}
	return e
}

func (g *generator) term() ir.Term {
	t := ir.Term{PC: g.bld.PC}
	switch k := g.rnd.Intn(20); {
	case k < 5:
		t.Kind, t.Succs = ir.TermJump, []ir.Edge{g.edge()}
	case k < 11:
		t.Kind, t.Cond = ir.TermBr, g.cond()
		t.Succs = []ir.Edge{g.edge(), g.edge()}
		if t.Succs[1].Block == t.Succs[0].Block {
			t.Succs[1].Args = append([]*ir.Value(nil), t.Succs[0].Args...)
		}
	case k < 13:
		t.Kind = ir.TermSwitch
		first := g.bld.PCConst(g.blocks[0].PC)
		t.Target = g.bld.Select(g.cond(), g.bld.PCConst(g.blocks[1].PC), first)
		if g.rnd.Intn(4) == 0 {
			t.Target = g.int()
		}
		// Two cases may lead to the same block, but then with the same arguments.
		seen := map[*ir.Block][]*ir.Value{}
		for _, b := range g.blocks[:2] {
			e := g.edge()
			if args, ok := seen[e.Block]; ok {
				e.Args = append([]*ir.Value(nil), args...)
			}
			seen[e.Block] = e.Args
			t.Cases = append(t.Cases, ir.Case{PC: b.PC, Edge: e})
		}
	case k < 15 && g.call(&t):
	case k < 16:
		t.Kind, t.Target = ir.TermGoto, g.int()
	case k < 18:
		t.Kind, t.Target = ir.TermRet, g.int()
	case k < 19:
		t.Kind = ir.TermInterpret
	default:
		t.Kind, t.Code, t.Imm = ir.TermExit, 3, 131
	}
	return t
}

// call makes a call that continues at a block that can be an entry.
func (g *generator) call(t *ir.Term) bool {
	b := pick(g, g.blocks)
	if len(b.Params) > 0 {
		return false
	}
	g.entry(b)
	t.Kind, t.Target, t.ReturnPC = ir.TermCall, g.int(), b.PC
	t.Succs = []ir.Edge{{Block: b}}
	return true
}

// generateChain makes one block of ops on each other's results, with constants
// that rules look for, and writes each result to the guest state.
func generateChain(seed int64) *ir.Func {
	g := &generator{rnd: rand.New(rand.NewSource(seed)), f: &ir.Func{Name: fmt.Sprintf("chain %d", seed), PC: genBase}}
	g.f.Relocatable = g.rnd.Intn(2) == 0
	b := g.f.NewBlock(genBase)
	g.bld = &ir.Builder{F: g.f, B: b, PC: genBase}
	g.f.Entries = []ir.Entry{{PC: genBase, Block: b}}
	for n := int64(0); n < 24; n++ {
		v := g.link()
		g.ints = append(g.ints, v)
		if v.Op != ir.OpConst {
			g.bld.StState(100+8*n, v)
		}
	}
	if c := g.old(ir.I1); c != nil {
		g.bld.Guard(c)
	}
	b.Term = ir.Term{Kind: ir.TermInterpret}
	return g.f
}

// old returns one of the newest values of type t, a constant or a register.
func (g *generator) old(t ir.Type) *ir.Value {
	for range 6 {
		if n := len(g.ints); n > 0 {
			if v := g.ints[n-1-g.rnd.Intn(min(n, 5))]; v.Type == t {
				return v
			}
		}
	}
	if t == ir.I64 && g.rnd.Intn(2) == 0 {
		return g.bld.GetReg(g.reg())
	}
	return g.constant(t)
}

func (g *generator) constant(t ir.Type) *ir.Value {
	if t == ir.I64 && g.rnd.Intn(6) == 0 {
		return g.bld.PCConst(genBase + uint64(g.rnd.Intn(3)))
	}
	return g.bld.Const(t, pick(g, []int64{0, 1, -1, 2, 7, 8, -8, 16, 24, 32, 48, 56, 63, 64, 127, 128, 255, 0xffff, 0x7fffffff, 0xffffffff, -1 << 63}))
}

// link makes one value, preferring the forms rules look for.
func (g *generator) link() *ir.Value {
	b := g.bld
	t := pick(g, []ir.Type{ir.I8, ir.I32, ir.I64, ir.I64, ir.I64})
	x := g.old(t)
	y := x
	switch g.rnd.Intn(5) {
	case 0, 1, 2:
		y = g.constant(t)
	case 3:
		y = g.old(t)
	}
	if g.rnd.Intn(4) == 0 {
		x, y = y, x
	}
	switch g.rnd.Intn(8) {
	case 0:
		return b.Cmp(pick(g, genCmp), x, y)
	case 1:
		return b.Select(g.old(ir.I1), x, y)
	case 2:
		if t != ir.I64 {
			return b.Conv(pick(g, []ir.Op{ir.OpZExt, ir.OpSExt}), ir.I64, x)
		}
		return b.Conv(ir.OpTrunc, pick(g, []ir.Type{ir.I1, ir.I8, ir.I16, ir.I32}), x)
	case 3:
		from := pick(g, []ir.Type{ir.I1, ir.I8, ir.I16, ir.I32})
		return b.Conv(pick(g, []ir.Op{ir.OpZExt, ir.OpSExt}), ir.I64, g.old(from))
	case 4:
		if c := g.old(ir.I1); c.Op != ir.OpConst {
			return b.Binary(pick(g, []ir.Op{ir.OpXor, ir.OpAnd, ir.OpOr}), c, b.Const(ir.I1, int64(g.rnd.Intn(2))))
		}
	case 5:
		if t == ir.I64 {
			return b.Conv(ir.OpBitcast, ir.I64, b.Conv(ir.OpBitcast, ir.F64, x))
		}
	}
	return b.Binary(pick(g, genBinary), x, y)
}
