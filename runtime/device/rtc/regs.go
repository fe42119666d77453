package rtc

// Register numbers.
const (
	regSeconds      = 0x00
	regSecondsAlarm = 0x01
	regMinutes      = 0x02
	regMinutesAlarm = 0x03
	regHours        = 0x04
	regHoursAlarm   = 0x05
	regWeekday      = 0x06 // 1 = Sunday
	regDay          = 0x07
	regMonth        = 0x08
	regYear         = 0x09
	regA            = 0x0a
	regB            = 0x0b
	regC            = 0x0c
	regD            = 0x0d
	regCentury      = 0x32 // the PC's place for it; Linux/Alpha does not look

	numTimeRegs = 10
	cmosSize    = 128
)

// Register A.
const (
	aUIP     = 0x80
	aDivider = 0x70
	// aDividerReset: bits 6:5 both set hold the divider chain in reset.
	aDividerReset = 0x60
	aRate         = 0x0f
	aReset        = 0x26 // 32768 Hz crystal, 1024 Hz periodic rate
)

// Register B.
const (
	bSet    = 0x80
	bPIE    = 0x40
	bAIE    = 0x20
	bUIE    = 0x10
	bBinary = 0x04
	b24Hour = 0x02
)

// Register C: flags, cleared by reading.
const (
	cIRQF = 0x80
	cPF   = 0x40
	cAF   = 0x20
	cUF   = 0x10
)

// dVRT: the battery is good.
const dVRT = 0x80

const (
	crystalHz = 32768
	second    = 1_000_000_000
	// updateNS is how long UIP is set before the registers show the next second:
	// 244 us of warning and 1984 us of update cycle (data sheet, table 4). Linux
	// takes the fall of UIP as the start of the second (time.c).
	updateNS = 244_000 + 1_984_000
	// divider release to first update (data sheet, "DV2, DV1, DV0").
	firstUpdateNS = second / 2
)
