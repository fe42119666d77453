package interp

import (
	"math"
	"sync/atomic"

	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

// CPU interprets one guest CPU. It belongs to the goroutine that runs it.
type CPU struct {
	s     *abi.State
	m     *mmu.MMU
	ram   *mem.RAM
	model *isa.Model
	// cycles is vcpu.CPU's; nil: the count of retired instructions is the counter.
	cycles func() uint64
	// exclusive is vcpu.CPU's. The runs call it for sequences of LDx_L and STx_C that
	// have other accesses in between.
	exclusive func(fn func())
	entry     func(pc uint64) bool // see New

	window
	code        codeCache
	fenceWord   uint32
	reservation reservation
}

// New returns an interpreter of cpu, of which Index is not used, Model and Exclusive may
// be nil, and so may Cycles: then the count of retired instructions is the counter.
//
// entry tells whether translated code can continue at pc. It is asked after each taken
// branch, jump and call of Run and RunToEntry; never for the instruction that a run
// begins with. nil: never.
func New(cpu *vcpu.CPU, entry func(pc uint64) bool) *CPU {
	c := &CPU{s: cpu.S, m: cpu.MMU, ram: cpu.RAM, model: cpu.Model.Or(), cycles: cpu.Cycles, exclusive: cpu.Exclusive, entry: entry}
	c.code.init(c.model)
	if c.exclusive != nil && entry != nil {
		c.entry = func(pc uint64) bool {
			if c.reservation.patience > 0 {
				c.reservation.patience--
				return false
			}
			return entry(pc)
		}
	}
	return c
}

// InvalidateCode makes every page be compared with RAM before it is executed
// again: CALL_PAL IMB, or code that somebody else wrote.
func (c *CPU) InvalidateCode() { c.code.invalidate() }

// Run executes at least one instruction from State.PC, until polls see that State.Limit
// is reached, or an exit, and returns its code, one of abi.ExitPoll, ExitFault,
// ExitCallPAL, ExitOPCDEC, ExitArith, ExitNative.
func (c *CPU) Run() abi.Exit { return c.run(bounds{stop: math.MaxInt64, entry: c.entry}) }

// RunFor executes n instructions, or fewer if State.Limit is reached before, and ends with
// abi.ExitPoll, unless an exit comes first. It ends exactly where Limit says if that was
// set before, or by a device that the guest accessed; where others set it meanwhile, at
// the next poll. The exit is none of translated code's, ExitNative: that is not asked.
func (c *CPU) RunFor(n int64) abi.Exit { return c.run(c.limited(n, nil)) }

// RunToEntry is RunFor that ends with abi.ExitNative where translated code can go on.
func (c *CPU) RunToEntry(n int64) abi.Exit { return c.run(c.limited(n, c.entry)) }

func (c *CPU) limited(n int64, entry func(pc uint64) bool) bounds {
	b := bounds{count: c.s.Icount + n, limited: true, entry: entry}
	b.moved(c.s)
	return b
}

// Step executes one instruction, without a look at State.Limit or for translated code. It
// returns abi.ExitPoll if the instruction was retired without further ado, else
// the exit that it led to.
func (c *CPU) Step() abi.Exit {
	stop := c.s.Icount + 1
	return c.begin(bounds{count: stop, stop: stop, limited: true, single: true})
}

// bounds says when a run has to end.
type bounds struct {
	stop    int64 // at this Icount, if limited
	count   int64 // the same but for State.Limit, which may be lower
	limited bool
	single  bool                 // no polls, and an LDx_L begins nothing
	entry   func(pc uint64) bool // see New
}

// moved makes stop what count and State.Limit say now. It says whether that is new.
func (b *bounds) moved(s *abi.State) bool {
	was := b.stop
	b.stop = min(b.count, atomic.LoadInt64(&s.Limit))
	return b.stop != was
}

// run executes within b. An LDx_L that begins a sequence for which the CPU must be alone
// ends what begin does.
func (c *CPU) run(b bounds) abi.Exit {
	for {
		code := c.begin(b)
		if code != exitAlone {
			return code
		}
		if code = c.sequence(b.stop - c.s.Icount); code != abi.ExitPoll || c.s.Icount >= atomic.LoadInt64(&c.s.Limit) {
			return code
		}
		if b.limited {
			b.moved(c.s)
		}
	}
}

func (c *CPU) begin(b bounds) abi.Exit {
	c.open(c.s, c.ram.Bytes())
	c.code.sync(c.m, c.s)
	c.reservation.n = 0
	c.s.ExitCode = c.exec(b)
	return c.s.ExitCode
}
