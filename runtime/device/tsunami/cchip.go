package tsunami

import (
	"fmt"
	"math/bits"

	"axpress/runtime/device"
)

// cchip is the interrupt half of the Cchip.
type cchip struct {
	misc uint64 // NXS, NXM, ABT, ABW, IPINTR, ITINTR
	drir uint64
	dim  [MaxCPUs]uint64
	iic  [MaxCPUs]interval
	out  [MaxCPUs][device.NumIRQKinds]bool // levels told to CPUIRQ
}

// interval is an IIC register. asleep counts down; awake, the ticks since
// waking are in count, negative.
type interval struct {
	count uint64 // ICNT
	awake bool   // the wake-up tick has been sent
	over  bool   // OF
}

// Places in Chipset.plain.
const (
	slotCSC = iota
	slotMTR
	slotMPD
	slotAAR                // 4
	slotMPR  = slotAAR + 4 // 4
	slotMCTL = slotMPR + 4
	slotTTR  = slotMCTL + 1
	slotTDR  = slotTTR + 1
	slotPWR  = slotTDR + 1
	slotCMON = slotPWR + 1 // 4
	slotDSC  = slotCMON + 4
	slotDSC2 = slotDSC + 1
	slotSTR  = slotDSC2 + 1
	slotPLAT = slotSTR + 1
	slotPMON = slotPLAT + 1 // 2
	numPlain = slotPMON + 2
)

const all = ^uint64(0)

// cchipRegs is HRM table 10-8; the offsets are those of core_tsunami.h.
func cchipRegs() csrTable {
	t := csrTable{
		0x000: stored("CSC", slotCSC, all&^cscP1P),
		0x040: stored("MTR", slotMTR, all),
		0x080: {"MISC", (*Chipset).readMISC, (*Chipset).writeMISC},
		0x0c0: stored("MPD", slotMPD, all),
		0x300: {"DRIR", func(c *Chipset, _ int) uint64 { return c.cc.drir }, nil},
		0x340: {name: "PRBEN"},
		0x500: stored("MCTL", slotMCTL, all),
		0x580: stored("TTR", slotTTR, all),
		0x5c0: stored("TDR", slotTDR, all),
		0x780: stored("PWR", slotPWR, all),
	}
	perCPU := [MaxCPUs]struct{ dim, dir, iic uint64 }{
		{0x200, 0x280, 0x380}, {0x240, 0x2c0, 0x3c0}, {0x600, 0x680, 0x700}, {0x640, 0x6c0, 0x740},
	}
	for i, off := range perCPU {
		t[off.dim] = csr{fmt.Sprintf("DIM%d", i),
			func(c *Chipset, _ int) uint64 { return c.cc.dim[i] },
			func(c *Chipset, _ int, v uint64) { c.cc.dim[i] = v; c.updateIRQs() }}
		t[off.dir] = csr{fmt.Sprintf("DIR%d", i),
			func(c *Chipset, _ int) uint64 { return c.dir(i) }, nil}
		t[off.iic] = csr{fmt.Sprintf("IIC%d", i),
			func(c *Chipset, _ int) uint64 { return c.cc.iic[i].read() },
			func(c *Chipset, _ int, v uint64) { c.cc.iic[i] = interval{count: v & iicCount} }}
	}
	for i := range 4 {
		n := uint64(i) * csrStride
		t[0x100+n] = stored(fmt.Sprintf("AAR%d", i), slotAAR+i, all)
		t[0x400+n] = stored(fmt.Sprintf("MPR%d", i), slotMPR+i, all)
		t[0xc00+n] = stored(fmt.Sprintf("CMON%d", i), slotCMON+i, all)
	}
	return t
}

// dchipRegs is HRM table 10-9 (the same bytes from each of the Dchips). Nothing
// of it acts.
func dchipRegs() csrTable {
	return csrTable{
		0x800: stored("DSC", slotDSC, all),
		0x840: stored("STR", slotSTR, all),
		0x880: constant("DREV", 0x0101_0101_0101_0101),
		0x8c0: stored("DSC2", slotDSC2, all),
	}
}

func (c *Chipset) readMISC(cpu int) uint64 {
	return c.cc.misc | miscREV | uint64(cpu)&miscCPUID
}

// writeMISC follows HRM table 10-12: writing 0 to any bit has no effect.
func (c *Chipset) writeMISC(_ int, v uint64) {
	m := c.cc.misc
	m &^= v & (miscNXM | miscIPINTR | miscITINTR)
	if v&miscNXM != 0 {
		m &^= miscNXS // NXS is only valid, and locked, while NXM is set
	}
	if v&miscACL != 0 {
		m &^= miscABT | miscABW
	} else {
		m |= v & miscABT
		if m&miscABW == 0 {
			m |= v & miscABW // the first to ask wins
		}
	}
	m |= v & miscIPREQ >> miscIPREQShift
	c.cc.misc = m
	if v&miscNXM != 0 {
		c.cc.drir &^= 1 << DRIRCchipErr
	}
	c.updateIRQs()
}

func (c *Chipset) dir(cpu int) uint64 { return c.cc.dim[cpu] & c.cc.drir }

// updateIRQs tells the CPUs what changed. CPUs that do not exist are not told:
// their bits in MISC are bits and nothing else.
func (c *Chipset) updateIRQs() {
	for cpu := range c.cfg.CPUs {
		dir := c.dir(cpu)
		c.setIRQ(cpu, device.IRQError, dir&drirErrors != 0)
		c.setIRQ(cpu, device.IRQDevice, dir&drirDevices != 0)
		c.setIRQ(cpu, device.IRQTimer, c.cc.misc>>(miscITINTRBit+cpu)&1 != 0)
		c.setIRQ(cpu, device.IRQIPI, c.cc.misc>>(miscIPINTRBit+cpu)&1 != 0)
	}
}

