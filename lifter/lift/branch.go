package lift

import (
	"cmp"
	"slices"

	"axpress/ir"
	"axpress/lifter/discover"
	"axpress/lifter/isa"
)

// condBranch lifts a branch on integer register Ra (Handbook, section 4.3.1).
func condBranch(c test) liftFunc {
	return func(l *lifter, in *isa.Inst) { l.branchIf(in, c(l, l.r(in.Ra))) }
}

// fpBranch lifts a branch on floating-point register Fa (section 4.9).
func fpBranch(c test) liftFunc {
	return func(l *lifter, in *isa.Inst) { l.branchIf(in, c(l, l.fBits(in.Ra))) }
}

func (l *lifter) branchIf(in *isa.Inst, cond *ir.Value) {
	pc := l.b.PC
	l.b.Retire()
	l.end(ir.Term{Kind: ir.TermBr, Cond: cond, Succs: l.edges(in.BranchTarget(pc), pc+4)})
}

// liftBR lifts BR and BSR. One that keeps its return address is a call, except
// for "br $29,.+4", by which code finds out its own address.
func (l *lifter) liftBR(in *isa.Inst) {
	pc := l.b.PC
	to := in.BranchTarget(pc)
	if in.Ra != zeroReg {
		l.setR(in.Ra, l.b.PCConst(pc+4))
	}
	if in.Ra != zeroReg && in.Imm != 0 {
		l.call(l.b.PCConst(to))
		return
	}
	l.b.Retire()
	l.end(ir.Term{Kind: ir.TermJump, Succs: l.edges(to)})
}

// call ends the block with a call of target that comes back behind the
// instruction. A return address outside of the unit makes it a jump: there the
// callee continues through the dispatcher.
func (l *lifter) call(target *ir.Value) {
	pc := l.b.PC
	l.b.Retire()
	next := l.find(pc + 4)
	if next < 0 {
		l.end(ir.Term{Kind: ir.TermGoto, Target: target, Guess: l.fn.CallGuess[pc]})
		return
	}
	l.marks[next] |= markEntry
	l.end(ir.Term{Kind: ir.TermCall, Target: target, ReturnPC: pc + 4, Guess: l.fn.CallGuess[pc],
		Succs: []ir.Edge{{Block: l.blocks[next]}}})
}

// jumpTarget reads the target of a JMP-format instruction and then writes the
// return address to Ra, which may be Rb (section 4.3.3).
func (l *lifter) jumpTarget(in *isa.Inst) *ir.Value {
	to := l.opc(ir.OpAnd, l.r(in.Rb), ^uint64(3))
	if in.Ra != zeroReg {
		l.setR(in.Ra, l.b.PCConst(l.b.PC+4))
	}
	return to
}

// liftJMP lifts JMP and JSR, which differ in the prediction only: what keeps a
// return address is a call, what does not is a jump.
func (l *lifter) liftJMP(in *isa.Inst) {
	if in.Ra != zeroReg {
		l.call(l.jumpTarget(in))
		return
	}
	pc := l.b.PC
	table := l.jumpTable()
	if len(table) == 0 {
		// It may be the only jump of a loop over computed targets.
		l.poll(pc)
		to := l.jumpTarget(in)
		l.b.Retire()
		l.end(ir.Term{Kind: ir.TermGoto, Target: to, Guess: l.fn.CallGuess[pc]})
		return
	}
	to := l.jumpTarget(in)
	l.b.Retire()
	l.end(ir.Term{Kind: ir.TermSwitch, Target: to, Guess: l.fn.CallGuess[pc], Cases: table})
}

// jumpTable returns a case for each target, in this unit, of the jump table of
// the block that ends at the current instruction.
func (l *lifter) jumpTable() (cases []ir.Case) {
	i, found := slices.BinarySearchFunc(l.fn.Blocks, l.b.PC+4, func(b discover.Block, end uint64) int { return cmp.Compare(b.End, end) })
	if !found {
		return nil
	}
	targets := slices.Clone(l.fn.Blocks[i].JumpTable)
	slices.Sort(targets)
	for _, pc := range slices.Compact(targets) {
		if k := l.find(pc); k >= 0 {
			cases = append(cases, ir.Case{PC: pc, Edge: ir.Edge{Block: l.blocks[k]}})
		}
	}
	return cases
}

// liftRET lifts RET.
func (l *lifter) liftRET(in *isa.Inst) {
	to := l.jumpTarget(in)
	l.b.Retire()
	l.end(ir.Term{Kind: ir.TermRet, Target: to})
}

// liftJSRCO lifts JSR_COROUTINE: neither call nor return, since it does both.
func (l *lifter) liftJSRCO(in *isa.Inst) {
	l.poll(l.b.PC)
	to := l.jumpTarget(in)
	l.b.Retire()
	l.end(ir.Term{Kind: ir.TermGoto, Target: to})
}
