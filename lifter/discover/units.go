package discover

import (
	"fmt"
	"slices"
	"sort"

	"axpress/lifter/image"
	"axpress/lifter/isa"
)

// unit is a run of blocks of one function that become one Function.
type unit struct {
	fn          *funcInfo
	first, last int // block numbers; last is exclusive
}

// result turns the functions into units. A unit is entered where another one,
// or the dispatcher, leads to.
func (f *finder) result() *Result {
	var units []unit
	for _, fn := range f.funcs {
		units = f.split(units, fn)
	}
	f.markCrossings(units)
	res := &Result{}
	res.Stats.Rounds = f.rounds
	for k := range units {
		f.emit(res, &units[k])
	}
	f.count(res)
	sort.Slice(res.Unresolved, func(i, j int) bool { return res.Unresolved[i].PC < res.Unresolved[j].PC })
	return res
}

// split cuts a function into units: at page boundaries if asked to, and when it
// has more than MaxFunction instructions, preferably after a block that calls
// or does not run into the next.
func (f *finder) split(units []unit, fn *funcInfo) []unit {
	a := f.code.areaOf(fn.start)
	first, size := 0, 0 // of the unit at hand
	cut, cutSize := -1, 0
	for n := range fn.blocks {
		b := &fn.blocks[n]
		if n > first {
			before := &fn.blocks[n-1]
			if f.opt.PageLimited && a.va(b.first)/image.PageSize != a.va(before.first)/image.PageSize {
				units = append(units, unit{fn, first, n})
				first, size, cut = n, 0, -1
			} else {
				if before.kind != EndFall && before.kind != EndCond && before.kind != EndPAL {
					cut, cutSize = n, size
				}
				if size+b.end-b.first > f.opt.MaxFunction {
					if cut < 0 || cutSize < f.opt.MaxFunction/2 {
						cut, cutSize = n, size
					}
					units = append(units, unit{fn, first, cut})
					first, size, cut = cut, size-cutSize, -1
				}
			}
		}
		size += b.end - b.first
	}
	if first < len(fn.blocks) {
		units = append(units, unit{fn, first, len(fn.blocks)})
	}
	return units
}

// indexes returns the code indexes that the unit's blocks span, end exclusive.
func (u *unit) indexes() (first, end int) {
	return u.fn.blocks[u.first].first, u.fn.blocks[u.last-1].end
}

// markCrossings marks every block that control enters from another unit.
func (f *finder) markCrossings(units []unit) {
	for k := range units {
		u := &units[k]
		lo, hi := u.indexes()
		cross := func(t int) {
			if t >= 0 && (t < lo || t >= hi) {
				f.code.mark[t] |= mEntry
			}
		}
		for n := u.first; n < u.last; n++ {
			b := &u.fn.blocks[n]
			cross(b.target)
			if next, ok := f.nextIndex(u.fn, b); ok {
				cross(next)
			}
			if b.kind == EndJump {
				for _, t := range u.fn.tables[b.end-1].targets {
					cross(t)
				}
			}
		}
	}
}

