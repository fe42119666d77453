package interp

import (
	"axpress/lifter/isa"
	"axpress/runtime/abi"
)

// Reservations, where other CPUs store meanwhile (vcpu.CPU.Exclusive). STx_C compares memory
// with what LDx_L has loaded and exchanges. Where nothing but computation lies in between,
// that is exact: if it succeeds, LDx_L might have been executed just now, and nobody could
// tell. Where there is another access in between (the top of a stack is loaded, then what
// it points at), others may have stored and restored: such a sequence is executed while no
// other CPU runs.
//
// LDx_L looks which STx_C come after it without an access; only these exchange, and only
// if it was executed by this run. Another STx_C fails, as it may at any time (Handbook,
// 4.2.5), and has the LDx_L that is repeated begin a sequence for which the CPU is alone.
type reservation struct {
	plain [maxPlain]uint64 // PCs of the STx_C that exchange
	n     int
	alone bool // no other CPU runs
	ended bool // STx_C was executed
	// patience, if not 0, is for how many branches more the LDx_L is waited for that
	// begins a sequence; translated code must not execute it.
	patience int
}

const (
	maxPlain    = 4
	maxPatience = 64
	// maxSequence bounds the instructions from LDx_L to STx_C for which a CPU is alone,
	// and scanSteps those that are looked at.
	maxSequence = 256
	scanSteps   = 64
)

// exitAlone is how a run ends at an LDx_L that begins a sequence for which the CPU is to
// be alone. It does not leave the package.
const exitAlone = abi.NumExits

// begins says, for LDx_L at pc, whether the CPU must be alone for its sequence; if not it
// notes where that may end.
func (c *CPU) begins(pc uint64) (alone bool) {
	r := &c.reservation
	r.n = 0
	if r.alone {
		return false
	}
	if r.patience > 0 {
		r.patience = 0
		return true
	}
	return c.scan(pc + 4)
}

// scan follows the code from pc on, behind an LDx_L, and notes each STx_C that comes
// before any other access. It says whether one comes after an access.
func (c *CPU) scan(pc uint64) (accessed bool) {
	type path struct {
		pc       uint64
		accessed bool
	}
	paths := make([]path, 1, 8)
	paths[0].pc = pc
	for steps := scanSteps; steps > 0 && len(paths) > 0; steps-- {
		p := &paths[len(paths)-1]
		word, ok := c.m.PeekWord(abi.VAddr(p.pc))
		inst := isa.Decode(word)
		here := p.pc
		p.pc += 4
		switch class := inst.Op.Info().Class; {
		case !ok || leaves[class]:
			paths = paths[:len(paths)-1]
		case class == isa.ClassStoreCond:
			if p.accessed {
				return true
			}
			c.reservation.note(here)
			paths = paths[:len(paths)-1]
		case accesses[class]:
			p.accessed = true
		case inst.Op == isa.OpBR:
			p.pc = inst.BranchTarget(here)
		case inst.Op == isa.OpBSR:
			paths = paths[:len(paths)-1]
		case class == isa.ClassBranch || class == isa.ClassFPBranch:
			if len(paths) < cap(paths) {
				paths = append(paths, path{inst.BranchTarget(here), p.accessed})
			}
		}
	}
	return false
}

// leaves are the classes that end what is looked at; accesses those that access memory.
var (
	leaves   = [1 << 8]bool{isa.ClassInvalid: true, isa.ClassLoadLocked: true, isa.ClassJump: true, isa.ClassPAL: true, isa.ClassPALRes: true}
	accesses = [1 << 8]bool{isa.ClassLoad: true, isa.ClassStore: true, isa.ClassFPLoad: true, isa.ClassFPStore: true}
)

func (r *reservation) note(pc uint64) {
	if r.n < maxPlain {
		r.plain[r.n] = pc
		r.n++
	}
}

// ends is called for STx_C at pc before it is executed: where it cannot know what others
// have stored, the reservation is lost.
func (c *CPU) ends(pc uint64) {
	r := &c.reservation
	r.ended = true
	if r.alone || c.s.LockFlag == 0 {
		return
	}
	for _, plain := range r.plain[:r.n] {
		if plain == pc {
			r.n = 0
			return
		}
	}
	r.n = 0
	c.s.LockFlag = 0
	r.patience = maxPatience
}

// sequence executes instructions from an LDx_L up to the STx_C, while no other CPU runs.
// It executes at most n, and returns how the last one ended.
func (c *CPU) sequence(n int64) (exit abi.Exit) {
	exit = abi.ExitPoll
	c.exclusive(func() {
		r := &c.reservation
		r.alone, r.ended = true, false
		for n = min(n, maxSequence); n > 0 && !r.ended && exit == abi.ExitPoll; n-- {
			exit = c.Step()
		}
		r.alone = false
		if !r.ended {
			c.s.LockFlag = 0
		}
	})
	return exit
}
