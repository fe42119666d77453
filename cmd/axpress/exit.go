package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"axpress/runtime/machine"
	"axpress/runtime/standalone/ending"
)

// status is an exit status of the command.
type status int

// The exit statuses; statusDocs says them to users.
const (
	statusOK          status = ending.OK
	statusPanic       status = ending.Panic
	statusUsage       status = 2
	statusHalt        status = ending.Halt
	statusTimeout     status = ending.Timeout
	statusInput       status = 5
	statusDemo        status = 6
	statusDiffers     status = 7
	statusInternal    status = ending.Internal
	statusInterrupted status = ending.Interrupted
)

// statusDocs documents every status, for 'axpress help status' and README.
var statusDocs = []struct {
	Status status
	Text   string
}{
	{statusOK, "success; the guest powered off"},
	{statusPanic, "the guest's kernel panicked"},
	{statusUsage, "bad usage: unknown command or option, impossible value"},
	{statusHalt, "the guest halted without power-off, or asked for a reboot (run: with --no-reboot)"},
	{statusTimeout, "--timeout ran out"},
	{statusInput, "bad input file or environment: no ELF, not for Alpha, damaged, a tool or package missing"},
	{statusDemo, "demo: the guest ran, but its output or the share of native code is not what it must be"},
	{statusDiffers, "bench, suite, hostile, stress, fuzz: something failed, or is not the same on all engines"},
	{statusInternal, "internal error: a bug of axpress"},
	{statusInterrupted, "interrupted: Ctrl-C, SIGTERM, SIGHUP, or Ctrl-A x on the console"},
}

// statusTable is statusDocs as text.
func statusTable() string {
	var b strings.Builder
	for _, d := range statusDocs {
		fmt.Fprintf(&b, "  %3d  %s\n", d.Status, d.Text)
	}
	return b.String()
}

// failure is an error that knows the command's exit status.
type failure struct {
	status status
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// fail returns an error with a status.
func fail(s status, format string, args ...any) error {
	return &failure{s, fmt.Errorf(format, args...)}
}

// statusOf says how the command ends for err. What nobody has classified comes
// from files, tools and the host.
func statusOf(err error) status {
	var f *failure
	switch {
	case err == nil:
		return statusOK
	case errors.As(err, &f):
		return f.status
	case errors.Is(err, context.Canceled):
		return statusInterrupted
	case strings.HasPrefix(err.Error(), "BUG:"):
		return statusInternal
	}
	return statusInput
}

// stopped turns the end of a guest's run into the command's: nil for a power-off.
func stopped(stop machine.Stop) error {
	code, text := ending.Of(stop)
	if code == ending.OK {
		return nil
	}
	return fail(status(code), "%s", text)
}
