package gocode

import (
	"sync/atomic"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
)

// Interpreter runs what has no translated code. Run executes at least one instruction
// from State.PC on and returns an exit code; it returns ExitNative when a transfer of
// control reaches a PC for which Engine.HasEntry is true.
type Interpreter interface {
	Run() abi.Exit
	Step() abi.Exit
	InvalidateCode()
}

// Function describes a Unit.
type Function struct {
	// Page, if not "", says that the function is a program's: the SHA-256 of the page
	// that it was made from, in hexadecimal. Entries are offsets in the page then.
	Page    string
	Entries []uint64 // where it can be entered
	Code    Unit
	// Link is the variable by which other units call it. It belongs to the engine that was
	// made last.
	Link *Unit
	// Lo and Hi bound the guest addresses that a function of the kernel was made from.
	Lo, Hi uint64
}

// Config is what an Engine is made of.
type Config struct {
	State       *abi.State
	MMU         *mmu.MMU
	RAM         *mem.RAM
	Interpreter Interpreter
	Cycles      func() uint64 // for RPCC
	// Functions are what is translated: of the kernel, whose text is in RAM, and of
	// programs.
	Functions []Function
}

// quantum bounds the instructions of one run, so that Go's collector and the devices
// get their turn.
const quantum = 400_000

// Stats counts what an Engine did.
type Stats struct {
	Translated uint64               // instructions retired in translated code
	Interp     uint64               // and in the interpreter
	Entries    uint64               // times translated code was entered
	Loads      uint64               // that the fast path in line did not serve
	Stores     uint64               // the same
	Exits      [abi.NumExits]uint64 // of translated code, by reason
	// Misses counts the guest PCs at which the interpreter had to start: no entry
	// there, or translated code asked for it.
	Misses map[uint64]uint64
}

// maxMisses bounds Stats.Misses.
const maxMisses = 1 << 16

func (s *Stats) noteMiss(pc uint64) {
	if len(s.Misses) < maxMisses {
		s.Misses[pc]++
	}
}

// Engine runs one guest CPU in translated code wherever there is some.
type Engine struct {
	cpu    CPU
	s      *abi.State
	mmu    *mmu.MMU
	interp Interpreter
	kernel *kernel
	pages  *pages
	gen    uint64 // the MMU's, of the instruction translations that were relied on
	stats  Stats
}

// New makes the engine of one CPU.
func New(c Config) (*Engine, error) {
	e := &Engine{s: c.State, mmu: c.MMU, interp: c.Interpreter, stats: Stats{Misses: map[uint64]uint64{}}}
	e.cpu = CPU{S: c.State, mmu: c.MMU, cycles: c.Cycles, find: e.find, stats: &e.stats}
	e.cpu.flushJumps()
	var kernel []Function
	for _, f := range c.Functions {
		if f.Page == "" {
			kernel = append(kernel, f)
		}
	}
	var err error
	if e.pages, err = newPages(c.Functions, c.RAM); err != nil {
		return nil, err
	}
	e.kernel, err = newKernel(kernel, c.RAM)
	return e, err
}

// Close frees what New took. The engine must not run.
func (e *Engine) Close() error { return e.kernel.close() }

// Stats returns the counters so far.
func (e *Engine) Stats() *Stats { return &e.stats }

// InvalidateCode is called for CALL_PAL imb: code may have changed anywhere.
func (e *Engine) InvalidateCode() {
	e.interp.InvalidateCode()
	if e.kernel.update() {
		e.cpu.flushJumps()
	}
	e.dropPages()
}

// Written says that somebody else stored to pa, a physical address, through another
// mapping of the RAM. It takes effect at the next InvalidateCode.
func (e *Engine) Written(pa uint64) {
	if e.kernel.text != nil {
		e.kernel.text.GiveUp(pa)
	}
}

// SetVeto implements what runtime/trace wants: units leave at accesses that they do not
// make themselves, veto or not.
func (e *Engine) SetVeto(func() bool) {}

