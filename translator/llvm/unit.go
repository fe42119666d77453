package llvm

import (
	"fmt"

	lir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/metadata"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"axpress/ir"
	"axpress/ir/spill"
	"axpress/runtime/abi"
)

// unit is one translation unit being emitted.
type unit struct {
	*module
	f   *ir.Func
	cfg *ir.CFG
	// returnPolls says which blocks, by index in order, end in a return that polls.
	returnPolls []bool
	order       []*ir.Block // reverse postorder: definitions before uses
	fn          *lir.Func
	cur         *lir.Block // where instructions go
	vals        []value.Value

	state  value.Value // R12
	base   value.Value // page address of a relocatable unit
	icount value.Value // instructions retired before the current block ...
	done   int64       // ... and since, in this block

	blocks     []blockState    // by Block.ID
	here       int32           // the current block, as index in order
	checks     map[int][]check // by ID of the base
	inductions *inductionPointers
	sunk       []bool // by Value.ID
	uses       map[int]extension
	loaded     map[int]loaded // by ID of the load, where u.o.Hot
	named      int            // number of blocks with a name
	// exchanges are the STx_C that are one locked instruction, by Value.ID; nil: not yet known.
	exchanges []bool

	argLoads map[argLoad]value.Value

	slots  spill.Slots   // at the current point
	starts []spill.Slots // at the beginning of each block of order

	exit  *wayOut            // shared by the side exits; nil if there are none
	exits map[string]*wayOut // those before it that write registers, by which and what
}

// blockState is what is known of an ir.Block.
type blockState struct {
	head   *lir.Block
	entry  bool
	icount *lir.InstPhi
	params []*lir.InstPhi
	// single: there is one way in, so no phis: parameters are the arguments, and
	// incoming is the instruction count.
	single   bool
	incoming value.Value
	// copies are the registers that every way into an entry has in a host register,
	// pinned what arrives of those that the entry reads.
	copies map[ir.Reg]int
	pinned map[ir.Reg]*lir.InstPhi
}

func (m *module) unit(f *ir.Func) error {
	if !f.Promoted {
		return fmt.Errorf("unit is not in promoted form")
	}
	u := &unit{module: m, f: f, fn: m.declare(Symbol(f.PC)), vals: make([]value.Value, f.NumValues()),
		blocks: make([]blockState, f.NumBlocks()), checks: map[int][]check{}, loaded: map[int]loaded{}, exits: map[string]*wayOut{}}
	u.state = u.fn.Params[u.argState]
	u.cfg = ir.NewCFG(f)
	u.order, u.returnPolls = u.cfg.Order, u.cfg.ReturnPolls()
	u.starts = spill.Solve(u.cfg, f.NumValues(), !u.o.Hot)
	u.findUses()
	u.findSunk()
	u.inductions = u.findInductions()
	u.prologue()
	for i, b := range u.order {
		u.slots, u.here = u.starts[i], int32(i)
		if err := u.block(b); err != nil {
			return fmt.Errorf("block b%d: %w", b.ID, err)
		}
	}
	u.finishExit()
	return nil
}

