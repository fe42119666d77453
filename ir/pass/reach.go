package pass

import (
	"fmt"

	"axpress/ir"
)

// Reach returns how many guest instructions f retires without a poll at most, with those
// that its end may lead to before the next one. The error says that there is no bound: f
// has a loop that does not poll. It knows nothing of how bound finds that out.
func Reach(f *ir.Func) (most int64, err error) {
	c := ir.NewCFG(f)
	// left is how many instructions come before the first poll from the beginning of a block.
	left := make([]int64, len(c.Order))
	for changed := true; changed; {
		changed = false
		for i := len(c.Order) - 1; i >= 0; i-- {
			n := behind(&c.Order[i].Term)
			for _, s := range c.Succs[i] {
				n = max(n, left[s])
			}
			vals := c.Order[i].Vals
			for k := len(vals) - 1; k >= 0; k-- {
				switch vals[k].Op {
				case ir.OpRetire:
					n += vals[k].Imm
				case ir.OpPoll:
					most, n = max(most, n), 0
				}
			}
			if n > left[i] {
				left[i], most, changed = n, max(most, n), true
			}
			if n > maxReach {
				return 0, fmt.Errorf("%v @%#x: more than %d instructions, or a loop, without a poll", c.Order[i], c.Order[i].PC, maxReach)
			}
		}
	}
	return most, nil
}

// checkReach says whether f, after the passes, polls often enough.
func checkReach(f *ir.Func) error {
	n, err := Reach(f)
	if err == nil && n > ir.PollFree {
		err = fmt.Errorf("%d instructions without a poll, %d may be", n, ir.PollFree)
	}
	if err != nil {
		return fmt.Errorf("func %q @%#x: %w", f.Name, f.PC, err)
	}
	return nil
}

// maxReach is more than any unit without loops may have.
const maxReach = 1 << 16

// behind is how many instructions may come behind t before there is a poll: those where
// calls enter, or the one that t leaves to the runtime.
func behind(t *ir.Term) int64 {
	switch t.Kind {
	case ir.TermCall, ir.TermGoto, ir.TermSwitch:
		return ir.CallEntryInsts
	case ir.TermInterpret, ir.TermExit:
		return 1
	}
	return 0
}
