// Package attend keeps a guest on the host's terminal, and its serial ports on what else they lead to, from its first boot
// to its end.
//
// In: the host's input, and what boots the guest once. Out: how the last boot ended.
package attend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"axpress/runtime/machine"
	"axpress/runtime/serialio"
	"axpress/runtime/standalone/serial"
	"axpress/runtime/standalone/terminal"
)

// Options say what the guest gets.
type Options struct {
	In  io.Reader // of the host; nil: nothing
	Out io.Writer // of the host
	// Ports are what the guest's serial ports lead to; serial.Stdio is In and Out. nil: Stdio for the first port, and
	// nowhere for others. Run closes them.
	Ports   [machine.Ports]serial.End
	Escape  terminal.Escape // the key for what is not the guest's, where In is a terminal
	Timeout time.Duration   // for all its boots together; 0: no end
	Reboots bool            // a reboot boots it again, and is no end
	// Say is told, in a line, what a person should know; nil: nobody.
	Say func(line string)
}

// Boot boots the guest on a machine of its own with these lines, and lets it run until it stops or ctx ends.
type Boot func(ctx context.Context, l *Lines) (machine.Stop, error)

// Lines are the guest's serial lines.
type Lines struct {
	out   [machine.Ports]io.Writer
	in    [machine.Ports]*terminal.Inlet
	heard [machine.Ports]atomic.Uint64
}

// Out is what the machine's port i sends to.
func (l *Lines) Out(i int) io.Writer { return countingWriter{l.out[i], &l.heard[i]} }

// Heard is how many bytes port i of all machines has sent.
func (l *Lines) Heard(i int) uint64 { return l.heard[i].Load() }

// To leads what the host sends to the ports of a new machine. describe puts into lines what its CPUs say.
func (l *Lines) To(m *machine.Machine, describe func(machine.Snapshot) string) {
	for i, in := range l.in {
		in.To(port{m.Input(i), m, describe})
	}
}

// countingWriter counts what is written.
type countingWriter struct {
	io.Writer
	n *atomic.Uint64
}

// Write implements io.Writer.
func (w countingWriter) Write(p []byte) (int, error) {
	w.n.Add(uint64(len(p)))
	return w.Writer.Write(p)
}

// port is terminal.Guest.
type port struct {
	*serialio.Input
	m        *machine.Machine
	describe func(machine.Snapshot) string
}

// patience is how long a CPU may take to say where it is: it looks up some thousand times a second.
const patience = 2 * time.Second

// Whereabouts implements terminal.Guest.
func (p port) Whereabouts() string {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	s := p.m.Inquire(ctx)
	text := p.describe(s)
	for _, cpu := range s.Silent {
		text += fmt.Sprintf("CPU %d does not answer\n", cpu)
	}
	return text
}

// errQuit is the cause of a run that the person ended on the console.
var errQuit = errors.New("quit")

// Run boots the guest, and again while it asks for a reboot and may have it.
func Run(ctx context.Context, o Options, boot Boot) (stop machine.Stop, err error) {
	if o.Ports[0] == nil {
		o.Ports[0] = serial.Stdio
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if o.Timeout > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, o.Timeout)
		defer done()
	}
	// A reader of our output that goes is told by a failing write.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Stop(pipes)
	l := &Lines{}
	for i, end := range o.Ports {
		l.in[i] = terminal.NewInlet()
		switch end {
		case serial.Stdio:
			restore, jerr := l.join(ctx, i, o, cancel)
			if jerr != nil {
				return stop, jerr
			}
			defer func() { err = errors.Join(err, restore()) }()
		case nil:
			l.out[i] = io.Discard
		default:
			l.out[i] = end
			go guarded(cancel, func() error { return end.Pump(l.in[i]) })
			defer func() { err = errors.Join(err, closeEnd(end, i, o.Say)) }()
		}
	}
	for {
		stop, err = boot(ctx, l)
		if err != nil || stop.Reason != machine.Reboot || !o.Reboots {
			return stop, err
		}
	}
}

// join joins the host's input and output to port i. restore gives the terminal back.
func (l *Lines) join(ctx context.Context, i int, o Options, cancel context.CancelCauseFunc) (restore func() error, err error) {
	out := newOutlet(ctx, o.Out)
	l.out[i] = out
	if o.In == nil {
		return out.close, nil
	}
	raw, err := terminal.Raw(o.In)
	if err != nil {
		return nil, err
	}
	in, escape := o.In, terminal.Escape(0)
	if raw != nil {
		in, escape = raw, o.Escape
	}
	go guarded(cancel, func() error {
		return terminal.Pump(in, l.in[i], out, escape, func() { cancel(errQuit) })
	})
	return func() error { return errors.Join(out.close(), raw.Restore()) }, nil
}

// closeEnd closes the end of port i, and says if nobody took what the guest has sent there.
func closeEnd(end serial.End, i int, say func(string)) error {
	err := end.Close()
	if n := end.Dropped(); n > 0 && say != nil {
		say(fmt.Sprintf("ttyS%d: nobody took %d bytes that the guest has sent", i, n))
	}
	return err
}

// Failure is why the context of a Boot has ended the guest by stop, if that was a failure of the input; nil: it was not.
func Failure(ctx context.Context, stop machine.Stop) error {
	cause := context.Cause(ctx)
	if stop.Reason != machine.Interrupted || errors.Is(cause, context.Canceled) || errors.Is(cause, errQuit) {
		return nil
	}
	return cause
}

// guarded passes the host's input on until it ends. Its failures end the run.
func guarded(cancel context.CancelCauseFunc, pump func() error) {
	defer func() {
		if p := recover(); p != nil {
			cancel(fmt.Errorf("BUG: console input: %v", p))
		}
	}()
	if err := pump(); err != nil {
		cancel(err)
	}
}
