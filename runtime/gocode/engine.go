package gocode

import (
	"axpress/runtime/abi"
	"axpress/runtime/engine"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

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
	CPU *vcpu.CPU
	// Functions are what is translated: of the kernel, whose text is in RAM, and of
	// programs.
	Functions []Function
}

// Engine is the tier of translated code of one guest CPU.
type Engine struct {
	cpu    CPU
	s      *abi.State
	mmu    *mmu.MMU
	kernel *kernel
	pages  *pages
	gen    uint64 // the MMU's, of the instruction translations that were relied on
	stats  vcpu.Counters
}

var _ engine.Tier = (*Engine)(nil)

// New makes the engine of one CPU.
func New(c Config) (*Engine, error) {
	e := &Engine{s: c.CPU.S, mmu: c.CPU.MMU}
	e.cpu = CPU{S: e.s, mmu: e.mmu, cycles: c.CPU.Cycles, find: e.find, stats: &e.stats}
	e.cpu.flushJumps()
	var kernel []Function
	for _, f := range c.Functions {
		if f.Page == "" {
			kernel = append(kernel, f)
		}
	}
	var err error
	if e.pages, err = newPages(c.Functions, c.CPU.RAM); err != nil {
		return nil, err
	}
	e.kernel, err = newKernel(kernel, c.CPU.RAM)
	return e, err
}

// Close frees what New took. The engine must not run.
func (e *Engine) Close() error { return e.kernel.close() }

// Count implements engine.Tier.
func (e *Engine) Count(c *vcpu.Counters) {
	n := &e.stats
	c.Translated += n.Translated
	c.Entries += n.Entries
	c.Loads += n.Loads
	c.Stores += n.Stores
	for i := range n.Exits {
		c.Exits[i] += n.Exits[i]
	}
}

// Invalidate implements engine.Tier.
func (e *Engine) Invalidate() {
	if e.kernel.update() {
		e.cpu.flushJumps()
	}
	e.dropPages()
}

// Written says that somebody else stored to pa, a physical address, through another
// mapping of the RAM. It takes effect at the next Invalidate.
func (e *Engine) Written(pa abi.PAddr) {
	if e.kernel.text != nil {
		e.kernel.text.GiveUp(pa)
	}
}

// dropPages forgets which pages were found valid.
func (e *Engine) dropPages() {
	e.gen = e.mmu.ITLBGeneration()
	e.pages.Invalidate()
	e.s.DropUserJumps()
	if e.s.JumpGen == 0 { // generations begin anew
		e.cpu.flushJumps()
	}
}

// Begin implements engine.Tier: it drops what was found through instruction translations
// that have gone.
func (e *Engine) Begin() {
	if e.gen != e.mmu.ITLBGeneration() {
		e.dropPages()
	}
}

// End implements engine.Tier.
func (e *Engine) End() {}

// find returns the unit that can be entered at pc in the current mode.
func (e *Engine) find(pc uint64) Unit {
	if e.s.Mode() == abi.ModeKernel {
		return e.kernel.find(pc)
	}
	if p := e.pages.At(abi.VAddr(pc), e.s.ASN, e.mmu); p != nil {
		return p[pc%abi.PageSize/4]
	}
	return nil
}

// Has implements engine.Tier.
func (e *Engine) Has(pc uint64) bool {
	if e.s.Mode() == abi.ModeKernel {
		return e.kernel.has(pc)
	}
	p, _ := e.pages.Ahead(abi.VAddr(pc), e.s.ASN, e.mmu)
	return p != nil && p.Code != nil && p.Code[pc%abi.PageSize/4] != nil
}

// nowhere is no guest address that Continue could come to.
const nowhere = ^uint64(0)

// Enter implements engine.Tier: it runs units from State.PC on until they leave.
func (e *Engine) Enter() (code abi.Exit, ok bool) {
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
