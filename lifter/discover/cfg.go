package discover

import "axpress/lifter/isa"

// inst is a decoded instruction with what the analyses ask of each.
type inst struct {
	isa.Inst
	writes uint32 // integer registers written, by bit
}

// cblock is a block while a function is analysed. Indexes are code indexes.
type cblock struct {
	first, end int
	kind       EndKind
	target     int   // of a direct branch or call, or -1
	succs      []int // numbers of the blocks of this function that may follow
	preds      []int // the reverse
}

// funcInfo is one function of the current partition and what is known of it.
type funcInfo struct {
	start, end     int // code indexes; end is the next function's start
	reached, marks int // counts that change whenever the code does
	gp             uint64
	stale          bool // changed since it was analysed

	blocks     []cblock
	tables     map[int]jumpTable // by index of the jump
	targets    int               // of all tables
	guess      map[int]uint64    // by index of the JSR or JMP
	unresolved int               // jumps that are neither resolved nor tail calls
	reasons    map[int]string    // why, by index of the jump
	tailJumps  int
}

// buildBlocks cuts the function into blocks and links them. Direct successors
// only; jump tables that were resolved before count too.
func (f *finder) buildBlocks(fn *funcInfo) {
	a := f.code.areaOf(fn.start)
	mark := f.code.mark
	fn.blocks = fn.blocks[:0]
	const pageWords = 8192 / 4
	pageOff := int(a.base / 4 % pageWords) // of the area's first word in its page
	for i := fn.start; i < fn.end; {
		if mark[i]&mReached == 0 {
			i++
			continue
		}
		b := cblock{first: i, target: -1}
		for {
			in := isa.Decode(a.word(i))
			k := kindOf(in)
			if k == kindCond || k == kindBranch || k == kindCall {
				b.target = f.branchTarget(a, i, in)
			}
			i++
			b.kind = endOf[k]
			if k.ends() || i >= fn.end || mark[i]&mReached == 0 || mark[i]&mBlock != 0 || i-b.first >= f.opt.MaxFunction {
				break
			}
			if f.opt.PageLimited && (i-a.first+pageOff)%pageWords == 0 {
				break
			}
		}
		b.end = i
		f.blockAt[b.first] = int32(len(fn.blocks))
		fn.blocks = append(fn.blocks, b)
	}
	for n := range fn.blocks {
		f.linkBlock(fn, n)
	}
}

// linkBlock sets the successors of block n.
func (f *finder) linkBlock(fn *funcInfo, n int) {
	b := &fn.blocks[n]
	if next, ok := f.nextIndex(fn, b); ok && next < fn.end {
		fn.addEdge(n, int(f.blockAt[next]))
	}
	if b.target >= fn.start && b.target < fn.end && b.kind != EndCall {
		fn.addEdge(n, int(f.blockAt[b.target]))
	}
	if b.kind == EndJump {
		for _, t := range fn.tables[b.end-1].targets {
			if t >= fn.start && t < fn.end && f.code.mark[t]&mReached != 0 {
				// A jump has no other successors, and its targets are unique.
				s := int(f.blockAt[t])
				b.succs = append(b.succs, s)
				fn.blocks[s].preds = append(fn.blocks[s].preds, n)
			}
		}
	}
}

// nextIndex returns the index after block b if control may get there.
func (f *finder) nextIndex(fn *funcInfo, b *cblock) (int, bool) {
	switch b.kind {
	case EndBranch, EndJump, EndReturn, EndPALStop, EndTrap:
		return 0, false
	}
	a := f.code.areaOf(fn.start)
	if b.end >= a.end() || f.code.mark[b.end]&mReached == 0 {
		return 0, false
	}
	switch b.kind {
	case EndCall, EndCallReg, EndCoroutine:
		if f.neverReturns(a, b.end-1) {
			return 0, false
		}
	}
	return b.end, true
}

// addEdge links block n to block s, once.
func (fn *funcInfo) addEdge(n, s int) {
	for _, have := range fn.blocks[n].succs {
		if have == s {
			return
		}
	}
	fn.blocks[n].succs = append(fn.blocks[n].succs, s)
	fn.blocks[s].preds = append(fn.blocks[s].preds, n)
}
