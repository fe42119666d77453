package tsunami

import (
	"encoding/binary"
	"fmt"

	"axpress/runtime/abi"
	"axpress/runtime/device"
)

// window is one of the four DMA windows.
type window struct{ wsba, wsm, tba uint64 }

type pchip struct {
	win      [4]window
	pctl     uint64
	perror   uint64
	perrmask uint64
}

// pchipRegs is HRM table 10-34; the offsets are those of core_tsunami.h.
func pchipRegs() csrTable {
	t := csrTable{
		0x300: {"PCTL", func(c *Chipset, _ int) uint64 { return c.pc.pctl },
			func(c *Chipset, _ int, v uint64) { c.pc.pctl = c.pc.pctl&^pctlWritable | v&pctlWritable }},
		0x340: stored("PLAT", slotPLAT, 0xff00),
		0x3c0: {"PERROR", func(c *Chipset, _ int) uint64 { return c.pc.perror },
			func(c *Chipset, _ int, v uint64) { c.clearPERROR(v & perrFlags) }},
		0x400: {"PERRMASK", func(c *Chipset, _ int) uint64 { return c.pc.perrmask },
			func(c *Chipset, _ int, v uint64) { c.pc.perrmask = v & perrFlags }},
		0x440: {"PERRSET", nil,
			func(c *Chipset, _ int, v uint64) { c.setPERROR(v&perrFlags, v&^0xffff) }},
		0x480: {name: "TLBIV"}, // write-only, and no TLB to invalidate
		0x4c0: {name: "TLBIA"},
		0x500: stored("PMONCTL", slotPMON, all),
		0x540: stored("PMONCNT", slotPMON+1, all),
		0x800: {name: "SPRST"},
	}
	for i := range 4 {
		n := uint64(i) * csrStride
		t[0x000+n] = csr{fmt.Sprintf("WSBA%d", i),
			func(c *Chipset, _ int) uint64 { return c.pc.win[i].wsba },
			func(c *Chipset, _ int, v uint64) { c.pc.win[i].wsba = wsbaValue(i, v) }}
		t[0x100+n] = csr{fmt.Sprintf("WSM%d", i),
			func(c *Chipset, _ int) uint64 { return c.pc.win[i].wsm },
			func(c *Chipset, _ int, v uint64) { c.pc.win[i].wsm = v & wsmMask }}
		t[0x200+n] = csr{fmt.Sprintf("TBA%d", i),
			func(c *Chipset, _ int) uint64 { return c.pc.win[i].tba },
			func(c *Chipset, _ int, v uint64) { c.pc.win[i].tba = v & tbaMask }}
	}
	return t
}

// wsbaValue is what WSBAi holds after v is written: window 3 is always
// scatter-gather and alone has the DAC bit.
func wsbaValue(i int, v uint64) uint64 {
	if i == 3 {
		return v&(wsba3DAC|wsbaAddr|wsbaEnable) | wsbaSG
	}
	return v & (wsbaAddr | wsbaPTP | wsbaSG | wsbaEnable)
}

// setPERROR records an error: flags with info (bits 63:16) beside them. While
// one stands only LOST can be added; PERRMASK prevents flags from being set.
func (c *Chipset) setPERROR(flags, info uint64) {
	flags &= c.pc.perrmask
	switch {
	case flags == 0:
		return
	case c.pc.perror&perrFlags == 0:
		c.pc.perror = info | flags
	default:
		c.pc.perror |= perrLost & c.pc.perrmask
	}
	c.setDRIR(DRIRPchip0Err, true)
}

func (c *Chipset) clearPERROR(flags uint64) {
	c.pc.perror &^= flags
	if c.pc.perror&perrFlags == 0 {
		c.setDRIR(DRIRPchip0Err, false)
	}
}

// Translate finds the system address behind a PCI bus address as the Pchip does
// for a bus master, and how many bytes from there on are contiguous. The error
// says why there is none; it wraps device.ErrNoDevice.
func (c *Chipset) Translate(addr uint64) (pa, length uint64, err error) {
	pa, length, _, err = c.translate(addr)
	return pa, length, err
}

