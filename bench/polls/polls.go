// Package polls measures how far translated code goes beyond the instruction count at
// which a run is to end: at most abi.PollReach instructions.
//
// In: a guest of its own, in kernel mode, and an engine; the translator makes the code
// (polls_test.go). Out: the largest overshoot under many limits. Wherever a run stops,
// the registers must be those that the interpreter has after as many instructions; and a
// run that is to end at a count ends there, on all engines (Stops).
package polls

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"axpress/runtime/abi"
	"axpress/runtime/engine"
	"axpress/runtime/gocode"
	"axpress/runtime/interp"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

// Guest is a program. It begins at Entry, with a stack, and ends by returning from there:
// to an instruction that it has at End, and that is no code of a function.
type Guest struct {
	Text       []byte
	At         uint64 // guest address of Text, in KSEG
	Entry, End uint64
	Length     int64 // instructions until it ends; see Count
}

const (
	ramBytes = 16 << 20
	stackVA  = abi.KSEGBase + ramBytes/2
)

// World is a CPU with memory, and the interpreter.
type World struct {
	vcpu.CPU
	interp *interp.CPU
}

// NewWorld makes the world with RAM by newRAM.
func NewWorld(newRAM func(size uint64) (*mem.RAM, error)) (*World, error) {
	s, err := abi.NewState()
	if err != nil {
		return nil, err
	}
	ram, err := newRAM(ramBytes)
	if err != nil {
		return nil, errors.Join(err, abi.FreeState(s))
	}
	w := &World{CPU: vcpu.CPU{S: s, RAM: ram, MMU: mmu.New(s, ram, nil), Cycles: noCycles}}
	w.MMU.InitWindows()
	w.interp = interp.New(&w.CPU, nil)
	return w, nil
}

func noCycles() uint64 { return 0 }

// Close frees the memory.
func (w *World) Close() error { return errors.Join(abi.FreeState(w.S), w.RAM.Close()) }

// start puts the guest into memory and the CPU at its beginning.
func (w *World) start(g *Guest) {
	copy(w.RAM.Bytes()[g.At-abi.KSEGBase:], g.Text)
	w.S.R, w.S.F = [32]uint64{26: g.End, 30: stackVA}, [32]uint64{}
	w.S.PC, w.S.Icount = g.Entry, 0
	w.interp.InvalidateCode()
}

// Count runs g in the interpreter and returns how many instructions it has.
func (w *World) Count(g *Guest) (int64, error) {
	const most = 10_000_000
	for w.start(g); w.S.PC != g.End; {
		if exit := w.interp.Step(); exit != abi.ExitPoll || w.S.Icount > most {
			return 0, fmt.Errorf("the guest leaves by %s at %#x after %d instructions", exit, w.S.PC, w.S.Icount)
		}
	}
	return w.S.Icount, nil
}

// Result is what Overshoot found.
type Result struct {
	Most   int64 // instructions beyond the limit, at most
	Limit  int64 // the limit that this was
	Stops  int   // runs that ended beyond their limit
	Native int64 // instructions of translated code, of all runs
	Interp int64 // and what it left to the interpreter
}

// Overshoot runs g in w under each of the limits from step on, which are step apart, by e
// as far as there is translated code. w must be a world of e; with is for the interpreter
// alone.
func (w *World) Overshoot(g *Guest, e engine.Tier, step int64, with *World) (r Result, err error) {
	with.start(g)
	for limit := step; limit < g.Length; limit += step {
		w.start(g)
		w.S.Limit = limit
		e.Begin()
		for w.S.Icount < limit {
			before := w.S.Icount
			code, ok := e.Enter()
			r.Native += w.S.Icount - before
			if !ok || code == abi.ExitInterpret {
				r.Interp++
				code = w.interp.Step()
			}
			if code != abi.ExitNone && code != abi.ExitPoll {
				return r, fmt.Errorf("limit %d: %s at %#x after %d instructions", limit, code, w.S.PC, w.S.Icount)
			}
			if w.S.PC == g.End {
				break
			}
		}
		e.End()
		over := w.S.Icount - limit
		if over > 0 {
			r.Stops++
		}
		if over > r.Most {
			r.Most, r.Limit = over, limit
		}
		for with.S.Icount < w.S.Icount {
			if exit := with.interp.Step(); exit != abi.ExitPoll {
				return r, fmt.Errorf("interpreter: %s at %#x", exit, with.S.PC)
			}
		}
		if with.S.Icount == w.S.Icount && (with.S.PC != w.S.PC || with.S.R != w.S.R) {
			return r, fmt.Errorf("limit %d: at %#x after %d instructions, the interpreter is at %#x\n%x\n%x", limit, w.S.PC, w.S.Icount, with.S.PC, w.S.R, with.S.R)
		}
	}
	return r, nil
}

// GoRequest is what a program of Go code is asked for.
type GoRequest struct {
	Guest Guest
	Step  int64
}

// exactly is how much farther apart the counts of Stops are than the limits of Overshoot:
// each run has to begin at the start.
const exactly = 13

// GoReply is what it answers.
type GoReply struct {
	Overshoot Result
	Stops     Exact
}

// ServeGo is the program of the guest's functions as Go code: it reads a GoRequest from in
// and writes the GoReply to out.
func ServeGo(functions []gocode.Function, in io.Reader, out io.Writer) (err error) {
	var q GoRequest
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		return err
	}
	w, err := NewWorld(mem.New)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	with, err := NewWorld(mem.New)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, with.Close()) }()
	e, err := gocode.New(gocode.Config{CPU: &w.CPU, Functions: functions})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	var r GoReply
	if r.Overshoot, err = w.Overshoot(&q.Guest, e, q.Step, with); err != nil {
		return err
	}
	if r.Stops, err = w.Stops(&q.Guest, e, exactly*q.Step, with); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}
