package polls

import (
	"fmt"
	"math"

	"axpress/runtime/abi"
	"axpress/runtime/engine"
)

// Exact is what Stops found.
type Exact struct {
	Runs        int    // of one count each, and its two halves
	Translated  uint64 // instructions of translated code in all runs
	Interpreted uint64
}

// Stops runs g in w by engines of tier e for as many instructions as each multiple of step,
// from the start: at once, and in two runs. Each must end after as many, with the
// registers that the interpreter alone, with, has then.
func (w *World) Stops(g *Guest, e engine.Tier, step int64, with *World) (r Exact, err error) {
	m := engine.New(&w.CPU, e)
	with.start(g)
	for n := step; n < g.Length; n += step {
		for with.S.Icount < n {
			if exit := with.interp.Step(); exit != abi.ExitPoll {
				return r, fmt.Errorf("interpreter: %s at %#x", exit, with.S.PC)
			}
		}
		for _, counts := range [][]int64{{n}, {n / 2, n - n/2}} {
			w.start(g)
			for _, count := range counts {
				w.S.Limit = math.MaxInt64
				if exit := m.RunFor(count); exit != abi.ExitPoll {
					return r, fmt.Errorf("%s at %#x after %d instructions of %d", exit, w.S.PC, w.S.Icount, n)
				}
			}
			if w.S.Icount != n || with.S.PC != w.S.PC || with.S.R != w.S.R {
				return r, fmt.Errorf("runs of %d end at %#x after %d instructions, the interpreter is at %#x\n%x\n%x", counts, w.S.PC, w.S.Icount, with.S.PC, w.S.R, with.S.R)
			}
			r.Runs++
			r.Translated += uint64(n)
		}
	}
	r.Interpreted = m.Counters().Interpreted
	r.Translated -= r.Interpreted
	return r, nil
}
