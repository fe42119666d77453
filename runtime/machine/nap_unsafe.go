package machine

import (
	"math"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nap is how the thread of a CPU sleeps until somebody kicks the CPU. A system call of
// its own, a futex, because waking a goroutine that is locked to its thread through Go's
// scheduler takes two more switches of threads.
type nap struct {
	kicked atomic.Uint32 // 1: look around before you run or sleep
	asleep atomic.Bool
}

// Operations of futex (linux/futex.h), on memory that no other process shares.
const (
	futexWaitPrivate = 0 | 128
	futexWakePrivate = 1 | 128
)

// wake ends the nap. kicked has been set.
func (n *nap) wake() {
	if n.asleep.Load() {
		// It can fail for bad addresses only.
		_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&n.kicked)), futexWakePrivate, 1, 0, 0, 0)
	}
}

// precise lets the calling thread's sleeps end when they should: the host may delay them
// by 50 microseconds to save energy, unless told otherwise (prctl(2), PR_SET_TIMERSLACK).
func precise() {
	// On failure sleeps are longer, nothing else.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1000, 0, 0, 0)
}

// sleep returns when somebody has kicked, after at most ns nanoseconds, or for no
// reason.
func (n *nap) sleep(ns uint64) {
	ts := unix.NsecToTimespec(int64(min(ns, uint64(time.Hour), math.MaxInt64)))
	n.asleep.Store(true)
	// The kernel compares kicked with 0 before it lets the thread sleep.
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&n.kicked)), futexWaitPrivate, 0, uintptr(unsafe.Pointer(&ts)), 0, 0)
	n.asleep.Store(false)
}
