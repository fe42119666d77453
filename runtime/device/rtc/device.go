package rtc

import (
	"errors"
	"time"

	"axpress/runtime/device"
)

// EpochAuto asks for the epoch that Linux/Alpha decodes; see the package comment.
const EpochAuto = 0

// Config says what a Device is connected to. Clock and Scheduler are required.
type Config struct {
	Clock     device.Clock
	Scheduler device.Scheduler
	// Tick is called once for each enabled interrupt event; nil for none.
	Tick func()
	// Epoch is the year that year register 0 stands for, or EpochAuto.
	Epoch int
}

// Device is the clock. All methods run under the machine's lock.
type Device struct {
	cfg   Config
	epoch int
	index uint8
	cmos  [cmosSize]uint8 // registers A-D, alarms and RAM; not the time

	// Time of day: the second base began at guest time anchor. While frozen (SET,
	// or the divider in reset) it stands still in held.
	base   int64
	anchor int64
	held   fields
	frozen bool

	periodic, update device.Timer
	next             uint64 // the periodic timer's tick, in periods of the crystal
}

// New makes a clock that shows cfg.Clock's wall time, set as a console leaves it:
// 24-hour BCD, periodic rate 1024 Hz, no interrupt enabled.
func New(cfg Config) (*Device, error) {
	if cfg.Clock == nil || cfg.Scheduler == nil {
		return nil, errors.New("rtc: clock or scheduler missing")
	}
	if cfg.Tick == nil {
		cfg.Tick = func() {}
	}
	d := &Device{cfg: cfg, epoch: cfg.Epoch}
	d.periodic = cfg.Scheduler.NewTimer("rtc periodic", d.periodicDue)
	d.update = cfg.Scheduler.NewTimer("rtc update", d.updateDue)
	d.cmos[regA], d.cmos[regB], d.cmos[regD] = aReset, b24Hour, dVRT
	now, wall := int64(cfg.Clock.Now()), cfg.Clock.WallTime()
	d.base = wall / second
	d.anchor = now - wall%second
	if d.epoch == EpochAuto {
		d.epoch = epochFor(time.Unix(d.base, 0).UTC().Year())
	}
	return d, nil
}

// Ports is the register file at 0x70: index, data.
func (d *Device) Ports() device.Region { return device.Bytes("mc146818", 2, ports{d}) }

type ports struct{ d *Device }

func (r ports) ReadReg(off uint64) uint8 {
	if off == 0 {
		return 0xff // the index port is write-only
	}
	return r.d.read(r.d.index)
}

func (r ports) WriteReg(off uint64, v uint8) {
	if off == 0 {
		r.d.index = v & (cmosSize - 1) // bit 7 is the PC's NMI mask
		return
	}
	r.d.write(r.d.index, v)
}

// now is the time shown in unix seconds and the ns since that second began.
func (d *Device) now() (sec, ns int64) {
	t := int64(d.cfg.Clock.Now()) - d.anchor
	q, r := t/second, t%second
	if r < 0 {
		q, r = q-1, r+second
	}
	return d.base + q, r
}

func (d *Device) fields() fields {
	if d.frozen {
		return d.held
	}
	sec, _ := d.now()
	return d.toFields(sec)
}

func isTime(reg uint8) bool {
	return reg < numTimeRegs && reg != regSecondsAlarm && reg != regMinutesAlarm && reg != regHoursAlarm
}

func (d *Device) read(reg uint8) uint8 {
	switch {
	case isTime(reg):
		f := d.fields()
		return f[reg]
	case reg == regA:
		v := d.cmos[regA]
		if _, ns := d.now(); !d.frozen && ns >= second-updateNS {
			v |= aUIP
		}
		return v
	case reg == regC:
		v := d.cmos[regC]
		if v&d.cmos[regB]&(cPF|cAF|cUF) != 0 {
			v |= cIRQF
		}
		d.cmos[regC] = 0
		return v
	case reg == regCentury:
		sec, _ := d.now()
		return d.encode(time.Unix(sec, 0).UTC().Year() / 100 % 100)
	}
	return d.cmos[reg]
}

func (d *Device) write(reg, v uint8) {
	switch {
	case isTime(reg):
		d.writeTime(reg, v)
	case reg == regA:
		old := d.cmos[regA]
		d.cmos[regA] = v &^ aUIP
		d.setFrozen(old&aDividerReset == aDividerReset && v&aDividerReset != aDividerReset)
		if (old^v)&(aRate|aDivider) != 0 {
			d.arm()
		}
	case reg == regB:
		d.writeB(v)
	case reg == regC || reg == regD: // read-only
	default:
		d.cmos[reg] = v
	}
}