// translate also gives the PERROR bits of a failure.
func (c *Chipset) translate(addr uint64) (pa, length, perr uint64, err error) {
	if addr>>32 != 0 {
		return c.translateDAC(addr)
	}
	if c.pc.pctl&pctlHole != 0 && addr >= holeFirst && addr <= holeLast {
		return 0, 0, perrNDS, fmt.Errorf("PCI address %#x is in the window hole: %w", addr, device.ErrNoDevice)
	}
	for i := range c.pc.win {
		w := &c.pc.win[i]
		mask := w.wsm | windowUnit
		if w.wsba&wsbaEnable == 0 || w.wsba&wsba3DAC != 0 || (addr^w.wsba)&wsbaAddr&^mask != 0 {
			continue
		}
		if w.wsba&wsbaSG == 0 {
			return w.tba&^mask | addr&mask, mask - addr&mask + 1, 0, nil
		}
		// HRM table 10-6: the page table is as large as the window needs, 8 bytes for
		// each 8 KB, and TBA gives the address bits above it.
		pte := w.tba&^(mask>>10) | addr&mask>>sgPageShift<<3
		return c.throughPTE(pte, addr)
	}
	return 0, 0, perrNDS, fmt.Errorf("PCI address %#x is in no DMA window: %w", addr, device.ErrNoDevice)
}

// translateDAC is a dual-address cycle, HRM 10.1.4.4.
func (c *Chipset) translateDAC(addr uint64) (pa, length, perr uint64, err error) {
	w := &c.pc.win[3]
	switch {
	case addr >= monsterFirst && addr <= monsterLast && c.pc.pctl&pctlMWin != 0:
		pa = addr & monsterMask
		return pa, monsterMask - pa + 1, 0, nil
	case addr >= dacFirst && addr <= dacLast && w.wsba&wsba3DAC != 0 && w.wsba&wsbaEnable != 0:
		return c.throughPTE(w.tba&tba3DAC|addr&0xffff_ffff>>sgPageShift<<3, addr)
	}
	return 0, 0, perrNDS, fmt.Errorf("PCI address %#x is in no 64-bit DMA window: %w", addr, device.ErrNoDevice)
}

func (c *Chipset) throughPTE(ptePA, addr uint64) (pa, length, perr uint64, err error) {
	m, err := c.ram(ptePA, 8)
	if err != nil {
		return 0, 0, perrSGE, fmt.Errorf("PCI address %#x: page table entry: %w", addr, err)
	}
	pte := binary.LittleEndian.Uint64(m)
	if pte&pteValid == 0 {
		return 0, 0, perrSGE, fmt.Errorf("PCI address %#x: page table entry at %#x is invalid: %w",
			addr, ptePA, device.ErrNoDevice)
	}
	off := addr & sgPageMask
	return pte&ptePage<<ptePAShift | off, sgPageMask - off + 1, 0, nil
}

// ram is n bytes of memory at pa.
func (c *Chipset) ram(pa, n uint64) ([]byte, error) {
	size := uint64(len(c.cfg.RAM))
	if pa >= size || n > size-pa {
		return nil, fmt.Errorf("no memory at %#x+%#x: %w", pa, n, device.ErrNoDevice)
	}
	return c.cfg.RAM[pa : pa+n], nil
}

// DMA is memory as a master on the PCI bus sees it. A page in a scatter-gather
// window that has no valid entry, or an address in no window, is an error of the
// transfer and is recorded in PERROR.
func (c *Chipset) DMA() device.DMA { return dma{c} }

type dma struct{ c *Chipset }

func (d dma) Read(addr uint64, p []byte) error {
	return d.transfer(addr, p, cmdMemRead, func(m, p []byte, _ uint64) { copy(p, m) })
}

func (d dma) Write(addr uint64, p []byte) error {
	return d.transfer(addr, p, cmdMemWrite, func(m, p []byte, pa uint64) {
		copy(m, p)
		if d.c.cfg.DMAWritten != nil {
			d.c.cfg.DMAWritten(abi.PAddr(pa), uint64(len(m)))
		}
	})
}

// transfer splits [addr, addr+len(p)) where translation does and runs move on
// each piece: memory, its part of p, its address.
func (d dma) transfer(addr uint64, p []byte, cmd uint64, move func(m, p []byte, pa uint64)) error {
	for len(p) > 0 {
		pa, n, perr, err := d.c.translate(addr)
		n = min(n, uint64(len(p)))
		var m []byte
		if err == nil {
			m, err = d.c.ram(pa, n)
			perr = perrNDS
		}
		if err != nil {
			d.c.setPERROR(perr, cmd<<perrCmdShift|perrAddr(addr))
			return fmt.Errorf("dma %d bytes at PCI address %#x: %w", len(p), addr, err)
		}
		move(m, p[:n], pa)
		p = p[n:]
		addr += n
	}
	return nil
}

// perrAddr is the ADDR field of PERROR for a PCI address.
func perrAddr(addr uint64) uint64 {
	v := addr & 0xffff_fffc << perrAddrShift
	switch {
	case addr>>32 == 0:
	case addr <= monsterLast:
		v |= perrMonster
	default:
		v |= perrDACWindow
	}
	return v
}
