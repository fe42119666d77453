package ir

// Type is the type of a Value.
type Type uint8

// The types. Void is the type of values that are only effects.
const (
	Void Type = iota
	I1
	I8
	I16
	I32
	I64
	F32
	F64
)

// Bits returns the width of t in bits; 0 for Void.
func (t Type) Bits() int { return int(typeTable[t].bits) }

// IsInt says whether t is an integer type.
func (t Type) IsInt() bool { return t >= I1 && t <= I64 }

// IsFloat says whether t is a floating-point type.
func (t Type) IsFloat() bool { return t == F32 || t == F64 }

func (t Type) String() string { return typeTable[t].name }

var typeTable = [...]struct {
	name string
	bits uint8
}{Void: {"void", 0}, I1: {"i1", 1}, I8: {"i8", 8}, I16: {"i16", 16}, I32: {"i32", 32}, I64: {"i64", 64}, F32: {"f32", 32}, F64: {"f64", 64}}

// Reg numbers a guest register: 0-31 are the integer registers (I64), 32-63 the
// floating-point registers in register format (F64). 31 and 63 read as zero and
// must not occur in a Func.
type Reg uint8

// Type returns the type of the values r holds.
func (r Reg) Type() Type {
	if r < 32 {
		return I64
	}
	return F64
}

// RegValue says that guest register Reg holds Val at some point of a Func.
type RegValue struct {
	Reg Reg
	Val *Value
}

// Value is one SSA value, an effect, or both.
type Value struct {
	ID   int
	Op   Op
	Type Type
	Args []*Value
	// Imm is what the op's row in the table says: a constant, a register number,
	// a byte offset into the guest state, a count.
	Imm int64
	// PC is the address of the guest instruction that the value belongs to. For
	// an op with a side exit it is where the guest goes on after the exit.
	PC uint64
	// Snap holds, for ops with a side exit in the promoted form, the registers
	// that the exit must spill, in ascending order of Reg.
	Snap []RegValue
	// Block is the block that holds the value (also for parameters).
	Block *Block
}

// Block is a basic block.
type Block struct {
	ID     int
	PC     uint64   // guest address of its first instruction
	Params []*Value // Op is OpParam
	Vals   []*Value // in order of execution
	Term   Term
}

// Edge is a transfer to Block with Args bound to its Params. Two edges of one
// terminal to the same block have the same Args.
type Edge struct {
	Block *Block
	Args  []*Value
}

// Case is one arm of a Switch: taken when the value equals the guest address PC.
type Case struct {
	PC   uint64
	Edge Edge
}

// TermKind says how a block ends. The set is closed; TermInterpret is the
// fall-back that is always correct.
type TermKind uint8

// The terminals.
const (
	// TermNone marks a block under construction; Verify refuses it.
	TermNone TermKind = iota
	// TermJump goes to Succs[0].
	TermJump
	// TermBr goes to Succs[0] if Cond (i1) is true, else to Succs[1].
	TermBr
	// TermSwitch compares Target (i64, a guest address) with the Cases and goes to
	// the one that equals it; if none does it behaves as TermGoto.
	TermSwitch
	// TermCall calls the guest function at Target and goes on in Succs[0] when the
	// callee comes back to ReturnPC; if it continues elsewhere the unit is left.
	// Succs[0] is an entry: it has no Args, and all registers are in their slots.
	// Guess, if not 0, is the address that Target very likely has.
	// A direct call has an OpPC as Target. Fall-back: TermGoto.
	TermCall
	// TermGoto leaves the unit for the guest code at Target (a tail call, an
	// indirect jump, a branch into another unit). Guess as in TermCall.
	TermGoto
	// TermRet leaves the unit for Target, which is very likely the return address
	// of the caller. Some returns poll (CFG.ReturnPolls): if the run is to end they
	// leave the unit as OpPoll does, at Target. Fall-back: TermGoto.
	TermRet
	// TermInterpret leaves the unit and has the interpreter execute the
	// instruction at PC (and as many as it likes after it).
	TermInterpret
	// TermExit leaves the unit for the runtime with exit code Code and argument
	// Imm; the guest PC is PC. Used for CALL_PALs that are not inlined: PC is the
	// CALL_PAL's own address, Imm its function code, and it is not yet retired.
	TermExit
)

// Term is the end of a block.
type Term struct {
	Kind     TermKind
	Cond     *Value // TermBr
	Target   *Value // TermSwitch, TermCall, TermGoto, TermRet: i64
	Succs    []Edge
	Cases    []Case
	Guess    uint64
	ReturnPC uint64
	PC       uint64 // guest address of the instruction that ends the block
	Code     int64
	Imm      int64
	// Snap holds, in the promoted form and for terminals that leave the unit (all
	// but Jump and Br; a Switch needs it for its default), the registers to spill.
	Snap []RegValue
}

// Entry is a place where a unit can be entered with all registers in their spill slots.
type Entry struct {
	PC    uint64
	Block *Block // without Params
}

// Func is one translation unit.
type Func struct {
	Name string
	// PC is the guest address of the first entry, in the address space of the image.
	PC uint64
	// Kernel says that the unit runs in kernel mode: KSEG and privileged
	// CALL_PALs are allowed.
	Kernel bool
	// Base is the address that OpPC values are relative to when the unit may run
	// at any address (a page of userland); Relocatable says so. For an image at a
	// fixed address Relocatable is false and Base is 0.
	Base        uint64
	Relocatable bool
	Promoted    bool
	Entries     []Entry // Entries[0] is the primary one
	Blocks      []*Block
	// Copied lists, in ascending order, the addresses of the functions that were copied
	// to where this one calls them: it holds while their code is what it was, too.
	Copied    []uint64
	nextValue int
	nextBlock int
}

// NewBlock appends an empty block for guest address pc.
func (f *Func) NewBlock(pc uint64) *Block {
	b := &Block{ID: f.nextBlock, PC: pc}
	f.nextBlock++
	f.Blocks = append(f.Blocks, b)
	return b
}

// NumValues returns an upper bound of the IDs of the values of f, for tables
// indexed by Value.ID; NumBlocks does the same for Block.ID.
func (f *Func) NumValues() int { return f.nextValue }

// NumBlocks returns an upper bound of the IDs of the blocks of f.
func (f *Func) NumBlocks() int { return f.nextBlock }

// NewValue makes a value of f that is not yet in any block.
func (f *Func) NewValue(op Op, t Type, args ...*Value) *Value {
	v := &Value{ID: f.nextValue, Op: op, Type: t, Args: args}
	f.nextValue++
	return v
}

// AddParam appends a parameter of type t to b.
func (f *Func) AddParam(b *Block, t Type) *Value {
	v := f.NewValue(OpParam, t)
	v.Block, v.PC = b, b.PC
	b.Params = append(b.Params, v)
	return v
}

// Edges calls fn with each edge of t, so that fn may change it.
func (t *Term) Edges(fn func(*Edge)) {
	for i := range t.Succs {
		fn(&t.Succs[i])
	}
	for i := range t.Cases {
		fn(&t.Cases[i].Edge)
	}
}

// Leaves says whether control can leave the unit through t, so that t needs the
// registers spilled.
func (t *Term) Leaves() bool { return t.Kind != TermJump && t.Kind != TermBr }
