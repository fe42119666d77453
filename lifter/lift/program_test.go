package lift

import (
	"fmt"
	"math/rand"
	"testing"

	"axpress/ir"
	"axpress/ir/eval"
	"axpress/ir/pass"
	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// The program test runs random programs with branches, loops, calls and memory
// accesses as the product does: lifted code from entry to exit, the interpreter
// wherever lifted code has no entry or sends an instruction to it. The same
// program, interpreted from beginning to end, must reach the same state. That is
// done with the IR as it was lifted and after the passes.
const (
	programLength = 40
	programTrials = 300
	programBudget = 400 // instructions
)

// baseReg points at the data; only the registers below 4 are written, besides
// the return address.
const (
	baseReg   = 8
	returnReg = 26
)

// TestProgramsAgainstInterpreter: see above.
func TestProgramsAgainstInterpreter(t *testing.T) {
	a, b := newWorld(t), newWorld(t)
	tr := &trial{rng: rand.New(rand.NewSource(3))}
	native, total := int64(0), int64(0)
	for range programTrials {
		tr.fill(false, tr.rng.Intn(4) != 0)
		tr.r[baseReg] = diffData
		tr.r[returnReg] = diffCode + 4*uint64(tr.rng.Intn(programLength))
		tr.fields["FEN"] = 1
		tr.code = nil
		for len(tr.code) < programLength {
			tr.code = append(tr.code, randomProgramWord(tr.rng, len(tr.code)))
		}
		for _, passes := range []bool{false, true} {
			n, all, err := tr.runProgram(t, a, b, passes)
			if err != nil {
				t.Fatalf("passes %v: %v%v", passes, err, tr)
			}
			native, total = native+n, total+all
		}
	}
	if native < total*3/4 {
		t.Errorf("of %d instructions only %d were executed by lifted code", total, native)
	}
}

// randomProgramWord returns the instruction at index at of a random program.
func randomProgramWord(rng *rand.Rand, at int) uint32 {
	if rng.Intn(5) == 0 { // control flow
		to := rng.Intn(programLength)
		in := isa.Inst{Ra: uint8(rng.Intn(4)), Rb: returnReg, Imm: int64(4 * (to - at - 1))}
		ops := [...]isa.Op{isa.OpBEQ, isa.OpBNE, isa.OpBLT, isa.OpBGE, isa.OpBLBS, isa.OpBLBC, isa.OpFBEQ, isa.OpFBNE, isa.OpFBGT,
			isa.OpBR, isa.OpBSR, isa.OpRET, isa.OpJSR}
		in.Op = ops[rng.Intn(len(ops))]
		switch in.Op {
		case isa.OpBSR, isa.OpJSR:
			in.Ra = returnReg
		case isa.OpBR, isa.OpRET:
			in.Ra = 31
		}
		return isa.Encode(in)
	}
	for {
		in := isa.Random(rng, func(i *isa.Info) bool {
			return i.Flow == isa.FlowNext && excluded[i.Op] == "" && i.Op != isa.OpMTFPCR && !isSingle(i.Op)
		})
		if rng.Intn(4) != 0 { // few of the forms that trap
			in.Round, in.Trap = isa.RoundNormal, 0
		}
		narrow(&in, rng)
		if size := int(in.Op.Info().Size); size != 0 {
			in.Rb, in.Imm = baseReg, int64(size*rng.Intn(64/size))
		}
		if w := isa.Encode(in); isa.Decode(w).Op == in.Op {
			return w
		}
	}
}

// runProgram lifts the program, improves it if passes is set, and compares. It returns how many instructions lifted code retired, and how many
// were retired in all.
func (tr *trial) runProgram(t *testing.T, a, b *world, passes bool) (native, all int64, err error) {
	fn := unitAt(diffCode, tr.code)
	f := liftUnit(t, fn, codeIn(tr.code), Options{Kernel: true})
	if passes {
		if err := pass.Run(f, pass.Options{Check: true, Pinned: abi.SnapshotRegs}); err != nil {
			return 0, 0, err
		}
	}
	a.load(&tr.r, &tr.f, tr.data, tr.fields, tr.code)
	b.load(&tr.r, &tr.f, tr.data, tr.fields, tr.code)
	stop := abi.ExitPoll
	for all < programBudget && stop == abi.ExitPoll {
		entry := entryAt(f, b.s.PC)
		if entry < 0 {
			if stop = b.cpu.Step(); stop == abi.ExitPoll {
				all++
			}
			continue
		}
		b.budget = programBudget - all
		res, err := eval.Run(f, b, entry)
		if err != nil {
			return native, all, err
		}
		native, all, b.s.PC = native+res.Icount, all+res.Icount, res.PC
		switch {
		case res.Kind == eval.Fault:
			stop = abi.ExitFault
		case res.Kind == eval.Exit:
			stop = abi.Exit(res.Code)
		case res.Kind == eval.Interpret:
			if stop = b.cpu.Step(); stop == abi.ExitPoll {
				all++
			}
		}
	}
	for i := range all {
		if code := a.cpu.Step(); code != abi.ExitPoll {
			return native, all, fmt.Errorf("the interpreter left by %s after %d instructions, mixed execution went on for %d", code, i, all)
		}
	}
	if stop != abi.ExitPoll {
		if code := a.cpu.Step(); code != stop {
			return native, all, fmt.Errorf("the interpreter left by %s, mixed execution by %s", code, stop)
		}
	}
	return native, all, compareWorlds(b, a)
}

func entryAt(f *ir.Func, pc uint64) int {
	for i := range f.Entries {
		if f.Entries[i].PC == pc {
			return i
		}
	}
	return -1
}
