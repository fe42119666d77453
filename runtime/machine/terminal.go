package machine

import (
	"io"
	"sync"
	"sync/atomic"
)

// consoleOut collects the guest's output, passes it on in pieces, and shows each
// line to the panic watch. It belongs to Run's goroutine.
type consoleOut struct {
	w     io.Writer
	watch *panicWatch
	buf   []byte // not yet written
	line  []byte // not yet shown, at most maxLine bytes
	err   error  // first error of w
}

const (
	outBuffer = 512
	maxLine   = 1024
)

func newConsoleOut(w io.Writer, watch *panicWatch) *consoleOut {
	return &consoleOut{w: w, watch: watch}
}

// Write implements io.Writer; it never fails, a wire does not tell.
func (o *consoleOut) Write(p []byte) (int, error) {
	for _, b := range p {
		if len(o.line) < maxLine {
			o.line = append(o.line, b)
		}
		if b == '\n' {
			o.watch.see(string(o.line))
			o.line = o.line[:0]
		}
	}
	o.buf = append(o.buf, p...)
	if len(o.buf) >= outBuffer {
		o.flush()
	}
	return len(p), nil
}

func (o *consoleOut) flush() {
	if len(o.buf) == 0 {
		return
	}
	if _, err := o.w.Write(o.buf); err != nil && o.err == nil {
		o.err = err
	}
	o.buf = o.buf[:0]
}

// input is what the host types: for the UART, or for the console callbacks once
// the guest has asked them for a character (console=srm).
type input struct {
	m      *Machine
	srm    atomic.Bool
	room   chan struct{} // one token: the UART's queue has been polled
	closed chan struct{} // closed by Machine.Close

	mu    sync.Mutex
	chars []byte // for the callbacks
}

func newInput(m *Machine) *input {
	return &input{m: m, room: make(chan struct{}, 1), closed: make(chan struct{})}
}

// Input returns a writer for console input. Write may be called by any goroutine,
// one at a time; it blocks while the guest does not read, and fails with
// io.ErrClosedPipe once the machine is closed.
func (m *Machine) Input() io.Writer { return m.input }

// Write implements io.Writer.
func (in *input) Write(p []byte) (int, error) {
	if in.srm.Load() {
		in.mu.Lock()
		in.chars = append(in.chars, p...)
		in.mu.Unlock()
		in.m.wake()
		return len(p), nil
	}
	done := 0
	for {
		done += in.m.platform.UART0.Push(p[done:])
		if done == len(p) {
			return done, nil
		}
		select {
		case <-in.room:
		case <-in.closed:
			return done, io.ErrClosedPipe
		}
	}
}

// signal lets a Write that waits for room try again.
func (in *input) signal() {
	select {
	case in.room <- struct{}{}:
	default:
	}
}

// terminal is console.Terminal.
type terminal struct{ m *Machine }

func (t terminal) Put(p []byte) {
	_, _ = t.m.console.Write(p) // never fails
}

func (t terminal) Get() (b byte, more, ok bool) {
	in := t.m.input
	in.srm.Store(true)
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.chars) == 0 {
		return 0, false, false
	}
	b = in.chars[0]
	in.chars = in.chars[1:]
	return b, len(in.chars) > 0, true
}
