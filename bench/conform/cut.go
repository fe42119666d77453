package conform

import (
	"cmp"
	"slices"

	"axpress/lifter/discover"
	"axpress/lifter/isa"
	"axpress/runtime/interp/cases"
)

// cut makes the functions that lifter/discover would find in code: one begins at the
// start, and one at each target of a direct call. Blocks begin there, at branch
// targets, and behind what ends a block.
func cut(code []uint32) []*discover.Function {
	leaders, starts := boundaries(code)
	end := cases.CodeVA + 4*uint64(len(code))
	fns := make([]*discover.Function, 0, len(starts))
	for i, start := range starts {
		fn := &discover.Function{Name: "case", Start: start, Parent: start, Entries: []uint64{start}}
		to := end
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		first, _ := slices.BinarySearch(leaders, start)
		last, _ := slices.BinarySearch(leaders, to)
		blocks(fn, code, leaders[first:last+1])
		fns = append(fns, fn)
	}
	for _, fn := range fns { // one function enters another by its entries only
		for i := range fn.Blocks {
			enter(fns, fn, &fn.Blocks[i])
		}
	}
	return fns
}

// boundaries returns where blocks begin, and the end of the last one, and where
// functions begin; both sorted.
func boundaries(code []uint32) (leaders, starts []uint64) {
	end := cases.CodeVA + 4*uint64(len(code))
	leaders, starts = []uint64{cases.CodeVA, end}, []uint64{cases.CodeVA}
	for i, w := range code {
		pc := cases.CodeVA + 4*uint64(i)
		in := isa.Decode(w)
		flow := in.Op.Info().Flow
		if flow == isa.FlowNext {
			continue
		}
		leaders = append(leaders, pc+4)
		if in.Op.Info().Format != isa.FormatBranch {
			continue
		}
		if to := in.BranchTarget(pc); to >= cases.CodeVA && to < end {
			leaders = append(leaders, to)
			if flow == isa.FlowCall && in.Ra != 31 {
				starts = append(starts, to)
			}
		}
	}
	slices.Sort(leaders)
	slices.Sort(starts)
	return slices.Compact(leaders), slices.Compact(starts)
}

// blocks fills in the blocks of fn, between the addresses.
func blocks(fn *discover.Function, code []uint32, at []uint64) {
	inside := func(pc uint64) bool { return pc >= fn.Start && pc < at[len(at)-1] }
	for i, start := range at[:len(at)-1] {
		b := discover.Block{Start: start, End: at[i+1]}
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
}

// enter makes where block b of fn goes in another function an entry of that one.
func enter(fns []*discover.Function, fn *discover.Function, b *discover.Block) {
	for _, pc := range [...]uint64{b.Target, b.End} {
		for _, to := range fns {
			if at := func(o discover.Block, pc uint64) int { return cmp.Compare(o.Start, pc) }; to != fn {
				if _, ok := slices.BinarySearchFunc(to.Blocks, pc, at); ok && !slices.Contains(to.Entries, pc) {
					to.Entries = append(to.Entries, pc)
					slices.Sort(to.Entries)
				}
			}
		}
	}
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
