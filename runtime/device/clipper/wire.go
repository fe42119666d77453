package clipper

import (
	"fmt"

	"axpress/runtime/device"
	"axpress/runtime/device/tsunami"
	"axpress/runtime/state"
)

// wires are the connections of PCI functions to the chipset: several functions of a
// slot share a pin, and with it a bit of DRIR, which is set while any of them asserts
// it.
type wires struct {
	chipset *tsunami.Chipset
	all     []*wire // in the order in which the functions were attached
}

// wire is the interrupt line of one function.
type wire struct {
	of    *wires
	bit   int
	level bool
}

// line makes the line of another function.
func (w *wires) line(bit int) device.Line {
	l := &wire{of: w, bit: bit}
	w.all = append(w.all, l)
	return l
}

// Set implements device.Line.
func (l *wire) Set(level bool) {
	if level == l.level {
		return
	}
	l.level = level
	any := false
	for _, other := range l.of.all {
		any = any || other.bit == l.bit && other.level
	}
	l.of.chipset.DRIR(l.bit).Set(any)
}

// Name implements device.Device.
func (w *wires) Name() string { return "clipper wires" }

// Save implements device.Device.
func (w *wires) Save(out *state.Writer) {
	levels := make([]bool, len(w.all))
	for i, l := range w.all {
		levels[i] = l.level
	}
	out.Block(w.block(&levels))
}

// Load implements device.Device.
func (w *wires) Load(r *state.Reader) error {
	var levels []bool
	b := w.block(&levels)
	b.Check = func() error {
		if len(levels) != len(w.all) {
			return fmt.Errorf("%d lines, expected %d", len(levels), len(w.all))
		}
		return nil
	}
	if err := r.Block(b); err != nil {
		return err
	}
	for i, l := range w.all {
		l.level = levels[i]
	}
	return nil
}

func (w *wires) block(levels *[]bool) state.Block {
	return state.Block{Name: w.Name(), Version: 1, Fields: []any{levels}}
}
