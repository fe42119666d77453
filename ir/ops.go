package ir

// Op is the operation of a Value.
type Op uint8

// Effect classifies what an op does besides making its result.
type Effect uint8

// The side-effect classes, from harmless to strict. Values with EffectNone may
// be moved, merged and dropped; all others keep their order and number.
const (
	effectUnknown Effect = iota // a row without a class: a bug that Verify reports
	// EffectNone: pure; may be dropped, duplicated, moved.
	EffectNone
	// EffectReadState: reads a register's slot or another field of the guest state.
	EffectReadState
	// EffectWriteState: writes guest state.
	EffectWriteState
	// EffectExit: may leave the unit by a side exit before having any effect (Snap);
	// else it may have one on the guest state, such as a record of what came up.
	EffectExit
	// EffectMemory: accesses guest memory; may leave the unit by a side exit (Snap).
	EffectMemory
	// EffectFence: orders memory accesses.
	EffectFence
	// EffectHint: none that anybody can see, but kept where it is.
	EffectHint
	// EffectCount: counts retired instructions.
	EffectCount
)

// OpInfo is the row of an op in the table.
type OpInfo struct {
	Name   string
	NArgs  int
	Effect Effect
	// Sig is the type rule, checked by Verify: "T,T->T" all the same integer type;
	// see verify.go for the letters.
	Sig string
	// Doc gives the meaning.
	Doc string
}

// The operations. Shift counts are taken modulo the width. Names in the text
// form are in the table below.
const (
	OpInvalid Op = iota
	OpParam
	OpConst
	OpFConst
	OpPC
	OpGetReg
	OpSetReg
	OpLdState
	OpStState
	OpAdd
	OpSub
	OpMul
	OpUMulH
	OpAnd
	OpOr
	OpXor
	OpShl
	OpLShr
	OpAShr
	OpICmpEQ
	OpICmpNE
	OpICmpSLT
	OpICmpSLE
	OpICmpULT
	OpICmpULE
	OpSelect
	OpTrunc
	OpZExt
	OpSExt
	OpBitcast
	OpCtPop
	OpCtLz
	OpCtTz
	OpSAddO
	OpSSubO
	OpSMulO
	OpFAdd
	OpFSub
	OpFMul
	OpFDiv
	OpFSqrt
	OpFCmpEQ
	OpFCmpLT
	OpFCmpLE
	OpFExt
	OpFTrunc
	OpSIToF
	OpFToSI
	OpFPOperate
	OpMapS
	OpUnmapS
	OpLoad
	OpStore
	OpLoadLocked
	OpStoreCond
	OpAtomic
	OpFence
	OpPrefetch
	OpRPCC
	OpGuard
	OpPoll
	OpRetire
	numOps
)

