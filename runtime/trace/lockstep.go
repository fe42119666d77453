package trace

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/engine"
	"axpress/runtime/interp"
	"axpress/runtime/machine"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

// Config says what to compare and whom to tell.
type Config struct {
	// Code is the translated code.
	Code []*abi.Code
	// Shadow, if not nil, makes the tier that runs translated code of another kind on
	// the CPU given; Code is not used then.
	Shadow func(*vcpu.CPU) (Shadow, error)
	// NoFSGSBase has GS set by system calls, see dispatch.Config.
	NoFSGSBase bool
	// Inlined tells which CALL_PALs native code may execute itself. nil: none.
	Inlined func(fn uint32) bool
	// Symbol names a guest address for reports, "" if it cannot. May be nil.
	Symbol func(pc uint64) string
	// Report is told of each divergence; false stops the machine with an error.
	// The guest goes on as the interpreter has it either way. nil stops.
	Report func(*Divergence) (goOn bool)
	// ScanEvery is after how many stretches the whole view is searched for stores
	// that the interpreter did not make. 0 is DefaultScanEvery, 1 finds the stretch.
	ScanEvery int
}

// Shadow is translated code that is compared, and what else lockstep asks of it.
type Shadow struct {
	engine.Tier
	// Written says that somebody else stored to a physical address, through another
	// mapping of the RAM.
	Written func(pa abi.PAddr)
	// StopBefore, if not nil, has stop asked before each access that translated code does not
	// make itself, with the windows of State shut, see dispatch.Engine. nil: translated code
	// leaves before these accesses in any case.
	StopBefore func(stop func() bool)
}

// once is a run of translated code alone, from where it is entered until it leaves.
func (s *Shadow) once() (exit abi.Exit, ok bool) {
	s.Begin()
	defer s.End()
	return s.Enter()
}

func (s *Shadow) stopBefore(stop func() bool) {
	if s.StopBefore != nil {
		s.StopBefore(stop)
	}
}

// DefaultScanEvery keeps the search below a tenth of the time for RAM of 256 MB.
const DefaultScanEvery = 4096

// Stats count what was compared.
type Stats struct {
	Compared    uint64 // instructions retired by both engines
	Stretches   uint64
	Exits       [abi.NumExits]uint64 // how native code left
	Pages       uint64               // host pages compared
	Scans       uint64
	Divergences uint64
}

// Lockstep runs one guest CPU in both engines: as an engine whose translated code are
// stretches that the interpreter repeats. It belongs to the goroutine that runs the CPU.
type Lockstep struct {
	*engine.Mixed
	cfg    Config
	s      *abi.State
	mmu    *mmu.MMU
	ram    *mem.RAM
	pal    *osf.CPU
	cycles func() uint64
	interp *interp.CPU
	off    []string // see Off

	shadow struct {
		s    *abi.State
		view *mem.View
		mmu  *mmu.MMU
		Shadow
	}
	leave func() // ends that shadow.mmu follows mmu

	stretch struct {
		on         bool // the interpreter repeats what native code did
		before     archState
		baseCycles uint64
	}
	log      *storeLog
	scanned  uint64 // Stats.Stretches at the last scan
	budget   budget
	broken   error // of the host; ends the run
	stats    Stats
	got, ref archState // scratch: native code's result and the interpreter's
}

var _ vcpu.Engine = (*Lockstep)(nil)

// New makes the engine of c, for machine.Config.NewEngine.
func New(c *machine.CPU, cfg Config) (_ *Lockstep, err error) {
	if cfg.ScanEvery <= 0 {
		cfg.ScanEvery = DefaultScanEvery
	}
	l := &Lockstep{cfg: cfg, s: c.S, mmu: c.MMU, ram: c.RAM, pal: c.PAL, cycles: c.Cycles, log: newStoreLog(c.RAM)}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("lockstep: %w", err), l.Close())
		}
	}()
	own := c.CPU
	own.Cycles = func() uint64 { return l.cyclesAt(l.s.Icount) }
	l.Mixed = engine.New(&own, stretches{l})
	l.interp = l.Interpreter()
	if err := l.makeShadow(c); err != nil {
		return nil, err
	}
	c.MMU.WatchStores(func(pa abi.PAddr) {
		l.log.before(pa)
		l.shadow.Written(pa)
	})
	return l, nil
}

