package engine

import (
	"errors"
	"fmt"
	"sync/atomic"

	"axpress/runtime/abi"
	"axpress/runtime/interp"
	"axpress/runtime/vcpu"
)

// Tier is translated code of one kind, for one CPU.
type Tier interface {
	// Begin is called before the first Enter or Has of a run, End behind the last. Between
	// two runs the MMU may have dropped translations, and the run may have moved to
	// another thread.
	Begin()
	End()
	// Enter runs translated code once, from State.PC until it leaves for whatever reason: with
	// abi.ExitNone where the guest goes on elsewhere, ExitInterpret before an instruction that
	// translated code leaves to the interpreter, such as all that access I/O space, or an exit
	// as an engine's. It leaves at most abi.PollReach instructions after State.Icount has
	// reached State.Limit, which is at most Quantum away. !ok: there is no translated code at
	// State.PC, and nothing has changed.
	Enter() (exit abi.Exit, ok bool)
	// Has says whether Enter would find translated code at pc, in the current mode.
	Has(pc uint64) bool
	// Invalidate: code may have changed anywhere (imb).
	Invalidate()
	// Count adds what the tier counted.
	Count(c *vcpu.Counters)
	// Close frees what the tier holds. It must not be entered any more.
	Close() error
}

// Quantum is the most instructions that a tier may run at a time. It bounds how deep calls
// of translated code nest, and for how long Go's collector may have to wait.
const Quantum = 400_000

// Mixed is the engine that runs translated code wherever a tier has some, and the
// interpreter elsewhere.
type Mixed struct {
	s           *abi.State
	interp      *interp.CPU
	tiers       []Tier // the one to be preferred first
	interpreted uint64 // instructions
	misses      map[uint64]uint64
}

var _ vcpu.Engine = (*Mixed)(nil)

// New makes the engine of cpu, with an interpreter of its own.
func New(cpu *vcpu.CPU, tiers ...Tier) *Mixed {
	m := &Mixed{s: cpu.S, tiers: tiers, misses: map[uint64]uint64{}}
	if len(tiers) == 0 {
		m.interp = interp.New(cpu, nil)
		return m
	}
	m.interp = interp.New(cpu, m.has)
	return m
}

// Interpreter is what the engine interprets with. Its instructions are not counted when
// somebody else has it run.
func (m *Mixed) Interpreter() *interp.CPU { return m.interp }

func (m *Mixed) has(pc uint64) bool {
	for _, t := range m.tiers {
		if t.Has(pc) {
			return true
		}
	}
	return false
}

func (m *Mixed) begin() {
	for _, t := range m.tiers {
		t.Begin()
	}
}

func (m *Mixed) end() {
	for _, t := range m.tiers {
		t.End()
	}
}

// Run implements vcpu.Engine. A run with tiers is of Quantum instructions at most.
func (m *Mixed) Run() abi.Exit {
	if len(m.tiers) == 0 {
		return m.interpret((*interp.CPU).Run)
	}
	m.begin() // no defers: some runs are of a few instructions, and after a panic nobody goes on
	short := m.s.Icount + Quantum
	full, lowered := m.lower(short)
	exit := m.run()
	if lowered {
		m.restore(short, full)
	}
	m.end()
	return exit
}

func (m *Mixed) run() abi.Exit {
	for m.s.Icount < atomic.LoadInt64(&m.s.Limit) {
		exit, ok := m.enter()
		switch {
		case ok && exit == abi.ExitNone:
			continue
		case ok && exit != abi.ExitInterpret:
			return exit
		}
		if exit = m.interpret((*interp.CPU).Run); exit != abi.ExitNative {
			return exit
		}
	}
	return abi.ExitPoll
}

