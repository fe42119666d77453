package rtc_test

import (
	"testing"
	"time"

	"axpress/runtime/device"
	"axpress/runtime/device/devtest"
	"axpress/runtime/device/rtc"
)

type bench struct {
	t     *testing.T
	clk   devtest.Clock
	ticks int
	p     device.Region
}

func newBench(t *testing.T, wall time.Time, epoch int) *bench {
	b := &bench{t: t}
	b.clk.Wall = wall.UnixNano()
	d, err := rtc.New(rtc.Config{Clock: &b.clk, Scheduler: &b.clk, Tick: func() { b.ticks++ }, Epoch: epoch})
	if err != nil {
		t.Fatal(err)
	}
	b.p = d.Ports()
	return b
}

func (b *bench) read(reg uint8) uint8 {
	b.t.Helper()
	if err := b.p.Write(0, 1, uint64(reg)); err != nil {
		b.t.Fatal(err)
	}
	v, err := b.p.Read(1, 1)
	if err != nil {
		b.t.Fatal(err)
	}
	return uint8(v)
}

func (b *bench) write(reg, v uint8) {
	b.t.Helper()
	for _, err := range []error{b.p.Write(0, 1, uint64(reg)), b.p.Write(1, 1, uint64(v))} {
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) wantTime(want ...uint8) {
	b.t.Helper()
	for i, reg := range []uint8{9, 8, 7, 4, 2, 0} {
		if got := b.read(reg); got != want[i] {
			b.t.Errorf("register %#x = %#02x, want %#02x", reg, got, want[i])
		}
	}
}

// linuxYear is what arch/alpha/kernel/rtc.c makes of a year register in BCD.
func linuxYear(reg uint8) int {
	y := int(reg>>4)*10 + int(reg&15)
	epoch := 1900
	switch {
	case y < 20:
		epoch = 2000
	case y < 48:
		epoch = 1980
	case y < 70:
		epoch = 1952
	}
	tm := y // mc146818_get_time
	if tm <= 69 {
		tm += 100
	}
	if epoch != 1900 {
		if tm >= 100 {
			tm -= 100
		}
		tm += epoch - 1900
		if tm <= 69 {
			tm += 100
		}
	}
	return tm + 1900
}

func TestYearAsLinuxReadsIt(t *testing.T) {
	for year := 1970; year < 2028; year++ {
		b := newBench(t, time.Date(year, 5, 6, 7, 8, 9, 0, time.UTC), rtc.EpochAuto)
		if got := linuxYear(b.read(9)); got != year {
			t.Errorf("Linux reads %d in %d", got, year)
		}
	}
	b := newBench(t, time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC), 1900)
	b.wantTime(0x26, 0x05, 0x06, 0x07, 0x08, 0x09)
	if c := b.read(0x32); c != 0x20 {
		t.Errorf("century %#x", c)
	}
}

// UIP must rise and fall once a second, and its fall is the new second.
func TestUIP(t *testing.T) {
	b := newBench(t, time.Date(2001, 2, 3, 4, 5, 58, 500_000_000, time.UTC), 1900)
	const step = 50_000
	var falls []uint64
	was := false
	for range 3 * 1_000_000_000 / step {
		b.clk.Advance(step)
		sec := b.read(0)
		uip := b.read(0x0a)&0x80 != 0
		if was && !uip {
			falls = append(falls, b.clk.NS)
			if want := []uint8{0x59, 0x00, 0x01}[len(falls)-1]; b.read(0) != want {
				t.Errorf("second %#x when UIP fell, want %#x", b.read(0), want)
			}
		}
		if uip && !was && sec != b.read(0) {
			t.Error("seconds change while UIP is set")
		}
		was = uip
	}
	if len(falls) != 3 || falls[1]-falls[0] != 1_000_000_000 {
		t.Errorf("UIP fell at %v", falls)
	}
}

