package idle

import (
	"fmt"
	"slices"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/vcpu"
)

// Loop finds out that a CPU is in a loop which does nothing but look at memory: Linux's
// cpu_idle_poll, or the wait for a lock. The proof is by execution: when the loop has
// gone round once without a store, a CALL_PAL, a counter, or an access to a device,
// and all registers are what they were, then it goes round for ever unless an interrupt, a
// device, or another CPU interferes.
type Loop struct {
	LastPC uint64 // where the last slice ended
	Seen   []Word // what the loop has loaded, as it was then
	Found  uint64 // loops that do nothing but look
}

const (
	near     = 256 // bytes between two slices' ends in the same loop
	maxSteps = 64  // instructions that a loop may have, all times round
	rounds   = 3   // how often to go round
	maxWords = 8   // that it may load
)

// Steps is how many instructions Prove executes at most.
const Steps = maxSteps

// Waiting says what a loop waits for, if for anything.
type Waiting uint8

const (
	// Not: for nothing.
	Not Waiting = iota
	// Counts: it looks at the same words again and again, and counts or computes.
	Counts
	// Only looks: others must end it.
	Only
)

// Check refuses a Loop that cannot be, as when it was loaded from elsewhere.
func (l *Loop) Check() error {
	if len(l.Seen) > maxWords {
		return fmt.Errorf("a loop that loads %d words, %d at most", len(l.Seen), maxWords)
	}
	return nil
}

// Near says whether a slice that ends at pc ended close to where the last one did, which makes
// it worth a closer look.
func (l *Loop) Near(pc uint64) bool {
	d := pc - l.LastPC
	l.LastPC = pc
	return d+near < 2*near
}

// Prove executes the code at c's PC for a little, and says whether it is such a loop.
// Nothing is lost if it is not: what was executed counts, and an instruction that
// faults has not been executed.
func (l *Loop) Prove(c *vcpu.CPU, e vcpu.Engine) Waiting {
	s := c.S
	l.Seen = l.Seen[:0]
	start, regs := s.PC, s.R
	words := 0 // that were looked at the first time round
	for round, steps := 1, 0; round <= rounds; steps++ {
		if steps == maxSteps || !l.harmless(c, abi.VAddr(s.PC)) || e.Step() != abi.ExitPoll {
			return Not
		}
		switch {
		case s.PC != start:
			continue
		case s.R == regs:
			l.Found++
			return Only
		case round == 1:
			words = len(l.Seen)
		case len(l.Seen) != words:
			return Not
		}
		regs = s.R // the first time round may load what the others only compare
		round++
	}
	if words == 0 {
		return Not
	}
	return Counts
}

// pure are the classes of instructions that change nothing but integer registers.
var pure = [1 << 8]bool{
	isa.ClassAddr: true, isa.ClassInt: true, isa.ClassCMov: true, isa.ClassShift: true, isa.ClassByte: true,
	isa.ClassMul: true, isa.ClassMVI: true, isa.ClassLoad: true, isa.ClassBranch: true, isa.ClassJump: true,
	isa.ClassBarrier: true,
}

// harmless says whether the instruction at pc has no effect beyond the registers. A
// load must be from RAM, and is noted.
func (l *Loop) harmless(c *vcpu.CPU, pc abi.VAddr) bool {
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
	va := abi.VAddr(c.S.R[inst.Rb] + uint64(inst.Imm))
	pa, ok := c.MMU.Peek(va, abi.MMAccessRead, c.S.Mode())
	return ok && l.note(c, pa)
}

// note notes that the loop loads from pa; it says whether that can be watched.
func (l *Loop) note(c *vcpu.CPU, pa abi.PAddr) bool {
	pa &^= 7
	v, ok := c.RAM.Read64(pa)
	if !ok {
		return false
	}
	if slices.ContainsFunc(l.Seen, func(w Word) bool { return w.PA == pa }) {
		return true
	}
	if len(l.Seen) == maxWords {
		return false
	}
	l.Seen = append(l.Seen, Word{pa, v})
	return true
}

// Backoff is how long the slices of a CPU are that was found waiting: short at first, then
// longer ones, as it will wait again when it has served the interrupt that woke it.
type Backoff struct {
	NS uint64 // of the next slice; 0 is a whole one
}

// First is the length of the first slice, in ns.
const First = 4_000

// Next is the length of the next slice, of which a whole one has whole ns.
func (b *Backoff) Next(whole uint64) uint64 {
	ns := b.NS
	if ns == 0 {
		return whole
	}
	if b.NS += b.NS / 2; b.NS >= whole {
		b.NS = 0
	}
	return ns
}