// Table is the table of operations, indexed by Op. In Sig, I is "any integer
// type, the same everywhere in the row", J another integer type, F any
// floating-point type, A any type, b i1, q i64, v no result.
var Table = [numOps]OpInfo{
	OpParam:   {"param", 0, EffectNone, "->A", "parameter of a block"},
	OpConst:   {"const", 0, EffectNone, "->I", "the integer Imm (sign-extended from its width; i1: 0 or 1)"},
	OpFConst:  {"fconst", 0, EffectNone, "->F", "the float whose bits are Imm (f32: its low 32 bits)"},
	OpPC:      {"pc", 0, EffectNone, "->q", "the guest address Imm (image address; relocated in a relocatable unit)"},
	OpGetReg:  {"getreg", 0, EffectReadState, "->A", "guest register Imm"},
	OpSetReg:  {"setreg", 1, EffectWriteState, "A->v", "guest register Imm = arg"},
	OpLdState: {"ldstate", 0, EffectReadState, "->A", "field of the guest state at byte offset Imm"},
	OpStState: {"ststate", 1, EffectWriteState, "A->v", "field of the guest state at byte offset Imm = arg"},
	OpAdd:     {"add", 2, EffectNone, "I,I->I", "sum, wrapping"},
	OpSub:     {"sub", 2, EffectNone, "I,I->I", "difference, wrapping"},
	OpMul:     {"mul", 2, EffectNone, "I,I->I", "low half of the product"},
	OpUMulH:   {"umulh", 2, EffectNone, "q,q->q", "high 64 bits of the unsigned 128-bit product"},
	OpAnd:     {"and", 2, EffectNone, "I,I->I", "bitwise and"},
	OpOr:      {"or", 2, EffectNone, "I,I->I", "bitwise or"},
	OpXor:     {"xor", 2, EffectNone, "I,I->I", "bitwise exclusive or"},
	OpShl:     {"shl", 2, EffectNone, "I,I->I", "shift left by arg1 modulo the width"},
	OpLShr:    {"lshr", 2, EffectNone, "I,I->I", "logical shift right by arg1 modulo the width"},
	OpAShr:    {"ashr", 2, EffectNone, "I,I->I", "arithmetic shift right by arg1 modulo the width"},
	OpICmpEQ:  {"icmp.eq", 2, EffectNone, "I,I->b", "equal"},
	OpICmpNE:  {"icmp.ne", 2, EffectNone, "I,I->b", "not equal"},
	OpICmpSLT: {"icmp.slt", 2, EffectNone, "I,I->b", "signed less"},
	OpICmpSLE: {"icmp.sle", 2, EffectNone, "I,I->b", "signed less or equal"},
	OpICmpULT: {"icmp.ult", 2, EffectNone, "I,I->b", "unsigned less"},
	OpICmpULE: {"icmp.ule", 2, EffectNone, "I,I->b", "unsigned less or equal"},
	OpSelect:  {"select", 3, EffectNone, "b,A,A->A", "arg0 ? arg1 : arg2"},
	OpTrunc:   {"trunc", 1, EffectNone, "J->I", "low bits"},
	OpZExt:    {"zext", 1, EffectNone, "J->I", "zero-extension"},
	OpSExt:    {"sext", 1, EffectNone, "J->I", "sign-extension"},
	OpBitcast: {"bitcast", 1, EffectNone, "A->A", "the same bits as another type of the same width (i64/f64, i32/f32)"},
	OpCtPop:   {"ctpop", 1, EffectNone, "I->I", "number of one bits"},
	OpCtLz:    {"ctlz", 1, EffectNone, "I->I", "number of leading zero bits, the width for 0"},
	OpCtTz:    {"cttz", 1, EffectNone, "I->I", "number of trailing zero bits, the width for 0"},
	OpSAddO:   {"saddo", 2, EffectNone, "I,I->b", "does the signed sum overflow"},
	OpSSubO:   {"ssubo", 2, EffectNone, "I,I->b", "does the signed difference overflow"},
	OpSMulO:   {"smulo", 2, EffectNone, "I,I->b", "does the signed product overflow"},
	// Floating-point operations that may signal leave the unit (EffectExit) instead
	// of giving a result, at the latest when an operand is a signaling NaN or
	// denormal or a finite operation overflows, underflows or is invalid. They need
	// not leave for quiet NaNs and infinities among the operands, but may. Imm is how
	// arithmetic rounds (RoundXxx), 0 being to nearest even.
	OpFAdd:   {"fadd", 2, EffectExit, "F,F->F", "IEEE sum"},
	OpFSub:   {"fsub", 2, EffectExit, "F,F->F", "IEEE difference"},
	OpFMul:   {"fmul", 2, EffectExit, "F,F->F", "IEEE product"},
	OpFDiv:   {"fdiv", 2, EffectExit, "F,F->F", "IEEE quotient"},
	OpFSqrt:  {"fsqrt", 1, EffectExit, "F->F", "IEEE square root"},
	OpFCmpEQ: {"fcmp.eq", 2, EffectExit, "F,F->b", "equal; leaves for a NaN"},
	OpFCmpLT: {"fcmp.lt", 2, EffectExit, "F,F->b", "less; leaves for a NaN"},
	OpFCmpLE: {"fcmp.le", 2, EffectExit, "F,F->b", "less or equal; leaves for a NaN"},
	OpFTrunc: {"ftrunc", 1, EffectExit, "F->A", "f64 to f32"},
	OpFToSI:  {"ftosi", 1, EffectExit, "F->I", "float to i64; leaves for a NaN or a number out of range"},
	// The guest's own floating-point arithmetic, for what the ops above do not do.
	OpFPOperate: {"fpop", 2, EffectExit, "q,q->q", "the guest's floating-point instruction Imm on the registers' bits arg0 and arg1, under the guest's rounding mode; records conditions in the guest state; leaves for a trap"},

	OpFExt:   {"fext", 1, EffectNone, "F->A", "f32 to f64; of the results of operations only, which are no denormals or signaling NaNs"},
	OpSIToF:  {"sitof", 1, EffectNone, "J->F", "signed integer to float, to nearest even"},
	OpMapS:   {"maps", 1, EffectNone, "I->F", "i32 in S floating memory format to f64 in register format (LDS)"},
	OpUnmapS: {"unmaps", 1, EffectNone, "F->I", "f64 in register format to i32 in memory format: bits 63, 62 and 58:29 (STS)"},

	OpLoad:       {"load", 1, EffectMemory, "q->I", "guest memory at virtual address arg0, naturally aligned, one access; Imm is LoadXxx"},
	OpStore:      {"store", 2, EffectMemory, "q,I->v", "guest memory at virtual address arg0 = arg1"},
	OpLoadLocked: {"loadlocked", 1, EffectMemory, "q->I", "LDx_L: load and set the reservation (i32, i64)"},
	OpStoreCond:  {"storecond", 2, EffectMemory, "q,I->b", "STx_C: store if the reservation holds; clears it; true if stored"},
	// What LDx_L, an operation on it and STx_C do that succeeds, in one. It leaves the unit
	// before all of that if it cannot be done: by a fault if the load faults; for the
	// interpreter, which executes the sequence, if the store does.
	OpAtomic:   {"atomic", 2, EffectMemory, "q,I->I", "guest memory at virtual address arg0 = itself AtomicXxx Imm arg1, in one; what it was before; clears the reservation (i32, i64)"},
	OpFence:    {"fence", 0, EffectFence, "->v", "Imm 0: MB, full; 1: WMB, store-store"},
	OpPrefetch: {"prefetch", 1, EffectHint, "q->v", "guest memory at virtual address arg0 may be wanted soon; Imm is PrefetchXxx"},
	OpRPCC:     {"rpcc", 0, EffectReadState, "->q", "process cycle counter"},

	OpGuard:  {"guard", 1, EffectExit, "b->v", "go on if arg0; else leave the unit and interpret from PC"},
	OpPoll:   {"poll", 0, EffectExit, "->v", "leave the unit at PC if the run is to end (instruction budget, interrupt)"},
	OpRetire: {"retire", 0, EffectCount, "->v", "Imm guest instructions are done"},
}

