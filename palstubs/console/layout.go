package console

import (
	"axpress/runtime/abi"
	"axpress/runtime/identity"
)

// HWRPBPA is the physical address of the HWRPB. Page 0 stays zero, so that a null
// physical address reads as nothing.
const HWRPBPA = 0x2000

// TopBytes is the size of the console's memory cluster at the end of memory. Consoles
// have one there; here nothing is in it, but native code need not expect the guest's
// own data so close to the end (abi.CheckedReach).
const TopBytes = abi.CheckedReach

// MaxCPUs is how many CPUs a board may have room for: HWRPB.rxrdy has a bit for each
// (L asm/hwrpb.h).
const MaxCPUs = 64

// layout is where everything is that the console owns. Linux sees the range as a
// memory cluster of usage 1 and leaves it alone. What the HWRPB's page offsets and the
// physical addresses are follows from how many CPUs the board has room for.
type layout struct {
	// Offsets in the HWRPB.
	ctb, crb, dispatch, fixup, mddt, dsr uint64
	hwrpbBytes                           uint64
	hwrpbPages                           uint64
	// Physical addresses.
	level1, level2, level3, code, logout, stack uint64
	// reserved is the size of the memory cluster at address 0.
	reserved uint64
}

const (
	logoutLen = 0x400        // per CPU
	stackSize = abi.PageSize // per CPU
	// Slots are multiples of 128 bytes, the alignment of the hardware PCB at their
	// beginning.
	pcsOffset = 0x180
	pcsSize   = 0x280

	partSize  = 0x100    // of the parts of the HWRPB behind the slots
	ctbSize   = 0x100    // of the console terminal block
	stackUnit = 0x1_0000 // stacks and the end of the cluster are at multiples of this
)

// layoutOf lays out the memory of a console for a board with room for maxCPUs CPUs.
func layoutOf(maxCPUs int) (l layout) {
	n := uint64(maxCPUs)
	l.ctb = up(pcsOffset+n*pcsSize, partSize)
	l.crb = l.ctb + partSize
	l.dispatch, l.fixup = l.crb+0x80, l.crb+0xa0
	l.mddt = l.crb + partSize
	l.dsr = l.mddt + partSize
	l.hwrpbBytes = l.dsr + partSize
	l.hwrpbPages = up(l.hwrpbBytes, abi.PageSize) / abi.PageSize

	l.level1 = HWRPBPA + l.hwrpbPages*abi.PageSize
	l.level2 = l.level1 + abi.PageSize
	l.level3 = l.level2 + abi.PageSize
	l.code = l.level3 + abi.PageSize
	l.logout = l.code + abi.PageSize
	l.stack = up(l.logout+n*logoutLen, stackUnit)
	l.reserved = up(l.stack+n*stackSize, stackUnit)
	return l
}

// up rounds x up to a multiple of unit, a power of two.
func up(x, unit uint64) uint64 { return (x + unit - 1) &^ (unit - 1) }

// HWRPBVA is where the boot page table maps the HWRPB (L asm/hwrpb.h INIT_HWRPB).
const HWRPBVA = 0x10000000

// BootVPTB is the virtual page table base that Linux wants.
const BootVPTB = 0xfffffffe00000000

// ParamOffset is how far below the kernel's first byte the parameter page is (L
// asm/setup.h: ZERO_PGE = START_ADDR - 0x6000).
const ParamOffset = 0x6000

// Parameter page (L asm/setup.h PARAM, COMMAND_LINE, INITRD_START, INITRD_SIZE).
const (
	paramCmdline     = 0
	paramCmdlineSize = 0x100
	paramInitrdStart = 0x100
	paramInitrdSize  = 0x108
)

// Offsets in the HWRPB (L asm/hwrpb.h struct hwrpb_struct).
const (
	hwPhysAddr   = 0x00
	hwID         = 0x08
	hwRevision   = 0x10
	hwSize       = 0x18
	hwCPUID      = 0x20
	hwPageSize   = 0x28
	hwPABits     = 0x30
	hwMaxASN     = 0x38
	hwSSN        = 0x40
	hwSysType    = 0x50
	hwVariation  = 0x58
	hwSysRev     = 0x60
	hwIntrFreq   = 0x68
	hwCycleFreq  = 0x70
	hwVPTB       = 0x78
	hwNumCPUs    = 0x90
	hwPCSSize    = 0x98
	hwPCSOffset  = 0xa0
	hwCTBNum     = 0xa8
	hwCTBSize    = 0xb0
	hwCTBOffset  = 0xb8
	hwCRBOffset  = 0xc0
	hwMDDTOffset = 0xc8
	hwRestart    = 0x100
	hwRestartArg = 0x108
	hwChecksum   = 0x120
	hwRxRdy      = 0x128
	hwTxRdy      = 0x130
	hwDSROffset  = 0x138
)

// Offsets in a per-CPU slot (L asm/hwrpb.h struct percpu_struct).
const (
	pcsFlags       = 0x80
	pcsPALRevision = 0xa8
	pcsType        = 0xb0
	pcsVariation   = 0xb8
	pcsRevision    = 0xc0
	pcsLogoutPA    = 0xd8
	pcsLogoutLen   = 0xe0
	pcsHaltPCBB    = 0xe8
	pcsHaltPC      = 0xf0
	pcsHaltPS      = 0xf8
	pcsHaltArg     = 0x100
	pcsHaltRA      = 0x108
	pcsHaltPV      = 0x110
	pcsHaltReason  = 0x118
	pcsIPCBuffer   = 0x128
)

// Bits of the per-CPU slot's flags (AAH, "Per-CPU Slots"; L kernel/smp.c wants
// 0x1cc).
const (
	flagBIP = 1 << 0 // bootstrap in progress
	flagRC  = 1 << 1 // restart capable
	flagPA  = 1 << 2 // processor available
	flagPP  = 1 << 3 // processor present
	flagCV  = 1 << 5 // context valid
	flagPV  = 1 << 6 // PALcode valid
	flagPMV = 1 << 7 // PALcode memory valid
	flagPL  = 1 << 8 // PALcode loaded

	flagHaltRequest      = 0xff << 16
	flagHaltRequestShift = 16
)

// pcsPA is the physical address of a CPU's slot.
func pcsPA(cpu int) uint64 { return HWRPBPA + pcsOffset + uint64(cpu)*pcsSize }

// LogoutPA is the physical address of a CPU's machine check logout area, on a board of
// that identity.
func LogoutPA(id identity.Identity, cpu int) abi.PAddr {
	return abi.PAddr(layoutOf(id.MaxCPUs).logout + uint64(cpu)*logoutLen)
}
