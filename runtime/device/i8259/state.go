package i8259

import (
	"fmt"

	"axpress/runtime/state"
)

// Name implements device.Device.
func (p *Pair) Name() string { return "i8259" }

// Save implements device.Device.
func (p *Pair) Save(w *state.Writer) { w.Block(p.block()) }

// Load implements device.Device.
func (p *Pair) Load(r *state.Reader) error { return r.Block(p.block()) }

func (p *Pair) block() state.Block {
	return state.Block{Name: p.Name(), Version: 1, Fields: []any{&p.master, &p.slave, &p.level}, Check: func() error {
		for _, c := range [...]*chip{&p.master, &p.slave} {
			if c.top > 7 || c.icw > 4 || c.icw == 1 {
				return fmt.Errorf("highest priority %d, next initialisation word %d", c.top, c.icw)
			}
		}
		return nil
	}}
}
