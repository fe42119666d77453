package pci

// Offsets in the configuration header, type 0.
const (
	RegVendorID      = 0x00
	RegDeviceID      = 0x02
	RegCommand       = 0x04
	RegStatus        = 0x06
	RegRevision      = 0x08
	RegClass         = 0x09 // three bytes
	RegCacheLine     = 0x0c
	RegLatency       = 0x0d
	RegHeaderType    = 0x0e
	RegBAR0          = 0x10
	RegSubVendorID   = 0x2c
	RegSubsystemID   = 0x2e
	RegCapabilities  = 0x34
	RegInterruptLine = 0x3c
	RegInterruptPin  = 0x3d
	firstCapability  = 0x40
)

// Command register bits.
const (
	CmdIO          = 0x001
	CmdMemory      = 0x002
	CmdMaster      = 0x004
	CmdParity      = 0x040
	CmdSERR        = 0x100
	CmdINTxDisable = 0x400
	cmdWritable    = CmdIO | CmdMemory | CmdMaster | CmdParity | CmdSERR | CmdINTxDisable
)

// Status register bits.
const (
	statusINTx = 0x0008
	statusCap  = 0x0010
	statusW1C  = 0xf900
)

const (
	headerMulti = 0x80
	configSize  = 256
	numBARs     = 6
	barIO       = 1
	barMem64    = 4
	barPrefetch = 8
)
