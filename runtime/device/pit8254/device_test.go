package pit8254_test

import (
	"testing"

	"axpress/runtime/device"
	"axpress/runtime/device/devtest"
	"axpress/runtime/device/pit8254"
)

type bench struct {
	t     *testing.T
	clk   devtest.Clock
	irq   devtest.Line
	pit   *pit8254.Device
	c, sp device.Region
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t}
	b.pit = pit8254.New(&b.clk, &b.clk, &b.irq)
	b.c, b.sp = b.pit.Counters(), b.pit.Port61()
	return b
}

func (b *bench) outb(v uint8, port uint64) {
	b.t.Helper()
	r, off := b.c, port-0x40
	if port == 0x61 {
		r, off = b.sp, 0
	}
	if err := r.Write(off, 1, uint64(v)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) inb(port uint64) uint8 {
	b.t.Helper()
	r, off := b.c, port-0x40
	if port == 0x61 {
		r, off = b.sp, 0
	}
	v, err := r.Read(off, 1)
	if err != nil {
		b.t.Fatal(err)
	}
	return uint8(v)
}

// calibrate_cc_with_pit of arch/alpha/kernel/time.c: with a cycle counter of
// 500 MHz the result must be within the 10 MHz Linux allows.
func TestLinuxCalibration(t *testing.T) {
	b := newBench(t)
	b.clk.Step = 500 // each access takes 500 ns
	b.outb(b.inb(0x61)&^0x02|0x01, 0x61)
	b.outb(0xb0, 0x43)
	b.outb(0xff, 0x42)
	b.outb(0xff, 0x42)
	start, count := b.clk.NS, 0
	for {
		count++
		if b.inb(0x61)&0x20 != 0 || count == 0x100000 {
			break
		}
	}
	if count <= 1 || count == 0x100000 {
		t.Fatalf("calibration gave up after %d reads", count)
	}
	cycles := (b.clk.NS - start) / 2
	if hz := cycles * pit8254.Hz / 0x10000; hz < 499_000_000 || hz > 501_000_000 {
		t.Errorf("calibrated %d Hz", hz)
	}
}

func TestMode0Gate(t *testing.T) {
	b := newBench(t)
	b.outb(0xb0, 0x43)
	b.outb(100, 0x42)
	b.outb(0, 0x42)
	b.clk.Advance(1_000_000)
	if b.inb(0x61)&0x20 != 0 {
		t.Error("counts with the gate low")
	}
	b.outb(1, 0x61)
	b.clk.Advance(50_000) // 59 ticks
	b.outb(0, 0x61)
	b.clk.Advance(1_000_000)
	b.outb(1, 0x61)
	if b.inb(0x61)&0x20 != 0 {
		t.Error("gate did not hold the count")
	}
	b.clk.Advance(40_000)
	if b.inb(0x61)&0x20 == 0 {
		t.Error("no terminal count")
	}
}

// The two channels as common_init_rtc leaves them.
func TestMode3(t *testing.T) {
	b := newBench(t)
	b.outb(0x36, 0x43)
	b.outb(0, 0x40)
	b.outb(0, 0x40)
	b.clk.Advance(1_000_000_000)
	if b.irq.Rises < 18 || b.irq.Rises > 19 {
		t.Errorf("%d interrupts in a second, want 18.2", b.irq.Rises)
	}
	b.outb(0x03, 0x61)
	b.outb(0xb6, 0x43)
	b.outb(0x31, 0x42)
	b.outb(0x13, 0x42)
	high, n := 0, 10000
	for range n {
		b.clk.NS += 1_000_777
		if b.inb(0x61)&0x20 != 0 {
			high++
		}
	}
	if high < n*48/100 || high > n*52/100 {
		t.Errorf("square wave high %d of %d", high, n)
	}
}

func TestMode2CountAndLatch(t *testing.T) {
	b := newBench(t)
	b.outb(0x34, 0x43)
	b.outb(1193&0xff, 0x40)
	b.outb(1193>>8, 0x40)
	read := func() int { v := int(b.inb(0x40)); return v | int(b.inb(0x40))<<8 }
	if v := read(); v != 1193 {
		t.Errorf("fresh count %d", v)
	}
	b.clk.Advance(500_000)
	if v := read(); v != 1193-596 {
		t.Errorf("count %d at half time", v)
	}
	b.outb(0x00, 0x43) // latch
	b.clk.Advance(100_000)
	b.outb(0x00, 0x43) // ignored while latched
	if v := read(); v != 1193-596 {
		t.Errorf("latched count %d", v)
	}
	b.outb(0xe2, 0x43) // read back: status of channel 0
	if v := b.inb(0x40); v != 0xb4 {
		t.Errorf("status %#x", v)
	}
	b.clk.Advance(10_000_000)
	if b.irq.Rises < 10 || b.irq.Rises > 12 {
		t.Errorf("%d interrupts in 10.6 ms", b.irq.Rises)
	}
	b.outb(0x30, 0x43) // mode 0: stops, lowers the line
	if b.irq.Level || b.clk.Pending() != 0 {
		t.Error("a new control word leaves the old event")
	}
}

func TestTinyDivisorDoesNotFlood(t *testing.T) {
	b := newBench(t)
	b.outb(0x14, 0x43)
	b.outb(1, 0x40)
	b.clk.Advance(1_000_000)
	if b.irq.Rises > 60 {
		t.Errorf("%d interrupts in a millisecond", b.irq.Rises)
	}
}

func TestBCD(t *testing.T) {
	b := newBench(t)
	b.outb(0x71, 0x43) // channel 1, both bytes, mode 0, BCD
	b.outb(0x34, 0x41)
	b.outb(0x12, 0x41)
	b.clk.NS += 838 * 11
	lo, hi := b.inb(0x41), b.inb(0x41)
	if lo != 0x25 && lo != 0x24 || hi != 0x12 {
		t.Errorf("BCD count %02x%02x", hi, lo)
	}
}

func FuzzRegisters(f *testing.F) {
	f.Add([]byte{3, 0xb0, 2, 0xff, 2, 0xff, 4, 1, 5, 0, 2, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		var clk devtest.Clock
		var irq devtest.Line
		p := pit8254.New(&clk, &clk, &irq)
		c, s := p.Counters(), p.Port61()
		for i := 0; i+1 < len(in); i += 2 {
			op, v := in[i], in[i+1]
			switch op & 7 {
			case 4:
				_ = s.Write(0, 1, uint64(v))
			case 5:
				_, _ = s.Read(0, 1<<(op>>6))
			case 6:
				clk.Advance(uint64(v) * 1009)
			case 7:
				_, _ = c.Read(uint64(v)&3, 1)
			default:
				_ = c.Write(uint64(op&3), 1<<(op>>6), uint64(v)*0x0101010101010101)
			}
		}
		clk.NS = ^uint64(0) - 5 // the end of time must not panic either
		for off := uint64(0); off < 4; off++ {
			_, _ = c.Read(off, 1)
		}
		_, _ = s.Read(0, 1)
	})
}