// prologue makes the heads of all blocks and the code that goes to the wanted
// entry: the primary one by a predicted branch, the others through a switch.
func (u *unit) prologue() {
	u.cur = u.fn.NewBlock("")
	for _, e := range u.f.Entries {
		s := &u.blocks[e.Block.ID]
		s.entry, s.copies = true, u.argOf
	}
	for _, b := range u.order {
		if b.Term.Kind == ir.TermCall {
			u.blocks[b.Term.Succs[0].Block.ID].copies = u.resOf
		}
	}
	for i, b := range u.order {
		s := &u.blocks[b.ID]
		s.head = u.fn.NewBlock("")
		if s.single = !s.entry && len(u.cfg.Preds[i]) == 1; s.single {
			continue
		}
		s.icount = newPhi(s.head, types.I64)
		for _, p := range b.Params {
			phi := newPhi(s.head, llvmType(p.Type))
			s.params = append(s.params, phi)
			u.vals[p.ID] = phi
		}
		if s.entry {
			s.pinned = map[ir.Reg]*lir.InstPhi{}
			for _, v := range b.Vals {
				r := ir.Reg(v.Imm)
				if _, ok := s.copies[r]; v.Op == ir.OpGetReg && ok && s.pinned[r] == nil {
					s.pinned[r] = newPhi(s.head, types.I64)
				}
			}
		}
	}
	if u.f.Relocatable {
		u.base = u.cur.NewAnd(u.fn.Params[u.argTarget], i64(-abi.PageSize))
	}
	if len(u.f.Entries) == 1 {
		b := u.f.Entries[0].Block
		u.enter(b, u.fn.Params[u.argIcount], u.argument)
		u.cur.NewBr(u.blocks[b.ID].head)
		return
	}
	index := u.fn.Params[u.argIndex]
	others := u.fn.NewBlock("")
	u.condBr(u.cur.NewICmp(enum.IPredEQ, index, i64(0)), u.entryBlock(0, u.cur), others, u.likely)
	u.cur = others
	var cases []*lir.Case
	for i := 1; i < len(u.f.Entries)-1; i++ {
		cases = append(cases, lir.NewCase(i64(int64(i)), u.entryBlock(i, others)))
	}
	others.NewSwitch(index, u.entryBlock(len(u.f.Entries)-1, others), cases...)
}

// newPhi appends a phi whose operands come later.
func newPhi(b *lir.Block, t types.Type) *lir.InstPhi {
	phi := &lir.InstPhi{Typ: t}
	b.Insts = append(b.Insts, phi)
	return phi
}

// entryBlock returns the head of entry i and notes that from jumps to it.
func (u *unit) entryBlock(i int, from *lir.Block) *lir.Block {
	save := u.cur
	u.cur = from
	b := u.f.Entries[i].Block
	u.enter(b, u.fn.Params[u.argIcount], u.argument)
	u.cur = save
	return u.blocks[b.ID].head
}

// argument returns register r as the dispatcher passes it: in a host register or
// in its slot.
func (u *unit) argument(r ir.Reg) value.Value {
	if i, ok := u.argOf[r]; ok {
		return u.fn.Params[i]
	}
	if u.argLoads == nil {
		u.argLoads = map[argLoad]value.Value{}
	}
	k := argLoad{u.cur, r}
	if u.argLoads[k] == nil {
		u.argLoads[k] = u.cur.NewLoad(types.I64, u.slotOf(r))
	}
	return u.argLoads[k]
}

// argLoad is a load of a register in one of the blocks of the prologue.
type argLoad struct {
	block *lir.Block
	reg   ir.Reg
}

// enter binds what entry block b expects to what the predecessor u.cur has.
func (u *unit) enter(b *ir.Block, icount value.Value, pinned func(ir.Reg) value.Value) {
	s := &u.blocks[b.ID]
	s.icount.Incs = append(s.icount.Incs, lir.NewIncoming(icount, u.cur))
	for _, r := range sortedRegs(s.pinned) {
		s.pinned[r].Incs = append(s.pinned[r].Incs, lir.NewIncoming(pinned(r), u.cur))
	}
}

// flow binds the parameters of e.Block to e.Args on the edge from u.cur.
func (u *unit) flow(e ir.Edge) *lir.Block {
	s := &u.blocks[e.Block.ID]
	if s.single {
		s.incoming = u.count()
		for i, a := range e.Args {
			u.vals[e.Block.Params[i].ID] = u.vals[a.ID]
		}
		return s.head
	}
	s.icount.Incs = append(s.icount.Incs, lir.NewIncoming(u.count(), u.cur))
	for i, a := range e.Args {
		s.params[i].Incs = append(s.params[i].Incs, lir.NewIncoming(u.vals[a.ID], u.cur))
	}
	return s.head
}

// way is flow for an edge that is one of several: what must be checked on it gets a
// block of its own.
func (u *unit) way(e ir.Edge) *lir.Block {
	if !u.entersLoop(e) {
		return u.flow(e)
	}
	from, b := u.cur, u.fn.NewBlock("")
	u.cur = b
	u.checkInductions(e)
	head := u.flow(e)
	u.cur.NewBr(head)
	u.cur = from
	return b
}

// count returns the number of retired instructions at this point.
func (u *unit) count() value.Value {
	if u.done != 0 {
		u.icount = u.cur.NewAdd(u.icount, i64(u.done))
		u.done = 0
	}
	return u.icount
}

