package lift

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"axpress/ir"
	"axpress/lifter/discover"
	"axpress/lifter/isa"
)

// Code supplies instruction words; false where there is none.
type Code interface {
	Word(va uint64) (uint32, bool)
}

// Options say under which conditions the unit runs.
type Options struct {
	// Kernel says that the unit runs in kernel mode, else it runs in user mode,
	// where privileged CALL_PALs are reserved instructions.
	Kernel bool
	// Relocatable and Base are those of ir.Func.
	Relocatable bool
	Base        uint64
	// Model is the CPU that the unit runs on; nil: isa.DefaultModel.
	Model *isa.Model
	// Hot asks for code that is faster, and may be larger.
	Hot bool
}

// ErrFunction is what Lift returns, wrapped, for a function that is no unit.
var ErrFunction = errors.New("malformed function")

// Lift lifts fn. Words that code does not have are interpreted at run time. The
// error is ErrFunction if the blocks of fn are empty, misaligned, out of order,
// or overlap, or if an entry is not the start of a block.
func Lift(fn *discover.Function, code Code, o Options) (*ir.Func, error) {
	l := &lifter{fn: fn, code: code, o: o}
	if err := l.prepare(); err != nil {
		return nil, fmt.Errorf("lift %s at pc %#x: %w", fn.Name, fn.Start, err)
	}
	for i := range fn.Blocks {
		l.block(i)
	}
	l.entries()
	return l.b.F, nil
}

// lifter is the state of one Lift.
type lifter struct {
	b    ir.Builder
	fn   *discover.Function
	code Code
	o    Options

	blocks []*ir.Block // of fn.Blocks
	marks  []mark      // of fn.Blocks
	extra  []ir.Entry  // behind instructions that leave the unit in mid-block
	open   bool        // b.B has no terminal yet

	known knowledge
	later []again // of the current block of fn
}

// mark says what a block of fn is besides code.
type mark uint8

const (
	markEntry  mark = 1 << iota // the dispatcher can enter it
	markPoll                    // begins with a poll
	markHeader                  // target of a backward edge
)

// knowledge is what earlier instructions of the same ir.Block have checked.
type knowledge struct {
	fen     bool    // FEN is set
	dynamic dynamic // FPCR<DYN>
	normal  uint32  // F registers that hold zero or a normal number
}

// prepare checks fn, makes its blocks and marks them.
func (l *lifter) prepare() error {
	fn := l.fn
	if len(fn.Blocks) == 0 {
		return fmt.Errorf("%w: no blocks", ErrFunction)
	}
	end := uint64(0)
	for i := range fn.Blocks {
		b := &fn.Blocks[i]
		if b.Start >= b.End || (b.Start|b.End)&3 != 0 || b.Start < end {
			return fmt.Errorf("%w: block %#x-%#x after %#x", ErrFunction, b.Start, b.End, end)
		}
		end = b.End
	}
	f := &ir.Func{Name: fn.Name, PC: fn.Start, Kernel: l.o.Kernel, Relocatable: l.o.Relocatable, Base: l.o.Base}
	l.b.F = f
	l.blocks = make([]*ir.Block, len(fn.Blocks))
	l.marks = make([]mark, len(fn.Blocks))
	for i := range fn.Blocks {
		l.blocks[i] = f.NewBlock(fn.Blocks[i].Start)
	}
	for _, pc := range fn.Entries {
		i := l.find(pc)
		if i < 0 {
			return fmt.Errorf("%w: entry %#x is not the start of a block", ErrFunction, pc)
		}
		if !l.behindInlinedPAL(i) {
			l.marks[i] |= markEntry
		}
	}
	for i := range fn.Blocks {
		for _, s := range fn.Blocks[i].Succs {
			if k := l.find(s); k >= 0 && s <= fn.Blocks[i].End-4 {
				l.marks[k] |= markEntry | markPoll | markHeader
			}
		}
	}
	return l.markCallEntries()
}

// CallEntryBytes is how far behind the first instruction a call may enter: the
// linker relaxes JSR to BSR past the two instructions that load $29. An entry there
// is number 1.
const CallEntryBytes = 8

// markCallEntries puts polls where calls enter, so that recursion polls. A
// primary entry that only falls into one behind the load of $29 needs none.
func (l *lifter) markCallEntries() error {
	first := l.find(l.fn.Start)
	if first < 0 {
		return fmt.Errorf("%w: its start is not the start of a block", ErrFunction)
	}
	l.marks[first] |= markEntry
	late := false
	for i := first + 1; i < len(l.blocks) && l.fn.Blocks[i].Start <= l.fn.Start+CallEntryBytes; i++ {
		if l.marks[i]&markEntry != 0 {
			l.marks[i] |= markPoll
			late = l.fn.Blocks[i].Start == l.fn.Blocks[first].End
		}
	}
	if !late || l.fn.Blocks[first].Kind != discover.EndFall {
		l.marks[first] |= markPoll
	}
	return nil
}

