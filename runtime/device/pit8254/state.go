package pit8254

import (
	"fmt"

	"axpress/runtime/state"
)

// Name implements device.Device.
func (d *Device) Name() string { return "pit8254" }

// Save implements device.Device.
func (d *Device) Save(w *state.Writer) { w.Block(d.block()) }

// Load implements device.Device.
func (d *Device) Load(r *state.Reader) error { return r.Block(d.block()) }

func (d *Device) block() state.Block {
	return state.Block{Name: d.Name(), Version: 1, Fields: []any{&d.ch, &d.port61, &d.level}, Check: d.check}
}

// check keeps counters to what control and load can make of them.
func (d *Device) check() error {
	for i := range d.ch {
		c := &d.ch[i]
		least := uint64(1)
		if c.periodic() {
			least = 2
		}
		if c.mode > modeHardStrobe || c.access > accessBoth || c.count > c.modulus() || c.loaded && c.count < least {
			return fmt.Errorf("channel %d: mode %d, access %d, count %d", i, c.mode, c.access, c.count)
		}
	}
	return nil
}
