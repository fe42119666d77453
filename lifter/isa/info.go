package isa

import "strconv"

// Format is an instruction format of the Handbook's section 3.3.
type Format uint8

// The formats. FormatNone is OpInvalid's.
const (
	FormatNone    Format = iota
	FormatMem            // opcode, Ra, Rb, 16-bit displacement
	FormatMemFunc        // opcode 18: Ra, Rb, 16-bit function
	FormatBranch         // opcode, Ra, 21-bit displacement
	FormatJump           // opcode 1A: Ra, Rb, 2-bit function, 14-bit hint
	FormatOpr            // opcode, Ra, Rb or 8-bit literal, 7-bit function, Rc
	FormatFPOp           // opcode, Fa, Fb, 11-bit function, Fc
	FormatPAL            // opcode 00: 26-bit function
	FormatPALRes         // opcodes 19, 1B, 1D, 1E, 1F: 26 implementation-defined bits
	numFormats
)

var formatNames = [numFormats]string{"none", "mem", "memfunc", "branch", "jump", "opr", "fpop", "pal", "palres"}

// String names the format in lower case.
func (f Format) String() string { return nameOf(formatNames[:], int(f), "format") }

// Class groups the instructions that an engine treats alike.
type Class uint8

// The classes.
const (
	ClassInvalid    Class = iota
	ClassAddr             // LDA, LDAH: address arithmetic without an access
	ClassInt              // integer add, subtract, compare, logic, counts
	ClassCMov             // integer conditional move
	ClassShift            // SLL, SRL, SRA
	ClassByte             // EXTxx, INSxx, MSKxx, ZAP, ZAPNOT, CMPBGE, SEXTx
	ClassMul              // integer multiplication
	ClassMVI              // packed byte and word operations
	ClassLoad             // integer load
	ClassStore            // integer store
	ClassLoadLocked       // LDx_L
	ClassStoreCond        // STx_C
	ClassBranch           // integer conditional branch, BR, BSR
	ClassJump             // JMP, JSR, RET, JSR_COROUTINE
	ClassFPLoad           // floating-point load
	ClassFPStore          // floating-point store
	ClassFPOp             // floating-point arithmetic, compare, convert
	ClassFPMove           // CPYSx, FCMOVxx, ITOFx, FTOIx, MT_FPCR, MF_FPCR: never an arithmetic trap
	ClassFPBranch         // floating-point conditional branch
	ClassBarrier          // TRAPB, EXCB, MB, WMB
	ClassMisc             // FETCHx, RPCC, RC, RS, ECB, WH64x
	ClassPAL              // CALL_PAL
	ClassPALRes           // opcodes reserved for PALcode: opDEC outside PALmode
	numClasses
)

var classNames = [numClasses]string{"invalid", "addr", "int", "cmov", "shift", "byte", "mul", "mvi", "load", "store",
	"loadlocked", "storecond", "branch", "jump", "fpload", "fpstore", "fpop", "fpmove", "fpbranch", "barrier", "misc",
	"pal", "palres"}

// String names the class in lower case.
func (c Class) String() string { return nameOf(classNames[:], int(c), "class") }

// Ext is the architecture extension an instruction belongs to (Handbook,
// appendix D.3). VAX is the group of VAX floating-point instructions: no
// extension that AMASK tells of, but one that implementations treat apart.
type Ext uint8

// The extensions.
const (
	ExtBase Ext = iota
	ExtBWX
	ExtFIX
	ExtCIX
	ExtMVI
	ExtVAX
	ExtPAL
	numExts
)

var extNames = [numExts]string{"base", "bwx", "fix", "cix", "mvi", "vax", "pal"}

// String names the extension in lower case.
func (e Ext) String() string { return nameOf(extNames[:], int(e), "ext") }

// AmaskBit returns the bit number by which AMASK tells of the extension, or -1
// if AMASK does not (Handbook, table D-3).
func (e Ext) AmaskBit() int {
	switch e {
	case ExtBWX:
		return 0
	case ExtFIX:
		return 1
	case ExtCIX:
		return 2
	case ExtMVI:
		return 8
	}
	return -1
}

// Fields is a set of the three register fields of an instruction word.
type Fields uint8

// The register fields, at bits 25:21, 20:16 and 4:0 of the word.
const (
	FieldRa Fields = 1 << iota
	FieldRb
	FieldRc
)

