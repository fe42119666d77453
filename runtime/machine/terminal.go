package machine

import (
	"io"
	"sync"
	"sync/atomic"
)

// consoleOut collects the guest's output, passes it on in pieces, and shows each
// line to the panic watch.
type consoleOut struct {
	watch *panicWatch
	line  []byte      // not yet shown, at most maxLine bytes; under the machine's lock
	waits atomic.Bool // something is in buf

	mu  sync.Mutex
	buf []byte // not yet written

	writing sync.Mutex // one writes at a time; taken before mu
	w       io.Writer
	err     error // first error of w
}

const (
	outBuffer = 512
	maxLine   = 1024
)

func newConsoleOut(w io.Writer, watch *panicWatch) *consoleOut {
	return &consoleOut{w: w, watch: watch}
}

// Write implements io.Writer; it never fails, a wire does not tell. It is called under
// the machine's lock.
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
	o.mu.Lock()
	o.buf = append(o.buf, p...)
	n := len(o.buf)
	o.mu.Unlock()
	o.waits.Store(true)
	if n >= outBuffer {
		o.flush()
	}
	return len(p), nil
}

// flush writes what has been collected. Any goroutine may call it.
func (o *consoleOut) flush() {
	if !o.waits.Load() {
		return
	}
	o.writing.Lock()
	defer o.writing.Unlock()
	o.waits.Store(false)
	o.mu.Lock()
	buf := o.buf
	o.buf = nil
	o.mu.Unlock()
	if len(buf) == 0 {
		return
	}
	if _, err := o.w.Write(buf); err != nil && o.err == nil {
		o.err = err
	}
}

// failed returns the first error of writing.
func (o *consoleOut) failed() error {
	o.writing.Lock()
	defer o.writing.Unlock()
	return o.err
}

// input is what the host types: for the UART, or for the console callbacks once
// the guest has asked them for a character (console=srm).
type input struct {
	m      *Machine
	srm    atomic.Bool
	waits  atomic.Bool   // a Write waits for room
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
		in.waits.Store(true)
		select {
		case <-in.room:
		case <-in.closed:
			return done, io.ErrClosedPipe
		}
		in.waits.Store(false)
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
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
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
