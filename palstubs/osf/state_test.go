package osf

import (
	"errors"
	"testing"

	"axpress/runtime/state"
)

// Requests that are pending are restored, and the level that State shows with them.
func TestSaveLoad(t *testing.T) {
	for pending := range uint32(1) << NumIRQ {
		a, _ := newTest(t, false, 0)
		b, _ := newTest(t, false, 0)
		for irq := range NumIRQ {
			a.SetIRQ(irq, pending>>irq&1 != 0)
			b.SetIRQ(irq, irq%2 == 0)
		}
		var w state.Writer
		a.Save(&w)
		if err := b.Load(state.NewReader(w.Bytes())); err != nil {
			t.Fatal(err)
		}
		if b.pending.Load() != pending || b.IRQLevel() != a.IRQLevel() {
			t.Errorf("pending %#x at level %d, want %#x at %d", b.pending.Load(), b.IRQLevel(), pending, a.IRQLevel())
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	a, _ := newTest(t, false, 0)
	a.SetIRQ(IRQIPI, true)
	other, _ := newTest(t, false, 0)
	other.S.WHAMI = a.S.WHAMI + 1
	bad := uint32(1 << NumIRQ)
	for name, b := range map[string]state.Block{
		"another CPU's": other.block(new(uint32)), "no such request": a.block(&bad),
	} {
		var w state.Writer
		w.Block(b)
		if err := a.Load(state.NewReader(w.Bytes())); !errors.Is(err, state.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !a.IsPending(IRQIPI) || a.IRQLevel() != 6 {
		t.Error("a refused state changed the CPU")
	}
}
