package uart16550

// Registers, by offset. With LCR.DLAB set, 0 and 1 are the divisor latch.
const (
	regData = 0 // RBR when read, THR when written; DLL
	regIER  = 1 // DLM
	regIIR  = 2 // FCR when written
	regLCR  = 3
	regMCR  = 4
	regLSR  = 5
	regMSR  = 6
	regSCR  = 7

	// NumRegs is the length of the register file in bytes.
	NumRegs = 8
)

// IER.
const (
	ierRDI   = 0x01
	ierTHRI  = 0x02
	ierRLSI  = 0x04
	ierMSI   = 0x08
	ierValid = 0x0f
)

// IIR: bits 3:0, in order of priority.
const (
	iirRLSI    = 0x06
	iirRDI     = 0x04
	iirTimeout = 0x0c
	iirTHRI    = 0x02
	iirMSI     = 0x00
	iirNone    = 0x01
	iirFIFO    = 0xc0
)

// FCR.
const (
	fcrEnable  = 0x01
	fcrClearRX = 0x02
)

// LCR.
const (
	lcrBreak = 0x40
	lcrDLAB  = 0x80
)

// MCR.
const (
	mcrDTR   = 0x01
	mcrRTS   = 0x02
	mcrOUT1  = 0x04
	mcrOUT2  = 0x08 // on a PC: lets the interrupt out
	mcrLoop  = 0x10
	mcrValid = 0x1f
)

// LSR.
const (
	lsrDR    = 0x01
	lsrOE    = 0x02
	lsrBI    = 0x10
	lsrTHRE  = 0x20
	lsrTEMT  = 0x40
	lsrFIFOE = 0x80
)

// MSR: deltas in bits 3:0, lines in 7:4.
const (
	msrDCTS = 0x01
	msrDDSR = 0x02
	msrTERI = 0x04
	msrDDCD = 0x08
	msrCTS  = 0x10
	msrDSR  = 0x20
	msrRI   = 0x40
	msrDCD  = 0x80
)

const fifoSize = 16

// QueueSize is how many bytes of host input wait for the guest at most.
const QueueSize = 1 << 16

// rxTrigger is the receive interrupt level by FCR bits 7:6.
var rxTrigger = [4]int{1, 4, 8, 14}