func (c *Chipset) setIRQ(cpu int, k device.IRQKind, level bool) {
	if c.cc.out[cpu][k] != level {
		c.cc.out[cpu][k] = level
		c.cfg.IRQ.SetIRQ(cpu, k, level)
	}
}

// DRIR is the interrupt line that sets bit n (0-63) of the raw interrupt request
// register; other n lead nowhere.
func (c *Chipset) DRIR(n int) device.Line {
	if n < 0 || n > 63 {
		return device.NoLine{}
	}
	return device.LineFunc(func(level bool) { c.setDRIR(n, level) })
}

func (c *Chipset) setDRIR(n int, level bool) {
	old := c.cc.drir
	c.cc.drir &^= 1 << n
	if level {
		c.cc.drir |= 1 << n
	}
	if c.cc.drir != old {
		c.updateIRQs()
	}
}

// Tick is one period of the interval timer: each CPU whose IIC does not say to
// ignore it gets a timer interrupt, later if it has not taken the one before.
func (c *Chipset) Tick() {
	for cpu := range c.cfg.CPUs {
		if !c.cc.iic[cpu].tick() {
			continue
		}
		bit := uint64(1) << (miscITINTRBit + cpu)
		if c.cc.misc&bit != 0 {
			c.owed[cpu] = min(c.owed[cpu]+1, maxOwed)
		}
		c.cc.misc |= bit
	}
	c.updateIRQs()
}

// tick says whether the tick goes through to the CPU. HRM 10.2.2.10: count ticks
// are suppressed, the next one wakes the CPU, and OF is set by the one after it.
func (i *interval) tick() bool {
	switch {
	case i.awake:
		i.over = true
	case i.count == 0:
		i.awake = true
	}
	i.count = (i.count - 1) & iicCount
	return i.awake
}

func (i *interval) read() uint64 {
	if i.over {
		return i.count | iicOF
	}
	return i.count
}

func (c *Chipset) hasCPU(cpu int) bool { return cpu >= 0 && cpu < c.cfg.CPUs }

// RaiseIPI is a write of MISC<IPREQ> for a CPU (CALL_PAL wripir). Numbers of CPUs
// that do not exist do nothing, here and in the methods below.
func (c *Chipset) RaiseIPI(target int) { c.miscBit(target, miscIPINTRBit, true) }

// AckIPI clears MISC<IPINTR> of a CPU, as PALcode does when it delivers the
// interrupt.
func (c *Chipset) AckIPI(cpu int) { c.miscBit(cpu, miscIPINTRBit, false) }

// RaiseTimer sets MISC<ITINTR> of one CPU, past its IIC: the per-CPU alarm of the
// QEMU console interface (Linux, arch/alpha/include/asm/pal.h, qemu_set_alarm_rel).
func (c *Chipset) RaiseTimer(cpu int) { c.miscBit(cpu, miscITINTRBit, true) }

// AckTimer clears MISC<ITINTR> of a CPU, or, if ticks came while it was set, takes one of them off and leaves it set. A kernel
// that tells the time by counting ticks (Linux without another clock) would lose them: hardware is never so late that
// two are one, but a host with other things to do is.
func (c *Chipset) AckTimer(cpu int) {
	if c.hasCPU(cpu) && c.owed[cpu] > 0 {
		c.owed[cpu]--
		return
	}
	c.miscBit(cpu, miscITINTRBit, false)
}

// maxOwed is how many ticks a CPU can be late: one that does not take any is not there.
const maxOwed = 2048

func (c *Chipset) miscBit(cpu, first int, set bool) {
	if !c.hasCPU(cpu) {
		return
	}
	bit := uint64(1) << (first + cpu)
	c.cc.misc &^= bit
	if set {
		c.cc.misc |= bit
	}
	c.updateIRQs()
}

// NoteNXM records that a CPU (0-3) accessed an address where nothing is, as the
// Cchip does for its own probes: MISC<NXM>, MISC<NXS>, DRIR<63>. The first one is
// kept until software clears it. The machine may call it with a machine check.
func (c *Chipset) NoteNXM(cpu int) {
	if c.cc.misc&miscNXM != 0 || !c.hasCPU(cpu) {
		return
	}
	c.cc.misc |= miscNXM | uint64(cpu)<<miscNXSShift
	c.setDRIR(DRIRCchipErr, true)
}

// DeviceVector is what PALcode passes to entInt for a device interrupt: of the
// requests in the CPU's DIR the one in the lowest bit, and for the ISA bridge's
// the level that its interrupt controllers acknowledge. spurious says that
// nothing requests any more; PALcode then returns from the interrupt, as QEMU's does
// (qemu-palcode, pal.S).
func (c *Chipset) DeviceVector(cpu int) (vector uint64, spurious bool) {
	if !c.hasCPU(cpu) {
		return 0, true
	}
	dir := c.dir(cpu) & drirDevices
	if dir == 0 {
		return 0, true
	}
	irq := uint64(bits.TrailingZeros64(dir))
	if irq != DRIRISA {
		return vectorBase + vectorStride*(firstPCIIRQ+irq), false
	}
	v, spurious := c.cfg.IACK()
	if spurious {
		return 0, true
	}
	return vectorBase + vectorStride*uint64(v), false
}
