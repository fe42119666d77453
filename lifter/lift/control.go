package lift

import (
	"axpress/ir"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// end gives the current block its terminal.
func (l *lifter) end(t ir.Term) {
	t.PC = l.b.PC
	l.b.B.Term = t
	l.open = false
}

// interpret ends the block: the interpreter executes the instruction.
func (l *lifter) interpret() { l.end(ir.Term{Kind: ir.TermInterpret}) }

// opcDEC ends the block: the instruction is reserved.
func (l *lifter) opcDEC(*isa.Inst) {
	l.end(ir.Term{Kind: ir.TermExit, Code: int64(abi.ExitOPCDEC)})
}

// nop does nothing.
func (l *lifter) nop(*isa.Inst) {}

// poll appends a poll that leaves the unit at pc.
func (l *lifter) poll(pc uint64) {
	at := l.b.PC
	l.b.PC = pc
	l.b.Emit(ir.OpPoll, ir.Void, 0)
	l.b.PC = at
}

// edges returns edges to each of the guest addresses pcs.
func (l *lifter) edges(pcs ...uint64) []ir.Edge {
	out := make([]ir.Edge, len(pcs))
	for i, pc := range pcs {
		out[i].Block = l.target(pc)
	}
	return out
}

// target returns the block at pc: one of the unit's, or a new one that leaves the
// unit for pc.
func (l *lifter) target(pc uint64) *ir.Block {
	if i := l.find(pc); i >= 0 {
		return l.blocks[i]
	}
	from, open := l.b.B, l.open
	l.b.B = l.b.F.NewBlock(l.b.PC)
	l.leaveFor(pc)
	out := l.b.B
	l.b.B, l.open = from, open
	return out
}

// leaveFor ends the block with a transfer to guest address pc outside of the
// unit. If that is backwards it may close a loop through several units, none of
// which has a loop header, so it polls.
func (l *lifter) leaveFor(pc uint64) {
	if pc <= l.b.PC {
		l.poll(pc)
	}
	l.end(ir.Term{Kind: ir.TermGoto, Target: l.b.PCConst(pc)})
}

// side returns a new block for the current instruction with terminal t.
func (l *lifter) side(t ir.Term) *ir.Block {
	b := l.b.F.NewBlock(l.b.PC)
	b.Term = t
	return b
}