// emit appends the unit as a Function to the result.
func (f *finder) emit(res *Result, u *unit) {
	fn := u.fn
	a := f.code.areaOf(fn.start)
	lo, _ := u.indexes()
	out := &Function{Name: f.unitName(u), Parent: a.va(fn.start), GP: fn.gp, Blocks: make([]Block, 0, u.last-u.first)}
	entry := make([]bool, u.last-u.first)
	for n := u.first; n < u.last; n++ {
		b := &fn.blocks[n]
		blk := Block{Start: a.va(b.first), End: a.va(b.end), Kind: b.kind}
		if f.code.mark[b.first]&(mEntry|mStart) != 0 {
			entry[n-u.first] = true
		}
		for _, s := range b.succs {
			if s < u.first || s >= u.last {
				continue
			}
			t := &fn.blocks[s]
			blk.Succs = append(blk.Succs, a.va(t.first))
			// Loop headers; return sites; PCs after CALL_PAL.
			if t.first <= b.first || t.first == b.end && b.kind != EndFall && b.kind != EndCond && b.kind != EndBranch && b.kind != EndJump {
				entry[s-u.first] = true
			}
		}
		slices.Sort(blk.Succs)
		switch b.kind {
		case EndCond, EndBranch, EndCall:
			if b.target >= 0 {
				blk.Target = f.code.areaOf(b.target).va(b.target)
			} else {
				blk.Target = isa.Decode(a.word(b.end - 1)).BranchTarget(a.va(b.end - 1))
				res.Unresolved = append(res.Unresolved, Unresolved{a.va(b.end - 1), out.Name, fmt.Sprintf("branch to %#x, where there is no code", blk.Target)})
			}
		case EndJump:
			f.emitJump(res, fn, b, &blk, out.Name)
		case EndCallReg:
			res.Stats.RegCalls++
		}
		if g, ok := fn.guess[b.end-1]; ok && (b.kind == EndCallReg || b.kind == EndJump) {
			if out.CallGuess == nil {
				out.CallGuess = map[uint64]uint64{}
			}
			out.CallGuess[a.va(b.end-1)] = g
			res.Stats.Guessed++
		}
		out.Blocks = append(out.Blocks, blk)
	}
	u.connect(entry)
	first := 0
	if lo != fn.start { // not the function's first unit: the first entry leads
		first = slices.Index(entry, true)
	}
	out.Start = out.Blocks[first].Start
	out.Entries = append(out.Entries, out.Start)
	for k, e := range entry {
		if e && k != first {
			out.Entries = append(out.Entries, out.Blocks[k].Start)
		}
	}
	res.Functions = append(res.Functions, out)
	res.Stats.Blocks += len(out.Blocks)
	res.Stats.Entries += len(out.Entries)
}

// emitJump fills in the block of an indirect jump.
func (f *finder) emitJump(res *Result, fn *funcInfo, b *cblock, blk *Block, name string) {
	a := f.code.areaOf(fn.start)
	at := b.end - 1
	if tab, ok := fn.tables[at]; ok {
		for _, t := range tab.targets {
			blk.JumpTable = append(blk.JumpTable, f.code.areaOf(t).va(t))
		}
		res.Stats.JumpTables++
		if tab.unbounded {
			res.Stats.Unbounded++
		}
		return
	}
	if reason := fn.reasons[at]; reason != "" {
		res.Stats.Unresolved++
		res.Unresolved = append(res.Unresolved, Unresolved{a.va(at), name, reason})
		return
	}
	res.Stats.TailJumps++
}

// connect makes entries of blocks that no entry leads to, lowest first.
func (u *unit) connect(entry []bool) {
	seen := make([]bool, len(entry))
	var work []int
	visit := func(k int) {
		if !seen[k] {
			seen[k] = true
			work = append(work, k)
		}
	}
	drain := func() {
		for len(work) > 0 {
			k := work[len(work)-1]
			work = work[:len(work)-1]
			for _, s := range u.fn.blocks[u.first+k].succs {
				if s >= u.first && s < u.last {
					visit(s - u.first)
				}
			}
		}
	}
	for k, e := range entry {
		if e {
			visit(k)
		}
	}
	drain()
	for k := range entry {
		if !seen[k] {
			entry[k] = true
			visit(k)
			drain()
		}
	}
}

// unitName names a unit: its function's symbol or address, and how far into the
// function it starts if it is not the first.
func (f *finder) unitName(u *unit) string {
	a := f.code.areaOf(u.fn.start)
	name := f.names[u.fn.start]
	if name == "" {
		name = f.labels[u.fn.start]
	}
	if name == "" {
		name = fmt.Sprintf("f_%x", a.va(u.fn.start))
	}
	if lo, _ := u.indexes(); lo != u.fn.start {
		name = fmt.Sprintf("%s+%#x", name, (lo-u.fn.start)*4)
	}
	return name
}

// count fills in the statistics of words.
func (f *finder) count(res *Result) {
	s := &res.Stats
	s.Functions = len(res.Functions)
	s.Text = f.code.n
	for k := range f.code.areas {
		a := &f.code.areas[k]
		data := 0 // words of it that may follow
		for i := a.first; i < a.end(); i++ {
			switch {
			case f.code.mark[i]&mReached != 0:
				s.Instructions++
				data = 0
				if a.word(i) == palBugchk { // CALL_PAL's opcode is 0
					data = bugWords
				}
			case data > 0:
				s.Data++
				data--
			case isPadding(a.word(i)):
				s.Padding++
			default:
				s.Missed++
			}
		}
	}
}
