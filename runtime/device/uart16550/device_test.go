package uart16550_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"axpress/runtime/device"
	"axpress/runtime/device/devtest"
	"axpress/runtime/device/uart16550"
)

// Register numbers as in Linux's serial_reg.h.
const (
	rx, tx, dll   = 0, 0, 0
	ier, dlm      = 1, 1
	iir, fcr, efr = 2, 2, 2
	lcr           = 3
	mcr           = 4
	lsr           = 5
	msr           = 6
	scr           = 7
)

type bench struct {
	*uart16550.Device
	t    *testing.T
	irq  devtest.Line
	out  bytes.Buffer
	wake int
	r    device.Region
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t}
	b.Device = uart16550.New(uart16550.Config{Out: &b.out, IRQ: &b.irq, Wake: func() { b.wake++ }})
	b.r = b.Regs()
	return b
}

func (b *bench) in(off uint64) uint8 {
	b.t.Helper()
	v, err := b.r.Read(off, 1)
	if err != nil {
		b.t.Fatal(err)
	}
	return uint8(v)
}

func (b *bench) wr(off uint64, v uint8) {
	b.t.Helper()
	if err := b.r.Write(off, 1, uint64(v)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) want(what string, got, want uint8) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s = %#02x, want %#02x", what, got, want)
	}
}

func (b *bench) sizeFIFO() int {
	b.wr(lcr, 0)
	b.wr(fcr, 0x07)
	b.wr(mcr, 0x10)
	b.wr(lcr, 0x80)
	b.wr(dll, 1)
	b.wr(dlm, 0)
	b.wr(lcr, 3)
	for i := range 256 {
		b.wr(tx, uint8(i))
	}
	n := 0
	for ; b.in(lsr)&1 != 0 && n < 256; n++ {
		b.in(rx)
	}
	b.wr(mcr, 0)
	b.wr(lcr, 0)
	return n
}

// autoconfig and autoconfig_16550a of 8250_port.c, with the full probe: each
// step must lead to "16550A".
func TestLinuxAutoconfig(t *testing.T) {
	b := newBench(t)
	b.wr(ier, 0)
	b.want("IER", b.in(ier), 0)
	b.wr(ier, 0x0f)
	b.want("IER", b.in(ier), 0x0f)
	b.wr(ier, 0)
	b.wr(mcr, 0x1a)
	b.want("MSR in loop-back", b.in(msr)&0xf0, 0x90)
	b.wr(mcr, 0)
	b.wr(lcr, 0xbf)
	b.wr(efr, 0)
	b.wr(lcr, 0)
	b.wr(fcr, 1)
	b.want("IIR FIFO bits", b.in(iir)>>6, 3)

	b.wr(lcr, 0x80) // EFR with DLAB?
	if b.in(efr) == 0 {
		t.Error("looks like a 16650")
	}
	b.wr(lcr, 0xbf)
	if b.in(efr) == 0 {
		t.Error("looks like a 16650V2")
	}
	b.wr(lcr, 0) // National super-I/O: the LOOP bit in bank 2
	s1 := b.in(mcr)
	b.wr(lcr, 0xe0)
	s2 := b.in(2)
	if (s1^s2)&0x10 == 0 {
		b.wr(lcr, 0)
		b.wr(mcr, s1^0x10)
		b.wr(lcr, 0xe0)
		s2 = b.in(2)
		b.wr(lcr, 0)
		b.wr(mcr, s1)
		if (s1^s2)&0x10 != 0 {
			t.Error("looks like an NS16550A with EXCR")
		}
	}
	b.wr(lcr, 0) // TI16750
	b.wr(fcr, 0x21)
	i1 := b.in(iir) >> 5
	b.wr(fcr, 1)
	b.wr(lcr, 0x80)
	b.wr(fcr, 0x21)
	i2 := b.in(iir) >> 5
	b.wr(fcr, 1)
	b.wr(lcr, 0)
	if i1 != 6 || i2 != 6 {
		t.Errorf("IIR>>5 %d %d", i1, i2)
	}
	b.wr(ier, 0x40) // XScale UUE
	b.want("IER bit 6", b.in(ier), 0)
	if n := b.sizeFIFO(); n != 16 {
		t.Errorf("FIFO of %d", n)
	}
	b.wr(scr, 0xa5)
	b.want("SCR", b.in(scr), 0xa5)
	if b.out.Len() != 0 {
		t.Errorf("loop-back reached the line: %q", b.out.String())
	}
}

// The THRE test of serial8250_do_startup, then transmission by interrupt.
func TestTransmit(t *testing.T) {
	b := newBench(t)
	b.wr(fcr, 1)
	b.wr(mcr, 0x0b)
	b.want("LSR", b.in(lsr), 0x60)
	b.wr(ier, 2)
	b.want("IIR", b.in(iir), 0xc2)
	b.want("IIR again", b.in(iir), 0xc1)
	b.wr(ier, 0)
	b.wr(ier, 2)
	b.want("IIR after re-enable", b.in(iir), 0xc2)
	if b.irq.Level {
		t.Error("line up after the acknowledge")
	}
	for _, c := range []byte("hello\n") {
		b.wr(tx, c)
	}
	if !b.irq.Level {
		t.Error("no interrupt with the transmitter empty")
	}
	b.want("IIR", b.in(iir), 0xc2)
	b.wr(ier, 0)
	if b.irq.Level || b.out.String() != "hello\n" {
		t.Errorf("line %v, output %q", b.irq.Level, b.out.String())
	}
}

