// Package attend keeps a guest on the host's terminal from its first boot to its end.
//
// In: the host's input, and what boots the guest once. Out: how the last boot ended.
package attend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"axpress/cmd/axpress/terminal"
	"axpress/runtime/machine"
)

// Options say what the guest gets.
type Options struct {
	In      io.Reader     // for its console; nil: nothing
	Out     io.Writer     // of the host: for the escape key's help
	Timeout time.Duration // for all its boots together; 0: no end
	Reboots bool          // a reboot boots it again, and is no end
}

// Boot boots the guest on a machine of its own, whose input is keys, and lets it run until it stops or ctx ends.
type Boot func(ctx context.Context, keys *terminal.Inlet) (machine.Stop, error)

// errQuit is the cause of a run that the person ended on the console.
var errQuit = errors.New("quit")

// Run boots the guest, and again while it asks for a reboot and may have it.
func Run(ctx context.Context, o Options, boot Boot) (stop machine.Stop, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if o.Timeout > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, o.Timeout)
		defer done()
	}
	keys := terminal.NewInlet()
	if o.In != nil {
		raw, err := terminal.Raw(o.In)
		if err != nil {
			return stop, err
		}
		defer raw.Restore()
		go pump(o, keys, raw != nil, cancel)
	}
	for {
		stop, err = boot(ctx, keys)
		if err != nil || stop.Reason != machine.Reboot || !o.Reboots {
			return stop, err
		}
	}
}

// Failure is why the context of a Boot has ended the guest by stop, if that was a failure of the input; nil: it was not.
func Failure(ctx context.Context, stop machine.Stop) error {
	cause := context.Cause(ctx)
	if stop.Reason != machine.Interrupted || errors.Is(cause, context.Canceled) || errors.Is(cause, errQuit) {
		return nil
	}
	return cause
}

// pump passes the host's input on until it ends. Its failures end the run.
func pump(o Options, keys *terminal.Inlet, escapes bool, cancel context.CancelCauseFunc) {
	defer func() {
		if p := recover(); p != nil {
			cancel(fmt.Errorf("BUG: console input: %v", p))
		}
	}()
	if err := terminal.Pump(o.In, keys, o.Out, escapes, func() { cancel(errQuit) }); err != nil {
		cancel(err)
	}
}
