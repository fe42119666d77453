package tsunami

import (
	"fmt"

	"axpress/runtime/abi"
	"axpress/runtime/device"
)

// MaxCPUs is how many CPUs a Cchip serves.
const MaxCPUs = 4

// Config says what a Chipset is connected to. All but DMAWritten are required.
type Config struct {
	CPUs int // 1..MaxCPUs
	// RAM is memory from physical address 0 on; DMA goes there.
	RAM []byte
	IRQ device.CPUIRQ
	// PCIMem, PCIIO and PCIConf are the spaces of PCI bus 0, from address 0;
	// PCIConf is indexed bus<<16 | device<<11 | function<<8 | register.
	PCIMem, PCIIO, PCIConf device.Region
	// IACK is a PCI interrupt acknowledge cycle; see i8259.Pair.Ack.
	IACK func() (vector uint8, spurious bool)
	// DMAWritten is told what DMA has stored into RAM, so that the machine can
	// find translated code that changed. May be nil.
	DMAWritten func(pa abi.PAddr, n uint64)
}

// Chipset is the core logic. All methods run under the machine's lock.
type Chipset struct {
	cfg   Config
	cc    cchip
	pc    pchip
	plain [numPlain]uint64
	owed  [MaxCPUs]int // ticks of the interval timer that a CPU has still to get, see AckTimer
}

// New makes a chipset after reset: no interrupt enabled, no DMA window open.
func New(cfg Config) (*Chipset, error) {
	switch {
	case cfg.CPUs < 1 || cfg.CPUs > MaxCPUs:
		return nil, fmt.Errorf("tsunami: %d CPUs, want 1 to %d", cfg.CPUs, MaxCPUs)
	case cfg.IRQ == nil || cfg.IACK == nil:
		return nil, fmt.Errorf("tsunami: interrupt connections missing")
	case cfg.PCIMem == nil || cfg.PCIIO == nil || cfg.PCIConf == nil:
		return nil, fmt.Errorf("tsunami: PCI spaces missing")
	}
	c := &Chipset{cfg: cfg}
	c.pc.pctl = pctlReset
	c.pc.win[3].wsba = wsbaSG
	return c, nil
}

// Map puts the chipset on the bus. The TIG bus and the second Pchip are left
// out: nothing answers there.
func (c *Chipset) Map(bus *device.Bus) error {
	for _, m := range []struct {
		base, size uint64
		r          device.Region
	}{
		{BasePCIMem, sizePCIMem, c.cfg.PCIMem},
		{BasePchip, sizeCSR, newCSRFile("pchip0", c, pchipRegs())},
		{BaseCchip, sizeCSR, newCSRFile("cchip", c, cchipRegs())},
		{BaseDchip, sizeCSR, newCSRFile("dchip", c, dchipRegs())},
		{BaseIACK, sizeIACK, iack{c}},
		{BasePCIIO, sizePCIIO, c.cfg.PCIIO},
		{BasePCIConf, sizePCIConf, conf{c.cfg.PCIConf}},
	} {
		if err := bus.Map(abi.PAddr(m.base), m.size, m.r); err != nil {
			return fmt.Errorf("tsunami: %w", err)
		}
	}
	return nil
}

// iack is the interrupt acknowledge space: a read anywhere is an acknowledge
// cycle, a write is a special cycle, which nobody listens to.
type iack struct{ c *Chipset }

func (r iack) Name() string { return "pchip0 iack" }

func (r iack) Read(off uint64, size int) (uint64, error) {
	if !device.ValidAccess(off, size) {
		return 0, device.ErrBadAccess
	}
	v, _ := r.c.cfg.IACK()
	return uint64(v), nil
}

func (r iack) Write(off uint64, size int, _ uint64) error {
	if !device.ValidAccess(off, size) {
		return device.ErrBadAccess
	}
	return nil
}

// conf is the configuration space: type 0 cycles for bus 0, type 1 for others
// (core_tsunami.c). A type 0 cycle selects its device by one of the address lines
// 31:11, so there are 21 of them.
type conf struct{ device.Region }

const numIDSEL = 21

func (r conf) selects(off uint64) bool { return off>>16 != 0 || off>>11&31 < numIDSEL }

func (r conf) Read(off uint64, size int) (uint64, error) {
	if !r.selects(off) {
		return device.AllOnes(size), nil
	}
	return r.Region.Read(off, size)
}

func (r conf) Write(off uint64, size int, v uint64) error {
	if !r.selects(off) {
		return nil
	}
	return r.Region.Write(off, size, v)
}
