package dispatch

import (
	"fmt"
	"sync/atomic"

	"axpress/runtime/abi"
	"axpress/runtime/interp/fpu"
	"axpress/runtime/mmu"
)

// serve does what a thunk asks for, but for ThunkFPOperate. A fault, or an access that is not to RAM,
// makes the unit leave with the exact state before the instruction.
func (e *Engine) serve() {
	s := e.s
	op, va, v := s.HelperOp, s.HelperVA, s.HelperValue
	e.stats.Helpers[op]++
	s.HelperFault = 0
	miss := s.WindowMiss != 0
	s.WindowMiss = 0
	if e.stopBefore != nil && op <= abi.ThunkAtomic3 {
		if e.stopBefore() {
			s.HelperFault, s.ExitCode = 1, abi.ExitInterpret
			return
		}
		defer e.mmu.Uncache(abi.VAddr(va))
	}
	outcome := mmu.Done
	switch op {
	case abi.ThunkLoad0, abi.ThunkLoad1, abi.ThunkLoad2, abi.ThunkLoad3:
		v, outcome = e.mmu.LoadRAM(abi.VAddr(va), int(op-abi.ThunkLoad0), false)
		s.HelperValue = v
	case abi.ThunkLoadLocked2, abi.ThunkLoadLocked3:
		v, outcome = e.mmu.LoadRAM(abi.VAddr(va), int(op-abi.ThunkLoadLocked2)+2, true)
		s.HelperValue = v
	case abi.ThunkStore0, abi.ThunkStore1, abi.ThunkStore2, abi.ThunkStore3:
		outcome = e.mmu.StoreRAM(abi.VAddr(va), int(op-abi.ThunkStore0), v)
		s.HelperValue = va // stores keep RAX
	case abi.ThunkAtomic2, abi.ThunkAtomic3:
		host, ok := e.mmu.Atomic(abi.VAddr(va), int(op-abi.ThunkAtomic2)+2)
		if s.HelperValue = host; !ok {
			outcome = mmu.IsIO
		}
	case abi.ThunkStoreCond2, abi.ThunkStoreCond3:
		// The interpreter does these: it also knows I/O space and faults.
		outcome = mmu.IsIO
	case abi.ThunkRPCC:
		s.HelperValue = s.PCCOffset<<32 | e.cycles()&(1<<32-1)
	default:
		panic(fmt.Sprintf("BUG: native code asked for thunk %d", op))
	}
	switch outcome {
	case mmu.Faulted:
		s.HelperFault, s.ExitCode = 1, abi.ExitFault
	case mmu.IsIO:
		s.HelperFault, s.ExitCode = 1, abi.ExitInterpret
		e.ioMiss = miss
	default:
		if miss {
			e.mapPage(abi.VAddr(va))
		}
	}
}

// operate executes a floating-point instruction. One that traps is not executed: the
// unit leaves before it, and the interpreter raises the trap.
func (e *Engine) operate() {
	s := e.s
	e.stats.Helpers[abi.ThunkFPOperate]++
	r := fpu.Execute(uint32(s.HelperInst), s.HelperVA, s.HelperValue, s.FPCR)
	if r.Summary != 0 {
		s.HelperFault = 1
		return
	}
	s.HelperFault, s.HelperValue, s.FPCR = 0, r.Value, r.FPCR
}

// mapPage has the page of va, which native code accesses, mapped in a window, and of
// a program its neighbours with it, which are likely to be accessed next.
func (e *Engine) mapPage(va abi.VAddr) {
	s := e.s
	if e.stopBefore != nil {
		return
	}
	if s.Mode() == abi.ModeKernel {
		e.stats.Mapped++
		e.window.MapKernel(va, func() (abi.PAddr, bool, bool) { return e.plain(va) })
		return
	}
	if e.policy.missed(s.PTBR, s.ASN) {
		s.DropUserJumps()
	}
	const group = 16 * abi.PageSize
	for at := va &^ (group - 1); at < va|(group-1); at += abi.PageSize {
		if pa, writable, ok := e.plain(at); ok && !e.window.Has(s.ASN, at, writable) {
			e.stats.Mapped++
			e.window.Map(s.ASN, at, pa, writable)
		}
	}
}

// plain translates va for a load in the current mode. ok: the page is RAM, and nobody
// minds if it is accessed through another mapping. With a list of live translations it is
// in the list, and so is the one for stores if it is writable.
func (e *Engine) plain(va abi.VAddr) (pa abi.PAddr, writable, ok bool) {
	pa, writable, ok = e.mmu.Rights(va, e.s.Mode())
	return pa, writable, ok && e.untied(pa)
}

// untied says whether the page at pa may be mapped anywhere: it is not watched as the
// kernel's text. If it is, that ends, where other engines run before the next run, and
// this one soon: until then each access to the page is slow.
func (e *Engine) untied(pa abi.PAddr) bool {
	if e.kernel == nil || !e.kernel.isText(pa) {
		return true
	}
	if e.kernel.kept(pa) {
		return false
	}
	if e.alone == nil {
		return e.kernel.release(pa) == nil
	}
	e.releases = append(e.releases, pa)
	atomic.StoreInt64(&e.s.Limit, 0)
	return false
}