// How floating-point arithmetic rounds: the numbers that x86 uses (MXCSR.RC).
const (
	RoundNearest = 0
	RoundDown    = 1 // towards minus infinity
	RoundUp      = 2
	RoundZero    = 3
	// RoundNone, of OpFTrunc: the operand is a single already, and the result is the
	// operand of an op that signals what is odd about it.
	RoundNone = 4
)

// What a load accesses.
const (
	// LoadAligned is a naturally aligned number: an instruction's own access.
	LoadAligned = 0
	// LoadQuads is a number at any address, out of the aligned quadwords that hold its
	// first and its last byte. Where these cannot be read the unit is left for the
	// interpreter, which finds out what is wrong.
	LoadQuads = 1
)

// What atomic operations make of memory and their operand.
const (
	AtomicExchange = 0 // the operand
	AtomicAdd      = 1
	AtomicSub      = 2 // memory less the operand
	AtomicAnd      = 3
	AtomicOr       = 4
	AtomicXor      = 5
)

// What memory is wanted for.
const (
	PrefetchRead   = 0
	PrefetchOnce   = 1 // it is not wanted again
	PrefetchModify = 2
)

// Info returns the row of op.
func (op Op) Info() *OpInfo { return &Table[op] }

func (op Op) String() string {
	if op == OpInvalid || op >= numOps {
		return "invalid"
	}
	return Table[op].Name
}

// Exits says whether values of op can leave the unit by a side exit.
func (op Op) Exits() bool {
	e := Table[op].Effect
	return e == EffectExit || e == EffectMemory
}
