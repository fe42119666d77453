package dispatch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
	"axpress/runtime/codepage"
	"axpress/runtime/engine"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
	"axpress/runtime/window"
)

// Config is what an Engine is made of.
type Config struct {
	CPU *vcpu.CPU
	// Code is what there is: a translation of the kernel before that of its hot
	// functions.
	Code []*abi.Code
	// PlainPAL leaves all CALL_PALs that are not in line to the caller of Enter, and all
	// misses of the soft TLB to the MMU.
	PlainPAL bool
	// EagerHot has hot code of programs run at once, whether it pays or not.
	EagerHot bool
	// NoFSGSBase has GS set by system calls, as on a host whose programs may not set it.
	NoFSGSBase bool
	// Shared is what the machine's other engines have too; nil: there are none.
	Shared *Shared
}

// stackSize is address space only; pages are used as calls nest. A call costs at
// least one instruction, of which one Enter has engine.Quantum, and a unit's frame is at
// most 4 KiB (artifact.MaxFrame).
const stackSize = 2 << 30

// Engine is the tier of native code of one guest CPU.
type Engine struct {
	s          *abi.State
	mmu        *mmu.MMU
	ram        *mem.RAM
	cycles     func() uint64
	stopBefore func() bool // see StopBefore
	shared     *Shared
	alone      func(fn func()) // see vcpu.CPU.Exclusive; nil: it always is
	kernel     *kernelCode
	kernelGen  uint64      // the kernel's, that the jump cache is good for
	releases   []abi.PAddr // pages of text to release before the next run
	pages      *pageCode
	hot        hotCode
	policy     tierPolicy
	window     *window.Set // nil if there is no hot code
	leave      func()      // ends that window follows mmu
	segment    segment
	off        []string // see Off
	ioMiss     bool     // hot code has just accessed I/O space
	plainPAL   bool
	itlbGen    uint64
	stats      vcpu.Counters
	stack      []byte
}

var _ engine.Tier = (*Engine)(nil)

