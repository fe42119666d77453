package machine

import (
	"math"
	"strings"
	"sync/atomic"
)

// panicWatch finds out from the console output that the kernel has panicked.
//
// panic() prints "Kernel panic - not syncing: ...", and if it does not reboot
// "---[ end Kernel panic - not syncing: ... ]---" as its very last line; then it
// spins in the kernel for ever (L kernel/panic.c). So: some time after the last
// line, or a long time without output after the first one, the kernel is dead. As
// anybody may print such a line, a system call, user mode, or wtint seen afterwards
// takes the verdict back.
//
// All of it is under the machine's lock; panicked alone may be read without.
type panicWatch struct {
	panicked atomic.Bool
	ended    bool
	line     string
	since    uint64 // virtual time of the last output, set by dead
	fresh    bool   // output since dead was last called
	syscalls uint64 // when the line was seen

	countSyscalls func() uint64
}

const (
	panicBegin = "Kernel panic - not syncing"
	panicEnd   = "---[ end Kernel panic"

	panicEndNS    = 20_000_000     // after the last line
	panicSilentNS = 20_000_000_000 // after the first one only: it may count down to a reboot
)

// see is given each line of console output.
func (w *panicWatch) see(line string) {
	w.fresh = true
	i := strings.Index(line, panicBegin)
	if i < 0 {
		return
	}
	w.syscalls = w.countSyscalls()
	if !w.panicked.Load() {
		w.line = strings.TrimRight(line[i:], "\r\n")
		w.panicked.Store(true)
	}
	if strings.Contains(line, panicEnd) {
		w.ended = true
	}
}

// alive is called by a CPU, without the machine's lock.
func (m *Machine) alive() {
	if !m.watch.panicked.Load() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watch.alive()
}

// alive: the guest does something that a dead kernel does not.
func (w *panicWatch) alive() {
	if w.panicked.Swap(false) {
		w.ended, w.line = false, ""
	}
}

// dead says whether the kernel has panicked and will do nothing more.
func (w *panicWatch) dead(m *Machine) bool {
	if w.panicked.Load() && w.countSyscalls() != w.syscalls {
		w.alive()
	}
	if !w.panicked.Load() {
		return false
	}
	now := m.clock.Now()
	if w.fresh {
		w.fresh, w.since = false, now
	}
	return now >= w.deadline()
}

// deadline is the virtual time at which a silent guest is dead, the end of time if
// it has not panicked. Precondition: dead has been called since the last output.
func (w *panicWatch) deadline() uint64 {
	switch {
	case !w.panicked.Load():
		return math.MaxUint64
	case w.ended:
		return w.since + panicEndNS
	}
	return w.since + panicSilentNS
}
