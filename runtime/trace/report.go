package trace

import (
	"fmt"
	"slices"
	"strings"

	"axpress/runtime/abi"
)

// Divergence is one stretch in which native code and the interpreter differ.
type Divergence struct {
	What    string // in a line
	Stretch uint64 // number, from 1
	// The stretch: where it begins, and how many instructions native code and the
	// interpreter retired.
	PC             abi.VAddr
	Symbol         string
	Icount         int64 // when it began
	Native, Interp int64
	// InDoubt is how many instructions lie between the last point where the engines
	// were seen to agree and the first where they did not.
	InDoubt int64
	// First is the first divergent instruction, as an index of Window: the first of
	// those in doubt whose result differs. -1 if the stretch did not diverge again
	// when it was repeated.
	First  int
	Window []Inst // around First, as the interpreter executed them
	// Hidden are the addresses of instructions in doubt that First depends on and
	// whose results were overwritten before they could be compared: one of these may
	// have diverged before First.
	Hidden []abi.VAddr
	// HiddenSymbols are the symbols of Hidden.
	HiddenSymbols []string
	// Diffs are where the engines differ behind the instructions in doubt.
	Diffs []Diff
	// AtEnd are those at the end of the stretch.
	AtEnd []Diff
	Note  string // how sure First is
}

// Inst is one executed instruction of a report.
type Inst struct {
	PC      abi.VAddr
	Symbol  string
	Word    uint32
	Text    string // disassembly
	Effects string // what it changed, in the interpreter
}

// FirstInst returns the instruction that diverges first, or nil.
func (d *Divergence) FirstInst() *Inst {
	if d.First < 0 || d.First >= len(d.Window) {
		return nil
	}
	return &d.Window[d.First]
}

// Error makes a Divergence an error, in one line.
func (d *Divergence) Error() string {
	s := fmt.Sprintf("lockstep: %s in stretch %d at %s", d.What, d.Stretch, place(d.PC, d.Symbol))
	if i := d.FirstInst(); i != nil {
		s += fmt.Sprintf("; first divergent instruction: %s: %08x %s", place(i.PC, i.Symbol), i.Word, i.Text)
	}
	for i, pc := range d.Hidden {
		s += fmt.Sprintf("%s %s", [...]string{", or one that feeds it and left no trace:", ","}[min(i, 1)], place(pc, d.HiddenSymbols[i]))
	}
	return s
}

// String is the whole report: the instruction, the listing around it, and the
// differences.
func (d *Divergence) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, d.Error())
	fmt.Fprintf(&b, "  stretch begins at %s, instruction %d; native code retires %d, the interpreter %d\n", place(d.PC, d.Symbol), d.Icount, d.Native, d.Interp)
	if d.Note != "" {
		fmt.Fprintf(&b, "  note: %s\n", d.Note)
	}
	if len(d.Window) > 0 {
		fmt.Fprintf(&b, "  executed (> diverges first, ? perhaps before it; %d instructions were in doubt):\n", d.InDoubt)
	}
	for i, in := range d.Window {
		mark := ' '
		switch {
		case i == d.First:
			mark = '>'
		case i < d.First && slices.Contains(d.Hidden, in.PC):
			mark = '?'
		}
		fmt.Fprintf(&b, "  %c %s: %08x  %-30s %s\n", mark, place(in.PC, in.Symbol), in.Word, in.Text, in.Effects)
	}
	table(&b, "right after:", d.Diffs)
	table(&b, "at the end of the stretch:", d.AtEnd)
	return b.String()
}

func table(b *strings.Builder, head string, ds []Diff) {
	if len(ds) == 0 {
		return
	}
	fmt.Fprintf(b, "  %-24s %18s %18s\n", head, "native", "interpreter")
	for _, d := range ds {
		fmt.Fprintf(b, "  * %-22s %18x %18x\n", d.Place, d.Native, d.Interp)
	}
}

func place(pc abi.VAddr, symbol string) string {
	if symbol == "" {
		return fmt.Sprintf("%#x", pc)
	}
	return fmt.Sprintf("%#x <%s>", pc, symbol)
}

func (l *Lockstep) symbol(pc uint64) string {
	if l.cfg.Symbol == nil {
		return ""
	}
	return l.cfg.Symbol(pc)
}
