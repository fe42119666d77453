package i8259

// Ports of one controller: A0 is the offset.
const (
	regCommand = 0 // ICW1, OCW2, OCW3; reads IRR, ISR or the poll byte
	regData    = 1 // ICW2-4, OCW1 (the interrupt mask)
)

// Command port bits.
const (
	icw1       = 0x10 // bit 4 set: ICW1
	icw1ICW4   = 0x01 // ICW4 follows
	icw1Single = 0x02 // no ICW3
	icw1Level  = 0x08 // all inputs level triggered

	ocw3        = 0x08 // bit 4 clear, bit 3 set: OCW3
	ocw3ReadISR = 0x03 // RR and RIS: 3 selects the ISR, 2 the IRR
	ocw3ReadIRR = 0x02
	ocw3Poll    = 0x04
	ocw3SMM     = 0x60 // ESMM and SMM: 0x60 sets special mask mode, 0x40 clears it
	ocw3NoSMM   = 0x40

	icw4AEOI = 0x02
	icw4SFNM = 0x10
)

// OCW2 commands, bits 7:5 (R, SL, EOI); the level is in bits 2:0.
const (
	ocw2RotateAEOIOff = iota
	ocw2EOI
	ocw2Nop
	ocw2EOILevel
	ocw2RotateAEOIOn
	ocw2RotateEOI
	ocw2SetPriority
	ocw2RotateEOILevel
)

const (
	cascadeInput = 2
	// Inputs that the ELCR cannot make level triggered: 0, 1, 2 of the master
	// (timer, keyboard, cascade), 8 and 13 of the slave (RTC, coprocessor).
	elcrMaster = 0xf8
	elcrSlave  = 0xde
)
