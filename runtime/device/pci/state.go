package pci

import (
	"fmt"

	"axpress/runtime/state"
)

// saved is what there is to know of a function: all of its configuration space, and
// what its device asks of its interrupt pin.
type saved struct {
	slot, fn uint8
	name     string
	cfg      [configSize]uint8
	level    bool
}

// Name implements device.Device.
func (b *Bus) Name() string { return "pci" }

// Save implements device.Device. The devices behind the functions save themselves.
func (b *Bus) Save(w *state.Writer) {
	all := b.saved()
	w.Block(b.block(&all))
}

// Load implements device.Device: the same functions must be in the same slots.
func (b *Bus) Load(r *state.Reader) error {
	var all []saved
	block := b.block(&all)
	block.Check = func() error { return b.check(all) }
	if err := r.Block(block); err != nil {
		return err
	}
	for _, s := range all {
		f := b.fns[s.slot][s.fn]
		f.cfg, f.level = s.cfg, s.level
	}
	b.changed()
	return nil
}

func (b *Bus) block(all *[]saved) state.Block {
	return state.Block{Name: b.Name(), Version: 1, Fields: []any{all}}
}

func (b *Bus) saved() (all []saved) {
	for slot := range b.fns {
		for fn, f := range b.fns[slot] {
			if f != nil {
				all = append(all, saved{uint8(slot), uint8(fn), f.name, f.cfg, f.level})
			}
		}
	}
	return all
}

func (b *Bus) check(all []saved) error {
	here := b.saved()
	if len(all) != len(here) {
		return fmt.Errorf("%d functions, expected %d", len(all), len(here))
	}
	for i, s := range all {
		h := here[i]
		if s.slot != h.slot || s.fn != h.fn || s.name != h.name {
			return fmt.Errorf("slot %d.%d holds %q, expected %d.%d with %q", s.slot, s.fn, s.name, h.slot, h.fn, h.name)
		}
	}
	return nil
}
