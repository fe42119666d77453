package dispatch

import (
	"fmt"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
)

// Native code accesses the window (runtime/window) without asking whether the page
// is there, and computes without asking whether the result is a normal number. If
// not, the host sends SIGSEGV or SIGFPE, and the handler in enter_amd64.s moves on
// to the slow path. Go's own handlers get all signals that are not about native
// code.
//
// Signal handlers belong to the process, and so does what they look at.

// faultRegion is a mapped text with its fault table; the handler knows the layout.
type faultRegion struct {
	lo, hi uint64
	table  *abi.CodeFault
	n      uint64
}

// maxFaultRegions bounds the files with translated code in a process.
const maxFaultRegions = 4096

var (
	// faultRegions and faultCount are read by the handler. Entries are appended under
	// faultMutex and never change.
	faultRegions [maxFaultRegions]faultRegion
	faultCount   uint64
	next         [2]uint64 // Go's handlers of SIGSEGV and SIGFPE
	faultMutex   sync.Mutex
)

// sigaction is the kernel's struct (asm/signal.h).
type sigaction struct {
	handler, flags, restorer, mask uint64
}

// catchFaults makes the handler know code, and installs it the first time.
func catchFaults(code *abi.Code) error {
	if len(code.Faults) == 0 {
		return nil
	}
	faultMutex.Lock()
	defer faultMutex.Unlock()
	lo := addressOf(code.Text)
	for i := range faultCount {
		if faultRegions[i].lo == lo {
			return nil
		}
	}
	if faultCount == maxFaultRegions {
		return fmt.Errorf("more than %d translated files", maxFaultRegions)
	}
	faultRegions[faultCount] = faultRegion{lo, lo + uint64(len(code.Text)), unsafe.SliceData(code.Faults), uint64(len(code.Faults))}
	faultCount++
	for i, sig := range []unix.Signal{unix.SIGSEGV, unix.SIGFPE} {
		if next[i] != 0 {
			continue
		}
		if err := install(sig, &next[i]); err != nil {
			return err
		}
	}
	return nil
}

// install makes hostFault the handler of sig, and notes the one it replaces first.
func install(sig unix.Signal, before *uint64) error {
	var old sigaction
	if err := setSigaction(sig, nil, &old); err != nil {
		return err
	}
	*before = old.handler
	now := old
	now.handler = hostFaultHandler()
	now.flags |= saSiginfo | saOnstack
	return setSigaction(sig, &now, nil)
}

// Flags of sigaction (asm-generic/signal-defs.h).
const (
	saSiginfo = 4
	saOnstack = 0x0800_0000
)

func setSigaction(sig unix.Signal, now, old *sigaction) error {
	const setBytes = 8
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(now)), uintptr(unsafe.Pointer(old)), setBytes, 0, 0)
	if errno != 0 {
		return fmt.Errorf("rt_sigaction: %w", errno)
	}
	return nil
}
