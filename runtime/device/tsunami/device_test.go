package tsunami_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"axpress/runtime/abi"
	"axpress/runtime/device"
	"axpress/runtime/device/devtest"
	"axpress/runtime/device/tsunami"
)

// Offsets as in core_tsunami.h.
const (
	csc, misc, drir               = tsunami.BaseCchip, tsunami.BaseCchip + 0x80, tsunami.BaseCchip + 0x300
	dim0, dim1, dim2, dim3        = tsunami.BaseCchip + 0x200, tsunami.BaseCchip + 0x240, tsunami.BaseCchip + 0x600, tsunami.BaseCchip + 0x640
	dir0, dir1, dir2, dir3        = tsunami.BaseCchip + 0x280, tsunami.BaseCchip + 0x2c0, tsunami.BaseCchip + 0x680, tsunami.BaseCchip + 0x6c0
	iic1                          = tsunami.BaseCchip + 0x3c0
	wsba, wsm, tba                = tsunami.BasePchip, tsunami.BasePchip + 0x100, tsunami.BasePchip + 0x200
	pctl, perror, perrmask        = tsunami.BasePchip + 0x300, tsunami.BasePchip + 0x3c0, tsunami.BasePchip + 0x400
	perrset, tlbiv, tlbia  uint64 = tsunami.BasePchip + 0x440, tsunami.BasePchip + 0x480, tsunami.BasePchip + 0x4c0
)

type space struct{ name string }

func (s space) Name() string                               { return s.name }
func (s space) Read(off uint64, _ int) (uint64, error)     { return off, nil }
func (s space) Write(off uint64, size int, v uint64) error { return nil }

type bench struct {
	*tsunami.Chipset
	t     *testing.T
	bus   device.Bus
	cpus  devtest.CPUs
	ram   []byte
	isa   uint8
	spur  bool
	dirty [][2]uint64
}

