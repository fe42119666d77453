package i8259

import (
	"math/bits"

	"axpress/runtime/device"
)

// Pair is two 8259A, the second on input 2 of the first. All methods run under
// the machine's lock.
type Pair struct {
	master, slave chip
	out           device.Line
	level         bool
}

// chip is one 8259A.
type chip struct {
	lines uint8 // levels of the inputs
	irr   uint8
	imr   uint8
	isr   uint8
	elcr  uint8 // inputs that are level triggered by ELCR
	ltim  bool  // ICW1: all inputs level triggered
	top   uint8 // the input of highest priority
	base  uint8 // ICW2

	aeoi, rotateAEOI, sfnm, smm bool
	readISR, poll               bool

	// icw is the initialisation word expected next at the data port, 0 if none.
	icw            uint8
	needICW4, solo bool
}

// New makes an uninitialised pair that drives out. All inputs are masked until
// ICW1, as no program has set it up; see InitAT.
func New(out device.Line) *Pair {
	p := &Pair{out: out}
	p.master.imr, p.slave.imr = 0xff, 0xff
	return p
}

// InitAT leaves the pair as a console leaves it for Linux/Alpha, which never
// writes the ICWs: ISA level n gives vector n (irq_i8259.c, isa_device_interrupt),
// normal EOI, all inputs but the cascade masked.
func (p *Pair) InitAT() {
	type write struct {
		c   *chip
		reg uint64
		v   uint8
	}
	for _, w := range []write{
		{&p.master, regCommand, 0x11}, {&p.slave, regCommand, 0x11},
		{&p.master, regData, 0}, {&p.slave, regData, 8},
		{&p.master, regData, 1 << cascadeInput}, {&p.slave, regData, cascadeInput},
		{&p.master, regData, 0x01}, {&p.slave, regData, 0x01},
		{&p.master, regData, 0xff &^ (1 << cascadeInput)}, {&p.slave, regData, 0xff},
	} {
		w.c.write(w.reg, w.v)
	}
	p.update()
}

// IRQ is input line n, 0-15. Input 2 is the cascade: its line leads nowhere, as
// do lines out of range.
func (p *Pair) IRQ(n int) device.Line {
	switch {
	case n >= 0 && n < 8 && n != cascadeInput:
		return &input{p, &p.master, uint(n)}
	case n >= 8 && n < 16:
		return &input{p, &p.slave, uint(n - 8)}
	}
	return device.NoLine{}
}

type input struct {
	p *Pair
	c *chip
	n uint
}

func (in *input) Set(level bool) {
	in.c.set(in.n, level)
	in.p.update()
}

// Master is the register file at 0x20: two ports.
func (p *Pair) Master() device.Region { return device.Bytes("i8259 master", 2, ports{p, &p.master}) }

// Slave is the register file at 0xa0: two ports.
func (p *Pair) Slave() device.Region { return device.Bytes("i8259 slave", 2, ports{p, &p.slave}) }

// ELCR is the register file at 0x4d0: two ports, a bit for each level-triggered
// input.
func (p *Pair) ELCR() device.Region { return device.Bytes("i8259 elcr", 2, elcr{p}) }

type ports struct {
	p *Pair
	c *chip
}

func (r ports) ReadReg(off uint64) uint8 {
	if off == regCommand && r.c.poll {
		// The poll is an acknowledge of this one chip (data sheet, "Poll Command").
		r.c.poll = false
		n := r.c.pending()
		v := uint8(0)
		if n >= 0 {
			r.c.ack(n)
			v = 0x80 | uint8(n)
		}
		r.p.update()
		return v
	}
	return r.c.read(off)
}

func (r ports) WriteReg(off uint64, v uint8) {
	r.c.write(off, v)
	r.p.update()
}

type elcr struct{ p *Pair }

func (r elcr) ReadReg(off uint64) uint8 {
	if off == 0 {
		return r.p.master.elcr
	}
	return r.p.slave.elcr
}

func (r elcr) WriteReg(off uint64, v uint8) {
	if off == 0 {
		r.p.master.setELCR(v & elcrMaster)
	} else {
		r.p.slave.setELCR(v & elcrSlave)
	}
	r.p.update()
}

// Ack is an interrupt acknowledge cycle: it takes the pending interrupt of
// highest priority into service and returns its vector. If none is pending (its
// line went low, or it was masked, since the CPU was told), the vector is that
// of input 7 and spurious is true: nothing is in service and no EOI is due.
func (p *Pair) Ack() (vector uint8, spurious bool) {
	defer p.update()
	n := p.master.pending()
	if n < 0 {
		return p.master.base + 7, true
	}
	p.master.ack(n)
	if n != cascadeInput {
		return p.master.base + uint8(n), false
	}
	n = p.slave.pending()
	if n < 0 {
		// The master has the cascade in service all the same: the handler sends it
		// an EOI (data sheet, "Spurious interrupts").
		return p.slave.base + 7, true
	}
	p.slave.ack(n)
	return p.slave.base + uint8(n), false
}

// Pending says whether the output line is asserted.
func (p *Pair) Pending() bool { return p.level }

