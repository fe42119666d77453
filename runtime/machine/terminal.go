package machine

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"axpress/runtime/device/board"
)

// serialOut collects what the guest sends on a serial port, passes it on in pieces, and shows each
// line to the panic watch.
type serialOut struct {
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

func newSerialOut(w io.Writer, watch *panicWatch) *serialOut {
	return &serialOut{w: w, watch: watch}
}

// Write implements io.Writer; it never fails, a wire does not tell. It is called under
// the machine's lock.
func (o *serialOut) Write(p []byte) (int, error) {
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
func (o *serialOut) flush() {
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
func (o *serialOut) failed() error {
	o.writing.Lock()
	defer o.writing.Unlock()
	return o.err
}

// Ports is how many serial ports the guest has. The first, ttyS0, is the console.
const Ports = board.SerialPorts

// Input is what the host sends to a serial port: to the UART, or on the first port to the console callbacks once the guest
// has asked them for a character (console=srm).
type Input struct {
	m      *Machine
	port   int
	srm    atomic.Bool
	waits  atomic.Bool   // a Write waits for room
	room   chan struct{} // one token: the UART's queue has been polled
	closed chan struct{} // closed by Machine.Close

	mu    sync.Mutex
	chars []byte // for the callbacks
}

func newInput(m *Machine, port int) *Input {
	return &Input{m: m, port: port, room: make(chan struct{}, 1), closed: make(chan struct{})}
}

// Input returns the input of a serial port, 0 to Ports-1.
func (m *Machine) Input(port int) *Input { return m.inputs[port] }

func (in *Input) line() board.Serial { return in.m.board.Serial()[in.port] }

// Write implements io.Writer. It may be called by any goroutine, one at a time; it blocks while the guest does not read, and
// fails with io.ErrClosedPipe once the machine is closed.
func (in *Input) Write(p []byte) (int, error) {
	if in.srm.Load() {
		in.mu.Lock()
		in.chars = append(in.chars, p...)
		in.mu.Unlock()
		in.m.wake()
		return len(p), nil
	}
	done := 0
	for {
		done += in.line().Push(p[done:])
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

// Break puts a break on the line, behind what was written. It may be called by any goroutine, and does nothing on a machine
// that is closed or a line that is full.
func (in *Input) Break() { in.line().Break() }

// signal lets a Write that waits for room try again.
func (in *Input) signal() {
	select {
	case in.room <- struct{}{}:
	default:
	}
}

// signalInputs lets every Write that waits for room try again.
func (m *Machine) signalInputs() {
	for _, in := range m.inputs {
		in.signal()
	}
}

// flush writes what the serial ports have sent.
func (m *Machine) flush() {
	for _, o := range m.outputs {
		o.flush()
	}
}

// serialWaits says whether there is output to write, or a Write waits for room.
func (m *Machine) serialWaits() bool {
	for i, o := range m.outputs {
		if o.waits.Load() || m.inputs[i].waits.Load() {
			return true
		}
	}
	return false
}

// outputFailed returns the first error of writing what a port has sent.
func (m *Machine) outputFailed() error {
	for i, o := range m.outputs {
		if err := o.failed(); err != nil {
			return fmt.Errorf("%s output: %w", [Ports]string{"console", "serial2"}[i], err)
		}
	}
	return nil
}

// terminal is console.Terminal.
type terminal struct{ m *Machine }

func (t terminal) Put(p []byte) {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	_, _ = t.m.outputs[0].Write(p) // never fails
}

func (t terminal) Get() (b byte, more, ok bool) {
	in := t.m.inputs[0]
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
