package uart16550

import (
	"io"

	"axpress/runtime/device"
)

// Config says what a Device is connected to. Everything may be left out.
type Config struct {
	Name string
	// Out receives what the guest sends, one Write per byte; wrap it in a buffer
	// if that costs too much. Its errors are kept for Device.OutErr and otherwise
	// ignored: a wire does not tell. nil discards.
	Out io.Writer
	// IRQ is the interrupt line, gated by OUT2 as on a PC.
	IRQ device.Line
	// Wake is called by Push and Break, on the caller's goroutine and without any
	// lock held; it must make the machine call Poll soon.
	Wake func()
}

// Device is the port. All methods but Push, Break and Waiting run under the
// machine's lock.
type Device struct {
	cfg Config
	in  input

	ier, fcr, lcr, mcr, scr uint8
	dll, dlm                uint8
	lsrErr                  uint8 // sticky error bits, cleared by reading LSR
	msr                     uint8
	thri                    bool // the THR-empty interrupt is pending
	rx                      []char
	level                   bool
	outErr                  error
	tx                      [1]byte // the argument of Out.Write
}

// New makes a port after master reset, connected to a terminal that is on: CTS,
// DSR and DCD are asserted.
func New(cfg Config) *Device {
	if cfg.IRQ == nil {
		cfg.IRQ = device.NoLine{}
	}
	if cfg.Name == "" {
		cfg.Name = "uart16550"
	}
	if cfg.Out == nil {
		cfg.Out = io.Discard
	}
	d := &Device{cfg: cfg, dll: 12, msr: msrCTS | msrDSR | msrDCD}
	d.in.wake = cfg.Wake
	return d
}

// Regs is the register file: NumRegs ports.
func (d *Device) Regs() device.Region { return device.Bytes(d.cfg.Name, NumRegs, regs{d}) }

// Push queues input for the guest and says how many bytes were taken; fewer than
// len(p) means that the queue is full (QueueSize). Safe from any goroutine.
func (d *Device) Push(p []byte) int { return d.in.push(p, false) }

// Break queues a break condition (Linux: the start of a SysRq). Safe from any
// goroutine.
func (d *Device) Break() { d.in.push(nil, true) }

// Waiting is how many bytes of input have not reached the receiver. Safe from
// any goroutine.
func (d *Device) Waiting() int { return d.in.waiting() }

// Poll moves queued input into the receiver. The machine calls it after a wake.
func (d *Device) Poll() {
	d.fill()
	d.update()
}

// OutErr is the first error that Config.Out returned.
func (d *Device) OutErr() error { return d.outErr }

type regs struct{ d *Device }

func (r regs) ReadReg(off uint64) uint8 {
	v := r.d.read(off)
	r.d.update()
	return v
}

func (r regs) WriteReg(off uint64, v uint8) {
	r.d.write(off, v)
	r.d.update()
}

func (d *Device) fifo() bool { return d.fcr&fcrEnable != 0 }

// capacity is how many characters the receiver holds.
func (d *Device) capacity() int {
	if d.fifo() {
		return fifoSize
	}
	return 1
}

// fill takes input while there is room. In loop-back the receiver is cut off
// from the line. The terminal honours RTS: what is typed, or piped in, before the
// guest has opened the port would otherwise be lost when the driver probes for the
// chip and clears the FIFO a dozen times.
func (d *Device) fill() {
	if room := d.capacity() - len(d.rx); room > 0 && d.mcr&(mcrLoop|mcrRTS) == mcrRTS {
		d.rx = d.in.take(d.rx, room)
	}
}

func (d *Device) read(off uint64) uint8 {
	dlab := d.lcr&lcrDLAB != 0
	switch off {
	case regData:
		if dlab {
			return d.dll
		}
		return d.receive()
	case regIER:
		if dlab {
			return d.dlm
		}
		return d.ier
	case regIIR:
		v := d.cause()
		if v == iirTHRI {
			d.thri = false // reading IIR acknowledges it, if it is the one reported
		}
		if d.fifo() {
			v |= iirFIFO
		}
		return v
	case regLCR:
		return d.lcr
	case regMCR:
		return d.mcr
	case regLSR:
		v := d.lsr()
		d.lsrErr = 0
		if len(d.rx) > 0 {
			d.rx[0].br = false
		}
		return v
	case regMSR:
		v := d.msr
		d.msr &^= msrDCTS | msrDDSR | msrTERI | msrDDCD
		return v
	}
	return d.scr
}

