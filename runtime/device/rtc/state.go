package rtc

import (
	"fmt"

	"axpress/runtime/state"
)

// Name implements device.Device.
func (d *Device) Name() string { return "rtc" }

// Save implements device.Device.
func (d *Device) Save(w *state.Writer) { w.Block(d.block()) }

// Load implements device.Device.
func (d *Device) Load(r *state.Reader) error { return r.Block(d.block()) }

func (d *Device) block() state.Block {
	return state.Block{Name: d.Name(), Version: 1, Check: d.check, Fields: []any{
		&d.epoch, &d.index, &d.cmos, &d.base, &d.anchor, &d.held, &d.frozen, &d.next,
	}}
}

// Bounds of what a saved state may say: a million years, and an epoch that a
// Config can name.
const (
	maxBase  = 1 << 45
	maxEpoch = 9999
)

func (d *Device) check() error {
	switch {
	case d.index >= cmosSize:
		return fmt.Errorf("register %#x of %#x", d.index, cmosSize)
	case d.base < -maxBase || d.base > maxBase:
		return fmt.Errorf("time of day %d s", d.base)
	case d.epoch < -maxEpoch || d.epoch > maxEpoch:
		return fmt.Errorf("epoch %d", d.epoch)
	}
	return nil
}
