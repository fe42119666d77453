// Package ending says how a program that runs a guest ends when the guest does: the exit
// status, and the line for the person. The statuses are those of axpress.
package ending

import (
	"fmt"

	"axpress/runtime/machine"
)

// The exit statuses of a guest's end.
const (
	OK          = 0
	Panic       = 1
	Halt        = 3
	Timeout     = 4
	Internal    = 70
	Interrupted = 130
)

// Of returns the status for stop, and a text if it is not OK.
func Of(stop machine.Stop) (status int, text string) {
	at := fmt.Sprintf("at pc %#x", stop.PC)
	where := at
	if stop.Detail != "" {
		where += " (" + stop.Detail + ")"
	}
	switch stop.Reason {
	case machine.PowerOff:
		return OK, ""
	case machine.Panic:
		return Panic, "the guest panicked " + where
	case machine.Halt:
		return Halt, "the guest halted " + where
	case machine.Reboot:
		return Halt, "the guest asked for a reboot, and is not booted again"
	case machine.Timeout:
		return Timeout, "the guest's time ran out (--timeout) " + where
	case machine.Interrupted:
		return Interrupted, "interrupted; the guest was " + at
	}
	return Internal, fmt.Sprintf("BUG: the run ended with reason %q %s", stop.Reason, where)
}
