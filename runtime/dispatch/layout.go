package dispatch

//lint:file-ignore U1000 the constants are used by enter_amd64.s

import (
	"unsafe"

	"axpress/runtime/abi"
)

// Offsets of State fields from R12, for the assembly (through go_asm.h).
const (
	bias            = abi.StateBias
	offLimit        = unsafe.Offsetof(abi.State{}.Limit) - bias
	offIcount       = unsafe.Offsetof(abi.State{}.Icount) - bias
	offPC           = unsafe.Offsetof(abi.State{}.PC) - bias
	offExitCode     = unsafe.Offsetof(abi.State{}.ExitCode) - bias
	offASNTag       = unsafe.Offsetof(abi.State{}.ASNTag) - bias
	offJumpKey      = unsafe.Offsetof(abi.State{}.JumpKey) - bias
	offPS           = unsafe.Offsetof(abi.State{}.PS) - bias
	offNativeSP     = unsafe.Offsetof(abi.State{}.NativeSP) - bias
	offGoSP         = unsafe.Offsetof(abi.State{}.GoSP) - bias
	offGoBP         = unsafe.Offsetof(abi.State{}.GoBP) - bias
	offStack        = unsafe.Offsetof(abi.State{}.NativeStack) - bias
	offHelperOp     = unsafe.Offsetof(abi.State{}.HelperOp) - bias
	offHelperVA     = unsafe.Offsetof(abi.State{}.HelperVA) - bias
	offHelperVal    = unsafe.Offsetof(abi.State{}.HelperValue) - bias
	offHelperFlt    = unsafe.Offsetof(abi.State{}.HelperFault) - bias
	offHelperInst   = unsafe.Offsetof(abi.State{}.HelperInst) - bias
	offEnterHost    = unsafe.Offsetof(abi.State{}.EnterHost) - bias
	offEnterIndex   = unsafe.Offsetof(abi.State{}.EnterIndex) - bias
	offGSBase       = unsafe.Offsetof(abi.State{}.GSBase) - bias
	offGSStale      = unsafe.Offsetof(abi.State{}.GSStale) - bias
	offPTBR         = unsafe.Offsetof(abi.State{}.PTBR) - bias
	offRAMBase      = unsafe.Offsetof(abi.State{}.RAMBase) - bias
	offRAMLimit     = unsafe.Offsetof(abi.State{}.RAMLimit) - bias
	offFastPAL      = unsafe.Offsetof(abi.State{}.FastPAL) - bias
	offFastSys      = unsafe.Offsetof(abi.State{}.FastCalls) - bias + 8*abi.FastCallsys
	offFastRTI      = unsafe.Offsetof(abi.State{}.FastCalls) - bias + 8*abi.FastRTI
	offExitArg      = unsafe.Offsetof(abi.State{}.ExitArg) - bias
	offKSP          = unsafe.Offsetof(abi.State{}.KSP) - bias
	offUSP          = unsafe.Offsetof(abi.State{}.USP) - bias
	offKGP          = unsafe.Offsetof(abi.State{}.KGP) - bias
	offASN          = unsafe.Offsetof(abi.State{}.ASN) - bias
	offJumpGen      = unsafe.Offsetof(abi.State{}.JumpGen) - bias
	offEntSys       = unsafe.Offsetof(abi.State{}.Entries) - bias + 8*abi.EntSys
	offIRQLevel     = unsafe.Offsetof(abi.State{}.IRQLevel) - bias
	offLockFlag     = unsafe.Offsetof(abi.State{}.LockFlag) - bias
	offLockPA       = unsafe.Offsetof(abi.State{}.LockPA) - bias
	offLockValue    = unsafe.Offsetof(abi.State{}.LockValue) - bias
	offIntrFlag     = unsafe.Offsetof(abi.State{}.IntrFlag) - bias
	offCheckedBias  = unsafe.Offsetof(abi.State{}.CheckedBias) - bias
	offCheckedLimit = unsafe.Offsetof(abi.State{}.CheckedLimit) - bias
	offCheckedDelta = unsafe.Offsetof(abi.State{}.CheckedDelta) - bias
	offMXCSR        = unsafe.Offsetof(abi.State{}.MXCSR) - bias
	offWindowMiss   = unsafe.Offsetof(abi.State{}.WindowMiss) - bias
	offTLB          = unsafe.Offsetof(abi.State{}.TLB) - bias
	offTLBWrite     = offTLB + abi.TLBEntries*abi.TLBEntrySize
	offJump         = unsafe.Offsetof(abi.State{}.Jump) - bias

	offR16 = 16*8 - bias
	offR17 = 17*8 - bias
	offR18 = 18*8 - bias
	offR29 = 29*8 - bias
	offR30 = 30*8 - bias

	exitCallPAL = abi.ExitCallPAL
	palRTI      = abi.PALRTI
	palCallsys  = abi.PALCallsys
	psUser      = 8 // PS<3>
	jumpKeyUser = abi.JumpKeyUser
	jumpKeyASN  = abi.JumpKeyASNShift
	jumpKeyGen  = abi.JumpKeyGenShift

	// modeShift scales PS<3> to the distance between the two modes' TLBs.
	modeShift  = 12
	modeStride = 8 << modeShift
	jumpMask   = (abi.JumpEntries - 1) * abi.JumpEntrySize
	tlbMask    = (abi.TLBEntries - 1) * abi.TLBEntrySize
	tlbShift   = abi.PageShift - 4

	// Bits of FastPAL.
	fastPAL    = 1 << 0
	fastRefill = 1 << 1

	// For refill; see runtime/mmu for the bits of page table entries.
	pageShift       = abi.PageShift
	windowBits      = abi.WindowBits
	levelMask       = 1<<10 - 1
	pteTable        = 1<<0 | 1<<8 // V, KRE
	pteEnable       = 1 << 8      // KRE; URE, KWE and UWE are 1, 4 and 5 further
	modeStrideShift = modeShift + 3
	accessShift     = abi.TLBBits + 4

	sigSEGV      = 11
	stackBytes   = stackSize
	exitHelper   = abi.ExitHelper
	thunkLoad0   = abi.ThunkLoad0
	thunkLoad1   = abi.ThunkLoad1
	thunkLoad2   = abi.ThunkLoad2
	thunkLoad3   = abi.ThunkLoad3
	thunkStore0  = abi.ThunkStore0
	thunkStore1  = abi.ThunkStore1
	thunkStore2  = abi.ThunkStore2
	thunkStore3  = abi.ThunkStore3
	thunkLoadL2  = abi.ThunkLoadLocked2
	thunkLoadL3  = abi.ThunkLoadLocked3
	thunkStoreC2 = abi.ThunkStoreCond2
	thunkStoreC3 = abi.ThunkStoreCond3
	thunkAtomic2 = abi.ThunkAtomic2
	thunkAtomic3 = abi.ThunkAtomic3
	thunkRPCC    = abi.ThunkRPCC
	thunkFPOp    = abi.ThunkFPOperate
	pageMask     = -abi.PageSize
)

// The assembly relies on the scale of the two modes' tables.
var _ [modeStride - 2*abi.TLBEntries*abi.TLBEntrySize]struct{}
var _ [2*abi.TLBEntries*abi.TLBEntrySize - modeStride]struct{}