// update carries the slave's output to the master and the master's out.
func (p *Pair) update() {
	p.master.setCascade(p.slave.pending() >= 0)
	if level := p.master.pending() >= 0; level != p.level {
		p.level = level
		p.out.Set(level)
	}
}

func (c *chip) levelTriggered(n uint) bool { return c.ltim || c.elcr>>n&1 != 0 }

func (c *chip) set(n uint, level bool) {
	bit := uint8(1) << n
	rising := level && c.lines&bit == 0
	if level {
		c.lines |= bit
	} else {
		c.lines &^= bit
	}
	switch {
	case rising:
		c.irr |= bit
	case !level && c.levelTriggered(n):
		c.irr &^= bit
	}
}

// setCascade treats input 2 as a level: an edge that the slave takes back must
// not leave the master with a request that no slave input stands behind.
func (c *chip) setCascade(level bool) {
	c.lines &^= 1 << cascadeInput
	c.irr &^= 1 << cascadeInput
	if level {
		c.lines |= 1 << cascadeInput
		c.irr |= 1 << cascadeInput
	}
}

func (c *chip) setELCR(v uint8) {
	c.elcr = v
	c.irr = c.irr&^v | c.lines&v
}

// pending is the input that may interrupt now, -1 if none: requested, not
// masked, and of higher priority than all in service.
func (c *chip) pending() int {
	req := c.irr &^ c.imr
	if req == 0 || c.icw != 0 {
		return -1
	}
	block := c.isr
	if c.smm {
		block &^= c.imr
	}
	if c.sfnm {
		block &^= 1 << cascadeInput
	}
	rot := func(v uint8) uint8 { return bits.RotateLeft8(v, -int(c.top)) }
	n := bits.TrailingZeros8(rot(req))
	if bits.TrailingZeros8(rot(block)) <= n {
		return -1
	}
	return (n + int(c.top)) & 7
}

// ack takes input n into service.
func (c *chip) ack(n int) {
	bit := uint8(1) << n
	if !c.levelTriggered(uint(n)) {
		c.irr &^= bit
	}
	switch {
	case !c.aeoi:
		c.isr |= bit
	case c.rotateAEOI:
		c.top = uint8(n+1) & 7
	}
}

func (c *chip) read(reg uint64) uint8 {
	switch {
	case reg == regData:
		return c.imr
	case c.readISR:
		return c.isr
	}
	return c.irr
}

func (c *chip) write(reg uint64, v uint8) {
	switch {
	case reg == regData:
		c.writeData(v)
	case v&icw1 != 0:
		c.init(v)
	case v&ocw3 != 0:
		c.writeOCW3(v)
	default:
		c.writeOCW2(v)
	}
}

// init is ICW1: the edge detectors are reset, so an input must rise anew.
func (c *chip) init(v uint8) {
	*c = chip{lines: c.lines, elcr: c.elcr, base: c.base, icw: 2,
		ltim: v&icw1Level != 0, needICW4: v&icw1ICW4 != 0, solo: v&icw1Single != 0}
	for n := uint(0); n < 8; n++ {
		if c.levelTriggered(n) {
			c.irr |= c.lines & (1 << n)
		}
	}
}

func (c *chip) writeData(v uint8) {
	switch c.icw {
	case 0:
		c.imr = v
		return
	case 2:
		c.base = v & 0xf8
		if !c.solo {
			c.icw = 3
			return
		}
	case 4:
		c.aeoi, c.sfnm = v&icw4AEOI != 0, v&icw4SFNM != 0
		c.icw = 0
		return
	}
	// After ICW2 without cascade, or after ICW3 (whose value is wired here).
	c.icw = 0
	if c.needICW4 {
		c.icw = 4
	}
}

func (c *chip) writeOCW3(v uint8) {
	switch v & ocw3SMM {
	case ocw3SMM:
		c.smm = true
	case ocw3NoSMM:
		c.smm = false
	}
	c.poll = v&ocw3Poll != 0
	switch v & ocw3ReadISR {
	case ocw3ReadISR:
		c.readISR = true
	case ocw3ReadIRR:
		c.readISR = false
	}
}

func (c *chip) writeOCW2(v uint8) {
	level := v & 7
	switch v >> 5 {
	case ocw2RotateAEOIOff:
		c.rotateAEOI = false
	case ocw2RotateAEOIOn:
		c.rotateAEOI = true
	case ocw2EOI, ocw2RotateEOI:
		n := bits.TrailingZeros8(bits.RotateLeft8(c.isr, -int(c.top)))
		if n == 8 {
			return // nothing in service
		}
		level = (uint8(n) + c.top) & 7
		c.isr &^= 1 << level
		if v>>5 == ocw2RotateEOI {
			c.top = (level + 1) & 7
		}
	case ocw2EOILevel:
		c.isr &^= 1 << level
	case ocw2RotateEOILevel:
		c.isr &^= 1 << level
		c.top = (level + 1) & 7
	case ocw2SetPriority:
		c.top = (level + 1) & 7
	case ocw2Nop:
	}
}
