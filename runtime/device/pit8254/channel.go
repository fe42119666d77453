package pit8254

// channel is one counter. Times are in ticks of the input clock.
type channel struct {
	mode   uint8
	access uint8
	bcd    bool
	gate   bool

	loaded bool   // a whole count was written since the control word
	count  uint64 // 1..65536 (10000 in BCD)
	// since is the tick at which the counter started to run from count; elapsed
	// holds what it had counted when the gate stopped it. triggered is for the
	// modes that a rising gate starts.
	since     uint64
	elapsed   uint64
	running   bool
	triggered bool

	low       uint8 // first byte of a two-byte count
	writeHigh bool
	readHigh  bool

	latched  bool
	latch    uint16
	statused bool
	status   uint8
}

// periodic modes reload themselves.
func (c *channel) periodic() bool { return c.mode == modeRate || c.mode == modeSquare }

// hardware modes start at a rising gate, not at the count.
func (c *channel) hardware() bool { return c.mode == modeOneShot || c.mode == modeHardStrobe }

// passed is how many ticks the counter has counted since it was loaded.
func (c *channel) passed(now uint64) uint64 {
	if c.running && now > c.since {
		return c.elapsed + (now - c.since)
	}
	return c.elapsed
}

// active says whether the counter has something to count.
func (c *channel) active() bool { return c.loaded && (!c.hardware() || c.triggered) }

// out is the output pin.
func (c *channel) out(now uint64) bool {
	if !c.active() {
		return c.mode != modeTerminal
	}
	t := c.passed(now)
	switch c.mode {
	case modeTerminal, modeOneShot:
		// The count takes one clock to load: OUT rises N+1 clocks after the write.
		return t > c.count
	case modeRate:
		return !c.gate || t%c.count != c.count-1
	case modeSquare:
		return !c.gate || t%c.count < (c.count+1)/2
	}
	return t != c.count+1 // the strobes: low for one clock
}

// value is the counter as the CPU reads it, before BCD.
func (c *channel) value(now uint64) uint64 {
	if !c.loaded {
		return 0
	}
	t := c.passed(now)
	switch c.mode {
	case modeRate:
		return c.count - t%c.count
	case modeSquare:
		// Counts by two, through the range once for each half of the wave; an odd
		// count loses its lowest bit.
		half := (c.count + 1) / 2
		return (c.count &^ 1) - 2*(t%c.count%half)
	}
	if t > 0 {
		t-- // the clock that loaded the count
	}
	// Past zero the counter wraps and goes on; modulo keeps the subtraction in range.
	return c.count + c.modulus() - t%c.modulus()
}

func (c *channel) modulus() uint64 {
	if c.bcd {
		return 10000
	}
	return 65536
}

// read16 is value as the 16 bits of the register.
func (c *channel) read16(now uint64) uint16 {
	v := c.value(now) % c.modulus()
	if c.bcd {
		return uint16(v/1000<<12 | v/100%10<<8 | v/10%10<<4 | v%10)
	}
	return uint16(v)
}

// control takes a control word for this channel other than a latch command.
func (c *channel) control(v uint8) {
	mode := v >> 1 & 7
	if mode > 5 {
		mode -= 4 // bit 2 is "don't care" for modes 2 and 3
	}
	*c = channel{mode: mode, access: v >> 4 & 3, bcd: v&ctlBCD != 0, gate: c.gate}
}

// write takes one byte of a count at tick now.
func (c *channel) write(now uint64, v uint8) {
	switch {
	case c.access == accessLow:
		c.load(now, uint16(v))
	case c.access == accessHigh:
		c.load(now, uint16(v)<<8)
	case c.access != accessBoth: // no control word yet
	case !c.writeHigh:
		c.low, c.writeHigh = v, true
		if c.mode == modeTerminal {
			c.loaded = false // the first byte stops the counter and lowers OUT
		}
	default:
		c.writeHigh = false
		c.load(now, uint16(v)<<8|uint16(c.low))
	}
}

func (c *channel) load(now uint64, raw uint16) {
	n := uint64(raw)
	if c.bcd {
		n = uint64(raw>>12)*1000 + uint64(raw>>8&15)*100 + uint64(raw>>4&15)*10 + uint64(raw&15)
		n %= c.modulus() // digits above 9 are not defined; keep them in range
	}
	if n == 0 {
		n = c.modulus()
	}
	if c.periodic() && n < 2 {
		n = 2 // a count of 1 is illegal here
	}
	c.count, c.loaded = n, true
	if c.hardware() {
		return // the next trigger uses it
	}
	c.restart(now)
}

func (c *channel) restart(now uint64) {
	c.since, c.elapsed, c.running = now, 0, c.gate || c.hardware()
}

// setGate is the gate pin.
func (c *channel) setGate(now uint64, level bool) {
	rising := level && !c.gate
	if level == c.gate {
		return
	}
	if c.hardware() {
		c.gate = level
		if rising && c.loaded {
			c.triggered = true
			c.restart(now)
		}
		return
	}
	if !level {
		c.elapsed, c.running = c.passed(now), false
	}
	c.gate = level
	if !rising || !c.loaded {
		return
	}
	if c.periodic() {
		c.elapsed = 0
	}
	c.since, c.running = now, true
}

// latchCount is the counter latch command: it holds until it is read.
func (c *channel) latchCount(now uint64) {
	if !c.latched {
		c.latched, c.latch = true, c.read16(now)
	}
}

func (c *channel) latchStatus(now uint64) {
	if c.statused {
		return
	}
	c.statused = true
	c.status = c.access<<4 | c.mode<<1
	if c.bcd {
		c.status |= ctlBCD
	}
	if c.out(now) {
		c.status |= statusOut
	}
	if !c.loaded {
		c.status |= statusNull
	}
}

// read gives the next byte that the access mode calls for.
func (c *channel) read(now uint64) uint8 {
	if c.statused {
		c.statused = false
		return c.status
	}
	v := c.latch
	if !c.latched {
		v = c.read16(now)
	}
	high := c.access == accessHigh
	if c.access == accessBoth {
		high = c.readHigh
		c.readHigh = !c.readHigh
	}
	if high || c.access == accessLow {
		c.latched = false
	}
	if high {
		return uint8(v >> 8)
	}
	return uint8(v)
}
