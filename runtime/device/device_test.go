package device_test

import (
	"errors"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/device"
)

type fakeRegion struct {
	name string
	off  uint64
	cpu  int
}

func (f *fakeRegion) Name() string                           { return f.name }
func (f *fakeRegion) Read(off uint64, _ int) (uint64, error) { f.off = off; return ^uint64(0), nil }
func (f *fakeRegion) Write(off uint64, _ int, _ uint64) error {
	f.off = off
	return device.ErrNoDevice
}

type fakeCPURegion struct{ fakeRegion }

func (f *fakeCPURegion) ReadBy(cpu int, off uint64, _ int) (uint64, error) {
	f.cpu, f.off = cpu, off
	return 7, nil
}
func (f *fakeCPURegion) WriteBy(cpu int, off uint64, _ int, _ uint64) error {
	f.cpu, f.off = cpu, off
	return nil
}

func TestBusMapRefusesBadRanges(t *testing.T) {
	var b device.Bus
	a := &fakeRegion{name: "a"}
	if err := b.Map(0x1000, 0x100, a); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ base, n uint64 }{
		{0x1000, 0x100}, {0xfff, 2}, {0x10ff, 1}, {0, 0x10000}, {0x1010, 1}, {5, 0}, {^uint64(0), 2},
	} {
		if err := b.Map(abi.PAddr(c.base), c.n, a); err == nil {
			t.Errorf("Map(%#x, %#x) succeeded", c.base, c.n)
		}
	}
	for _, c := range []struct{ base, n uint64 }{{0xff0, 0x10}, {0x1100, 1}, {^uint64(0), 1}} {
		if err := b.Map(abi.PAddr(c.base), c.n, a); err != nil {
			t.Errorf("Map(%#x, %#x): %v", c.base, c.n, err)
		}
	}
	if err := b.Map(0x9000, 1, nil); err == nil {
		t.Error("nil region accepted")
	}
}

func TestBusRouting(t *testing.T) {
	var b device.Bus
	lo, hi := &fakeRegion{name: "lo"}, &fakeCPURegion{fakeRegion{name: "hi"}}
	for _, err := range []error{b.Map(0x2000, 0x20, hi), b.Map(0x1000, 0x20, lo)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	p := b.Port(3)
	for range 2 { // the second round comes from the port's cache
		if v, err := p.Read(0x1008, 4); err != nil || v != 0xffffffff || lo.off != 8 {
			t.Errorf("read lo = %#x, %v, off %#x", v, err, lo.off)
		}
		if v, err := p.Read(0x2018, 8); err != nil || v != 7 || hi.cpu != 3 || hi.off != 0x18 {
			t.Errorf("read hi = %#x, %v, off %#x cpu %d", v, err, hi.off, hi.cpu)
		}
	}
	if err := b.Map(0x500, 1, &fakeRegion{name: "new"}); err != nil {
		t.Fatal(err)
	}
	if v, err := p.Read(0x2018, 8); err != nil || v != 7 {
		t.Errorf("stale port: %#x, %v", v, err)
	}
	for _, c := range []struct {
		pa   uint64
		size int
	}{{0x3000, 8}, {0xfff, 1}, {0x1001, 2}, {0x1000, 3}, {0x1000, 0}, {0x1000, -8}, {0x500, 4}, {^uint64(0), 1}} {
		if _, err := p.Read(abi.PAddr(c.pa), c.size); !errors.Is(err, device.ErrNoDevice) {
			t.Errorf("Read(%#x, %d): %v", c.pa, c.size, err)
		}
	}
	if err := p.Write(0x1000, 1, 0); !errors.Is(err, device.ErrNoDevice) {
		t.Errorf("write error lost: %v", err)
	}
}

func BenchmarkPortRead(b *testing.B) {
	var bus device.Bus
	for i := uint64(0); i < 16; i++ {
		if err := bus.Map(abi.PAddr(i<<12), 0x100, &fakeRegion{name: "r"}); err != nil {
			b.Fatal(err)
		}
	}
	p := bus.Port(0)
	for b.Loop() {
		if _, err := p.Read(0x8008, 8); err != nil {
			b.Fatal(err)
		}
	}
}
