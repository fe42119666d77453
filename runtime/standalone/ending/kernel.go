package ending

import (
	"fmt"
	"strings"

	"axpress/runtime/machine"
)

// defaultLines are as many lines of the kernel's log as are shown where nobody has said how many.
const defaultLines = 20

// Auto asks for defaultLines of the kernel's log, unless its end has been seen on the console.
const Auto = -1

// LogTailUsage says to a person what the number for LogTail means.
const LogTailUsage = "when the run ends otherwise than by power-off, print so many lines of the end of the kernel's log (-1: 20 if the console has not shown them)"

// Orderly says that a guest has ended as it wanted to: nothing needs to be said of its kernel.
func Orderly(stop machine.Stop) bool {
	return stop.Reason == machine.PowerOff || stop.Reason == machine.Reboot
}

// LogTail returns the last n lines of a machine's kernel log (Auto: as many as are wanted), with a headline, as text for the
// person; "" if there is nothing to say.
func LogTail(m *machine.Machine, n int) string {
	lines := n
	if n == Auto {
		lines = defaultLines
	}
	l, err := m.Log(lines)
	switch {
	case n == 0 || n == Auto && (l.Shown || err != nil && !l.Silent):
		return ""
	case err != nil:
		return fmt.Sprintf("axpress: the end of the kernel's log cannot be shown: %v\n", err)
	case len(l.Lines) == 0:
		return "axpress: the kernel's log is empty\n"
	}
	return fmt.Sprintf("axpress: the last %d lines of the kernel's log:\n%s\n", len(l.Lines), strings.Join(l.Lines, "\n"))
}