func newBench(t *testing.T, cpus int) *bench {
	b := &bench{t: t, ram: make([]byte, 4<<20)}
	c, err := tsunami.New(tsunami.Config{
		CPUs: cpus, RAM: b.ram, IRQ: &b.cpus,
		PCIMem: space{"mem"}, PCIIO: space{"io"}, PCIConf: space{"conf"},
		IACK:       func() (uint8, bool) { return b.isa, b.spur },
		DMAWritten: func(pa abi.PAddr, n uint64) { b.dirty = append(b.dirty, [2]uint64{uint64(pa), n}) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Chipset = c
	if err := c.Map(&b.bus); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) rd(pa uint64) uint64 { b.t.Helper(); return b.rdBy(0, pa) }

func (b *bench) rdBy(cpu int, pa uint64) uint64 {
	b.t.Helper()
	v, err := b.bus.ReadBy(cpu, abi.PAddr(pa), 8)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) wr(pa, v uint64) {
	b.t.Helper()
	if err := b.bus.Write(abi.PAddr(pa), 8, v); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) want(what string, got, want uint64) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s = %#x, want %#x", what, got, want)
	}
}

func TestNewRefuses(t *testing.T) {
	ok := tsunami.Config{CPUs: 1, IRQ: &devtest.CPUs{}, PCIMem: space{}, PCIIO: space{}, PCIConf: space{},
		IACK: func() (uint8, bool) { return 0, false }}
	for name, spoil := range map[string]func(*tsunami.Config){
		"no CPU": func(c *tsunami.Config) { c.CPUs = 0 }, "5 CPUs": func(c *tsunami.Config) { c.CPUs = 5 },
		"no IRQ": func(c *tsunami.Config) { c.IRQ = nil }, "no IACK": func(c *tsunami.Config) { c.IACK = nil },
		"no PCI": func(c *tsunami.Config) { c.PCIIO = nil },
	} {
		cfg := ok
		spoil(&cfg)
		if _, err := tsunami.New(cfg); err == nil {
			t.Errorf("%s accepted", name)
		}
	}
}

// tsunami_init_one_pchip and tsunami_pci_tbi of core_tsunami.c, with the page
// tables of pci_iommu.c (mk_iommu_pte: pa>>12 | 1).
func TestLinuxWindows(t *testing.T) {
	b := newBench(t, 1)
	for i := uint64(0); i < 4; i++ {
		b.rd(wsba + i*0x40)
		b.rd(wsm + i*0x40)
		b.rd(tba + i*0x40)
	}
	const isaPTEs, pciPTEs = 0x10_2000, 0x20_0000
	set := []struct{ wsba, wsm, tba uint64 }{
		{0x00800000 | 3, 0x007fffff & 0xfff00000, isaPTEs},
		{0x40000000 | 3, 0x3fffffff & 0xfff00000, pciPTEs},
		{0x80000000 | 1, 0x7fffffff & 0xfff00000, 0},
		{0, 0, 0},
	}
	for i, s := range set {
		n := uint64(i) * 0x40
		b.wr(wsba+n, s.wsba)
		if i < 3 {
			b.wr(wsm+n, s.wsm)
			b.wr(tba+n, s.tba)
			b.want("WSBA", b.rd(wsba+n), s.wsba)
			b.want("WSM", b.rd(wsm+n), s.wsm)
			b.want("TBA", b.rd(tba+n), s.tba)
		}
	}
	b.want("WSBA3", b.rd(wsba+0xc0), 2)
	b.wr(pctl, b.rd(pctl)|0x40)
	b.want("PCTL<MWIN>", b.rd(pctl)&0x40, 0x40)
	b.wr(tlbia, 0)
	b.rd(tlbia)
	b.wr(tlbiv, 0x80_0000>>12)
	b.rd(tlbiv)
	if b.rd(csc)&(1<<14) != 0 {
		t.Error("second Pchip present")
	}

	pte := func(table, index, pa uint64) {
		binary.LittleEndian.PutUint64(b.ram[table+index*8:], pa>>12|1)
	}
	pte(isaPTEs, 0, 0x4000)
	pte(isaPTEs, 1, 0x8000)
	pte(isaPTEs, 1023, 0xc000)
	pte(pciPTEs, 0, 0x30_0000)
	pte(pciPTEs, 131071, 0x30_2000)
	for _, c := range []struct{ addr, pa, n uint64 }{
		{0x80_0000, 0x4000, 0x2000}, {0x80_2010, 0x8010, 0x1ff0}, {0xff_e000, 0xc000, 0x2000},
		{0x4000_0004, 0x30_0004, 0x1ffc}, {0x7fff_ffff, 0x30_3fff, 1},
		{0x8000_0000, 0, 0x8000_0000}, {0x8012_3456, 0x12_3456, 0x7fed_cbaa},
		{1 << 40, 0, 1 << 35}, {1<<40 | 0x123, 0x123, 1<<35 - 0x123},
	} {
		pa, n, err := b.Translate(c.addr)
		if err != nil || pa != c.pa || n != c.n {
			t.Errorf("Translate(%#x) = %#x, %#x, %v; want %#x, %#x", c.addr, pa, n, err, c.pa, c.n)
		}
	}
	for _, addr := range []uint64{0, 0x7f_ffff, 0x80_4000, 0x100_0000, 0x4000_2000, 1 << 41, 1 << 43, 1 << 35, ^uint64(0)} {
		if pa, _, err := b.Translate(addr); !errors.Is(err, device.ErrNoDevice) {
			t.Errorf("Translate(%#x) = %#x, %v", addr, pa, err)
		}
	}

	dma := b.DMA() // a transfer over two pages that are not neighbours
	msg := bytes.Repeat([]byte("0123456789abcdef"), 4)
	if err := dma.Write(0x80_2000-32, msg); err != nil {
		t.Fatal(err)
	}
	if string(b.ram[0x5fe0:0x6000])+string(b.ram[0x8000:0x8020]) != string(msg) {
		t.Error("scatter write went astray")
	}
	if len(b.dirty) != 2 || b.dirty[0] != [2]uint64{0x5fe0, 32} || b.dirty[1] != [2]uint64{0x8000, 32} {
		t.Errorf("DMAWritten %#x", b.dirty)
	}
	got := make([]byte, 64)
	if err := dma.Read(0x80_2000-32, got); err != nil || !bytes.Equal(got, msg) {
		t.Errorf("read back %q, %v", got, err)
	}
	if err := dma.Read(1<<40|uint64(len(b.ram)-8), got); !errors.Is(err, device.ErrNoDevice) {
		t.Errorf("DMA past the end of RAM: %v", err)
	}
}

func TestWindow3AndHole(t *testing.T) {
	b := newBench(t, 1)
	b.wr(wsba+0xc0, 1<<39|1)
	b.wr(tba+0xc0, 0x7_ffff_ffff)
	b.want("TBA3", b.rd(tba+0xc0), 0x7_ffff_fc00)
	b.wr(tba+0xc0, 0)
	binary.LittleEndian.PutUint64(b.ram[8:], 0x6000>>12|1)
	if pa, _, err := b.Translate(1<<43 | 0x2004); err != nil || pa != 0x6004 {
		t.Errorf("DAC window: %#x, %v", pa, err)
	}
	if _, _, err := b.Translate(0x2004); err == nil {
		t.Error("a DAC window matches single-address cycles")
	}
	b.wr(wsba+0xc0, 1)
	if pa, _, err := b.Translate(0x2004); err != nil || pa != 0x6004 {
		t.Errorf("window 3 without DAC: %#x, %v", pa, err)
	}
	b.wr(wsba, 1) // direct, 1 MB at 0
	if pa, _, err := b.Translate(0x9_0000); err != nil || pa != 0x9_0000 {
		t.Errorf("no hole: %#x, %v", pa, err)
	}
	b.wr(pctl, 0x20)
	if _, _, err := b.Translate(0x9_0000); err == nil {
		t.Error("the hole is not one")
	}
}

func TestPERROR(t *testing.T) {
	b := newBench(t, 1)
	b.wr(dim0, 1<<62)
	p := make([]byte, 4)
	if b.DMA().Read(0x1234, p) == nil || b.rd(perror) != 0 {
		t.Error("masked error recorded, or none at all")
	}
	b.wr(perrmask, 0xfff)
	_ = b.DMA().Read(0x1234, p)
	b.want("PERROR", b.rd(perror), 6<<52|0x1234<<16|0x100)
	if !b.cpus.Level[0][device.IRQError] || b.cpus.Level[0][device.IRQDevice] {
		t.Error("b_irq<0> not asserted")
	}
	_ = b.DMA().Write(0x5678, p)
	b.want("PERROR, second", b.rd(perror), 6<<52|0x1234<<16|0x101)
	b.wr(perror, 0x040) // tsunami_pci_clr_err_1
	b.want("PERROR after 0x40", b.rd(perror)&0xfff, 0x101)
	b.wr(perror, 0xfff)
	if b.rd(perror)&0xfff != 0 || b.cpus.Level[0][device.IRQError] {
		t.Error("PERROR did not clear")
	}
	b.wr(perrset, 0x10)
	b.want("PERROR set", b.rd(perror)&0xfff, 0x10)
}

// tsunami_update_irq_hw writes the masks and reads them back; the vector is what
// clipper_srm_device_interrupt takes apart.
func TestDIMAndVectors(t *testing.T) {
	b := newBench(t, 4)
	masks := []uint64{1<<8 | 1<<55, 1 << 9, 1 << 47, 0}
	for i, pa := range []uint64{dim0, dim1, dim2, dim3} {
		b.wr(pa, masks[i])
	}
	for i, pa := range []uint64{dim0, dim1, dim2, dim3} {
		b.want("DIM", b.rd(pa), masks[i])
	}
	for _, n := range []int{8, 9, 47, 20} {
		b.DRIR(n).Set(true)
	}
	b.want("DRIR", b.rd(drir), 1<<8|1<<9|1<<20|1<<47)
	for i, pa := range []uint64{dir0, dir1, dir2, dir3} {
		b.want("DIR", b.rd(pa), masks[i]&^(1<<55))
	}
	for cpu, want := range []struct {
		v    uint64
		spur bool
	}{{0x800 + 16*24, false}, {0x800 + 16*25, false}, {0x800 + 16*63, false}, {0, true}} {
		if v, s := b.DeviceVector(cpu); v != want.v || s != want.spur {
			t.Errorf("CPU %d: vector %#x %v", cpu, v, s)
		}
		if b.cpus.Level[cpu][device.IRQDevice] == want.spur {
			t.Errorf("CPU %d: b_irq<1> wrong", cpu)
		}
	}
	b.DRIR(55).Set(true)
	b.isa = 4
	if v, _ := b.DeviceVector(0); v != 0x800+16*24 {
		t.Errorf("lowest bit first: %#x", v)
	}
	b.DRIR(8).Set(false)
	if v, s := b.DeviceVector(0); v != 0x840 || s {
		t.Errorf("ISA vector %#x %v", v, s)
	}
	b.spur = true
	if _, s := b.DeviceVector(0); !s {
		t.Error("spurious acknowledge not reported")
	}
	b.want("IACK", b.rd(tsunami.BaseIACK), 4)
	b.DRIR(55).Set(false)
	if b.cpus.Level[0][device.IRQDevice] {
		t.Error("b_irq<1> stays up")
	}
	for _, cpu := range []int{-1, 4, 100} {
		if _, s := b.DeviceVector(cpu); !s {
			t.Errorf("CPU %d has a vector", cpu)
		}
	}
	b.DRIR(-1).Set(true)
	b.DRIR(64).Set(true)
	b.want("DRIR", b.rd(drir), 1<<9|1<<20|1<<47)
}

func TestMISC(t *testing.T) {
	b := newBench(t, 3)
	for cpu := range 3 {
		b.want("MISC", b.rdBy(cpu, misc), 8<<32|uint64(cpu))
	}
	b.wr(misc, 1<<14|1<<12) // IPREQ for 2 and 0
	b.want("MISC", b.rd(misc), 8<<32|5<<8)
	if !b.cpus.Level[2][device.IRQIPI] || !b.cpus.Level[0][device.IRQIPI] || b.cpus.Level[1][device.IRQIPI] {
		t.Error("IPI inputs")
	}
	b.wr(misc, 0)
	b.want("MISC after writing 0", b.rd(misc), 8<<32|5<<8)
	b.wr(misc, 1<<10)
	b.want("MISC", b.rd(misc), 8<<32|1<<8)
	if b.cpus.Level[2][device.IRQIPI] {
		t.Error("IPINTR is not W1C")
	}
	b.AckIPI(0)
	b.RaiseIPI(1)
	b.RaiseIPI(7)
	b.RaiseIPI(-1)
	b.want("MISC", b.rd(misc), 8<<32|1<<9)
	b.AckIPI(1)

	b.wr(misc, 1<<20|1<<16) // arbitration: ABT, ABW; the second CPU loses
	b.wr(misc, 1<<21|1<<17)
	b.want("ABT, ABW", b.rd(misc)&0xff0000, 0x310000)
	b.wr(misc, 1<<24)
	b.want("after ACL", b.rd(misc)&0xff0000, 0)

	b.wr(dim0, 1<<63)
	b.NoteNXM(2)
	b.NoteNXM(1)
	b.want("NXM, NXS", b.rd(misc)&0xf0000000, 2<<29|1<<28)
	if !b.cpus.Level[0][device.IRQError] {
		t.Error("NXM raises no error interrupt")
	}
	b.wr(misc, 1<<28)
	b.want("NXM, NXS", b.rd(misc)&0xf0000000, 0)
	if b.cpus.Level[0][device.IRQError] {
		t.Error("NXM interrupt stays")
	}
}

func TestTimerAndIIC(t *testing.T) {
	b := newBench(t, 2)
	b.Tick()
	if !b.cpus.Level[0][device.IRQTimer] || !b.cpus.Level[1][device.IRQTimer] {
		t.Fatal("no timer interrupt")
	}
	b.AckTimer(0)
	b.wr(misc, 1<<5)
	if b.cpus.Level[0][device.IRQTimer] || b.cpus.Level[1][device.IRQTimer] {
		t.Fatal("timer interrupt not acknowledged")
	}
	b.wr(iic1, 2)
	b.want("IIC", b.rd(iic1), 2)
	for i, want := range []struct {
		fires bool
		iic   uint64
	}{{false, 1}, {false, 0}, {true, 0xffffff}, {true, 0x1fffffe}} {
		b.Tick()
		if b.cpus.Level[1][device.IRQTimer] != want.fires {
			t.Errorf("tick %d: interrupt %v", i, !want.fires)
		}
		b.want("IIC", b.rd(iic1), want.iic)
		b.AckTimer(1)
	}
	b.wr(iic1, 100)
	b.RaiseTimer(1)
	if !b.cpus.Level[1][device.IRQTimer] {
		t.Error("the alarm is subject to IIC")
	}
}

// Ticks that come before the CPU has taken the one before are not lost, up to a limit.
func TestLateTicks(t *testing.T) {
	b := newBench(t, 2)
	b.Tick()
	b.Tick()
	b.Tick()
	taken := func(cpu int) (n int) {
		for ; b.cpus.Level[cpu][device.IRQTimer]; n++ {
			b.AckTimer(cpu)
		}
		return n
	}
	if n := taken(0); n != 3 {
		t.Errorf("CPU 0 took %d ticks of 3", n)
	}
	b.Tick()
	if n := taken(0); n != 1 {
		t.Errorf("CPU 0 took %d ticks of 1", n)
	}
	for range 10_000 {
		b.Tick()
	}
	if n := taken(1); n != 2049 {
		t.Errorf("CPU 1, which took none for long, took %d ticks", n)
	}
}

func TestUnassigned(t *testing.T) {
	b := newBench(t, 1)
	for _, c := range []struct {
		pa   uint64
		size int
	}{
		{tsunami.BaseTIG, 8}, {tsunami.BaseCchip + 0x7c0, 8}, {tsunami.BaseCchip + 8, 8},
		{tsunami.BaseCchip + 0x1000, 8}, {tsunami.BasePchip + 0x380, 8}, {tsunami.BaseDchip, 8},
		{tsunami.BasePchip + 0x2_0000_0000, 8}, {misc, 1}, {misc, 2}, {0xffff_f000_00a8, 8},
	} {
		if _, err := b.bus.Read(abi.PAddr(c.pa), c.size); !errors.Is(err, device.ErrNoDevice) {
			t.Errorf("read %#x size %d: %v", c.pa, c.size, err)
		}
		if err := b.bus.Write(abi.PAddr(c.pa), c.size, 0); !errors.Is(err, device.ErrNoDevice) {
			t.Errorf("write %#x size %d: %v", c.pa, c.size, err)
		}
	}
	if err := b.bus.Write(misc, 4, 0); err == nil {
		t.Error("half a CSR written")
	}
	if v, err := b.bus.Read(misc+4, 4); err != nil || v != 8 {
		t.Errorf("upper half of MISC: %#x, %v", v, err)
	}
	b.want("DREV", b.rd(tsunami.BaseDchip+0x880), 0x0101010101010101)
	b.want("config slot 20", b.rd(tsunami.BasePCIConf+20<<11), 20<<11)
	b.want("config slot 21", b.rd(tsunami.BasePCIConf+21<<11), ^uint64(0))
}

func FuzzRegisters(f *testing.F) {
	f.Add(uint64(0x80), uint64(0xf000), byte(0x13))
	f.Add(uint64(0x3c0), uint64(0xfff), byte(0x23))
	f.Fuzz(func(t *testing.T, off, v uint64, op byte) {
		b := newBench(t, 1+int(op&3))
		base := []uint64{tsunami.BaseCchip, tsunami.BasePchip, tsunami.BaseDchip, tsunami.BaseIACK}[op>>4&3]
		size := 1 << (op >> 6)
		_ = b.bus.WriteBy(int(op>>2), abi.PAddr(base+off%0x1100), size, v)
		_ = b.bus.Write(abi.PAddr(base+off%64*64), 8, v)
		_, _ = b.bus.ReadBy(int(op>>2), abi.PAddr(base+off%0x1100), size)
		for i := uint64(0); i < 4; i++ {
			b.wr(wsba+i*0x40, v|i&3)
			b.wr(wsm+i*0x40, v>>8)
			b.wr(tba+i*0x40, off)
		}
		_ = b.DMA().Write(v^off, make([]byte, 100))
		_ = b.DMA().Read(off, make([]byte, 9000))
		b.Tick()
		b.DeviceVector(int(off) & 7)
	})
}