func (u *unit) block(b *ir.Block) error {
	s := &u.blocks[b.ID]
	u.cur, u.icount, u.done = s.head, s.incoming, 0
	if !s.single {
		u.icount = s.icount
	}
	for _, v := range b.Vals {
		if err := u.value(v); err != nil {
			return fmt.Errorf("v%d = %s at %#x: %w", v.ID, v.Op, v.PC, err)
		}
	}
	if err := u.term(b); err != nil {
		return fmt.Errorf("terminal at %#x: %w", b.Term.PC, err)
	}
	return nil
}

// term emits the end of b.
func (u *unit) term(b *ir.Block) error {
	t := &b.Term
	switch t.Kind {
	case ir.TermJump:
		u.count()
		u.checkInductions(t.Succs[0])
		u.cur.NewBr(u.flow(t.Succs[0]))
	case ir.TermBr:
		u.count()
		cond := u.vals[t.Cond.ID]
		if t.Succs[0].Block == t.Succs[1].Block {
			// Both edges from one LLVM block would need equal phi values.
			other := u.fn.NewBlock("")
			u.checkInductions(t.Succs[0])
			first, from := u.flow(t.Succs[0]), u.cur
			u.cur = other
			other.NewBr(u.flow(t.Succs[1]))
			from.NewCondBr(cond, first, other)
			return nil
		}
		br := u.cur.NewCondBr(cond, u.way(t.Succs[0]), u.way(t.Succs[1]))
		if asksForRounding(t.Cond) {
			br.Metadata = append(br.Metadata, u.likely)
		}
	case ir.TermSwitch:
		return u.switchTerm(t)
	case ir.TermCall:
		u.call(t)
	case ir.TermGoto:
		u.tail(t)
	case ir.TermRet:
		u.returnTo(t)
	case ir.TermInterpret:
		return u.exitAt(t.Snap, u.pcValue(t.PC, abi.PCInterpret))
	case ir.TermExit:
		u.storeState(i64(t.Code), "ExitCode")
		u.storeState(i64(t.Imm), "ExitArg")
		return u.exitAt(t.Snap, u.pcValue(t.PC, abi.PCExit))
	default:
		return fmt.Errorf("no terminal")
	}
	return nil
}

// pcValue returns the guest address pc with the low bits that say how the unit
// is left.
func (u *unit) pcValue(pc uint64, low int64) value.Value {
	if u.f.Relocatable {
		return u.cur.NewAdd(u.base, i64(int64(pc-u.f.Base)+low))
	}
	return i64(int64(pc) + low)
}

// field returns a pointer to the state at byte offset off, as *t.
func (u *unit) field(off int64, t types.Type) value.Value {
	p := u.cur.NewGetElementPtr(types.I8, u.state, i64(off-abi.StateBias))
	return u.cur.NewBitCast(p, types.NewPointer(t))
}

// constField loads a field that never changes while native code runs.
func (u *unit) constField(off int64) value.Value {
	l := u.cur.NewLoad(types.I64, u.field(off, types.I64))
	l.Metadata = append(l.Metadata, u.invariant)
	return l
}

func (u *unit) storeState(v value.Value, name string) {
	u.cur.NewStore(v, u.field(abi.Offset(name), v.Type()))
}

// condBr ends the current block with a branch of known likelihood.
func (u *unit) condBr(c value.Value, yes, no *lir.Block, weight *metadata.Attachment) {
	br := u.cur.NewCondBr(c, yes, no)
	br.Metadata = append(br.Metadata, weight)
}

func sortedRegs(m map[ir.Reg]*lir.InstPhi) []ir.Reg {
	var rs []ir.Reg
	for r := ir.Reg(0); r < 64; r++ {
		if _, ok := m[r]; ok {
			rs = append(rs, r)
		}
	}
	return rs
}

// slotOf returns a pointer to the spill slot of r.
func (u *unit) slotOf(r ir.Reg) value.Value {
	if r < 32 {
		return u.field(abi.Offset("R")+8*int64(r), types.I64)
	}
	return u.field(abi.Offset("F")+8*int64(r-32), types.Double)
}
