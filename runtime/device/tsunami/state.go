package tsunami

import (
	"fmt"

	"axpress/runtime/state"
)

// Name implements device.Device.
func (c *Chipset) Name() string { return "tsunami" }

// Save implements device.Device.
func (c *Chipset) Save(w *state.Writer) { w.Block(c.block()) }

// Load implements device.Device.
func (c *Chipset) Load(r *state.Reader) error { return r.Block(c.block()) }

func (c *Chipset) block() state.Block {
	return state.Block{Name: c.Name(), Version: 1, Fields: []any{&c.cc, &c.pc, &c.plain, &c.owed}, Check: c.check}
}

// check keeps what has a form in it; a window's registers above all, as DMA trusts
// that windows have a size.
func (c *Chipset) check() error {
	for i, w := range c.pc.win {
		if w.wsba != wsbaValue(i, w.wsba) || w.wsm&^wsmMask != 0 || w.tba&^tbaMask != 0 {
			return fmt.Errorf("DMA window %d: WSBA %#x, WSM %#x, TBA %#x", i, w.wsba, w.wsm, w.tba)
		}
	}
	for cpu, n := range c.owed {
		if n < 0 || n > maxOwed {
			return fmt.Errorf("CPU %d: %d ticks behind, %d at most", cpu, n, maxOwed)
		}
	}
	if m := uint64(miscNXS | miscNXM | miscABT | miscABW | miscIPINTR | miscITINTR); c.cc.misc&^m != 0 {
		return fmt.Errorf("MISC %#x", c.cc.misc)
	}
	return nil
}