// makeShadow makes the second CPU.
func (l *Lockstep) makeShadow(c *machine.CPU) (err error) {
	sh := &l.shadow
	if sh.s, err = abi.NewState(); err != nil {
		return err
	}
	if sh.view, err = mem.NewView(c.RAM); err != nil {
		return err
	}
	sh.mmu = mmu.New(sh.s, sh.view.RAM, nil)
	sh.mmu.InitWindows()
	l.leave = sh.mmu.Shadow(c.MMU) // the interpreter repeats all accesses
	cpu := &vcpu.CPU{Index: c.Index, Model: c.Model, S: sh.s, MMU: sh.mmu, RAM: sh.view.RAM, Cycles: func() uint64 { return l.cyclesAt(sh.s.Icount) }}
	if l.cfg.Shadow != nil {
		sh.Shadow, err = l.cfg.Shadow(cpu)
		return err
	}
	e, err := dispatch.New(dispatch.Config{CPU: cpu, Code: l.cfg.Code, PlainPAL: true, EagerHot: true, NoFSGSBase: l.cfg.NoFSGSBase})
	if err == nil {
		sh.Shadow, l.off = Shadow{e, e.Written, e.StopBefore}, e.Off()
	}
	return err
}

// Off says what translated code is not compared as the host lets it not run, see dispatch.Engine.Off.
func (l *Lockstep) Off() []string { return l.off }

// Close frees the shadow. The machine must not run any more.
func (l *Lockstep) Close() error {
	if l.leave != nil {
		l.leave()
		l.leave = nil
	}
	var errs []error
	sh := &l.shadow
	if sh.Tier != nil {
		errs = append(errs, sh.Tier.Close())
	}
	if sh.view != nil {
		errs = append(errs, sh.view.Close())
	}
	if sh.s != nil {
		errs = append(errs, abi.FreeState(sh.s))
	}
	return errors.Join(errs...)
}

// cyclesPerInst: the counter that both engines see moves with instructions
// during a stretch, as in machine.ClockDeterministic (1 ns an instruction).
// The rate is that of QEMU's console, 250 MHz.
const instsPerCycle = 1_000_000_000 / 250_000_000

// cyclesAt is the cycle counter when icount instructions have been retired.
func (l *Lockstep) cyclesAt(icount int64) uint64 {
	if !l.stretch.on {
		return l.cycles()
	}
	return l.stretch.baseCycles + uint64(icount-l.stretch.before.Icount)/instsPerCycle
}

// exitDiverged is what Run returns to make the machine stop with an error: an exit
// that no engine may return.
const exitDiverged = abi.ExitHelper

// stretches is the tier of the code that both engines execute.
type stretches struct{ l *Lockstep }

// Begin implements engine.Tier.
func (t stretches) Begin() {}

// End implements engine.Tier.
func (t stretches) End() {}

// Enter implements engine.Tier.
func (t stretches) Enter() (abi.Exit, bool) {
	code, ok := t.l.runStretch()
	if ok && t.l.broken != nil {
		return exitDiverged, true
	}
	return code, ok
}

// Has implements engine.Tier. While the interpreter repeats a stretch it is to go on.
func (t stretches) Has(pc uint64) bool { return !t.l.stretch.on && t.l.shadow.Has(pc) }

// Invalidate implements engine.Tier.
func (t stretches) Invalidate() { t.l.shadow.Invalidate() }

// Count implements engine.Tier.
func (t stretches) Count(c *vcpu.Counters) {
	c.Translated += t.l.stats.Compared
	for i, n := range t.l.stats.Exits {
		c.Exits[i] += n
	}
}

// Close implements engine.Tier: the shadow is closed with the rest, by Lockstep.Close.
func (t stretches) Close() error { return nil }

// Err is what made Run stop the machine: a divergence that Report did not want to
// go beyond (a *Divergence), or a failure of the host.
func (l *Lockstep) Err() error { return l.broken }

