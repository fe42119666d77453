package discover

import "axpress/lifter/isa"

// reach queues index i as the start of a block.
func (f *finder) reach(i int) {
	m := f.code.mark[i]
	f.code.mark[i] = m | mBlock
	if m&mBlock == 0 {
		f.grew = true
	}
	if m&mReached == 0 {
		f.work = append(f.work, i)
	}
}

// reachStart makes index i a function start.
func (f *finder) reachStart(i int) {
	if f.code.mark[i]&mStart == 0 {
		f.code.mark[i] |= mStart
		f.grew = true
	}
	f.reach(i)
}

// reachEntry makes index i a block that the dispatcher may enter.
func (f *finder) reachEntry(i int) {
	if f.code.mark[i]&mEntry == 0 {
		f.code.mark[i] |= mEntry
		f.grew = true
	}
	f.reach(i)
}

// reachCallee takes index i as the target of a call: a function of its own, or
// a second entry of the function around it. The linker lets bsr skip the ldgp
// at the callee's start if both have the same $29 (binutils, elf64-alpha.c,
// relaxation of !samegp and STO_ALPHA_STD_GPLOAD).
func (f *finder) reachCallee(i int) {
	mark := f.code.mark
	switch first := f.code.areaOf(i).first; {
	case mark[i]&mStart != 0:
		f.reach(i)
	case i-1 >= first && mark[i-1]&mStart != 0, i-2 >= first && mark[i-2]&mStart != 0, mark[i]&mSized != 0:
		f.reachEntry(i)
	case i-2 >= first && f.isLDGP(i-2):
		f.reachStart(i - 2)
		f.reachEntry(i)
	default:
		f.reachStart(i)
	}
}

// explore follows all queued code. It reports whether anything was new since
// it was last called.
func (f *finder) explore() bool {
	for len(f.work) > 0 {
		i := f.work[len(f.work)-1]
		f.work = f.work[:len(f.work)-1]
		f.follow(i)
	}
	grew := f.grew
	f.grew = false
	return grew
}

// follow marks the straight run of code from index i and queues where it branches.
func (f *finder) follow(i int) {
	a := f.code.areaOf(i)
	mark, end := f.code.mark, a.end()
	for i < end && mark[i]&mReached == 0 {
		mark[i] |= mReached
		f.grew = true
		inst := isa.Decode(a.word(i))
		k := kindOf(inst)
		if k == kindNext {
			i++
			continue
		}
		switch k {
		case kindCond, kindBranch:
			if t := f.branchTarget(a, i, inst); t >= 0 {
				f.reach(t)
			}
		case kindCall:
			if t := f.branchTarget(a, i, inst); t >= 0 {
				f.reachCallee(t)
			}
		}
		if !k.continues() || k.calls() && f.neverReturns(a, i) {
			return
		}
		if i++; i < end {
			mark[i] |= mBlock
		}
	}
}

// branchTarget returns the index that the branch at index i goes to, or -1 if
// that is no code.
func (f *finder) branchTarget(a *area, i int, inst isa.Inst) int {
	va := inst.BranchTarget(a.va(i))
	if t := a.index(va); t >= 0 {
		return t
	}
	return f.code.index(va)
}

// neverReturns tells that the call at index i does not come back: nothing but
// padding stands between it and the next function.
func (f *finder) neverReturns(a *area, i int) bool {
	for i++; i < a.end(); i++ {
		if f.code.mark[i]&mStart != 0 {
			return true
		}
		if !isPadding(a.word(i)) {
			return false
		}
	}
	return true
}

// isLDGP tells whether a function's usual prologue stands at index i:
// ldah $29,x($27); lda $29,y($29).
func (f *finder) isLDGP(i int) bool {
	_, ok := f.prologueGP(i)
	return ok
}

// prologueGP returns the $29 that the prologue at index i computes from $27.
func (f *finder) prologueGP(i int) (uint64, bool) {
	a := f.code.areaOf(i)
	if i+1 >= a.end() {
		return 0, false
	}
	hi, lo := isa.Decode(a.word(i)), isa.Decode(a.word(i+1))
	if hi.Op != isa.OpLDAH || hi.Ra != 29 || hi.Rb != 27 || lo.Op != isa.OpLDA || lo.Ra != 29 || lo.Rb != 29 {
		return 0, false
	}
	return a.va(i) + uint64(hi.Imm) + uint64(lo.Imm), true
}
