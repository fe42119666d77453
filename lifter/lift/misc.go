package lift

import (
	"axpress/ir"
	"axpress/lifter/isa"
	"axpress/palstubs/stubs"
	"axpress/runtime/abi"
)

// The state fields that lifted instructions touch.
var (
	offFEN      = abi.Offset("FEN")
	offFPCR     = abi.Offset("FPCR")
	offIntrFlag = abi.Offset("IntrFlag")
)

// liftRPCC reads the cycle counter (Handbook, section 4.11.8).
func (l *lifter) liftRPCC(in *isa.Inst) {
	if in.Ra != zeroReg {
		l.setR(in.Ra, l.b.Emit(ir.OpRPCC, ir.I64, 0))
	}
}

// intrFlag lifts RC (value 0) and RS (value 1): Ra gets the interrupt flag,
// which then gets the value (section 4.12.1).
func intrFlag(value int64) liftFunc {
	return func(l *lifter, in *isa.Inst) {
		old := l.b.LdState(ir.I64, offIntrFlag)
		l.b.StState(offIntrFlag, l.b.Int64(value))
		l.setR(in.Ra, old)
	}
}

// stub returns how to inline the CALL_PAL in, nil if it leaves the unit.
func (l *lifter) stub(in *isa.Inst) *stubs.Stub {
	fn := uint32(in.Imm)
	if s := stubs.Lookup(fn); s != nil && s.Emit != nil && (l.o.Kernel || !stubs.Privileged(fn)) {
		return s
	}
	return nil
}

// liftCALLPAL executes the CALL_PAL in the unit or leaves it for the runtime,
// which executes it.
func (l *lifter) liftCALLPAL(in *isa.Inst) {
	fn := uint32(in.Imm)
	s := l.stub(in)
	switch {
	case s != nil:
		l.inline(s)
	case !l.o.Kernel && stubs.Privileged(fn):
		l.opcDEC(in)
	default:
		l.end(ir.Term{Kind: ir.TermExit, Code: int64(abi.ExitCallPAL), Imm: in.Imm})
	}
}

// inline appends a stub; if the stub may ask for the run loop's attention, the
// unit is left for the next instruction then.
func (l *lifter) inline(s *stubs.Stub) {
	attention := s.Emit(&l.b)
	l.b.Retire()
	if attention == nil {
		return
	}
	out := l.side(ir.Term{Kind: ir.TermExit, Code: int64(abi.ExitAfterPAL), PC: l.b.PC + 4})
	next := l.b.F.NewBlock(l.b.PC + 4)
	l.end(ir.Term{Kind: ir.TermBr, Cond: attention, Succs: []ir.Edge{{Block: out}, {Block: next}}})
	l.begin(next)
}