// writeB changes modes. The time registers keep meaning the same time when the
// data mode changes, which the chip leaves to the program.
func (d *Device) writeB(v uint8) {
	sec, _ := d.now()
	if d.frozen {
		sec = d.toUnix(&d.held, time.Unix(sec, 0).UTC().Year())
	}
	old := d.cmos[regB]
	d.cmos[regB] = v
	if d.frozen && (old^v)&(bBinary|b24Hour) != 0 {
		d.held = d.toFields(sec)
	}
	d.setFrozen(false)
	if (old^v)&(bPIE|bAIE|bUIE|bSet) != 0 {
		d.arm()
	}
}

func (d *Device) writeTime(reg, v uint8) {
	if d.frozen {
		d.held[reg] = v
		return
	}
	sec, _ := d.now()
	f := d.toFields(sec)
	f[reg] = v
	d.base += d.toUnix(&f, time.Unix(sec, 0).UTC().Year()) - sec
}

// setFrozen stops or starts the time of day after registers A or B changed.
// released says that the divider chain just left reset: the next second then
// comes half a second later.
func (d *Device) setFrozen(released bool) {
	want := d.cmos[regB]&bSet != 0 || d.cmos[regA]&aDividerReset == aDividerReset
	switch {
	case want && !d.frozen:
		d.held = d.fields()
	case !want && d.frozen:
		sec, ns := d.now()
		if released {
			ns = second - firstUpdateNS
		}
		d.base = d.toUnix(&d.held, time.Unix(sec, 0).UTC().Year())
		d.anchor = int64(d.cfg.Clock.Now()) - ns
	}
	d.frozen = want
}

// arm asks for the events that registers A and B now call for.
func (d *Device) arm() {
	d.periodic.Stop()
	d.update.Stop()
	if d.cmos[regB]&bPIE != 0 && d.period() != 0 {
		d.armPeriodic()
	}
	if d.cmos[regB]&(bAIE|bUIE) != 0 && !d.frozen {
		d.armUpdate()
	}
}

// period is the periodic interval in cycles of the 32768 Hz crystal, 0 for none
// (data sheet, table 5).
func (d *Device) period() uint64 {
	rate := uint(d.cmos[regA] & aRate)
	switch {
	case rate == 0 || d.cmos[regA]&aDividerReset == aDividerReset:
		return 0
	case rate < 3:
		rate += 7 // 1 and 2 repeat 8 and 9 at this crystal
	}
	return 1 << (rate - 1)
}

// armPeriodic asks for the next tick. Ticks keep to a grid from boot, so they do
// not drift. Those that fell due while the machine was late come at once, for a kernel that
// counts them; if it was away for longer than maxLate they are lost.
func (d *Device) armPeriodic() {
	p := d.period()
	d.next = (device.TicksAt(d.cfg.Clock.Now(), crystalHz)/p + 1) * p
	d.periodic.Set(device.TickTime(d.next, crystalHz))
}

// periodicDue is what the periodic timer calls.
func (d *Device) periodicDue() {
	p := d.period()
	if p == 0 {
		return // only a loaded state can have the timer on and the ticks off
	}
	late := (device.TicksAt(d.cfg.Clock.Now(), crystalHz) - d.next) / p
	if late*p > maxLate*crystalHz {
		late = 0
	}
	d.armPeriodic()
	for range late + 1 {
		d.event(cPF)
	}
}

// maxLate is how late ticks can be, in seconds.
const maxLate = 2

func (d *Device) armUpdate() {
	_, ns := d.now()
	d.update.Set(d.cfg.Clock.Now() + uint64(second-ns))
}

// updateDue is what the update timer calls: a second has ended.
func (d *Device) updateDue() {
	d.armUpdate()
	f := d.fields()
	if d.alarmMatches(&f) {
		d.event(cAF)
	}
	d.event(cUF)
}

// event sets a flag and, if it is enabled, ticks. The enable bits of register B
// stand where the flags of register C do.
func (d *Device) event(flag uint8) {
	d.cmos[regC] |= flag
	if d.cmos[regB]&flag != 0 {
		d.cfg.Tick()
	}
}