func TestReceive(t *testing.T) {
	b := newBench(t)
	b.wr(fcr, 0x81) // trigger at 8
	b.wr(ier, 5)
	b.wr(mcr, 0x0b)
	text := strings.Repeat("0123456789", 5)
	if n := b.Push([]byte(text)); n != 50 || b.wake != 1 {
		t.Fatalf("Push = %d, %d wakes", n, b.wake)
	}
	b.want("LSR before Poll", b.in(lsr), 0x60)
	b.Poll()
	if !b.irq.Level || b.Waiting() != 50-16 {
		t.Errorf("line %v, %d waiting", b.irq.Level, b.Waiting())
	}
	b.want("IIR", b.in(iir), 0xc4)
	var got []byte
	for b.in(lsr)&1 != 0 {
		got = append(got, b.in(rx))
		if len(got) == 43 {
			b.want("IIR below the trigger", b.in(iir), 0xcc)
		}
	}
	if string(got) != text || b.irq.Level {
		t.Errorf("received %q, line %v", got, b.irq.Level)
	}
	b.want("RBR empty", b.in(rx), 0)

	b.Break()
	b.Push([]byte("t"))
	b.Poll()
	b.want("IIR", b.in(iir), 0xc6)
	b.want("LSR", b.in(lsr), 0xf1)
	b.want("LSR", b.in(lsr), 0x61)
	b.want("break byte", b.in(rx), 0)
	b.want("next", b.in(rx), 't')
}

func TestInputWaitsOutLoopBackAndReset(t *testing.T) {
	b := newBench(t)
	b.wr(mcr, 0x10)
	b.Push([]byte("ab"))
	b.Poll()
	b.want("LSR", b.in(lsr), 0x60)
	b.wr(mcr, 0)
	b.want("LSR without RTS", b.in(lsr), 0x60)
	b.wr(mcr, 2)
	b.want("LSR", b.in(lsr), 0x61)
	b.want("RBR without FIFO", b.in(rx), 'a')
	b.want("then", b.in(rx), 'b')
}

func TestOUT2GatesTheLine(t *testing.T) {
	b := newBench(t)
	b.wr(ier, 2)
	if b.irq.Level {
		t.Error("interrupt without OUT2")
	}
	b.wr(mcr, 8)
	if !b.irq.Level {
		t.Error("no interrupt with OUT2")
	}
}

func TestModemDeltas(t *testing.T) {
	b := newBench(t)
	b.wr(ier, 8)
	b.want("MSR", b.in(msr), 0xb0)
	b.wr(mcr, 0x14)
	b.want("IIR", b.in(iir), 0)
	b.want("MSR", b.in(msr), 0x4b)
	b.wr(mcr, 0x10)
	b.want("MSR, RI fell", b.in(msr), 0x04)
	b.want("IIR", b.in(iir), 1)
}

type badWriter struct{}

var errBad = errors.New("bad")

func (badWriter) Write([]byte) (int, error) { return 0, errBad }

func TestOutputErrorIsKept(t *testing.T) {
	d := uart16550.New(uart16550.Config{Out: badWriter{}})
	if err := d.Regs().Write(tx, 1, 'x'); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(d.OutErr(), errBad) {
		t.Errorf("OutErr = %v", d.OutErr())
	}
}

// Push from many goroutines, as the race detector sees it, and the queue's bound.
func TestPushConcurrently(t *testing.T) {
	d := uart16550.New(uart16550.Config{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 100 {
				d.Push([]byte("0123456789"))
			}
		}()
	}
	wg.Wait()
	if d.Waiting() != 4000 {
		t.Errorf("%d waiting", d.Waiting())
	}
	if n := d.Push(make([]byte, 2*uart16550.QueueSize)); n != uart16550.QueueSize-4000 {
		t.Errorf("Push took %d", n)
	}
}

func FuzzRegisters(f *testing.F) {
	f.Add([]byte{4, 0x10, 2, 0xff, 0, 1, 8, 5, 9, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		var irq devtest.Line
		d := uart16550.New(uart16550.Config{IRQ: &irq})
		r := d.Regs()
		for i := 0; i+1 < len(in); i += 2 {
			switch op := in[i] & 15; {
			case op < 8:
				_ = r.Write(uint64(op), 1<<(in[i]>>6), uint64(in[i+1])*0x01010101)
			case op == 8:
				d.Push(in)
				d.Poll()
			case op == 9:
				d.Break()
				d.Poll()
			default:
				_, _ = r.Read(uint64(op&7), 1<<(in[i]>>6))
			}
		}
	})
}
