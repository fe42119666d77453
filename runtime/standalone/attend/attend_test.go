package attend

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"axpress/runtime/machine"
)

// A reboot is an end only where the guest may have none.
func TestReboots(t *testing.T) {
	for _, c := range []struct {
		reboots bool
		boots   int
		want    machine.Reason
	}{{true, 3, machine.PowerOff}, {false, 1, machine.Reboot}} {
		boots := 0
		stop, err := Run(t.Context(), Options{Reboots: c.reboots}, func(context.Context, *Lines) (machine.Stop, error) {
			if boots++; boots < 3 {
				return machine.Stop{Reason: machine.Reboot}, nil
			}
			return machine.Stop{Reason: machine.PowerOff}, nil
		})
		if err != nil || stop.Reason != c.want || boots != c.boots {
			t.Errorf("reboots %v: %s after %d boots, %v", c.reboots, stop.Reason, boots, err)
		}
	}
}

// broken is an input that fails, or panics.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) {
	if b.err == nil {
		panic("broken")
	}
	return 0, b.err
}

// What goes wrong with the input ends the guest, and is said; a caller's or the clock's end is none of that.
func TestFailure(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     io.Reader
		cancel bool
		want   string // the failure
	}{
		{name: "read fails", in: broken{errors.New("cut")}, want: "console input: cut"},
		{name: "panic", in: broken{}, want: "BUG: console input: broken"},
		{name: "cancelled", cancel: true},
		{name: "time is over"},
	} {
		outer, cancel := context.WithCancel(t.Context())
		if c.cancel {
			cancel()
		}
		o := Options{In: c.in, Out: io.Discard, Timeout: time.Minute}
		if c.in == nil && !c.cancel {
			o.Timeout = time.Millisecond
		}
		_, err := Run(outer, o, func(ctx context.Context, _ *Lines) (machine.Stop, error) {
			<-ctx.Done()
			stop := machine.Stop{Reason: machine.Interrupted}
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				stop.Reason = machine.Timeout
			}
			return stop, Failure(ctx, stop)
		})
		cancel()
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