// Stats returns what was compared so far.
func (l *Lockstep) Stats() Stats { return l.stats }

// enterShadow makes the shadow the CPU that the stretch begins with.
func (l *Lockstep) enterShadow(limit int64) {
	l.stretch.before.Load(l.shadow.s)
	atomic.StoreInt64(&l.shadow.s.Limit, limit)
}

// runStretch runs native code from State.PC, if there is some, and lets the
// interpreter repeat it. code is how native code left, or how the interpreter did
// where they differ.
func (l *Lockstep) runStretch() (code abi.Exit, native bool) {
	b := &l.stretch.before
	b.take(l.s)
	l.stretch.baseCycles = l.cycles()
	l.stretch.on = true
	defer func() { l.stretch.on = false }()
	l.enterShadow(b.limit)
	left, ok := l.shadow.once()
	if !ok {
		return 0, false
	}
	l.stats.Stretches++
	l.stats.Exits[left]++
	l.got.take(l.shadow.s)
	end := l.repeat(l.got.Icount)
	bad := l.compare(left, &end)
	l.stats.Compared += uint64(l.s.Icount - b.Icount)
	code = left
	if bad != "" && l.broken == nil {
		code = l.diverged(left, end, bad)
	}
	l.drop()
	return code, true
}

// drop ends a stretch: the view shows RAM again, the stores are history.
func (l *Lockstep) drop() {
	for _, pa := range l.log.pages {
		l.fail(l.shadow.view.Discard(pa))
	}
	l.log.clear()
}

// fail notes an error of the host.
func (l *Lockstep) fail(err error) {
	if err != nil && l.broken == nil {
		l.broken = fmt.Errorf("lockstep: %w", err)
	}
}

// repeated says how the interpreter's repetition ended.
type repeated struct {
	early bool // before the instruction count of native code
	tried bool // the instruction at which native code left was tried: see compare
	code  abi.Exit
	arg   uint64
	note  string // what was wrong, if that is not an exit
}

// repeat interprets, with the stores noted, until State.Icount is target or the
// interpreter leaves by itself. CALL_PALs that native code executes are the
// PALcode's.
func (l *Lockstep) repeat(target int64) repeated {
	// No polls: the interpreter has to go exactly as far as native code did. Others
	// may set Limit to 0 meanwhile, and that must stand, but afterwards.
	limit := atomic.SwapInt64(&l.s.Limit, math.MaxInt64)
	defer func() { atomic.CompareAndSwapInt64(&l.s.Limit, math.MaxInt64, limit) }()
	l.log.on = true
	defer func() { l.log.on = false }()
	for l.s.Icount < target {
		code := l.interp.RunFor(target - l.s.Icount)
		switch {
		case code == abi.ExitPoll:
			if now := atomic.SwapInt64(&l.s.Limit, math.MaxInt64); now != math.MaxInt64 {
				limit = now
			}
			continue
		case code == abi.ExitArith && l.s.Icount == target:
			return repeated{code: code, arg: l.s.ExitArg}
		case code == abi.ExitCallPAL && l.inlined(uint32(l.s.ExitArg)):
			if note := l.callPAL(target); note != "" {
				return repeated{early: true, code: abi.ExitPoll, note: note}
			}
			continue
		}
		return repeated{early: true, code: code, arg: l.s.ExitArg}
	}
	return repeated{code: abi.ExitPoll}
}

func (l *Lockstep) inlined(fn uint32) bool { return l.cfg.Inlined != nil && l.cfg.Inlined(fn) }

// callPAL executes a CALL_PAL that native code executed too.
func (l *Lockstep) callPAL(target int64) (note string) {
	fn := uint32(l.s.ExitArg)
	if r := l.pal.Call(fn); r != osf.Continue {
		return fmt.Sprintf("CALL_PAL %#x does not go on in the PALcode, native code did", fn)
	}
	if l.s.IRQLevel > l.s.PS&7 && l.s.Icount < target {
		return fmt.Sprintf("native code went on after CALL_PAL %#x, though an interrupt was due", fn)
	}
	return ""
}
