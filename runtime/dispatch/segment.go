package dispatch

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
)

// segment keeps GS at the window that hot code of programs accesses memory through.
//
// It does so only if hot code can be reached: from Go, or through the jump cache, which holds it
// since a lookup in this address space found it. Where programs may set GS themselves that is an
// instruction whenever native code is entered. Elsewhere it is a system call, as dear as a small
// system call of the guest, and made only if GS is elsewhere. A thread keeps its GS, and the engine
// its thread until the end of the run.
type segment struct {
	bySystemCall bool
	at           uint64 // where it is, on the thread of this run; 0: not known
	gen          uint64 // the generation of the jump cache that reach is good for
	reach        [1 << (abi.JumpKeyGenShift - abi.JumpKeyASNShift)]bool
	calls        uint64 // for statistics
}

// needs notes that the jump cache has hot code of address space asn, from now on until it
// drops its entries of programs, which is a new generation gen.
func (g *segment) needs(asn, gen uint64) {
	if g.gen != gen {
		g.gen = gen
		clear(g.reach[:])
	}
	g.reach[asn] = true
}

func (g *segment) needed(asn, gen uint64) bool { return g.gen == gen && g.reach[asn] }

// pointGS has GS point to the window of the current address space when hot code of a
// program is entered. While the kernel runs that may be put off.
func (e *Engine) pointGS() {
	s, g := e.s, &e.segment
	s.GSBase, s.GSStale = 0, 0
	if !g.needed(s.ASN, s.JumpGen) {
		return // and its window, which another address space may need, is not asked for
	}
	switch base := e.window.Base(s.ASN); {
	case !g.bySystemCall:
		s.GSBase = base
	case g.at == base:
	case s.Mode() == abi.ModeKernel:
		s.GSStale = psUser
	default:
		g.move(base)
	}
}

// move puts GS at base.
func (g *segment) move(base uint64) {
	if g.at == 0 {
		runtime.LockOSThread()
	}
	g.at = base
	g.calls++
	if err := setGS(base); err != nil {
		// It could when the engine was made; hot code would access other memory.
		panic(fmt.Sprintf("BUG: %v", err))
	}
}

// leave ends a run: the next one may be on another thread.
func (g *segment) leave() {
	if g.at != 0 {
		g.at = 0
		runtime.UnlockOSThread()
	}
}

// try says why the host does not let a program set GS, if it does not.
func (g *segment) try() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return setGS(0)
}

// setGS sets the base of GS of the calling thread (arch_prctl(2)).
func setGS(base uint64) error {
	const archSetGS = 0x1001
	if _, _, errno := unix.RawSyscall(unix.SYS_ARCH_PRCTL, archSetGS, uintptr(base), 0); errno != 0 {
		return fmt.Errorf("arch_prctl(ARCH_SET_GS): %w", errno)
	}
	return nil
}

// HasFSGSBase says whether programs may set the base of GS (Linux, HWCAP2_FSGSBASE).
func HasFSGSBase() bool {
	const atHWCap2, fsgsbase = 26, 2
	auxv, err := unix.Auxv()
	if err != nil {
		return false
	}
	for _, a := range auxv {
		if a[0] == atHWCap2 {
			return a[1]&fsgsbase != 0
		}
	}
	return false
}