// common_init_rtc at CONFIG_HZ=1024: the rate stays 0x26, PIE goes on, register
// C is read once, and ticks come for ever without reading it again.
func TestPeriodicAsLinux(t *testing.T) {
	b := newBench(t, time.Unix(0, 0), 1900)
	if a := b.read(0x0a) & 0x3f; a != 0x26 {
		t.Errorf("rate %#x", a)
	}
	b.clk.Advance(10_000_000)
	if b.ticks != 0 {
		t.Error("ticks before PIE")
	}
	b.write(0x0b, b.read(0x0b)|0x40)
	b.read(0x0c)
	b.clk.Advance(1_000_000_000)
	if b.ticks != 1024 {
		t.Errorf("%d ticks in a second, want 1024", b.ticks)
	}
	if c := b.read(0x0c); c != 0xc0 {
		t.Errorf("register C %#x", c)
	}
	if c := b.read(0x0c); c != 0 {
		t.Errorf("register C %#x after a read", c)
	}
	b.write(0x0a, 0x20|9) // 128 Hz
	b.ticks = 0
	b.clk.Advance(1_000_000_000)
	if b.ticks != 128 {
		t.Errorf("%d ticks in a second, want 128", b.ticks)
	}
	b.clk.NS += 500_000_000 // the machine was late: a kernel that counts ticks misses none
	b.ticks = 0
	b.clk.Advance(0)
	if b.ticks != 64 {
		t.Errorf("%d ticks after half a second at once, want 64", b.ticks)
	}
	b.clk.NS += 5_000_000_000 // the machine was away: no burst afterwards
	b.ticks = 0
	b.clk.Advance(0)
	if b.ticks > 1 {
		t.Errorf("%d ticks at once", b.ticks)
	}
	b.write(0x0b, 0x02)
	if b.clk.Pending() != 0 {
		t.Error("event left after PIE went off")
	}
}

// mc146818_set_time: SET, divider reset, the registers, then both back. The next
// second comes half a second after the divider leaves reset.
func TestSetTimeAsLinux(t *testing.T) {
	b := newBench(t, time.Date(1999, 1, 1, 0, 0, 0, 123, time.UTC), 1900)
	ctl, freq := b.read(0x0b), b.read(0x0a)
	b.write(0x0b, ctl|0x80)
	b.write(0x0a, freq|0x70)
	b.clk.Advance(3_000_000_000)
	for _, w := range [][2]uint8{{9, 0x24}, {8, 0x02}, {7, 0x29}, {4, 0x23}, {2, 0x59}, {0, 0x59}} {
		b.write(w[0], w[1])
	}
	b.wantTime(0x24, 0x02, 0x29, 0x23, 0x59, 0x59)
	b.write(0x0b, ctl)
	b.write(0x0a, freq)
	b.clk.Advance(499_000_000)
	b.wantTime(0x24, 0x02, 0x29, 0x23, 0x59, 0x59)
	b.clk.Advance(2_000_000)
	b.wantTime(0x24, 0x03, 0x01, 0x00, 0x00, 0x00)
}

func TestModesAlarmUpdate(t *testing.T) {
	b := newBench(t, time.Date(1999, 1, 1, 13, 0, 0, 0, time.UTC), 1900)
	b.write(0x0b, 0x00) // 12-hour BCD
	if h := b.read(4); h != 0x81 {
		t.Errorf("1 pm = %#x", h)
	}
	b.write(0x0b, 0x06) // 24-hour binary
	if h := b.read(4); h != 13 {
		t.Errorf("1 pm = %d", h)
	}
	b.write(4, 22) // outside SET
	b.write(1, 30)
	b.write(3, 0xff)
	b.write(5, 0xff)
	b.write(0x0b, 0x36) // AIE, UIE
	b.clk.Advance(60_000_000_000)
	if b.ticks != 60+1 {
		t.Errorf("%d ticks, want 60 updates and an alarm", b.ticks)
	}
	if h, m := b.read(4), b.read(2); h != 22 || m != 1 {
		t.Errorf("time %d:%d", h, m)
	}
	b.write(0x40, 0xa5)
	b.write(0x0d, 0)
	if b.read(0x40) != 0xa5 || b.read(0x0d) != 0x80 {
		t.Error("CMOS or register D")
	}
}

func FuzzRegisters(f *testing.F) {
	f.Add([]byte{0x0b, 0xf0, 0x0a, 0x7f, 0x09, 0xff, 0x08, 0xff, 0x0b, 0x02, 0x80, 9})
	f.Fuzz(func(t *testing.T, in []byte) {
		clk := devtest.Clock{Wall: 1e18}
		n := 0
		d, err := rtc.New(rtc.Config{Clock: &clk, Scheduler: &clk, Tick: func() { n++ }})
		if err != nil {
			t.Fatal(err)
		}
		p := d.Ports()
		for i := 0; i+1 < len(in); i += 2 {
			if in[i]&0x80 != 0 {
				clk.Advance(uint64(in[i+1]) * 7919 * uint64(in[i]&15))
				continue
			}
			_ = p.Write(0, 1, uint64(in[i]))
			_ = p.Write(1, 1, uint64(in[i+1]))
			_, _ = p.Read(0, 2)
		}
		for r := uint64(0); r < 128; r++ {
			_ = p.Write(0, 1, r)
			_, _ = p.Read(1, 1)
		}
	})
}
