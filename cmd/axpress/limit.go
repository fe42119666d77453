package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"axpress/runtime/machine"
)

// limit returns a context that ends when --timeout does: it is for all that the command does from now on.
func (b *guestOptions) limit(ctx context.Context) (_ context.Context, done context.CancelFunc) {
	if b.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, b.timeout)
}

// left is how much of --timeout is left, 0 if there is none: what has run out already is as little as there can be.
func left(ctx context.Context) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(time.Until(end), 1)
}

// late returns err, or, if that is the end of --timeout before the guest ran, the failure that this is.
func (b *guestOptions) late(err error) error {
	if b.timeout > 0 && errors.Is(err, context.DeadlineExceeded) {
		return fail(statusTimeout, "--timeout %s ran out while the guest was translated; it has not run", b.timeout)
	}
	return err
}

// timed is the end of the run, and, if that is --timeout, what the time went into.
func (o *outcome) timed() machine.Stop {
	stop := o.stop
	if stop.Reason == machine.Timeout && o.timeout > 0 {
		stop.Detail = fmt.Sprintf("of %s, translating took %.1f s and the guest %.1f s", o.timeout, o.translating.Seconds(), o.took.Seconds())
	}
	return stop
}
