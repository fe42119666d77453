package serialio

import (
	"io"
	"sync"
	"sync/atomic"

	"axpress/runtime/state"
)

// Input is what the host sends to a serial port: to the UART, or on the first port to the console callbacks once the guest
// has asked them for a character (console=srm).
type Input struct {
	line   Line
	wake   func()
	srm    atomic.Bool
	waits  atomic.Bool   // a Write waits for room
	room   chan struct{} // one token: the UART's queue has been polled
	closed chan struct{} // closed by Close

	mu    sync.Mutex
	chars []byte // for the callbacks
}

// Line is the host's end of a serial line. Any goroutine may call the methods.
type Line interface {
	// Push queues input for the guest and says how many bytes were taken.
	Push(p []byte) int
	// Break queues a break condition.
	Break()
}

// NewInput leads to line. wake is called, on any goroutine, when there is input for the
// console callbacks.
func NewInput(line Line, wake func()) *Input {
	return &Input{line: line, wake: wake, room: make(chan struct{}, 1), closed: make(chan struct{})}
}

// Write implements io.Writer. It may be called by any goroutine, one at a time; it blocks while the guest does not read, and
// fails with io.ErrClosedPipe once the input is closed.
func (in *Input) Write(p []byte) (int, error) {
	if in.srm.Load() {
		in.mu.Lock()
		in.chars = append(in.chars, p...)
		in.mu.Unlock()
		in.wake()
		return len(p), nil
	}
	done := 0
	for {
		done += in.line.Push(p[done:])
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

// Break puts a break on the line, behind what was written. It may be called by any goroutine, and does nothing on a
// line that is full.
func (in *Input) Break() { in.line.Break() }

// Signal lets a Write that waits for room try again.
func (in *Input) Signal() {
	select {
	case in.room <- struct{}{}:
	default:
	}
}

// Waits says that a Write waits for room.
func (in *Input) Waits() bool { return in.waits.Load() }

// Close ends Writes.
func (in *Input) Close() { close(in.closed) }

// Get takes a byte for the console callbacks, which get all input from now on; !ok: there
// is none. more: another one waits.
func (in *Input) Get() (b byte, more, ok bool) {
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

// Name implements device.Device.
func (in *Input) Name() string { return "input" }

// Save implements device.Device: what the console callbacks have not taken yet. What a
// Write waits with is still the host's.
func (in *Input) Save(w *state.Writer) {
	in.mu.Lock()
	defer in.mu.Unlock()
	srm := in.srm.Load()
	w.Block(in.block(&srm))
}

// Load implements device.Device.
func (in *Input) Load(r *state.Reader) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	srm := false
	if err := r.Block(in.block(&srm)); err != nil {
		return err
	}
	in.srm.Store(srm)
	return nil
}

func (in *Input) block(srm *bool) state.Block {
	return state.Block{Name: in.Name(), Version: 1, Fields: []any{srm, &in.chars}}
}
