package pit8254

import "axpress/runtime/device"

// Device is the timer. All methods run under the machine's lock.
type Device struct {
	clock  device.Clock
	irq    device.Line
	ch     [3]channel
	port61 uint8

	edge  device.Timer // channel 0's next
	level bool         // the interrupt line
}

// New makes a timer whose channel 0 drives irq. Channels are as at power-up: not
// programmed. The gates of channels 0 and 1 are tied high.
func New(clock device.Clock, sched device.Scheduler, irq device.Line) *Device {
	d := &Device{clock: clock, irq: irq}
	d.edge = sched.NewTimer("pit8254 channel 0", d.tick)
	d.ch[0].gate, d.ch[1].gate = true, true
	return d
}

// Counters is the register file at 0x40: four ports.
func (d *Device) Counters() device.Region { return device.Bytes("pit8254", 4, counters{d}) }

// Port61 is the system control port, one port.
func (d *Device) Port61() device.Region { return device.Bytes("port 61", 1, port61{d}) }

func (d *Device) now() uint64 { return device.TicksAt(d.clock.Now(), Hz) }

type counters struct{ d *Device }

func (r counters) ReadReg(off uint64) uint8 {
	if off >= regControl {
		return 0xff // the control word cannot be read
	}
	return r.d.ch[off].read(r.d.now())
}

func (r counters) WriteReg(off uint64, v uint8) {
	d := r.d
	if off < regControl {
		d.ch[off].write(d.now(), v)
		if off == 0 {
			d.reschedule()
		}
		return
	}
	n := v >> 6
	switch {
	case n == ctlReadBack:
		d.readBack(v)
	case v>>4&3 == accessLatch:
		d.ch[n].latchCount(d.now())
	default:
		d.ch[n].control(v)
		if n == 0 {
			d.reschedule()
		}
	}
}

func (d *Device) readBack(v uint8) {
	now := d.now()
	for i := range d.ch {
		if v>>(i+1)&1 == 0 {
			continue
		}
		if v&rbNoCount == 0 {
			d.ch[i].latchCount(now)
		}
		if v&rbNoStatus == 0 {
			d.ch[i].latchStatus(now)
		}
	}
}

type port61 struct{ d *Device }

func (r port61) ReadReg(uint64) uint8 {
	d := r.d
	ns := d.clock.Now()
	v := d.port61
	if device.TicksAt(ns, refreshHz)&1 != 0 {
		v |= p61Refresh
	}
	if d.ch[2].out(device.TicksAt(ns, Hz)) {
		v |= p61Out2
	}
	return v
}

func (r port61) WriteReg(_ uint64, v uint8) {
	r.d.port61 = v & p61Writable
	r.d.ch[2].setGate(r.d.now(), v&p61Gate2 != 0)
}

// reschedule brings the interrupt line up to date after channel 0 changed and
// asks to be called at its next edge.
func (d *Device) reschedule() {
	d.edge.Stop()
	now := d.now()
	d.setLine(d.ch[0].out(now))
	d.arm(now)
}

// arm asks to be called when channel 0's output next rises.
func (d *Device) arm(now uint64) {
	c := &d.ch[0]
	if !c.active() {
		return
	}
	t := c.passed(now)
	var wait uint64
	switch {
	case c.periodic():
		wait = c.count - t%c.count
	case t <= c.count:
		wait = c.count + 1 - t
	case c.mode == modeStrobe && t == c.count+1:
		wait = 1
	default:
		return // one shot, over
	}
	at := device.TickTime(now+wait, Hz)
	if least := d.clock.Now() + minInterruptSpacing; c.periodic() && at < least {
		at = least
	}
	d.edge.Set(at)
}

// tick is what the timer calls: the output has risen (or, for a strobe, pulsed).
func (d *Device) tick() {
	now := d.now()
	if c := &d.ch[0]; c.periodic() || c.mode == modeStrobe {
		d.setLine(false)
	}
	d.setLine(true)
	if d.ch[0].periodic() {
		d.arm(now)
	}
}

func (d *Device) setLine(level bool) {
	if level != d.level {
		d.level = level
		d.irq.Set(level)
	}
}
