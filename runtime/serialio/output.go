package serialio

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"axpress/runtime/state"
)

// Output collects what the guest sends on a serial port, passes it on in pieces, and shows each
// line to who wants to see it.
type Output struct {
	see   func(line string)
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

// NewOutput passes on to w, and shows each line to see, with its end.
func NewOutput(w io.Writer, see func(line string)) *Output { return &Output{w: w, see: see} }

// Write implements io.Writer; it never fails, a wire does not tell. It is called under
// the machine's lock.
func (o *Output) Write(p []byte) (int, error) {
	for _, b := range p {
		if len(o.line) < maxLine {
			o.line = append(o.line, b)
		}
		if b == '\n' {
			o.see(string(o.line))
			o.line = o.line[:0]
		}
	}
	o.mu.Lock()
	o.buf = append(o.buf, p...)
	n := len(o.buf)
	o.mu.Unlock()
	o.waits.Store(true)
	if n >= outBuffer {
		o.Flush()
	}
	return len(p), nil
}

// Flush writes what has been collected. Any goroutine may call it.
func (o *Output) Flush() {
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

// Failed returns the first error of writing.
func (o *Output) Failed() error {
	o.writing.Lock()
	defer o.writing.Unlock()
	return o.err
}

// Waits says that something has been collected.
func (o *Output) Waits() bool { return o.waits.Load() }

// Name implements device.Device.
func (o *Output) Name() string { return "output" }

// Save implements device.Device: the line that has not ended. What has been sent is with the host.
func (o *Output) Save(w *state.Writer) { w.Block(o.block()) }

// Load implements device.Device.
func (o *Output) Load(r *state.Reader) error { return r.Block(o.block()) }

func (o *Output) block() state.Block {
	return state.Block{Name: o.Name(), Version: 1, Fields: []any{&o.line}, Check: func() error {
		if len(o.line) > maxLine {
			return fmt.Errorf("a line of %d bytes, %d are possible", len(o.line), maxLine)
		}
		return nil
	}}
}
