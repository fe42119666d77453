package machine

import (
	"fmt"

	"axpress/runtime/serialio"
)

// Input returns the input of a serial port, 0 to Ports-1.
func (m *Machine) Input(port int) *serialio.Input { return m.inputs[port] }

// signalInputs lets every Write that waits for room try again.
func (m *Machine) signalInputs() {
	for _, in := range m.inputs {
		in.Signal()
	}
}

// flush writes what the serial ports have sent.
func (m *Machine) flush() {
	for _, o := range m.outputs {
		o.Flush()
	}
}

// serialWaits says whether there is output to write, or a Write waits for room.
func (m *Machine) serialWaits() bool {
	for i, o := range m.outputs {
		if o.Waits() || m.inputs[i].Waits() {
			return true
		}
	}
	return false
}

// outputFailed returns the first error of writing what a port has sent.
func (m *Machine) outputFailed() error {
	for i, o := range m.outputs {
		if err := o.Failed(); err != nil {
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

func (t terminal) Get() (b byte, more, ok bool) { return t.m.inputs[0].Get() }
