package interp

import (
	"axpress/lifter/isa"
	"axpress/runtime/interp/fpu"
)

// op is a decoded instruction, 8 bytes. a, b and c are register numbers; b is
// the literal in the literal forms. imm is the displacement of a memory access
// in bytes (LDAH's not yet shifted), of a branch in instructions, the CALL_PAL
// function, what AMASK clears, or the isa.Op where several share a code, in FP
// operations with the qualifiers above it.
type op struct {
	code    uint8
	a, b, c uint8
	imm     int32
}

// ExitArg of abi.ExitOPCDEC.
const (
	opcDEC = 0 // reserved instruction
	opcFEN = 1 // floating point disabled
)

// Position of the qualifiers in op.imm of an FP operation.
const (
	immOpMask     = 0xff // isa.NumOps is checked to fit
	immRoundShift = 8
	immTrapShift  = 10
)

// isa.Op must fit immOpMask; this fails to compile when it no longer does.
const _ = uint(immOpMask + 1 - isa.NumOps)

// compile turns an instruction word into an op of a model.
func compile(m *isa.Model, word uint32) op {
	in := m.Decode(word)
	info := in.Op.Info()
	o := op{a: in.Ra, b: in.Rb, c: in.Rc, imm: int32(in.Imm)}
	o.code = codeOf(in, info)
	if in.Op == isa.OpAMASK || in.Op == isa.OpIMPLVER {
		return identify(m, in, o)
	}
	switch info.Format {
	case isa.FormatBranch:
		o.imm = int32(in.Imm / 4)
	case isa.FormatMem:
		if in.Op == isa.OpLDAH {
			o.imm = int32(in.Imm >> 16)
		}
	case isa.FormatOpr:
		o.imm = int32(in.Op)
		if in.Lit {
			o.b = uint8(in.Imm)
		}
	case isa.FormatFPOp:
		o.imm = int32(in.Op) | int32(in.Round)<<immRoundShift | int32(in.Trap)<<immTrapShift
	case isa.FormatMemFunc:
		o.imm = int32(in.Op)
	}
	return o
}

// Executes tells whether the interpreter executes word on a model. If not, it is a
// reserved instruction: abi.ExitOPCDEC.
func Executes(m *isa.Model, word uint32) bool { return compile(m.Or(), word).code != opReserved }

// identify completes the op of AMASK or IMPLVER, by which software tells the model.
// What is known already is the address that an LDA computes.
func identify(m *isa.Model, in isa.Inst, o op) op {
	switch {
	case o.code == opAMASK:
		o.imm = int32(m.Amask)
	case o.code == opLDA && in.Op == isa.OpAMASK:
		o.a, o.b, o.imm = in.Rc, 31, int32(uint64(in.Imm)&^m.Amask)
	case o.code == opLDA:
		o.a, o.b, o.imm = in.Rc, 31, int32(m.Implver)
	}
	return o
}

// codeOf selects the code of an instruction.
func codeOf(in isa.Inst, info *isa.Info) uint8 {
	if discards(in, info) {
		return opNop
	}
	f := forms[in.Op]
	switch {
	case in.Lit && f.lit != 0:
		return f.lit
	case alu[in.Op] != nil && in.Lit:
		return opALUi
	case info.Class == isa.ClassFPMove && in.Rc == 31 && fpMoves[in.Op] != nil:
		return opFPMove // the other codes write without looking
	case f.reg != 0:
		return f.reg
	case info.Faults&isa.FaultIOV != 0 && in.Lit:
		return opIntVi
	case info.Faults&isa.FaultIOV != 0:
		return opIntV
	case alu[in.Op] != nil:
		return opALU
	case fpMoves[in.Op] != nil:
		return opFPMove
	case fpu.Handles(in.Op):
		return opFP
	case info.Class == isa.ClassBarrier || info.Class == isa.ClassMisc:
		return opNop // TRAPB, EXCB, WMB; FETCHx, ECB, WH64x, which are hints
	}
	return opReserved
}

// discards tells that an instruction does nothing but write R31 or F31. A load
// there is a prefetch and cannot fault (Handbook, section 4.2.2, EV6); a load
// locked still sets the reservation. FP moves are not in the list: they trap if FP
// is disabled.
func discards(in isa.Inst, info *isa.Info) bool {
	switch info.Class {
	case isa.ClassAddr, isa.ClassLoad, isa.ClassFPLoad:
		return in.Ra == 31
	case isa.ClassInt, isa.ClassCMov, isa.ClassShift, isa.ClassByte, isa.ClassMul, isa.ClassMVI:
		return in.Rc == 31 && info.Faults == 0
	}
	return false
}