// Faults is the set of events an instruction may raise by itself. Events of
// fetching it, and opDEC for an absent extension (see Info.Ext), are not in it.
type Faults uint8

// The events. An integer load to R31 or a floating-point load to F31 is a
// prefetch and raises none of them on EV6 and later (Handbook, section 4.2.2).
const (
	FaultMem   Faults = 1 << iota // translation not valid, access violation, fault on read or write
	FaultAlign                    // address not a multiple of the size
	FaultIOV                      // integer overflow
	FaultArith                    // floating-point arithmetic trap
	FaultFEN                      // floating point disabled
	FaultDEC                      // reserved opcode outside PALmode
	FaultPAL                      // enters PALcode
)

// Flow says where control goes after an instruction.
type Flow uint8

// The kinds of control flow.
const (
	FlowNext      Flow = iota // the next instruction
	FlowCond                  // BranchTarget or the next instruction
	FlowBranch                // BranchTarget; Ra gets the return address
	FlowCall                  // BranchTarget, pushes the prediction stack
	FlowJump                  // Rb
	FlowCallReg               // Rb, pushes the prediction stack
	FlowReturn                // Rb, pops the prediction stack
	FlowCoroutine             // Rb, pops and pushes
	FlowPAL                   // PALcode
	FlowTrap                  // opDEC: invalid words and reserved opcodes
)

// Info describes an operation: the columns of its line in the table. It must
// not be written to.
type Info struct {
	Op     Op
	Name   string // mnemonic, lower case, without floating-point qualifiers
	Format Format
	Class  Class
	Ext    Ext
	// Reads and Writes are the fields whose registers the operation reads and
	// writes; FP is the subset of all fields that names floating-point registers.
	// Rb does not count as read when Inst.Lit is set. CALL_PAL and the reserved
	// opcodes list none: what they touch depends on the PALcode.
	Reads, Writes, FP Fields
	Size              uint8 // bytes of the memory access, 0 if there is none
	Faults            Faults
	CanTrap           bool // Faults is not empty
	Flow              Flow
	Section           string // Handbook section
}

// infos holds Info by Op.
var infos = buildInfos()

func buildInfos() [NumOps]Info {
	var out [NumOps]Info
	out[OpInvalid] = Info{Name: "invalid", Faults: FaultDEC, CanTrap: true, Flow: FlowTrap, Section: "3.1"}
	for i := range table {
		r := &table[i]
		o := &operandTable[r.operands]
		out[r.op] = Info{
			Op: r.op, Name: r.name, Format: r.format, Class: r.class, Ext: r.ext,
			Reads: o.reads, Writes: o.writes, FP: o.fp,
			Size: r.size, Faults: r.faults, CanTrap: r.faults != 0, Flow: flows[r.op], Section: r.section,
		}
	}
	return out
}

// flows lists the operations that do not simply go to the next instruction and
// are not conditional branches.
var flows = buildFlows()

func buildFlows() [NumOps]Flow {
	out := [NumOps]Flow{
		OpInvalid: FlowTrap,
		OpBR:      FlowBranch, OpBSR: FlowCall,
		OpJMP: FlowJump, OpJSR: FlowCallReg, OpRET: FlowReturn, OpJSRCO: FlowCoroutine,
		OpCALLPAL: FlowPAL,
		OpHWMFPR:  FlowTrap, OpHWLD: FlowTrap, OpHWMTPR: FlowTrap, OpHWREI: FlowTrap, OpHWST: FlowTrap,
	}
	for op := OpBEQ; op <= OpFBGE; op++ {
		out[op] = FlowCond
	}
	return out
}

// Info returns the description of op. It is never nil; a number that is no Op
// gets OpInvalid's.
func (op Op) Info() *Info {
	if int(op) >= NumOps {
		op = OpInvalid
	}
	return &infos[op]
}

// String returns the Handbook's mnemonic in lower case as objdump prints it,
// without floating-point qualifiers: "addl/v", "ldq_l", "addt".
func (op Op) String() string {
	if int(op) >= NumOps {
		return "op(" + strconv.Itoa(int(op)) + ")"
	}
	return infos[op].Name
}

func nameOf(names []string, i int, what string) string {
	if i < len(names) {
		return names[i]
	}
	return what + "(" + strconv.Itoa(i) + ")"
}
