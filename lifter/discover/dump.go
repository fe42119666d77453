package discover

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Dump writes the result as text: the statistics, each unit with its entries
// and blocks, and what is unresolved. It is what the golden tests compare.
func (r *Result) Dump(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n", &r.Stats)
	for _, f := range r.Functions {
		fmt.Fprintf(b, "\n%s", f)
	}
	if len(r.Unresolved) > 0 {
		fmt.Fprintf(b, "\n")
	}
	for _, u := range r.Unresolved {
		fmt.Fprintf(b, "unresolved %#x in %s: %s\n", u.PC, u.Function, u.Reason)
	}
	return b.Flush()
}

// String returns the statistics in one line.
func (s *Stats) String() string {
	return fmt.Sprintf("functions %d blocks %d entries %d instructions %d/%d padding %d data %d missed %d (%.2f%%) tables %d (%d unbounded) tail jumps %d unresolved %d calls %d guessed %d rounds %d",
		s.Functions, s.Blocks, s.Entries, s.Instructions, s.Text, s.Padding, s.Data, s.Missed, 100*s.Coverage(),
		s.JumpTables, s.Unbounded, s.TailJumps, s.Unresolved, s.RegCalls, s.Guessed, s.Rounds)
}

// String returns the unit as text, one line for each block.
func (f *Function) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "function %s start %#x parent %#x gp %#x\n  entries%s\n", f.Name, f.Start, f.Parent, f.GP, hexList(f.Entries))
	for i := range f.Blocks {
		blk := &f.Blocks[i]
		fmt.Fprintf(&b, "  block %#x-%#x %s", blk.Start, blk.End, blk.Kind)
		if blk.Target != 0 {
			fmt.Fprintf(&b, " to %#x", blk.Target)
		}
		if len(blk.Succs) > 0 {
			fmt.Fprintf(&b, " succs%s", hexList(blk.Succs))
		}
		if blk.JumpTable != nil {
			fmt.Fprintf(&b, " table%s", hexList(blk.JumpTable))
		}
		b.WriteByte('\n')
	}
	for _, pc := range slices.Sorted(maps.Keys(f.CallGuess)) {
		fmt.Fprintf(&b, "  guess %#x calls %#x\n", pc, f.CallGuess[pc])
	}
	return b.String()
}

func hexList(list []uint64) string {
	var b strings.Builder
	for _, v := range list {
		fmt.Fprintf(&b, " %#x", v)
	}
	return b.String()
}
