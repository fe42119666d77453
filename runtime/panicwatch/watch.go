// Package panicwatch finds out that the guest's kernel has panicked and will do nothing
// more, as it does not halt then.
//
// In: the kernel's variables and log (runtime/klog), the lines of its consoles, the
// virtual time. Out: whether and why it is dead, and the end of its log. It must not know
// how the guest is run.
package panicwatch

import (
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"axpress/runtime/klog"
	"axpress/runtime/state"
)

// Watch finds out that the kernel has panicked.
//
// With the kernel's symbols its own variable says that a CPU has entered panic(), whatever the console shows; what it then
// says stands in its log. Without them, or before Linux 4.5, the console's text is read.
//
// panic() prints "Kernel panic - not syncing: ...", and if it does not reboot
// "---[ end Kernel panic - not syncing: ... ]---" as its very last line; then it
// spins in the kernel for ever (Linux, kernel/panic.c). So: some time after the last
// line, or a long time without output after the first one, the kernel is dead. As
// anybody may print such a line, a system call, user mode, or wtint seen afterwards
// takes the verdict of the text back.
//
// All of it is under the machine's lock, but Panicked and Unnoticed.
type Watch struct {
	kernel   *klog.Kernel
	panicked atomic.Bool
	exact    bool // by the kernel's variable: only that takes it back
	ended    bool
	line     string
	since    uint64   // virtual time of the last output, set by Dead
	fresh    bool     // output since Dead was last called
	look     uint64   // virtual time to look at the log again
	syscalls uint64   // when the line was seen
	shown    []string // the last lines of the console

	countSyscalls func() uint64
}

// New watches a kernel. syscalls says how many system calls its CPUs have made.
func New(kernel *klog.Kernel, syscalls func() uint64) *Watch {
	return &Watch{kernel: kernel, countSyscalls: syscalls}
}

// Panicked says that the kernel has panicked, as far as Dead or See has noticed. Any goroutine may ask.
func (w *Watch) Panicked() bool { return w.panicked.Load() }

// Line is what it has said when it panicked.
func (w *Watch) Line() string { return w.line }

const (
	panicBegin = "Kernel panic - not syncing"
	panicEnd   = "---[ end Kernel panic"

	panicEndNS  = 20_000_000 // after the last line
	panicLookNS = 20_000_000 // between looks at the log
	// SilentNS is how long a kernel is silent that has begun to panic until it is dead, if it does not count down to a reboot.
	SilentNS = 20_000_000_000

	// watchedLines are as many lines of console or log as are looked at: panic() may print a backtrace between its lines.
	watchedLines = 64
)

// See is given each line of console output.
func (w *Watch) See(line string) {
	w.fresh = true
	w.shown = append(w.shown[max(len(w.shown)-watchedLines+1, 0):], strings.TrimRight(line, "\r\n"))
	if !w.kernel.KnowsPanic() {
		w.read(line)
	}
}

// read looks for the lines of a panic in the console's text.
func (w *Watch) read(line string) {
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
func (w *Watch) readLog() {
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

// Alive: the guest does something that a dead kernel does not.
func (w *Watch) Alive() {
	if !w.exact {
		w.forget()
	}
}

func (w *Watch) forget() {
	if w.panicked.Swap(false) {
		w.exact, w.ended, w.line = false, false, ""
	}
}

// Unnoticed says that the kernel has panicked, and Dead has not been called since. A CPU may ask without the machine's lock.
func (w *Watch) Unnoticed() bool { return w.kernel.Panicked() && !w.panicked.Load() }

// Dead says whether the kernel has panicked and will do nothing more, at the virtual time now.
func (w *Watch) Dead(now uint64) bool {
	switch {
	case w.Unnoticed():
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
	return now >= w.End()
}

// End is the virtual time at which a guest that has panicked is dead.
func (w *Watch) End() uint64 {
	if w.ended {
		return w.since + panicEndNS
	}
	return w.since + SilentNS + w.kernel.PanicSeconds()*1_000_000_000
}

// Deadline is when to call Dead again, the end of time if the guest has not panicked. Precondition: Dead has been called
// since the last output.
func (w *Watch) Deadline() uint64 {
	switch {
	case !w.panicked.Load():
		return math.MaxUint64
	case w.exact && !w.ended:
		return min(w.End(), w.look)
	}
	return w.End()
}

// Log is the end of the kernel's log.
type Log struct {
	Lines []string // as dmesg prints them, oldest first
	// Shown says that the console has shown the last of them, and Silent that it has shown nothing at all.
	Shown, Silent bool
}

// Log returns the last n lines of the kernel's log. Errors: there are no symbols of it, or there
// is no log.
func (w *Watch) Log(n int) (l Log, err error) {
	l.Lines, err = w.kernel.Tail(n)
	l.Silent = len(w.shown) == 0
	if len(l.Lines) > 0 {
		l.Shown = w.hasShown(l.Lines[len(l.Lines)-1])
	}
	return l, err
}

// hasShown says whether the console has shown a line of the log: there it may stand without the time.
func (w *Watch) hasShown(line string) bool {
	_, text, _ := strings.Cut(line, "] ")
	return slices.ContainsFunc(w.shown, func(s string) bool { return strings.HasSuffix(s, text) })
}

// What Linux says last before it halts and before it powers off (Linux, kernel/reboot.c; before Linux 3.11 with a full stop).
const (
	saysHalt     = "System halted"
	saysPowerOff = "Power down"
)

// Halts says whether a kernel that has asked the console to remain halted meant to halt, not to power off: for the console of
// an Alpha both are the same.
func (w *Watch) Halts() bool {
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

// Name implements device.Device.
func (w *Watch) Name() string { return "panic watch" }

// Save implements device.Device.
func (w *Watch) Save(b *state.Writer) {
	panicked := w.panicked.Load()
	b.Block(w.block(&panicked))
}

// Load implements device.Device.
func (w *Watch) Load(r *state.Reader) error {
	panicked := false
	if err := r.Block(w.block(&panicked)); err != nil {
		return err
	}
	w.panicked.Store(panicked)
	return nil
}

func (w *Watch) block(panicked *bool) state.Block {
	return state.Block{Name: w.Name(), Version: 1, Fields: []any{
		panicked, &w.exact, &w.ended, &w.line, &w.since, &w.fresh, &w.look, &w.syscalls, &w.shown,
	}}
}
