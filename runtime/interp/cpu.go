package interp

import (
	"math"
	"sync/atomic"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
)

// Config is what the interpreter needs besides State and MMU. The zero value
// is usable.
type Config struct {
	// Cycles is the free-running cycle counter; RPCC shows its low 32 bits.
	// State.Icount is exact when it is called. nil: the count of retired
	// instructions is the counter.
	Cycles func() uint64
	// NativeEntry tells whether native code can continue at pc. It is asked after
	// each taken branch, jump and call; never for the instruction that a run
	// begins with. nil: never.
	NativeEntry func(pc uint64) bool
	// Model is the CPU to be; nil: isa.DefaultModel.
	Model *isa.Model
	// Exclusive calls fn while no other CPU of the machine runs; nil: there is none. Run
	// calls it for sequences of LDx_L and STx_C that have other accesses in between.
	Exclusive func(fn func())
}

// CPU interprets one guest CPU. It belongs to the goroutine that runs it.
type CPU struct {
	s   *abi.State
	m   *mmu.MMU
	cfg Config
	ram *mem.RAM

	window
	code        codeCache
	fenceWord   uint32
	reservation reservation
}

// New returns an interpreter of the CPU whose state is s and whose MMU, made
// for the same state, is m.
func New(s *abi.State, m *mmu.MMU, cfg Config) *CPU {
	c := &CPU{s: s, m: m, cfg: cfg, ram: m.RAM()}
	c.code.init(cfg.Model.Or())
	if cfg.Exclusive != nil && cfg.NativeEntry != nil {
		c.cfg.NativeEntry = func(pc uint64) bool {
			if c.reservation.patience > 0 {
				c.reservation.patience--
				return false
			}
			return cfg.NativeEntry(pc)
		}
	}
	return c
}

// InvalidateCode makes every page be compared with RAM before it is executed
// again: CALL_PAL IMB, or code that somebody else wrote.
func (c *CPU) InvalidateCode() { c.code.invalidate() }

// Run executes from State.PC until an exit and returns its code, one of
// abi.ExitPoll, ExitFault, ExitCallPAL, ExitOPCDEC, ExitArith, ExitNative.
func (c *CPU) Run() abi.Exit {
	for {
		code := c.begin(bounds{stop: math.MaxInt64})
		if code != exitAlone {
			return code
		}
		if code = c.sequence(); code != abi.ExitPoll || c.s.Icount >= atomic.LoadInt64(&c.s.Limit) {
			return code
		}
	}
}

// RunFor is Run that also ends, with abi.ExitPoll, once n instructions have been
// retired.
func (c *CPU) RunFor(n int64) abi.Exit {
	return c.begin(bounds{stop: c.s.Icount + n, limited: true})
}

// Step executes one instruction, without asking State.Limit or NativeEntry. It
// returns abi.ExitPoll if the instruction was retired without further ado, else
// the exit that it led to.
func (c *CPU) Step() abi.Exit {
	return c.begin(bounds{stop: c.s.Icount + 1, limited: true, single: true})
}

// bounds says when a run has to end.
type bounds struct {
	stop    int64 // at this Icount, if limited
	limited bool
	single  bool // no polls, and an LDx_L begins nothing
}

func (c *CPU) begin(b bounds) abi.Exit {
	c.open(c.s, c.ram.Bytes())
	c.code.sync(c.m, c.s)
	c.reservation.n = 0
	c.s.ExitCode = c.exec(b)
	return c.s.ExitCode
}
