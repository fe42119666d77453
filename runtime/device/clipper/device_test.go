package clipper_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/device"
	"axpress/runtime/device/board"
	"axpress/runtime/device/clipper"
	"axpress/runtime/device/devtest"
	"axpress/runtime/device/pci"
	"axpress/runtime/device/tsunami"
)

type bench struct {
	*clipper.Platform
	t    *testing.T
	clk  devtest.Clock
	cpus devtest.CPUs
	out  bytes.Buffer
	port *device.Port
	wake int
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t}
	p, err := clipper.New(board.Config{
		RAM: make([]byte, 1<<20), CPUs: 2, Clock: &b.clk, Scheduler: &b.clk, CPUIRQ: &b.cpus,
		SerialOut: [board.SerialPorts]io.Writer{&b.out}, Wake: func() { b.wake++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Platform, b.port = p, p.Bus.Port(0)
	return b
}

func (b *bench) read(pa uint64, size int) uint64 {
	b.t.Helper()
	v, err := b.port.Read(abi.PAddr(pa), size)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) write(pa uint64, size int, v uint64) {
	b.t.Helper()
	if err := b.port.Write(abi.PAddr(pa), size, v); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) inb(port uint64) uint8 { b.t.Helper(); return uint8(b.read(tsunami.BasePCIIO+port, 1)) }
func (b *bench) outb(v uint8, port uint64) {
	b.t.Helper()
	b.write(tsunami.BasePCIIO+port, 1, uint64(v))
}

// A key press on the console, from the host to the driver and back to idle, the
// way Linux handles it on a Clipper with SRM vectors.
func TestConsoleInterrupt(t *testing.T) {
	b := newBench(t)
	const dim0 = tsunami.BaseCchip + 0x200
	b.write(dim0, 8, 1<<55) // tsunami_update_irq_hw: ISA on the boot CPU
	b.outb(0xff, 0x21)      // init_i8259a_irqs
	b.outb(0xff, 0xa1)
	b.outb(0xfb, 0x21) // cascade
	b.outb(0xeb, 0x21) // IRQ 4
	b.outb(0x01, 0x3fa)
	b.outb(0x0b, 0x3fc)
	b.outb(0x05, 0x3f9)
	b.UART0.Push([]byte("x"))
	if b.wake != 1 || b.cpus.Level[0][device.IRQDevice] {
		t.Fatalf("before Poll: %d wakes", b.wake)
	}
	b.Poll()
	if !b.cpus.Level[0][device.IRQDevice] || b.cpus.Level[1][device.IRQDevice] {
		t.Fatal("device interrupt not at CPU 0 alone")
	}
	v, spurious := b.Chipset.DeviceVector(0)
	if v != 0x800+16*4 || spurious {
		t.Fatalf("vector %#x %v", v, spurious)
	}
	b.outb(0xfb, 0x21)   // i8259a_mask_and_ack_irq
	b.outb(0xe0|4, 0x20) //
	if iir := b.inb(0x3fa); iir != 0xc4 {
		t.Errorf("IIR %#x", iir)
	}
	if c := b.inb(0x3f8); c != 'x' {
		t.Errorf("received %q", c)
	}
	b.outb('y', 0x3f8)
	b.outb(0xeb, 0x21)
	if b.cpus.Level[0][device.IRQDevice] || b.out.String() != "y" {
		t.Errorf("not idle afterwards; sent %q", b.out.String())
	}
	if _, spurious := b.Chipset.DeviceVector(0); !spurious {
		t.Error("vector without a request")
	}
}

// The boot sequence of a non-QEMU console: RTC ticks to every CPU.
func TestIntervalTimer(t *testing.T) {
	b := newBench(t)
	b.outb(0x0b, 0x70)
	b.outb(b.inb(0x71)|0x40, 0x71)
	b.clk.Advance(1_000_000)
	for cpu := range 2 {
		if !b.cpus.Level[cpu][device.IRQTimer] {
			t.Errorf("CPU %d: no tick", cpu)
		}
		b.Chipset.AckTimer(cpu)
		if b.cpus.Level[cpu][device.IRQTimer] {
			t.Errorf("CPU %d: tick stays", cpu)
		}
	}
	b.clk.Advance(1_000_000)
	if !b.cpus.Level[1][device.IRQTimer] {
		t.Error("no second tick without reading register C")
	}
}

// clipper_init_irq, super-I/O and keyboard probes, an ISA timer.
func TestAbsentISADevices(t *testing.T) {
	b := newBench(t)
	for _, p := range []uint64{0x0d, 0xda, 0xd6, 0xd4, 0x60, 0x64, 0x370, 0x371, 0x3f0, 0x3f1, 0x3e8, 0x2e8, 0x80, 0x1ffffff} {
		b.outb(0, p)
		if v := b.inb(p); v != 0xff {
			t.Errorf("port %#x reads %#x", p, v)
		}
	}
	for _, pa := range []uint64{tsunami.BasePCIMem, tsunami.BasePCIMem + 0xa0000, tsunami.BasePCIMem + 0xffff_fff8} {
		b.write(pa, 8, 0)
		if v := b.read(pa, 8); v != ^uint64(0) {
			t.Errorf("PCI memory %#x reads %#x", pa, v)
		}
	}
	for _, pa := range []uint64{tsunami.BaseTIG, tsunami.BaseCchip + 0x7c0, 1 << 43 >> 1, 0x803_8000_0000} {
		if _, err := b.port.Read(abi.PAddr(pa), 8); !errors.Is(err, device.ErrNoDevice) {
			t.Errorf("%#x: %v", pa, err)
		}
	}
	if lsr := b.inb(0x2fd); lsr != 0x60 {
		t.Errorf("UART1 LSR %#x", lsr)
	}
	b.outb('z', 0x2f8)
	b.outb(0xfe, 0x21)
	b.write(tsunami.BaseCchip+0x240, 8, 1<<55)
	b.outb(0x30, 0x43)
	b.outb(100, 0x40)
	b.outb(0, 0x40)
	b.clk.Advance(1_000_000)
	if v, s := b.Chipset.DeviceVector(1); v != 0x800 || s {
		t.Errorf("PIT vector %#x %v", v, s)
	}
}

func TestPCIDevice(t *testing.T) {
	b := newBench(t)
	conf := func(slot, reg uint64) uint64 { return tsunami.BasePCIConf + slot<<11 + reg }
	if id := b.read(conf(7, 0), 4); id != 0x04848086 {
		t.Errorf("slot 7: %#x", id)
	}
	if id := b.read(conf(1, 0), 4); id != 0xffffffff {
		t.Errorf("slot 1: %#x", id)
	}
	regs := device.Bytes("regs", 64, regs{})
	mk := func(pin uint8) *pci.Function {
		f, err := pci.NewFunction("nic", pci.Header{VendorID: 1, DeviceID: 2, InterruptPin: pin},
			[6]pci.BAR{{Kind: pci.BARIO, Size: 64, Region: regs}, {Kind: pci.BARMem32, Size: 0x1000, Region: regs}})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f0, f1 := mk(2), mk(2)
	for _, err := range []error{b.AttachPCI(2, 0, f0, nil), b.AttachPCI(2, 1, f1, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{b.AttachPCI(7, 1, mk(0), nil), b.AttachPCI(0, 0, mk(0), nil), b.AttachPCI(2, 0, mk(0), nil), b.AttachPCI(3, 0, nil, nil)} {
		if err == nil {
			t.Error("bad slot accepted")
		}
	}
	if v := b.read(conf(2, 0x10), 8); v != 0x10000000_0000c001 {
		t.Errorf("BARs %#x", v)
	}
	if v := b.read(tsunami.BasePCIIO+0xc050, 1); v != 0x10 { // the second function's
		t.Errorf("I/O BAR reads %#x", v)
	}
	if v := b.read(tsunami.BasePCIMem+0x1000_0008, 1); v != 8 {
		t.Errorf("memory BAR reads %#x", v)
	}
	// clipper_map_irq: slot 2 pin B is IRQ 16+13, DRIR bit 13.
	b.write(tsunami.BaseCchip+0x200, 8, 1<<13)
	f0.IRQ().Set(true)
	f1.IRQ().Set(true)
	f0.IRQ().Set(false)
	if v, s := b.Chipset.DeviceVector(0); v != 0x800+16*29 || s {
		t.Errorf("vector %#x %v", v, s)
	}
	f1.IRQ().Set(false)
	if _, s := b.Chipset.DeviceVector(0); !s {
		t.Error("shared pin stays asserted")
	}
}

type regs struct{}

func (regs) ReadReg(off uint64) uint8   { return uint8(off) }
func (regs) WriteReg(_ uint64, _ uint8) {}

// The chips do not decode PA<42:40> in I/O space, and in memory space they do.
func TestPortDecodes(t *testing.T) {
	b := newBench(t)
	p := b.Platform.Port(1)
	const dim0 = 0x1_a000_0200
	for i, bits := range []uint64{0xf, 8, 0xa, 0xd} {
		if err := p.Write(abi.PAddr(bits<<40|dim0), 8, uint64(i+1)); err != nil || b.read(tsunami.BaseCchip+0x200, 8) != uint64(i+1) {
			t.Errorf("%#x: %v", bits<<40|dim0, err)
		}
		if v, err := p.Read(abi.PAddr(bits<<40|dim0), 8); err != nil || v != uint64(i+1) {
			t.Errorf("%#x: %#x, %v", bits<<40|dim0, v, err)
		}
	}
	if v, _ := p.Read(0xf01_a000_0080, 8); v&3 != 1 {
		t.Errorf("MISC of CPU 1 is %#x", v)
	}
	for _, bits := range []uint64{0, 1, 7} {
		if _, err := p.Read(abi.PAddr(bits<<40|dim0), 8); !errors.Is(err, device.ErrNoDevice) {
			t.Errorf("%#x: %v", bits<<40|dim0, err)
		}
	}
}

func TestDMA(t *testing.T) {
	ram := make([]byte, 1<<20)
	var clk devtest.Clock
	p, err := clipper.New(board.Config{RAM: ram, CPUs: 1, Clock: &clk, Scheduler: &clk, CPUIRQ: &devtest.CPUs{}})
	if err != nil {
		t.Fatal(err)
	}
	for off, v := range map[uint64]uint64{0x80: 0x80000001, 0x180: 0x7ff00000, 0x280: 0} {
		if err := p.Bus.Write(abi.PAddr(tsunami.BasePchip+off), 8, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.DMA.Write(0x8000_1000, []byte("dma")); err != nil || string(ram[0x1000:0x1003]) != "dma" {
		t.Errorf("DMA: %v, %q", err, ram[0x1000:0x1003])
	}
}

func TestNewRefuses(t *testing.T) {
	var clk devtest.Clock
	for i, cfg := range []board.Config{
		{}, {RAM: make([]byte, 1), CPUs: 1},
		{CPUs: 1, Clock: &clk, Scheduler: &clk, CPUIRQ: &devtest.CPUs{}},
		{RAM: make([]byte, 1), CPUs: 5, Clock: &clk, Scheduler: &clk, CPUIRQ: &devtest.CPUs{}},
	} {
		if _, err := clipper.New(cfg); err == nil {
			t.Errorf("case %d accepted", i)
		}
	}
}

func FuzzBus(f *testing.F) {
	f.Add([]byte{0, 0x20, 0x11, 1, 3, 0xf8, 65, 7})
	f.Fuzz(func(t *testing.T, in []byte) {
		var clk devtest.Clock
		p, err := clipper.New(board.Config{RAM: make([]byte, 8192), CPUs: 4, Clock: &clk, Scheduler: &clk,
			CPUIRQ: &devtest.CPUs{}})
		if err != nil {
			t.Fatal(err)
		}
		bases := []uint64{tsunami.BasePCIIO, tsunami.BasePCIIO, tsunami.BaseCchip, tsunami.BasePchip,
			tsunami.BaseDchip, tsunami.BaseIACK, tsunami.BasePCIConf + 7<<11, tsunami.BasePCIMem}
		for ; len(in) >= 4; in = in[4:] {
			size := 1 << (in[3] & 3)
			pa := (bases[in[3]>>2&7] + uint64(in[0])<<8 + uint64(in[1])) &^ uint64(size-1)
			if in[3]&0x20 != 0 {
				_, _ = p.Bus.ReadBy(int(in[3]>>6), abi.PAddr(pa), size)
			} else {
				_ = p.Bus.WriteBy(int(in[3]>>6), abi.PAddr(pa), size, uint64(in[2])*0x0101010101010101)
			}
			clk.Advance(uint64(in[2]) * 997)
			p.Chipset.DeviceVector(int(in[3] >> 6))
		}
	})
}
