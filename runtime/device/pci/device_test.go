package pci_test

import (
	"testing"

	"axpress/runtime/device"
	"axpress/runtime/device/devtest"
	"axpress/runtime/device/pci"
)

type mem [64]uint8

func (m *mem) ReadReg(off uint64) uint8     { return m[off%64] }
func (m *mem) WriteReg(off uint64, v uint8) { m[off%64] = v }

func region(m *mem) device.Region { return device.Bytes("mem", 64, m) }

func newFunction(t *testing.T, m *mem) *pci.Function {
	t.Helper()
	f, err := pci.NewFunction("test", pci.Header{VendorID: 0x1af4, DeviceID: 0x1000, Class: 0x020000,
		Revision: 3, SubVendorID: 0x1af4, SubsystemID: 1, InterruptPin: 1},
		[6]pci.BAR{{Kind: pci.BARIO, Size: 64, Region: region(m)},
			{Kind: pci.BARMem64, Size: 0x1000, Prefetch: true, Region: region(m)}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t *testing.T, r device.Region, off uint64, size int) uint64 {
	t.Helper()
	v, err := r.Read(off, size)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func write(t *testing.T, r device.Region, off uint64, size int, v uint64) {
	t.Helper()
	if err := r.Write(off, size, v); err != nil {
		t.Fatal(err)
	}
}

// The scan of drivers/pci/probe.c: identity, then each BAR is sized with all
// ones while decoding is off.
func TestScan(t *testing.T) {
	var m mem
	b := pci.NewBus()
	var line devtest.Line
	f := newFunction(t, &m)
	if err := b.Attach(3, 0, f, &line); err != nil {
		t.Fatal(err)
	}
	if err := b.Attach(7, 0, pci.ISABridge(), nil); err != nil {
		t.Fatal(err)
	}
	c := b.Config()
	found := map[uint64]uint64{}
	for devfn := uint64(0); devfn < 256; devfn++ {
		if id := read(t, c, devfn<<8, 4); id != 0xffffffff {
			found[devfn] = id
		}
	}
	if len(found) != 2 || found[3<<3] != 0x10001af4 || found[7<<3] != 0x04848086 {
		t.Errorf("found %#x", found)
	}
	if v := read(t, c, 1<<16|3<<11, 4); v != 0xffffffff {
		t.Errorf("bus 1: %#x", v)
	}
	if v := read(t, c, 7<<11|0x08, 4); v>>8 != 0x060100 {
		t.Errorf("bridge class %#x", v)
	}
	at := func(r uint64) uint64 { return 3<<11 | r }
	for i, want := range []uint64{0xffffffc1, 0xfffff00c, 0xffffffff, 0, 0, 0} {
		r := at(pci.RegBAR0 + 4*uint64(i))
		write(t, c, r, 4, 0xffffffff)
		if v := read(t, c, r, 4); v != want {
			t.Errorf("BAR %d sizes as %#x, want %#x", i, v, want)
		}
		write(t, c, r, 4, 0)
	}
	write(t, c, at(pci.RegInterruptLine), 1, 0x5a)
	if v := read(t, c, at(pci.RegInterruptLine), 2); v != 0x015a {
		t.Errorf("interrupt line and pin %#x", v)
	}
	write(t, c, at(0), 4, 0)
	if v := read(t, c, at(0), 4); v != 0x10001af4 {
		t.Errorf("identity written: %#x", v)
	}
}

func TestDecoding(t *testing.T) {
	var m mem
	b := pci.NewBus()
	f := newFunction(t, &m)
	if err := b.Attach(1, 0, f, nil); err != nil {
		t.Fatal(err)
	}
	f.Assign(0xc000, 0x1000_0000)
	m[4] = 0x77
	if v := read(t, b.IO(), 0xc004, 1); v != 0x77 {
		t.Errorf("I/O BAR: %#x", v)
	}
	if v := read(t, b.Mem(), 0x1000_0004, 4); v != 0x77 {
		t.Errorf("memory BAR: %#x", v)
	}
	f.WriteConfig(pci.RegCommand, 2, pci.CmdMemory)
	if v := read(t, b.IO(), 0xc004, 1); v != 0xff {
		t.Errorf("I/O decodes while off: %#x", v)
	}
	f.WriteConfig(pci.RegBAR0+4, 4, 0x2000_0000)
	f.WriteConfig(pci.RegBAR0+8, 4, 1) // moved above 4 GB
	if v := read(t, b.Mem(), 0x1000_0004, 1); v != 0xff {
		t.Errorf("old address still decodes: %#x", v)
	}
	if v := read(t, b.Mem(), 0x1_2000_0004, 1); v != 0x77 {
		t.Errorf("64-bit BAR: %#x", v)
	}
	if v := read(t, b.Mem(), 0x5000, 8); v != ^uint64(0) {
		t.Errorf("unassigned: %#x", v)
	}
	write(t, b.Mem(), 0x5000, 8, 0)
}

// A wide access over two neighbours is split between them.
func TestSplitAccess(t *testing.T) {
	var lo, hi mem
	b := pci.NewBus()
	for _, err := range []error{
		b.IO().Map(0x70, 2, device.Bytes("lo", 2, &lo)), b.IO().Map(0x73, 1, device.Bytes("hi", 1, &hi)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	write(t, b.IO(), 0x70, 4, 0x44332211)
	if lo[0] != 0x11 || lo[1] != 0x22 || hi[0] != 0x44 {
		t.Errorf("lanes % x, % x", lo[:2], hi[:1])
	}
	if v := read(t, b.IO(), 0x70, 4); v != 0x44ff2211 {
		t.Errorf("read %#x", v)
	}
}

func TestInterruptPin(t *testing.T) {
	var m mem
	b := pci.NewBus()
	var line devtest.Line
	f := newFunction(t, &m)
	if err := b.Attach(1, 0, f, &line); err != nil {
		t.Fatal(err)
	}
	f.IRQ().Set(true)
	if !line.Level || f.ReadConfig(pci.RegStatus, 2)&8 == 0 {
		t.Error("pin or status")
	}
	f.WriteConfig(pci.RegCommand, 2, pci.CmdINTxDisable)
	if line.Level {
		t.Error("INTx disable has no effect")
	}
	f.WriteConfig(pci.RegCommand, 2, 0)
	f.IRQ().Set(false)
	if line.Level || line.Rises != 2 {
		t.Error("pin stays")
	}
}

func TestCapabilities(t *testing.T) {
	var m mem
	f := newFunction(t, &m)
	a, err := f.AddCapability(0x09, []uint8{1, 2, 3}, []uint8{0, 0, 0xff})
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.AddCapability(0x11, make([]uint8, 10), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := f.ReadConfig(pci.RegCapabilities, 1); p != uint64(b) || f.ReadConfig(uint64(b), 2) != uint64(a)<<8|0x11 {
		t.Errorf("list starts at %#x", p)
	}
	calls := 0
	f.OnConfigWrite = func(uint64, int) { calls++ }
	f.WriteConfig(uint64(a), 8, ^uint64(0))
	if v := f.ReadConfig(uint64(a), 8); v&0xffffffffff != 0xff_02_01_00_09 || calls != 1 {
		t.Errorf("capability %#x, %d calls", v, calls)
	}
	if _, err := f.AddCapability(1, make([]uint8, 200), nil); err == nil {
		t.Error("capability too long")
	}
}

func TestRefusals(t *testing.T) {
	var m mem
	r := region(&m)
	for i, bars := range [][6]pci.BAR{
		{{Kind: pci.BARIO, Size: 3, Region: r}}, {{Kind: pci.BARIO, Size: 1 << 20, Region: r}},
		{{Kind: pci.BARMem32, Size: 8, Region: r}}, {{Kind: pci.BARMem32, Size: 64}}, {{Kind: 9, Size: 64, Region: r}},
		{5: {Kind: pci.BARMem64, Size: 64, Region: r}},
		{{Kind: pci.BARMem64, Size: 64, Region: r}, {Kind: pci.BARIO, Size: 64, Region: r}},
	} {
		if _, err := pci.NewFunction("bad", pci.Header{}, bars); err == nil {
			t.Errorf("case %d accepted", i)
		}
	}
	if _, err := pci.NewFunction("bad", pci.Header{InterruptPin: 5}, [6]pci.BAR{}); err == nil {
		t.Error("interrupt pin 5 accepted")
	}
	b := pci.NewBus()
	f := newFunction(t, &m)
	for _, err := range []error{b.Attach(32, 0, f, nil), b.Attach(-1, 0, f, nil), b.Attach(0, 8, f, nil), b.Attach(0, 0, nil, nil)} {
		if err == nil {
			t.Error("bad Attach accepted")
		}
	}
	if b.Attach(0, 0, f, nil) != nil || b.Attach(0, 0, f, nil) == nil || b.Function(0, 0) != f || b.Function(40, 0) != nil {
		t.Error("Attach or Function")
	}
}

func FuzzRegisters(f *testing.F) {
	f.Add(uint64(0x04), uint64(7), byte(1))
	f.Fuzz(func(t *testing.T, off, v uint64, op byte) {
		var m mem
		b := pci.NewBus()
		if err := b.Attach(0, 0, newFunction(t, &m), nil); err != nil {
			t.Fatal(err)
		}
		size := 1 << (op & 3)
		c := b.Config()
		_ = c.Write(4, 2, 3)
		_ = c.Write(0x10, 4, v)
		_ = c.Write(0x14, 4, v>>3)
		_ = c.Write(off&0xffffff, size, v)
		_, _ = c.Read(off&0xff, size)
		for _, s := range []*pci.Space{b.IO(), b.Mem()} {
			for _, a := range []uint64{off, v, v &^ 7, v & 0xffffffff, v>>3 + 8} {
				_ = s.Write(a, size, off)
				_, _ = s.Read(a, size)
			}
		}
	})
}

// FuzzConfig: any accesses to configuration space and to what they map. What identifies a function stays, absent ones
// read as ones, and a base address keeps the alignment of its size.
func FuzzConfig(f *testing.F) {
	f.Add([]byte{0, 0x04, 2, 7, 0, 0x10, 4, 0xff, 1, 0x3c, 1, 9})
	f.Add([]byte{0, 0x14, 4, 0xff, 0, 0x18, 8, 0x80, 0x80, 0, 1, 0, 0x81, 0x10, 3, 5})
	f.Fuzz(func(t *testing.T, script []byte) {
		var m mem
		var line devtest.Line
		b := pci.NewBus()
		card := newFunction(t, &m)
		if _, err := card.AddCapability(9, []uint8{1, 2, 3}, []uint8{0, 0xff, 0x0f}); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{b.Attach(0, 0, card, &line), b.Attach(7, 0, pci.ISABridge(), nil)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		places := []device.Region{b.Config(), b.Config(), b.IO(), b.Mem()}
		for ; len(script) >= 4; script = script[4:] {
			where, size := places[script[0]>>6], 1<<(script[2]&3)
			off := uint64(script[0])&0x3f<<8 | uint64(script[1])
			v := uint64(script[3]) * 0x0101010101010101
			if script[2]&0x80 != 0 {
				off = v<<8 | off // far away
			}
			_ = where.Write(off, size, v>>(script[2]>>2&31))
			_, _ = where.Read(off, size)
			if script[2]&0x40 != 0 {
				card.IRQ().Set(script[3]&1 != 0)
			}
		}
		c := b.Config()
		if id, absent := read(t, c, 0, 4), read(t, c, 5<<11, 4); id != 0x10001af4 || absent != 0xffffffff {
			t.Errorf("identities %#x, %#x", id, absent)
		}
		if io, low := read(t, c, pci.RegBAR0, 4), read(t, c, pci.RegBAR0+4, 4); io&63 != 1 || low&0xfff != 0xc {
			t.Errorf("base addresses %#x, %#x", io, low)
		}
	})
}
