package pit8254

// Hz is the frequency of the counters' clock input: 14.31818 MHz / 12, as
// Linux's PIT_TICK_RATE.
const Hz = 1193182

// Control word register (port 0x43).
const (
	regControl = 3

	ctlBCD      = 0x01
	ctlReadBack = 3 // bits 7:6
	rbNoCount   = 0x20
	rbNoStatus  = 0x10

	accessLatch = 0 // bits 5:4
	accessLow   = 1
	accessHigh  = 2
	accessBoth  = 3

	statusOut  = 0x80
	statusNull = 0x40
)

// The counting modes, bits 3:1 of the control word.
const (
	modeTerminal   = 0 // interrupt on terminal count
	modeOneShot    = 1 // hardware retriggerable one-shot
	modeRate       = 2 // rate generator
	modeSquare     = 3 // square wave
	modeStrobe     = 4 // software triggered strobe
	modeHardStrobe = 5 // hardware triggered strobe
)

// Port 0x61.
const (
	p61Gate2    = 0x01
	p61Speaker  = 0x02
	p61Writable = 0x0f
	p61Refresh  = 0x10
	p61Out2     = 0x20

	// refreshHz is the rate at which the refresh bit toggles: one DRAM refresh
	// about every 15 us (IBM AT Technical Reference).
	refreshHz = 66288
)

// minInterruptSpacing keeps a guest that programs a tiny divisor from making the
// machine do nothing else, in ns.
const minInterruptSpacing = 20_000
