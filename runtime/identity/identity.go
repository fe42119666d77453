// Package identity holds what software can tell a platform by: what the board says
// of itself, and what the console, which knows no board, writes into the HWRPB.
//
// It is a leaf: a struct, nothing else.
package identity

// Identity is what a platform is to the software on it.
type Identity struct {
	// Name is the name of the system: the HWRPB's dynamic
	// system recognition string.
	Name string
	// SysType and SysVariation are the HWRPB's (Linux, arch/alpha/include/asm/hwrpb.h and kernel/setup.c).
	SysType, SysVariation uint64
	// MaxCPUs is how many processors the board has room for, at most 64.
	MaxCPUs int
	// PABits is how many bits of physical addresses the board decodes. A processor may
	// have fewer.
	PABits uint64
	// InterruptFreq is the rate of the interval timer in units of 1/4096 Hz, as the
	// HWRPB has it.
	InterruptFreq uint64
	// CycleFreq is the rate of the cycle counter in Hz, with a console that has the
	// paravirtual clock; without it the processor's own rate counts.
	CycleFreq uint64
}