func (d *Device) write(off uint64, v uint8) {
	dlab := d.lcr&lcrDLAB != 0
	switch off {
	case regData:
		if dlab {
			d.dll = v
			return
		}
		d.send(v)
	case regIER:
		if dlab {
			d.dlm = v
			return
		}
		// Enabling the interrupt while the transmitter is empty raises it, also if
		// it was acknowledged before (8250_port.c tests for this and calls ports
		// that do not UART_BUG_THRE).
		if v&^d.ier&ierTHRI != 0 {
			d.thri = true
		}
		d.ier = v & ierValid
	case regIIR:
		d.writeFCR(v)
	case regLCR:
		d.lcr = v
	case regMCR:
		d.mcr = v & mcrValid
		d.modemLines()
		d.fill()
	case regLSR: // factory test only
	case regMSR: // read-only
	case regSCR:
		d.scr = v
	}
}

// receive is a read of RBR.
func (d *Device) receive() uint8 {
	if len(d.rx) == 0 {
		return 0
	}
	b := d.rx[0].b
	d.rx = append(d.rx[:0], d.rx[1:]...)
	d.fill()
	return b
}

// send is a write of THR.
func (d *Device) send(v uint8) {
	d.thri = true // and empty again at once
	if d.mcr&mcrLoop != 0 {
		if len(d.rx) < d.capacity() {
			d.rx = append(d.rx, char{b: v})
		} else {
			d.lsrErr |= lsrOE
		}
		return
	}
	d.tx[0] = v
	if _, err := d.cfg.Out.Write(d.tx[:]); err != nil && d.outErr == nil {
		d.outErr = err
	}
}

// writeFCR: the FIFO is emptied when it is switched, and on demand.
func (d *Device) writeFCR(v uint8) {
	if (v^d.fcr)&fcrEnable != 0 || v&fcrEnable != 0 && v&fcrClearRX != 0 {
		d.rx, d.lsrErr = nil, 0
	}
	if v&fcrEnable == 0 {
		v = 0 // the other bits are not programmed without the enable
	}
	d.fcr = v
	d.fill()
}

// modemLines follows the modem inputs: the terminal's, or in loop-back the
// outputs of MCR.
func (d *Device) modemLines() {
	now := uint8(msrCTS | msrDSR | msrDCD)
	if d.mcr&mcrLoop != 0 {
		now = 0
		for _, w := range [...]struct{ mcr, msr uint8 }{
			{mcrRTS, msrCTS}, {mcrDTR, msrDSR}, {mcrOUT1, msrRI}, {mcrOUT2, msrDCD},
		} {
			if d.mcr&w.mcr != 0 {
				now |= w.msr
			}
		}
	}
	old := d.msr & 0xf0
	delta := (old ^ now) >> 4
	if old&msrRI == 0 || now&msrRI != 0 {
		delta &^= msrTERI // only the trailing edge counts
	}
	d.msr = now | d.msr&0x0f | delta
}

func (d *Device) lsr() uint8 {
	v := uint8(lsrTHRE|lsrTEMT) | d.lsrErr
	if len(d.rx) > 0 {
		v |= lsrDR
		if d.rx[0].br {
			v |= lsrBI
		}
	}
	if d.fifo() {
		for _, c := range d.rx {
			if c.br {
				v |= lsrFIFOE
			}
		}
	}
	return v
}

// cause is IIR bits 3:0: the enabled interrupt of highest priority.
func (d *Device) cause() uint8 {
	switch {
	case d.ier&ierRLSI != 0 && d.lsr()&(lsrBI|lsrOE) != 0:
		return iirRLSI
	case d.ier&ierRDI != 0 && len(d.rx) > 0:
		if d.fifo() && len(d.rx) < rxTrigger[d.fcr>>6] {
			return iirTimeout
		}
		return iirRDI
	case d.ier&ierTHRI != 0 && d.thri:
		return iirTHRI
	case d.ier&ierMSI != 0 && d.msr&0x0f != 0:
		return iirMSI
	}
	return iirNone
}

// update drives the interrupt line. In loop-back the OUT2 pin is inactive.
func (d *Device) update() {
	level := d.cause() != iirNone && d.mcr&(mcrOUT2|mcrLoop) == mcrOUT2
	if level != d.level {
		d.level = level
		d.cfg.IRQ.Set(level)
	}
}
