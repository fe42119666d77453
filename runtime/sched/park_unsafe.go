package sched

import (
	"math"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Parker is how the thread of a CPU sleeps until somebody kicks the CPU. A system call of
// its own, a futex, because waking a goroutine that is locked to its thread through Go's
// scheduler takes two more switches of threads.
type Parker struct {
	kicked atomic.Uint32 // 1: look around before you run or sleep
	parked atomic.Bool
}

// Operations of futex (linux/futex.h), on memory that no other process shares.
const (
	futexWaitPrivate = 0 | 128
	futexWakePrivate = 1 | 128
)

// Kick has the thread look around: from now on Kicked says so, and Park returns at once.
func (p *Parker) Kick() { p.kicked.Store(1) }

// Kicked says that somebody has called Kick since Clear.
func (p *Parker) Kicked() bool { return p.kicked.Load() != 0 }

// Clear takes kicks back. The thread looks around after it.
func (p *Parker) Clear() { p.kicked.Store(0) }

// Unpark ends Park. Precondition: Kick has been called.
func (p *Parker) Unpark() {
	if p.parked.Load() {
		futexWake(&p.kicked, 1)
	}
}

// Park returns when somebody has kicked, after at most ns nanoseconds, or for no
// reason.
func (p *Parker) Park(ns uint64) {
	p.parked.Store(true)
	futexWait(&p.kicked, 0, ns)
	p.parked.Store(false)
}

// precise lets the calling thread's sleeps end when they should: the host may delay them
// by 50 microseconds to save energy, unless told otherwise (prctl(2), PR_SET_TIMERSLACK).
func precise() {
	// On failure sleeps are longer, nothing else.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1000, 0, 0, 0)
}

// futexWait lets the thread sleep until somebody wakes it, for at most ns nanoseconds, if
// word is value when the kernel looks. It may return for no reason: so it does when Go's
// scheduler wants something of the thread, by a signal. Go is not told that the thread
// sleeps; it would look after it every 20 microseconds, and give its processor to others,
// of which there are enough.
func futexWait(word *atomic.Uint32, value uint32, ns uint64) {
	ts := unix.NsecToTimespec(int64(min(ns, uint64(time.Hour), math.MaxInt64)))
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWaitPrivate, uintptr(value), uintptr(unsafe.Pointer(&ts)), 0, 0)
}

// futexWake wakes up to n threads that sleep on word.
func futexWake(word *atomic.Uint32, n int) {
	// It can fail for bad addresses only.
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWakePrivate, uintptr(n), 0, 0, 0)
}