// New makes the engine of one CPU.
func New(c Config) (*Engine, error) {
	cpu := c.CPU
	e := &Engine{s: cpu.S, mmu: cpu.MMU, ram: cpu.RAM, cycles: cpu.Cycles, pages: codepage.New[template](cpu.RAM),
		shared: c.Shared, alone: cpu.Exclusive, segment: segment{bySystemCall: c.NoFSGSBase || !HasFSGSBase()}}
	if e.shared == nil {
		e.shared = NewShared(1)
	}
	e.shared.users++
	var err error
	for _, code := range c.Code {
		switch {
		case code.Hot:
			e.addHot(code)
		case len(code.Spans) == 0:
			addPages(e.pages, code)
		case e.kernel == nil:
			e.kernel, err = e.shared.kernelCode(code, cpu.RAM)
		default:
			e.addHotKernel(code)
		}
		if err == nil {
			err = catchFaults(code)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := e.makeStack(); err != nil {
		return nil, err
	}
	e.plainPAL = c.PlainPAL
	e.policy.eager = c.EagerHot
	e.allowFast()
	var thunks [abi.NumThunks]uint64
	thunkTable(&thunks)
	copy(e.s.Thunks[:], thunks[:])
	return e, nil
}

// addHot adds the hot code of a program. Where the host cannot have windows it is
// left out: the other translation does as well.
func (e *Engine) addHot(code *abi.Code) {
	err := e.needWindow()
	if err == nil && e.segment.bySystemCall {
		err = e.segment.try()
	}
	if err != nil {
		e.leaveOut("hot code of programs", err)
		return
	}
	e.hot.add(code)
}

// addHotKernel adds the hot code of the kernel, or leaves it out likewise.
func (e *Engine) addHotKernel(code *abi.Code) {
	err := e.needWindow()
	if err == nil && !e.ram.Wide() {
		err = errors.New("the host's address space has no room for the guest's memory with the kernel's other pages")
	}
	if err != nil {
		e.leaveOut("hot code of the kernel", err)
		return
	}
	e.kernel.addHot(code)
}

// leaveOut notes, once for each, what is left out for a reason of the host.
func (e *Engine) leaveOut(what string, why error) {
	if line := fmt.Sprintf("%s: %v", what, why); !slices.Contains(e.off, line) {
		e.off = append(e.off, line)
	}
}

// Off says what the engine does without for a reason of the host, and the reason; most
// hosts have all that is needed.
func (e *Engine) Off() []string { return e.off }

// needWindow makes the windows that hot code accesses memory through.
func (e *Engine) needWindow() (err error) {
	if e.window != nil {
		return nil
	}
	if e.window, err = window.New(e.ram, e.shared.kernelPages(e.ram), e.shared.engines); err != nil {
		return err
	}
	e.leave = e.mmu.Follow(follower{e.window, &e.policy})
	return nil
}

// makeStack allocates the native stack at a multiple of its size. At its low end is a
// guard, and above that the value of R12 in native code, for the handler of host
// faults: at a fault R12 itself may hold something else.
func (e *Engine) makeStack() (err error) {
	e.stack, err = unix.Mmap(-1, 0, 2*stackSize, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return fmt.Errorf("reserve the native stack: %w", err)
	}
	base := (stackSize - addressOf(e.stack)%stackSize) % stackSize
	usable := e.stack[base+pageBytes : base+stackSize]
	if err := unix.Mprotect(usable, unix.PROT_READ|unix.PROT_WRITE); err != nil {
		return fmt.Errorf("allocate the native stack: %w", err)
	}
	binary.LittleEndian.PutUint64(usable, stateRegister(e.s))
	e.s.NativeStack = addressOf(usable) + uint64(len(usable))
	return nil
}

// pageBytes is the host's page size.
const pageBytes = 4096

// Close frees what New took. The engine must not run.
func (e *Engine) Close() error {
	err := errors.Join(unix.Munmap(e.stack), e.shared.close())
	if e.window != nil {
		e.leave()
		err = errors.Join(err, e.window.Close())
	}
	return err
}

// Count implements engine.Tier.
func (e *Engine) Count(c *vcpu.Counters) {
	n := &e.stats
	c.Translated += n.Translated
	c.Entries += n.Entries
	c.Mapped += n.Mapped
	c.Segments += e.segment.calls
	for i := range n.Helpers {
		c.Helpers[i] += n.Helpers[i]
	}
	for i := range n.Exits {
		c.Exits[i] += n.Exits[i]
	}
	compared, changed := e.pages.Counts()
	c.Compared += compared
	c.Changed += changed
}

// Invalidate implements engine.Tier.
func (e *Engine) Invalidate() {
	if e.kernel != nil && e.kernel.changed() {
		e.exclusive(e.kernel.update)
	}
	e.dropPages()
}

// exclusive calls fn while no other engine runs.
func (e *Engine) exclusive(fn func()) {
	if e.alone == nil {
		fn()
		return
	}
	e.alone(fn)
}

// catchUp makes the jump cache forget units of the kernel that were replaced.
func (e *Engine) catchUp() {
	if e.kernel == nil {
		return
	}
	if gen := e.kernel.gen.Load(); gen != e.kernelGen {
		e.kernelGen = gen
		e.s.FlushJump()
	}
}

// dropPages forgets which pages were found valid.
func (e *Engine) dropPages() {
	e.itlbGen = e.mmu.ITLBGeneration()
	e.pages.Invalidate()
	e.s.DropUserJumps()
}

// Enter implements engine.Tier.
func (e *Engine) Enter() (code abi.Exit, ok bool) {
	e.catchUp()
	if !e.find(e.s.PC) {
		return 0, false
	}
	return e.native(), true
}

// StopBefore makes native code ask before each access to memory that it leaves to Go:
// if stop says true the access is not made, and native code leaves with the exact
// state before the instruction, as ExitInterpret. Accesses that are made do not stay
// in the soft TLB, so with empty TLBs and the load and store windows shut all come
// here but those through the stack window. nil ends it.
func (e *Engine) StopBefore(stop func() bool) {
	e.stopBefore = stop
	e.allowFast()
}

// allowFast lets native code do by itself what nobody wants to see. With a list of live translations it
// does not read page tables.
func (e *Engine) allowFast() {
	e.s.FastPAL = 0
	if e.stopBefore == nil && !e.plainPAL {
		if e.s.FastPAL = fastPAL; e.mmu.List() == nil {
			e.s.FastPAL |= fastRefill
		}
	}
}

// Written says that somebody else stored to pa, a physical address, through
// another mapping of the RAM. It takes effect at the next Invalidate, like the
// stores of native code itself.
func (e *Engine) Written(pa abi.PAddr) {
	if e.kernel != nil {
		e.kernel.text.GiveUp(pa) // lockstep comparison has one engine
	}
}

// Begin implements engine.Tier: it drops what was found through instruction translations
// that have gone.
func (e *Engine) Begin() {
	if e.itlbGen != e.mmu.ITLBGeneration() {
		e.dropPages()
	}
	if len(e.releases) > 0 {
		e.exclusive(e.release)
	}
}

// End implements engine.Tier.
func (e *Engine) End() { e.segment.leave() }

// release releases the pages of text that are to be mapped elsewhere.
func (e *Engine) release() {
	for _, pa := range e.releases {
		if e.kernel.isText(pa) {
			// If it fails the page stays watched, and is not mapped.
			_ = e.kernel.release(pa)
		}
	}
	e.releases = e.releases[:0]
}

// native enters the unit that find prepared and serves thunks until it leaves.
func (e *Engine) native() abi.Exit {
	s := e.s
	before, inProgram := s.Icount, e.window != nil && s.Mode() != abi.ModeKernel
	e.stats.Entries++
	if e.window != nil {
		e.pointGS()
	}
	s.ExitCode = abi.ExitNone
	enter(s)
	for s.ExitCode == abi.ExitHelper {
		s.ExitCode = abi.ExitNone
		if s.HelperOp == abi.ThunkFPOperate { // the one that can be frequent
			e.operate()
		} else {
			e.serve()
		}
		resume(s)
	}
	e.stats.Translated += uint64(s.Icount - before)
	// A run goes in and out of the kernel. One that begins and ends in the program stands for it.
	if inProgram && s.Mode() != abi.ModeKernel && e.policy.ran(s.PTBR, s.ASN, s.Icount-before) {
		s.DropUserJumps()
	}
	low := s.PC & 3
	s.PC &^= 3
	code := [4]abi.Exit{abi.PCContinue: abi.ExitNone, abi.PCExit: s.ExitCode, abi.PCInterpret: abi.ExitInterpret, abi.PCPoll: abi.ExitPoll}[low]
	e.stats.Exits[code]++
	if e.ioMiss {
		e.ioMiss = false
		if pc := s.PC; e.kernel != nil && e.kernel.didIO(pc) {
			e.exclusive(func() { e.kernel.replaceHot(pc) })
			e.catchUp()
		}
	}
	return code
}

// find looks for native code at pc and, if there is some, enters it in the jump
// cache and prepares State for enter.
func (e *Engine) find(pc uint64) bool {
	s := e.s
	j := &s.Jump[abi.JumpIndex(pc)]
	if j.Key != pc^s.JumpKey {
		host, index, ok := e.lookup(pc)
		if !ok {
			return false
		}
		*j = abi.JumpEntry{Key: pc ^ s.JumpKey, Host: host, Index: index}
	}
	s.EnterHost, s.EnterIndex = j.Host, j.Index
	return true
}

func (e *Engine) lookup(pc uint64) (host, index uint64, ok bool) {
	if e.s.Mode() == abi.ModeKernel {
		if e.kernel == nil {
			return 0, 0, false
		}
		return e.kernel.lookup(pc)
	}
	e.hot.follow(pc, e)
	if e.policy.isHot(e.s.PTBR, e.s.ASN) {
		if host, index, ok = e.hot.lookup(pc, e.pages, e.s.ASN, e.mmu); ok {
			e.segment.needs(e.s.ASN, e.s.JumpGen)
			return host, index, ok
		}
	}
	p := e.pages.At(abi.VAddr(pc), e.s.ASN, e.mmu)
	if p == nil {
		return 0, 0, false
	}
	return p.lookup(pc)
}

// Has implements engine.Tier.
func (e *Engine) Has(pc uint64) bool {
	if e.s.Mode() == abi.ModeKernel {
		return e.kernel != nil && e.kernel.has(pc)
	}
	p, _ := e.pages.Ahead(abi.VAddr(pc), e.s.ASN, e.mmu)
	return p != nil && p.Code != nil && p.Code.has(pc)
}
