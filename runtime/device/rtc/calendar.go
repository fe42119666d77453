package rtc

import "time"

// fields are the contents of registers 0-9 (alarms included) as stored.
type fields [numTimeRegs]uint8

// epochFor is the epoch under which Linux/Alpha decodes year from two digits
// (rtc.c, init_rtc_epoch); 1900 where there is none.
func epochFor(year int) int {
	for _, e := range []struct{ from, to, epoch int }{
		{1970, 1999, 1900}, {2000, 2019, 2000}, {2020, 2027, 1980},
	} {
		if year >= e.from && year <= e.to {
			return e.epoch
		}
	}
	return 1900
}

func (d *Device) binary() bool { return d.cmos[regB]&bBinary != 0 }

func (d *Device) encode(v int) uint8 {
	if d.binary() {
		return uint8(v)
	}
	return uint8(v/10<<4 | v%10)
}

func (d *Device) decode(v uint8) int {
	if d.binary() {
		return int(v)
	}
	return int(v>>4)*10 + int(v&15)
}

func (d *Device) encodeHour(h int) uint8 {
	if d.cmos[regB]&b24Hour != 0 {
		return d.encode(h)
	}
	pm := uint8(0)
	if h >= 12 {
		pm = 0x80
	}
	if h %= 12; h == 0 {
		h = 12
	}
	return d.encode(h) | pm
}

func (d *Device) decodeHour(v uint8) int {
	if d.cmos[regB]&b24Hour != 0 {
		return d.decode(v)
	}
	h := d.decode(v&0x7f) % 12
	if v&0x80 != 0 {
		h += 12
	}
	return h
}

// toFields puts the time sec (unix seconds) into the register format; the
// alarms come from the CMOS.
func (d *Device) toFields(sec int64) fields {
	t := time.Unix(sec, 0).UTC()
	y := (t.Year() - d.epoch) % 100
	if y < 0 {
		y += 100
	}
	f := fields{
		regSeconds:      d.encode(t.Second()),
		regSecondsAlarm: d.cmos[regSecondsAlarm],
		regMinutes:      d.encode(t.Minute()),
		regMinutesAlarm: d.cmos[regMinutesAlarm],
		regHours:        d.encodeHour(t.Hour()),
		regHoursAlarm:   d.cmos[regHoursAlarm],
		regWeekday:      d.encode(int(t.Weekday()) + 1),
		regDay:          d.encode(t.Day()),
		regMonth:        d.encode(int(t.Month())),
		regYear:         d.encode(y),
	}
	return f
}

// toUnix is the inverse of toFields, near the year now (a two-digit year says no
// more). Values out of range carry into the next field, as time.Date does.
func (d *Device) toUnix(f *fields, nowYear int) int64 {
	y := d.epoch + d.decode(f[regYear])
	for y+50 < nowYear {
		y += 100
	}
	return time.Date(y, time.Month(d.decode(f[regMonth])), d.decode(f[regDay]),
		d.decodeHour(f[regHours]), d.decode(f[regMinutes]), d.decode(f[regSeconds]), 0, time.UTC).Unix()
}

// alarmMatches compares the time with the alarm registers; a value with bits 7:6
// set matches everything (data sheet, "don't care").
func (d *Device) alarmMatches(f *fields) bool {
	for _, r := range [...]int{regSeconds, regMinutes, regHours} {
		if a := d.cmos[r+1]; a&0xc0 != 0xc0 && a != f[r] {
			return false
		}
	}
	return true
}