// behindInlinedPAL says whether the only reason for block i to be an entry is, as
// far as one can tell, a CALL_PAL before it that this unit executes itself.
// discover lists the PC after every CALL_PAL; an entry costs reloads and merges. Where
// calls may enter others rely on there being one, with its number and its poll.
func (l *lifter) behindInlinedPAL(i int) bool {
	start := l.fn.Blocks[i].Start
	if i == 0 || start-l.fn.Start <= CallEntryBytes || l.fn.Blocks[i-1].End != start {
		return false
	}
	w, ok := l.code.Word(start - 4)
	if !ok {
		return false
	}
	in := isa.Decode(w)
	return in.Op == isa.OpCALLPAL && l.stub(&in) != nil
}

// find returns the index of the block that starts at pc, or -1.
func (l *lifter) find(pc uint64) int {
	i, ok := slices.BinarySearchFunc(l.fn.Blocks, pc, func(b discover.Block, pc uint64) int { return cmp.Compare(b.Start, pc) })
	if !ok {
		return -1
	}
	return i
}

// begin goes on in block b.
func (l *lifter) begin(b *ir.Block) {
	l.b.B, l.open = b, true
	l.known = knowledge{}
}

// block lifts block i of the function.
func (l *lifter) block(i int) {
	b := &l.fn.Blocks[i]
	l.begin(l.blocks[i])
	l.b.PC = b.Start
	if l.marks[i]&markPoll != 0 {
		l.poll(b.Start)
	}
	for pc := b.Start; pc < b.End; pc += 4 {
		if !l.open { // the previous instruction left the unit and comes back here
			l.begin(l.b.F.NewBlock(pc))
			l.extra = append(l.extra, ir.Entry{PC: pc, Block: l.b.B})
		}
		l.instruction(pc, b)
	}
	l.fallThrough(b)
	for len(l.later) > 0 {
		a := l.later[0]
		l.later = l.later[1:]
		l.begin(a.b)
		l.known = a.known
		// What comes back behind an instruction that leaves the unit finds the block
		// that was made the first time.
		for pc := a.pc; pc < b.End && l.open; pc += 4 {
			l.instruction(pc, b)
		}
		l.fallThrough(b)
	}
}

// fallThrough ends b, if nothing has yet, by going on behind it.
func (l *lifter) fallThrough(b *discover.Block) {
	if l.open {
		l.b.PC = b.End - 4
		l.end(ir.Term{Kind: ir.TermJump, Succs: l.edges(b.End)})
	}
}

// instruction lifts the instruction at pc.
func (l *lifter) instruction(pc uint64, b *discover.Block) {
	l.b.PC = pc
	w, ok := l.code.Word(pc)
	if !ok {
		l.interpret()
		return
	}
	in := l.o.Model.Or().Decode(w)
	info := in.Op.Info()
	if info.Faults&isa.FaultFEN != 0 {
		l.needFEN()
	}
	r := &table[in.Op]
	r.lift(l, &in)
	if l.open && !r.retires {
		l.b.Retire()
	}
	if !l.open && pc+4 == b.End { // where the instruction comes back to
		l.resumeAt(pc + 4)
	}
}

// resumeAt makes the block at pc, if this unit has it, an entry when the terminal
// just set leaves the unit in a way that comes back there.
func (l *lifter) resumeAt(pc uint64) {
	switch l.b.B.Term.Kind {
	case ir.TermInterpret, ir.TermExit:
		if i := l.find(pc); i >= 0 {
			l.marks[i] |= markEntry
		}
	}
}

// entries fills in Func.Entries: the primary one, then that of calls which skip the
// load of $29, so that others know their numbers, then the rest by address.
func (l *lifter) entries() {
	f := l.b.F
	for i, m := range l.marks {
		if m&markEntry != 0 {
			f.Entries = append(f.Entries, ir.Entry{PC: l.blocks[i].PC, Block: l.blocks[i]})
		}
	}
	f.Entries = append(f.Entries, l.extra...)
	rank := func(e ir.Entry) uint64 {
		switch e.PC {
		case f.PC:
			return 0
		case f.PC + CallEntryBytes:
			return 1
		}
		return e.PC
	}
	slices.SortFunc(f.Entries, func(a, b ir.Entry) int { return cmp.Compare(rank(a), rank(b)) })
}