// dropPages forgets which pages were found valid.
func (e *Engine) dropPages() {
	e.gen = e.mmu.ITLBGeneration()
	e.pages.Invalidate()
	e.s.DropUserJumps()
	if e.s.JumpGen == 0 { // generations begin anew
		e.cpu.flushJumps()
	}
}

// sync drops what was found through instruction translations that have gone.
func (e *Engine) sync() {
	if e.gen != e.mmu.ITLBGeneration() {
		e.dropPages()
	}
}

// find returns the unit that can be entered at pc in the current mode.
func (e *Engine) find(pc uint64) Unit {
	if e.s.Mode() == abi.ModeKernel {
		return e.kernel.find(pc)
	}
	if p := e.pages.At(pc, e.s.ASN, e.mmu); p != nil {
		return p[pc%abi.PageSize/4]
	}
	return nil
}

// HasEntry says whether translated code can be entered at pc in the current mode.
func (e *Engine) HasEntry(pc uint64) bool {
	if e.s.Mode() == abi.ModeKernel {
		return e.kernel.has(pc)
	}
	p, _ := e.pages.Ahead(pc, e.s.ASN, e.mmu)
	return p != nil && p.Code != nil && p.Code[pc%abi.PageSize/4] != nil
}

// Run runs the guest from State.PC until State.Limit or an exit that is not translated
// code's own business, and returns the exit code.
func (e *Engine) Run() abi.Exit {
	e.sync()
	defer e.shorten()()
	for e.s.Icount < atomic.LoadInt64(&e.s.Limit) {
		if code, ok := e.translated(); ok {
			switch code {
			case abi.ExitNone:
				continue
			case abi.ExitInterpret:
			default:
				return code
			}
		}
		e.stats.noteMiss(e.s.PC)
		before := e.s.Icount
		code := e.interp.Run()
		e.stats.Interp += uint64(e.s.Icount - before)
		if code != abi.ExitNative {
			return code
		}
	}
	return abi.ExitPoll
}

// Native runs translated code once, from State.PC until it leaves for whatever reason,
// and never the interpreter. It returns the exit code, ExitNone and ExitInterpret
// included; !ok: there is none at State.PC, and nothing has changed.
func (e *Engine) Native() (code abi.Exit, ok bool) {
	e.sync()
	defer e.shorten()()
	return e.translated()
}

// Step executes one instruction in the interpreter.
func (e *Engine) Step() abi.Exit {
	e.stats.Interp++
	return e.interp.Step()
}

// shorten lowers State.Limit to what one run may do, and returns what restores it. Other
// goroutines may set it to 0 at any time, and that must stand.
func (e *Engine) shorten() (restore func()) {
	full := atomic.LoadInt64(&e.s.Limit)
	short := e.s.Icount + quantum
	if full <= short || !atomic.CompareAndSwapInt64(&e.s.Limit, full, short) {
		return func() {}
	}
	return func() { atomic.CompareAndSwapInt64(&e.s.Limit, short, full) }
}

// nowhere is no guest address that Continue could come to.
const nowhere = ^uint64(0)

// translated runs units from State.PC on until they leave.
func (e *Engine) translated() (code abi.Exit, ok bool) {
	s := e.s
	if e.cpu.lookup(s.PC) == nil {
		return 0, false
	}
	before := s.Icount
	e.stats.Entries++
	s.ExitCode = abi.ExitNone
	pc, n := e.cpu.Continue(s.PC, nowhere, before, maxDepth)
	e.stats.Translated += uint64(n - before)
	s.PC, s.Icount = pc&^3, n
	code = [4]abi.Exit{abi.PCContinue: abi.ExitNone, abi.PCExit: s.ExitCode, abi.PCInterpret: abi.ExitInterpret, abi.PCPoll: abi.ExitPoll}[pc&3]
	e.stats.Exits[code]++
	return code, true
}
