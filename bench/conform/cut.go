package conform

import (
	"slices"

	"axpress/lifter/discover"
	"axpress/lifter/isa"
	"axpress/runtime/interp/cases"
)

// cut makes the function that lifter/discover would find in code: blocks begin at
// the start, at branch targets, and behind what ends a block.
func cut(code []uint32) *discover.Function {
	end := cases.CodeVA + 4*uint64(len(code))
	fn := &discover.Function{Name: "case", Start: cases.CodeVA, Parent: cases.CodeVA, Entries: []uint64{cases.CodeVA}}
	inside := func(pc uint64) bool { return pc >= cases.CodeVA && pc < end }
	leaders := []uint64{cases.CodeVA, end}
	for i, w := range code {
		pc := cases.CodeVA + 4*uint64(i)
		in := isa.Decode(w)
		if in.Op.Info().Flow == isa.FlowNext {
			continue
		}
		leaders = append(leaders, pc+4)
		if in.Op.Info().Format == isa.FormatBranch && inside(in.BranchTarget(pc)) {
			leaders = append(leaders, in.BranchTarget(pc))
		}
	}
	slices.Sort(leaders)
	leaders = slices.Compact(leaders)
	for i, start := range leaders[:len(leaders)-1] {
		b := discover.Block{Start: start, End: leaders[i+1]}
		last := b.End - 4
		in := isa.Decode(code[(last-cases.CodeVA)/4])
		returns, falls := leave(&b, &in, last)
		if (returns || falls) && inside(b.End) {
			b.Succs = append(b.Succs, b.End)
		}
		if b.Kind != discover.EndCall && b.Target != 0 && inside(b.Target) {
			b.Succs = append(b.Succs, b.Target)
		}
		slices.Sort(b.Succs)
		b.Succs = slices.Compact(b.Succs)
		if !falls && inside(b.End) { // somebody else comes back here
			fn.Entries = append(fn.Entries, b.End)
		}
		fn.Blocks = append(fn.Blocks, b)
	}
	return fn
}

// leave says how a block ends with in at pc: whether control comes back behind it, or
// may run on into it.
func leave(b *discover.Block, in *isa.Inst, pc uint64) (returns, falls bool) {
	switch in.Op.Info().Flow {
	case isa.FlowNext:
		b.Kind = discover.EndFall
		return false, true
	case isa.FlowCond:
		b.Kind, b.Target = discover.EndCond, in.BranchTarget(pc)
		return false, true
	case isa.FlowBranch, isa.FlowCall:
		if b.Kind, b.Target = discover.EndBranch, in.BranchTarget(pc); in.Ra != 31 {
			b.Kind = discover.EndCall
		}
	case isa.FlowJump, isa.FlowCallReg:
		if b.Kind = discover.EndJump; in.Ra != 31 {
			b.Kind = discover.EndCallReg
		}
	case isa.FlowReturn:
		b.Kind = discover.EndReturn
	case isa.FlowCoroutine:
		b.Kind = discover.EndCoroutine
		return true, false
	case isa.FlowPAL:
		b.Kind = discover.EndPAL
		return true, false
	default:
		b.Kind = discover.EndTrap
	}
	return b.Kind == discover.EndCall || b.Kind == discover.EndCallReg, false
}

// maxSteps bounds the instructions that code with loops or calls retires.
const maxSteps = 4096

// stepLimit is how many instructions a run of code retires at most: each once, if
// control only goes forward.
func stepLimit(code []uint32) int64 {
	for i, w := range code {
		pc := cases.CodeVA + 4*uint64(i)
		in := isa.Decode(w)
		info := in.Op.Info()
		backward := info.Format == isa.FormatBranch && in.BranchTarget(pc) <= pc && in.BranchTarget(pc) >= cases.CodeVA
		if len(code) > 1 && (backward || info.Class == isa.ClassJump || info.Flow == isa.FlowCall) {
			return maxSteps
		}
	}
	return int64(len(code))
}
