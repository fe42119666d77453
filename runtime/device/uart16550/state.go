package uart16550

import (
	"fmt"

	"axpress/runtime/state"
)

// Name implements device.Device.
func (d *Device) Name() string { return d.cfg.Name }

// Save implements device.Device. Input that has not reached the receiver is part of
// the state.
func (d *Device) Save(w *state.Writer) {
	d.in.mu.Lock()
	defer d.in.mu.Unlock()
	d.in.compact()
	w.Block(d.block())
}

// Load implements device.Device.
func (d *Device) Load(r *state.Reader) error {
	d.in.mu.Lock()
	defer d.in.mu.Unlock()
	d.in.compact()
	return r.Block(d.block())
}

func (d *Device) block() state.Block {
	return state.Block{Name: d.Name(), Version: 1, Check: d.check, Fields: []any{
		&d.ier, &d.fcr, &d.lcr, &d.mcr, &d.scr, &d.dll, &d.dlm, &d.lsrErr, &d.msr,
		&d.thri, &d.rx, &d.level, &d.in.q,
	}}
}

func (d *Device) check() error {
	if len(d.rx) > fifoSize || len(d.in.q) > QueueSize {
		return fmt.Errorf("%d characters received and %d waiting, %d and %d at most", len(d.rx), len(d.in.q), fifoSize, QueueSize)
	}
	return nil
}