// RunFor implements vcpu.Engine; doc.go says why it is exact.
func (m *Mixed) RunFor(n int64) abi.Exit {
	m.begin()
	defer m.end()
	count, refused := m.s.Icount+n, false
	for {
		stop := min(count, atomic.LoadInt64(&m.s.Limit)) // a device may have moved it
		left := stop - m.s.Icount
		if left <= 0 {
			return abi.ExitPoll
		}
		var exit abi.Exit
		switch reach := left - abi.PollReach; {
		case reach <= 0 || len(m.tiers) == 0:
			exit = m.interpret(func(c *interp.CPU) abi.Exit { return c.RunFor(left) })
			refused = false
		case refused:
			exit = m.interpret(func(c *interp.CPU) abi.Exit { return c.RunToEntry(reach) })
			refused = false
		default:
			exit, refused = m.enterUntil(stop)
		}
		switch exit {
		case abi.ExitNone, abi.ExitPoll, abi.ExitNative:
		default:
			return exit
		}
	}
}

// enterUntil has a tier run up to PollReach instructions before stop, so that it leaves at
// stop at the latest. It returns the exit, ExitNone if the run goes on; refused: the
// instruction at State.PC must be interpreted.
func (m *Mixed) enterUntil(stop int64) (exit abi.Exit, refused bool) {
	s := m.s
	limit := min(stop-abi.PollReach, s.Icount+Quantum)
	full, lowered := m.lower(limit)
	exit, ok := m.enter()
	if lowered {
		m.restore(limit, full)
	}
	switch {
	case !ok || exit == abi.ExitInterpret:
		exit, refused = abi.ExitNone, true
	case s.Icount == stop && unretired[exit]:
		exit = abi.ExitNone // it is of the instruction behind the last one
	}
	if s.Icount > stop {
		panic(fmt.Sprintf("BUG: translated code that was to leave at instruction %d left at %d, pc %#x, exit %s; %d more are allowed",
			limit, s.Icount, s.PC, exit, abi.PollReach))
	}
	return exit, refused
}

// unretired are the exits because of an instruction that has not been executed.
var unretired = [abi.NumExits]bool{abi.ExitFault: true, abi.ExitCallPAL: true, abi.ExitOPCDEC: true}

// enter enters the first tier that has translated code. !ok: none has.
func (m *Mixed) enter() (exit abi.Exit, ok bool) {
	for _, t := range m.tiers {
		if exit, ok = t.Enter(); ok {
			break
		}
	}
	if (!ok || exit == abi.ExitInterpret) && len(m.misses) < maxMisses {
		m.misses[m.s.PC]++
	}
	return exit, ok
}

// interpret has the interpreter run, and counts.
func (m *Mixed) interpret(run func(*interp.CPU) abi.Exit) abi.Exit {
	before := m.s.Icount
	exit := run(m.interp)
	m.interpreted += uint64(m.s.Icount - before)
	return exit
}

// lower lowers State.Limit from what it returns to to, if that is lower. Others may set it to
// something else meanwhile, and that must stand.
func (m *Mixed) lower(to int64) (from int64, lowered bool) {
	from = atomic.LoadInt64(&m.s.Limit)
	return from, from > to && atomic.CompareAndSwapInt64(&m.s.Limit, from, to)
}

func (m *Mixed) restore(lowered, to int64) { atomic.CompareAndSwapInt64(&m.s.Limit, lowered, to) }

// Step implements vcpu.Engine: it is the interpreter's.
func (m *Mixed) Step() abi.Exit { return m.interpret((*interp.CPU).Step) }

// InvalidateCode implements vcpu.Engine.
func (m *Mixed) InvalidateCode() {
	m.interp.InvalidateCode()
	for _, t := range m.tiers {
		t.Invalidate()
	}
}

// Counters implements vcpu.Engine.
func (m *Mixed) Counters() vcpu.Counters {
	c := vcpu.Counters{Interpreted: m.interpreted}
	for _, t := range m.tiers {
		t.Count(&c)
	}
	return c
}

// maxMisses bounds Misses.
const maxMisses = 1 << 16

// Misses returns the guest PCs at which the interpreter had to start, with how often: there
// was no entry to translated code, or that asked for it. The map is the engine's own.
func (m *Mixed) Misses() map[uint64]uint64 { return m.misses }

// Close implements vcpu.Engine.
func (m *Mixed) Close() error {
	var errs []error
	for _, t := range m.tiers {
		errs = append(errs, t.Close())
	}
	return errors.Join(errs...)
}
