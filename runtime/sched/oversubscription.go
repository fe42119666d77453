package sched

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Oversubscription says whether there are more CPUs that want to run than the host has
// processors. If so, a CPU often waits for one that the host does not run: for a lock
// that another one holds, or its turn in a queue. The host does not know, and gives
// each thread its milliseconds; so CPUs have short turns and yield the host's processor
// after each.
type Oversubscription struct {
	processors int32        // of the host, that we may use
	awake      atomic.Int32 // CPUs whose threads do not sleep
}

// MaxSliceOversubscribed is for how long a CPU computes, in ns, before it lets others run.
const MaxSliceOversubscribed = 100_000

// NewOversubscription is for a host that has processors of them, 0: as many as it says.
func NewOversubscription(processors int) *Oversubscription {
	if processors == 0 {
		processors = runtime.NumCPU()
	}
	return &Oversubscription{processors: int32(processors)}
}

// Awake notes that n more threads of CPUs do not sleep.
func (o *Oversubscription) Awake(n int32) { o.awake.Add(n) }

// Is says whether CPUs that want to run outnumber the host's processors.
func (o *Oversubscription) Is() bool { return o.awake.Load() > o.processors }

// Yield lets another thread of the host run, if one waits for this processor.
func (o *Oversubscription) Yield() {
	if o.Is() {
		_, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) // never fails
	}
}
