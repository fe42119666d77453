package trace

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// budget makes native code stop at a memory access.
type budget struct {
	left int // accesses that may still be made
	made int // that were
}

// spend is what dispatch.Engine.StopBefore asks.
func (b *budget) spend() (stop bool) {
	if b.left == 0 {
		return true
	}
	b.left--
	b.made++
	return false
}

// stop says where native code has to leave.
type stop struct {
	limit    int64 // State.Limit
	accesses int   // memory accesses that it may make; allAccesses: as always
}

const allAccesses = -1

// probe is one repetition of a stretch.
type probe struct {
	stop   stop
	agree  bool
	icount int64 // where native code stopped
	diffs  []Diff
}

// rewind undoes the stretch for the interpreter and for the shadow.
func (l *Lockstep) rewind() {
	l.log.undo()
	l.fail(l.shadow.view.DiscardAll())
	l.stretch.before.Load(l.s)
}

// probe repeats the stretch with native code stopping at s, and compares. Pages
// that only native code wrote are looked for as well.
func (l *Lockstep) probe(s stop) probe {
	l.rewind()
	sh := &l.shadow
	l.enterShadow(s.limit)
	if s.accesses != allAccesses {
		sh.s.RAMLimit, sh.s.StoreRAMLimit = [4]uint64{}, [4]uint64{}
		sh.s.FlushTLB()
		l.budget = budget{left: s.accesses}
		sh.stopBefore(l.budget.spend)
	}
	_, ok := sh.once()
	if s.accesses != allAccesses {
		sh.stopBefore(nil)
		sh.mmu.InitWindows()
	}
	l.got.take(sh.s)
	end := l.repeat(l.got.Icount)
	l.ref.take(l.s)
	l.scan()
	p := probe{stop: s, icount: l.got.Icount, diffs: l.differences()}
	p.agree = !ok || !end.early && len(p.diffs) == 0
	return p
}

// bracket is what the search has found: the engines agree at good and differ at
// bad.
type bracket struct {
	good int64
	bad  probe
}

func (b *bracket) width() int64 { return b.bad.icount - b.good }

// see takes p into account.
func (b *bracket) see(p probe) {
	switch {
	case p.agree && p.icount < b.bad.icount:
		b.good = max(b.good, p.icount)
	case !p.agree && p.icount < b.bad.icount:
		b.bad = p
	}
}

// search halves the range (lo, hi] of a parameter of stop until its ends are
// neighbours: native code agrees when it stops at lo, and differs at hi.
func (l *Lockstep) search(b *bracket, lo, hi int64, at func(int64) stop) {
	for hi-lo > 1 && l.broken == nil {
		mid := lo + (hi-lo)/2
		p := l.probe(at(mid))
		b.see(p)
		if p.agree {
			lo = mid
		} else {
			hi = mid
		}
	}
}

// narrow returns the closest stops around the divergence; !ok: the stretch does
// not diverge when it is repeated.
func (l *Lockstep) narrow() (_ bracket, ok bool) {
	start := l.stretch.before.Icount
	whole := stop{l.stretch.before.limit, allAccesses}
	p := l.probe(whole)
	if p.agree { // perhaps the state of the soft TLB had to do with it
		l.shadow.s.FlushTLB()
		p = l.probe(whole)
	}
	if p.agree {
		return bracket{}, false
	}
	polls := bracket{good: start, bad: p}
	l.search(&polls, start, min(p.icount, whole.limit), func(n int64) stop { return stop{n, allAccesses} })
	// A start that is already at the limit would be left at once.
	limit := max(polls.bad.stop.limit, start+1)
	p = l.probe(stop{limit, math.MaxInt})
	if p.agree {
		return polls, true // it needs the fast paths
	}
	accesses := bracket{good: start, bad: p}
	l.search(&accesses, -1, int64(l.budget.made), func(n int64) stop { return stop{limit, int(n)} })
	switch {
	case accesses.bad.icount > polls.good && accesses.bad.icount <= polls.bad.icount:
		accesses.good = max(accesses.good, polls.good)
	case accesses.width() > polls.width():
		return polls, true
	}
	return accesses, true
}

// diverged makes and passes on the report of the divergence bad, and brings the
// interpreter back to where it was. It returns the exit to go on with.
func (l *Lockstep) diverged(left abi.Exit, end repeated, bad string) (code abi.Exit) {
	l.stats.Divergences++
	b := &l.stretch.before
	target := l.got.Icount
	d := &Divergence{
		What: bad, Stretch: l.stats.Stretches, PC: abi.VAddr(b.Field[abi.FieldPC]), Symbol: l.symbol(b.Field[abi.FieldPC]),
		Icount: b.Icount, Native: l.got.Icount - b.Icount, Interp: l.ref.Icount - b.Icount, First: -1,
	}
	if end.tried {
		l.explainExit(d, target)
	} else {
		l.explain(d)
	}
	l.rewind()
	end2 := l.repeat(target)
	if end.tried {
		l.log.on = true
		end2.code = l.interp.Step()
		l.log.on = false
	}
	if (l.cfg.Report == nil || !l.cfg.Report(d)) && l.broken == nil {
		l.broken = d
	}
	switch end2.code {
	case abi.ExitFault, abi.ExitCallPAL, abi.ExitOPCDEC, abi.ExitArith:
		return end2.code
	}
	return abi.ExitInterpret
}

// explainExit fills d in where all agrees but the way of leaving, which is
// because of the instruction that native code left at.
func (l *Lockstep) explainExit(d *Divergence, target int64) {
	l.rewind()
	l.repeat(target)
	d.Window, d.First, d.InDoubt = []Inst{l.step(nil)}, 0, 1
	d.Note = "the engines agree before this instruction"
}

