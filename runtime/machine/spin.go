package machine

import (
	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// spin finds out that a CPU is in a loop which does nothing but look at memory:
// Linux's cpu_idle_poll, or the wait for a lock. The proof is by execution: when
// the loop has gone round once without a store, a CALL_PAL, a counter, or an access
// to a device, and all registers are what they were, then it goes round for ever
// unless an interrupt, a device, or another CPU interferes.
type spin struct {
	lastPC   uint64
	patience uint64 // ns: how long to let the CPU run before looking again; 0 is a whole slice
	seen     []word // what the loop has loaded
	habits   habits // where CPUs run in parallel
}

const (
	spinNear   = 256 // bytes between two slices' ends in the same loop
	spinSteps  = 64  // instructions that a loop may have, all times round
	spinRounds = 3   // how often to go round
	spinWords  = 8   // that it may load

	// A CPU that was found spinning gets short slices at first, then longer ones, as it will
	// spin again when it has served the interrupt that woke it.
	firstPatience = 4_000 // ns
)

// waiting says what a loop waits for, if for anything.
type waiting uint8

const (
	waitsNot   waiting = iota
	waitsCount         // it looks at the same words again and again, and counts or computes
	waitsOnly          // it does nothing but look: others must end it
)

// near says whether a slice that ends at pc ended close to where the last one did, or in
// a loop that the CPU was found waiting in before, which makes it worth a closer look.
func (p *spin) near(pc uint64) bool {
	d := pc - p.lastPC
	p.lastPC = pc
	return d+spinNear < 2*spinNear || p.habits.find(pc) != nil
}

// waits executes the code at PC for a little, and says whether it is such a loop.
// Nothing is lost if it is not: what was executed counts, and an instruction that
// faults has not been executed.
func (c *CPU) waits() waiting {
	if !c.m.parallel && c.m.clock.next() <= c.m.clock.Now()+spinSteps {
		return waitsNot // deterministic time must not run past an event
	}
	s := c.S
	c.spin.seen = c.spin.seen[:0]
	start, regs := s.PC, s.R
	words := 0 // that were looked at the first time round
	for round, steps := 1, 0; round <= spinRounds; steps++ {
		if steps == spinSteps || !c.harmless(s.PC) || c.engine.Step() != abi.ExitPoll {
			return waitsNot
		}
		switch {
		case s.PC != start:
			continue
		case s.R == regs:
			c.stats.spins++
			return waitsOnly
		case round == 1:
			words = len(c.spin.seen)
		case len(c.spin.seen) != words:
			return waitsNot
		}
		regs = s.R // the first time round may load what the others only compare
		round++
	}
	if words == 0 {
		return waitsNot
	}
	return waitsCount
}

// pure are the classes of instructions that change nothing but integer registers.
var pure = [1 << 8]bool{
	isa.ClassAddr: true, isa.ClassInt: true, isa.ClassCMov: true, isa.ClassShift: true, isa.ClassByte: true,
	isa.ClassMul: true, isa.ClassMVI: true, isa.ClassLoad: true, isa.ClassBranch: true, isa.ClassJump: true,
	isa.ClassBarrier: true,
}

// harmless says whether the instruction at pc has no effect beyond the registers. A
// load must be from RAM, and is noted.
func (c *CPU) harmless(pc uint64) bool {
	word, ok := c.MMU.PeekWord(pc)
	if !ok {
		return false
	}
	inst := isa.Decode(word)
	info := inst.Op.Info()
	if !pure[info.Class] || info.Faults&isa.FaultIOV != 0 {
		return false
	}
	if info.Class != isa.ClassLoad {
		return true
	}
	va := c.S.R[inst.Rb] + uint64(inst.Imm)
	pa, ok := c.MMU.Peek(va, abi.MMAccessRead, c.S.Mode())
	return ok && c.spin.note(c.RAM, pa)
}

// syscalls counts the system calls of all CPUs.
func (m *Machine) syscalls() uint64 {
	n := uint64(0)
	for _, c := range m.cpus {
		n += c.callPALs(abi.PALCallsys)
	}
	return n
}
