package machine

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// crowd says whether there are more CPUs that want to run than the host has processors.
// If so, a CPU often waits for one that the host does not run: for a lock that another
// one holds, or its turn in a queue. The host does not know, and gives each thread its
// milliseconds; so CPUs have short turns and pass the host's processor on after each.
type crowd struct {
	processors int32        // of the host, that we may use
	awake      atomic.Int32 // CPUs whose threads do not sleep
}

// maxSliceCrowded is for how long a CPU computes, in ns, before it lets others run.
const maxSliceCrowded = 100_000

func (w *crowd) init() { w.processors = int32(runtime.NumCPU()) }

func (w *crowd) is() bool { return w.awake.Load() > w.processors }

// pass lets another thread of the host run, if one waits for this processor.
func (w *crowd) pass() {
	if w.is() {
		_, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) // never fails
	}
}