// explain fills d in where registers or memory differ.
func (l *Lockstep) explain(d *Divergence) {
	br, ok := l.narrow()
	if !ok {
		d.Note = "the stretch did not diverge again when it was repeated"
		return
	}
	whole := l.probe(stop{l.stretch.before.limit, allAccesses})
	if br.bad.stop != whole.stop {
		d.AtEnd = whole.diffs
	}
	d.Diffs = br.bad.diffs
	d.InDoubt = br.width()
	first, hidden, why := l.suspect(br)
	d.Hidden, d.Note = hidden, why
	for _, pc := range hidden {
		d.HiddenSymbols = append(d.HiddenSymbols, l.symbol(uint64(pc)))
	}
	// Describe what lies around it.
	from := max(br.good, br.good+first-listed)
	l.rewind()
	l.repeat(from)
	d.First = int(br.good + first - from)
	for len(d.Window) <= d.First+listed && (l.s.Icount < br.bad.icount || len(d.Window) <= d.First) {
		n := l.s.Icount
		d.Window = append(d.Window, l.step(nil))
		if l.s.Icount == n {
			break // an exit
		}
	}
}

// listed is how many instructions are listed on either side of the divergent one.
const listed = 16

// suspect finds the first instruction behind br.good whose result differs at
// br.bad: of all places that differ, the one that was written least recently tells.
// The result is its number, counted from br.good. hidden are see Divergence.Hidden.
func (l *Lockstep) suspect(br bracket) (first int64, hidden []abi.VAddr, why string) {
	l.rewind()
	l.repeat(br.good)
	wrote := map[location]int64{}
	var done []Inst
	left := int64(-1)
	for l.s.Icount < br.bad.icount {
		at, n := l.s.Icount, int64(len(done))
		done = append(done, l.step(func(loc location) { wrote[loc] = n }))
		if l.s.Icount == at {
			left = n
			break
		}
	}
	first = math.MaxInt64
	for _, d := range br.bad.diffs {
		if i, ok := wrote[d.at]; ok {
			first = min(first, i)
		}
	}
	switch {
	case first < math.MaxInt64:
		return first, overwritten(done[:first+1], wrote), ""
	case left >= 0:
		return left, overwritten(done[:left+1], wrote), "the interpreter leaves here, native code goes on"
	}
	return 0, nil, "no instruction in doubt writes what differs: native code changes it on its own, here or in one of the next"
}

// overwritten returns the instructions that the last one of done depends on and
// whose own results nobody has compared, as they were written over since. wrote says
// which instruction wrote a place last.
func overwritten(done []Inst, wrote map[location]int64) (pcs []abi.VAddr) {
	last := len(done) - 1
	need := isa.Decode(done[last].Word).Reads()
	for i := last - 1; i >= 0 && !need.Empty(); i-- {
		in := isa.Decode(done[i].Word)
		made := in.Writes().Intersect(need)
		if made.Empty() {
			continue
		}
		need = need.Minus(made)
		at := location{inR, uint64(bits.TrailingZeros32(made.Int))}
		if made.Int == 0 {
			at = location{inF, uint64(bits.TrailingZeros32(made.FP))}
		}
		if wrote[at] != int64(i) {
			pcs = append(pcs, done[i].PC)
			need = need.Union(in.Reads())
		}
	}
	return pcs
}

// step executes one instruction in the interpreter and describes it. For each
// place that it writes, wrote is called, if it is not nil; then the description is
// left out.
func (l *Lockstep) step(wrote func(location)) Inst {
	var before, after archState
	before.take(l.s)
	pc := before.Field[abi.FieldPC]
	word, flow := l.fetch(pc)
	in := Inst{PC: abi.VAddr(pc), Word: word}
	stores := len(l.log.stores)
	l.log.on = true
	code := l.interp.Step()
	if code == abi.ExitCallPAL && l.inlined(uint32(l.s.ExitArg)) {
		l.callPAL(math.MaxInt64)
	}
	l.log.on = false
	after.take(l.s)
	var effects []string
	see := func(at location, now uint64) {
		if wrote != nil {
			wrote(at)
			return
		}
		effects = append(effects, fmt.Sprintf("%v=%#x", at, now))
	}
	eachDifference(&before, &after, func(at location, _, now uint64) {
		if at != (location{inField, abi.FieldPC}) || flow || now != pc+4 {
			see(at, now)
		}
	})
	if wrote != nil { // what it writes may be what was there
		regs := isa.Decode(word).Writes()
		for i := range uint64(31) {
			if regs.Int>>i&1 != 0 {
				wrote(location{inR, i})
			}
			if regs.FP>>i&1 != 0 {
				wrote(location{inF, i})
			}
		}
	}
	for _, s := range l.log.stores[stores:] {
		v, _ := l.ram.Read64(s.pa)
		see(location{inMemory, uint64(s.pa)}, v)
	}
	if wrote != nil {
		return in
	}
	if code != abi.ExitPoll && code != abi.ExitCallPAL {
		effects = append(effects, "leaves: "+code.String())
	}
	in.Symbol, in.Text = l.symbol(pc), strings.Replace(isa.Disasm(isa.Decode(word), pc, isa.Style{}), "\t", " ", 1)
	in.Effects = strings.Join(effects, " ")
	return in
}

// fetch returns the instruction word at pc, 0 if it cannot be read, and whether it
// may transfer control.
func (l *Lockstep) fetch(pc uint64) (word uint32, flow bool) {
	word, _ = l.mmu.PeekWord(abi.VAddr(pc))
	return word, isa.Decode(word).Op.Info().Flow != isa.FlowNext
}
