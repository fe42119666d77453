package i8259_test

import (
	"testing"

	"axpress/runtime/device"
	"axpress/runtime/device/devtest"
	"axpress/runtime/device/i8259"
)

type bench struct {
	*i8259.Pair
	t         *testing.T
	out       devtest.Line
	m, s, lcr device.Region
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t}
	b.Pair = i8259.New(&b.out)
	b.m, b.s, b.lcr = b.Master(), b.Slave(), b.ELCR()
	return b
}

func (b *bench) outb(v uint8, port uint64) {
	b.t.Helper()
	r, off := b.port(port)
	if err := r.Write(off, 1, uint64(v)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) inb(port uint64) uint8 {
	b.t.Helper()
	r, off := b.port(port)
	v, err := r.Read(off, 1)
	if err != nil {
		b.t.Fatal(err)
	}
	return uint8(v)
}

func (b *bench) port(p uint64) (device.Region, uint64) {
	switch p &^ 1 {
	case 0x20:
		return b.m, p & 1
	case 0xa0:
		return b.s, p & 1
	}
	return b.lcr, p & 1
}

func (b *bench) wantAck(vector uint8, spurious bool) {
	b.t.Helper()
	if v, s := b.Ack(); v != vector || s != spurious {
		b.t.Errorf("Ack = %#x spurious %v, want %#x %v", v, s, vector, spurious)
	}
}

func TestPowerUpMasksAll(t *testing.T) {
	b := newBench(t)
	for n := -1; n < 17; n++ {
		b.IRQ(n).Set(true)
	}
	if b.out.Level {
		t.Error("uninitialised controller interrupts")
	}
}

// What Linux/Alpha does with an interrupt (irq_i8259.c): mask, then a rotating
// specific EOI on the slave and on the master's cascade, handler, unmask.
func TestLinuxMaskAndAck(t *testing.T) {
	b := newBench(t)
	b.InitAT()
	b.outb(0xff, 0x21)
	b.outb(0xff, 0xa1)
	b.outb(0xff&^(1<<4|1<<2), 0x21)
	b.outb(0xff&^(1<<6), 0xa1)
	b.IRQ(4).Set(true)
	if !b.out.Level {
		t.Fatal("IRQ 4 not signalled")
	}
	b.wantAck(4, false)
	if b.out.Level {
		t.Error("still signalled after the acknowledge")
	}
	b.outb(0xff&^(1<<2), 0x21) // mask 4
	b.outb(0xe0|4, 0x20)       // ack it, lowest priority
	b.IRQ(4).Set(false)
	b.IRQ(4).Set(true) // an edge while masked is remembered
	if b.out.Level {
		t.Error("masked input interrupts")
	}
	b.outb(0xff&^(1<<4|1<<2), 0x21)
	if !b.out.Level {
		t.Error("edge while masked was lost")
	}
	b.wantAck(4, false)
	b.outb(0xe0|4, 0x20)

	b.IRQ(14).Set(true)
	b.wantAck(14, false)
	b.outb(0xff, 0xa1)
	b.outb(0xe0|6, 0xa0)
	b.outb(0xe0|2, 0x20)
	b.outb(0xff&^(1<<6), 0xa1)
	if b.out.Level {
		t.Error("edge-triggered input repeats without an edge")
	}
	b.outb(0x0b, 0x20)
	b.outb(0x0b, 0xa0)
	if m, s := b.inb(0x20), b.inb(0xa0); m != 0 || s != 0 {
		t.Errorf("ISR %#x %#x after EOI", m, s)
	}
}

func TestSpurious(t *testing.T) {
	b := newBench(t)
	b.InitAT()
	b.wantAck(7, true)
	b.outb(0, 0x21)
	b.outb(0, 0xa1)
	b.IRQ(9).Set(true)
	b.outb(0xff, 0xa1) // masked between the request and the acknowledge
	if b.out.Level {
		t.Error("the cascade kept a request that the slave took back")
	}
	b.wantAck(7, true)
	b.outb(0x0b, 0x20)
	if v := b.inb(0x20); v != 0 {
		t.Errorf("spurious interrupt in service: ISR %#x", v)
	}
}

func TestPriorityAndNesting(t *testing.T) {
	b := newBench(t)
	b.InitAT()
	b.outb(0, 0x21)
	b.outb(0, 0xa1)
	b.IRQ(5).Set(true)
	b.IRQ(1).Set(true)
	b.wantAck(1, false)
	if b.out.Level {
		t.Error("5 interrupts 1")
	}
	b.IRQ(0).Set(true)
	b.wantAck(0, false)
	b.outb(0x20, 0x20) // non-specific: ends 0
	b.outb(0x0b, 0x20)
	if v := b.inb(0x20); v != 1<<1 {
		t.Errorf("ISR %#x, want 2", v)
	}
	b.outb(0x20, 0x20)
	b.wantAck(5, false)
	b.outb(0xa0, 0x20) // rotate: 5 becomes lowest
	b.IRQ(6).Set(true)
	b.IRQ(3).Set(true)
	b.wantAck(6, false)
}

func TestLevelTriggered(t *testing.T) {
	b := newBench(t)
	b.InitAT()
	b.outb(0xff, 0x4d0)
	b.outb(0xff, 0x4d1)
	if lo, hi := b.inb(0x4d0), b.inb(0x4d1); lo != 0xf8 || hi != 0xde {
		t.Errorf("ELCR %#x %#x", lo, hi)
	}
	b.outb(0, 0x21)
	b.IRQ(5).Set(true)
	b.wantAck(5, false)
	b.outb(0x65, 0x20)
	if !b.out.Level {
		t.Error("a level still high does not interrupt again")
	}
	b.IRQ(5).Set(false)
	if b.out.Level {
		t.Error("a level gone low still interrupts")
	}
}

func TestICW(t *testing.T) {
	b := newBench(t)
	for _, v := range []uint8{0x20, 0x04, 0x03} { // vectors from 0x20, AEOI
		if v == 0x20 {
			b.outb(0x11, 0x20)
		}
		b.outb(v, 0x21)
	}
	b.IRQ(3).Set(true)
	b.wantAck(0x23, false)
	b.outb(0x0b, 0x20)
	if v := b.inb(0x20); v != 0 {
		t.Errorf("AEOI left ISR %#x", v)
	}
	b.IRQ(6).Set(true)
	b.outb(0x0c, 0x20) // poll
	if v := b.inb(0x20); v != 0x86 {
		t.Errorf("poll = %#x", v)
	}
	b.outb(0x0c, 0x20)
	if v := b.inb(0x20); v != 0 {
		t.Errorf("second poll = %#x", v)
	}
	b.outb(0x5a, 0x21)
	if v := b.inb(0x21); v != 0x5a {
		t.Errorf("IMR = %#x", v)
	}
}

func FuzzRegisters(f *testing.F) {
	f.Add([]byte{0x11, 0, 0x20, 1, 4, 1, 1, 1})
	f.Add([]byte{0xe4, 8, 0xff, 16, 3, 24, 0, 32})
	f.Fuzz(func(t *testing.T, in []byte) {
		var out devtest.Line
		p := i8259.New(&out)
		rs := []device.Region{p.Master(), p.Slave(), p.ELCR()}
		for i := 0; i+1 < len(in); i += 2 {
			op, v := in[i+1], in[i]
			r, size := rs[int(op>>1)%3], 1<<(op>>6)
			switch op >> 3 & 7 {
			case 0, 1:
				_ = r.Write(uint64(op&1), size, uint64(v)*0x01010101)
			case 2:
				_, _ = r.Read(uint64(op), size)
			case 3:
				p.Ack()
			case 4:
				p.InitAT()
			default:
				p.IRQ(int(v) & 31).Set(op&1 != 0)
			}
			if out.Level != p.Pending() {
				t.Fatal("line and state disagree")
			}
		}
	})
}
