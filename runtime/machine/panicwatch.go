package machine

import (
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"axpress/runtime/klog"
)

// panicWatch finds out that the kernel has panicked.
//
// With the kernel's symbols its own variable says that a CPU has entered panic(), whatever the console shows; what it then
// says stands in its log. Without them, or before Linux 4.5, the console's text is read.
//
// panic() prints "Kernel panic - not syncing: ...", and if it does not reboot
// "---[ end Kernel panic - not syncing: ... ]---" as its very last line; then it
// spins in the kernel for ever (L kernel/panic.c). So: some time after the last
// line, or a long time without output after the first one, the kernel is dead. As
// anybody may print such a line, a system call, user mode, or wtint seen afterwards
// takes the verdict of the text back.
//
// All of it is under the machine's lock; panicked alone may be read without.
type panicWatch struct {
	kernel   *klog.Kernel
	panicked atomic.Bool
	exact    bool // by the kernel's variable: only that takes it back
	ended    bool
	line     string
	since    uint64   // virtual time of the last output, set by dead
	fresh    bool     // output since dead was last called
	look     uint64   // virtual time to look at the log again
	syscalls uint64   // when the line was seen
	shown    []string // the last lines of the console

	countSyscalls func() uint64
}

const (
	panicBegin = "Kernel panic - not syncing"
	panicEnd   = "---[ end Kernel panic"

	panicEndNS    = 20_000_000     // after the last line
	panicLookNS   = 20_000_000     // between looks at the log
	panicSilentNS = 20_000_000_000 // after the first one only: it may count down to a reboot

	// watchedLines are as many lines of console or log as are looked at: panic() may print a backtrace between its lines.
	watchedLines = 64
)

// see is given each line of console output.
func (w *panicWatch) see(line string) {
	w.fresh = true
	w.shown = append(w.shown[max(len(w.shown)-watchedLines+1, 0):], strings.TrimRight(line, "\r\n"))
	if !w.kernel.KnowsPanic() {
		w.read(line)
	}
}

// read looks for the lines of a panic in the console's text.
func (w *panicWatch) read(line string) {
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

// readLog looks for them in the kernel's log.
func (w *panicWatch) readLog() {
	lines, err := w.kernel.Tail(watchedLines)
	if err != nil {
		w.line = panicBegin + " (" + err.Error() + ")"
		return
	}
	for _, line := range lines {
		i := strings.Index(line, panicBegin)
		switch {
		case i < 0:
		case strings.Contains(line, panicEnd):
			w.ended = true
		default:
			w.line = line[i:]
		}
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
	if !w.exact {
		w.forget()
	}
}

func (w *panicWatch) forget() {
	if w.panicked.Swap(false) {
		w.exact, w.ended, w.line = false, false, ""
	}
}

// unnoticed says that the kernel has panicked, and dead has not been called since. A CPU may ask without the machine's lock.
func (w *panicWatch) unnoticed() bool { return w.kernel.Panicked() && !w.panicked.Load() }

// dead says whether the kernel has panicked and will do nothing more.
func (w *panicWatch) dead(m *Machine) bool {
	now := m.clock.Now()
	switch {
	case w.unnoticed():
		w.exact, w.line = true, panicBegin
		w.since, w.look = now, now
		w.panicked.Store(true)
	case w.exact && !w.kernel.Panicked(), // it had only dumped itself
		w.panicked.Load() && !w.exact && w.countSyscalls() != w.syscalls:
		w.forget()
	}
	if !w.panicked.Load() {
		return false
	}
	if w.fresh {
		w.fresh, w.since = false, now
	}
	if w.exact && !w.ended && now >= w.look {
		w.look = now + panicLookNS
		if w.readLog(); w.ended {
			w.since = now
		}
	}
	return now >= w.end()
}

// end is the virtual time at which a guest that has panicked is dead.
func (w *panicWatch) end() uint64 {
	if w.ended {
		return w.since + panicEndNS
	}
	return w.since + panicSilentNS + w.kernel.PanicSeconds()*1_000_000_000
}

// deadline is when to call dead again, the end of time if the guest has not panicked. Precondition: dead has been called
// since the last output.
func (w *panicWatch) deadline() uint64 {
	switch {
	case !w.panicked.Load():
		return math.MaxUint64
	case w.exact && !w.ended:
		return min(w.end(), w.look)
	}
	return w.end()
}

// Log is the end of the kernel's log.
type Log struct {
	Lines []string // as dmesg prints them, oldest first
	// Shown says that the console has shown the last of them, and Silent that it has shown nothing at all.
	Shown, Silent bool
}

// Log returns the last n lines of the kernel's log. The machine must not run. Errors: there are no symbols of it, or there
// is no log.
func (m *Machine) Log(n int) (l Log, err error) {
	l.Lines, err = m.watch.kernel.Tail(n)
	l.Silent = len(m.watch.shown) == 0
	if len(l.Lines) > 0 {
		l.Shown = m.watch.hasShown(l.Lines[len(l.Lines)-1])
	}
	return l, err
}

// hasShown says whether the console has shown a line of the log: there it may stand without the time.
func (w *panicWatch) hasShown(line string) bool {
	_, text, _ := strings.Cut(line, "] ")
	return slices.ContainsFunc(w.shown, func(s string) bool { return strings.HasSuffix(s, text) })
}

// What Linux says last before it halts and before it powers off (L kernel/reboot.c; before Linux 3.11 with a full stop).
const (
	saysHalt     = "System halted"
	saysPowerOff = "Power down"
)

// halts says whether a kernel that has asked the console to remain halted meant to halt, not to power off: for the console of
// an Alpha both are the same.
func (w *panicWatch) halts() bool {
	lines, err := w.kernel.Tail(watchedLines)
	if err != nil {
		lines = w.shown
	}
	for _, line := range slices.Backward(lines) {
		line = strings.TrimSuffix(line, ".")
		switch {
		case strings.HasSuffix(line, saysHalt):
			return true
		case strings.HasSuffix(line, saysPowerOff):
			return false
		}
	}
	return false
}
