package abi

import (
	"fmt"
	"slices"
)

// Page geometry of the Alpha implementations that Linux supports.
const (
	PageShift = 13
	PageSize  = 1 << PageShift
	PageMask  = 1<<64 - PageSize
)

// KSEGBase is the first address of the kernel segment under 43-bit addressing
// (VA<42:41> = 2, sign-extended); it maps to physical address 0.
const KSEGBase = 0xfffffc0000000000

// Modes of execution: the index of the per-mode tables. PS<3> (CM) has the same
// values shifted by 3.
const (
	ModeKernel = 0
	ModeUser   = 1
)

// Access kinds: the second index of the soft TLB.
const (
	AccessRead  = 0
	AccessWrite = 1
)

// TLB geometry. An entry matches virtual address va for an access of size bytes
// if  (va & (PageMask | size-1)) ^ ASNTag == Tag: a misaligned address never
// matches, and no address matches TLBInvalid. Host address = va + Addend.
const (
	TLBBits      = 10
	TLBEntries   = 1 << TLBBits
	TLBEntrySize = 16
	// ASNTagShift places the address space number in the tag, between the
	// alignment bits and the page number.
	ASNTagShift        = 3
	TLBInvalid  uint64 = 1 << 12
)

// TLBEntry is one entry of the soft TLB, written by runtime/mmu, probed by
// native code and the interpreter.
type TLBEntry struct {
	Tag    uint64
	Addend uint64
}

// TLBIndex returns the entry number for va.
func TLBIndex(va VAddr) uint64 { return uint64(va) >> PageShift & (TLBEntries - 1) }

// JumpEntry is one entry of the jump cache: guest PC to native entry. Key is the
// guest PC exclusive-or State.JumpKey (which holds mode and address space), so an
// entry matches in its own address space only. Key 1 is empty: no PC is odd.
type JumpEntry struct {
	Key   uint64
	Host  uint64 // address of the unit's code
	Index uint64 // which entry of the unit
	_     uint64
}

// Jump cache geometry.
const (
	JumpBits             = 15
	JumpEntries          = 1 << JumpBits
	JumpEntrySize        = 32
	JumpEmpty     uint64 = 1
)

// JumpIndex returns the entry number for pc.
func JumpIndex(pc uint64) uint64 { return pc >> 2 & (JumpEntries - 1) }

// State is the state of one guest CPU that generated code touches, and what else
// lives at a fixed place for its sake. It is allocated outside the Go heap (see
// NewState), so its address is constant; host register R12 holds the address of
// State plus StateBias, so that the integer registers have one-byte offsets.
type State struct {
	R [32]uint64 // integer registers; R[31] is always 0

	// Limit ends a run: native code leaves at the next poll once
	// Icount >= Limit. Other goroutines may set it to 0 (atomically).
	Limit int64
	// Icount counts retired guest instructions, in all engines.
	Icount int64
	PC     uint64
	// ExitCode says why native code came back, ExitArg more about it.
	ExitCode Exit
	ExitArg  uint64

	// KSEG windows: a load of size 1<<n at va is direct if
	// rotr(va+KSEGBias, n) < RAMLimit[n] and then touches host address
	// RAMBase + rotr(...)<<n; a misaligned address fails the test too. Stores have
	// a window of their own that begins above the translated kernel text, so that
	// writes into code always take the slow path.
	KSEGBias      uint64
	RAMBase       uint64
	RAMLimit      [4]uint64
	StoreKSEGBias uint64
	StoreRAMBase  uint64
	StoreRAMLimit [4]uint64
	// Stack window, for kernel code that checks a base, its stack pointer, once and accesses
	// what lies within CheckedReach of it: sp is good if
	// rotr(sp+CheckedBias, 3) < CheckedLimit; host address = va + CheckedDelta.
	CheckedBias  uint64
	CheckedLimit uint64
	// CheckedDelta is the distance of guest and host addresses of the kernel: RAM is
	// mapped at CheckedDelta + its KSEG address, and other pages from there on up to the
	// end of the address space may be (see runtime/window).
	CheckedDelta uint64
	// GSBase is the host address of the window of the current address space: the
	// page of user address va is at GSBase+va, if it is mapped. 0: no window.
	GSBase uint64
	// GSStale is a bit of PS: a mode that can be entered only by way of Go, as GS is not at
	// the window that its hot code needs. 0: there is none.
	GSStale uint64
	// MXCSR is what native code loads to round in the ways of MXCSR.RC.
	MXCSR [4]uint32
	// FastPAL, if not 0, lets runtime/dispatch execute CALL_PALs of its own where
	// nothing special happens; FastCalls counts them, by FastXxx.
	FastPAL   uint64
	FastCalls [2]uint64
	// WindowMiss is set when an access through the window faults on the host, so
	// that the slow path knows that the page would better be mapped.
	WindowMiss uint64

	ASNTag  uint64 // current ASN << ASNTagShift
	JumpKey uint64 // see JumpEntry
	JumpGen uint64 // see DropUserJumps

	// Processor state that PALcode keeps; native code touches it in inlined
	// CALL_PALs.
	PS      uint64 // IPL in bits 2:0, current mode in bit 3
	PCBB    uint64 // physical address of the process control block
	KSP     uint64
	USP     uint64
	KGP     uint64
	Unique  uint64
	SysVal  uint64
	WHAMI   uint64
	PTBR    uint64 // page frame number
	VPTB    uint64
	ASN     uint64
	FEN     uint64
	MCES    uint64
	Entries [8]uint64 // entInt, entArith, entMM, entIF, entUna, entSys, entDbg: index of wrent
	// IRQLevel is the highest IPL at which an interrupt is pending, 0 if none: it
	// is taken when PS.IPL < IRQLevel. Other goroutines write it, atomically, and then
	// set Limit to 0: who has seen the old value comes to its next poll.
	IRQLevel uint64

	FPCR      uint64
	IntrFlag  uint64 // RC, RS
	LockFlag  uint64 // 1 while a reservation is held
	LockPA    uint64 // its physical address
	LockValue uint64
	PCCOffset uint64

	// Fault describes a memory fault that a helper or the interpreter found.
	FaultVA     uint64
	FaultMMCSR  uint64
	FaultAccess uint64 // entMM a2
	FaultKind   uint64 // FaultXxx

	// Thunks holds the addresses of the routines of runtime/dispatch that native
	// code calls, indexed by ThunkXxx.
	Thunks [16]uint64

	// Context switch between the two stacks, written by the trampolines only.
	NativeSP    uint64
	GoSP        uint64
	GoBP        uint64
	NativeStack uint64 // top of the native stack
	HelperOp    uint64 // ThunkXxx that native code waits in
	HelperVA    uint64
	HelperValue uint64 // value to store; result of a load
	HelperFault uint64 // 1: return to native code with the carry flag set
	HelperInst  uint64 // the instruction of ThunkFPOperate
	EnterHost   uint64 // unit to enter
	EnterIndex  uint64

	F [32]uint64 // floating-point registers in register format; F[31] is always 0

	TLB  [2][2][TLBEntries]TLBEntry // [mode][access]
	Jump [JumpEntries]JumpEntry
}

// NativeMXCSR is the MXCSR of native code that rounds to nearest: all exceptions but
// inexact fault.
const NativeMXCSR = 0x1000

// CheckedReach is how far from a checked base, in bytes and either way, accesses
// need no check of their own.
const CheckedReach = 32 << 10

// WindowBits is the width of the addresses that a window has room for: user
// addresses are below 1<<WindowBits (Linux, TASK_SIZE). What is within CheckedReach of
// it, on both sides, is reserved as well.
const WindowBits = 42

// StateBias is added to the address of State to give the value of R12.
const StateBias = 128

// The two low bits of the PC that a unit returns: guest PCs are multiples of 4,
// so no caller can mistake an exit for a return.
const (
	PCContinue  = 0 // the guest continues at PC
	PCExit      = 1 // State.ExitCode says why
	PCInterpret = 2 // ExitInterpret
	PCPoll      = 3 // ExitPoll
)

// PollReach is how many instructions translated code retires at most between the moment
// that State.Icount has reached State.Limit and its leave with PCPoll, if it does not
// leave for another reason before. Package ir says why it is bounded.
const PollReach = 1024

// Exit says why translated code, or an engine, came back.
type Exit uint64

// The ways to come back.
const (
	// ExitNone: the unit continues at a PC that is not in the jump cache.
	ExitNone Exit = iota
	// ExitPoll: Limit reached at a poll; PC is the next instruction.
	ExitPoll
	// ExitInterpret: a guard failed or the instruction is not lifted; interpret at PC.
	ExitInterpret
	// ExitFault: a helper found a memory fault (State.Fault*); PC is the instruction.
	ExitFault
	// ExitCallPAL: CALL_PAL ExitArg at PC, not yet executed.
	ExitCallPAL
	// ExitOPCDEC: reserved or privileged instruction at PC.
	ExitOPCDEC
	// ExitHelper: native code waits in thunk HelperOp.
	ExitHelper
	// ExitAfterPAL: an inlined CALL_PAL is done and wants the run loop to look at
	// interrupts and mode before PC.
	ExitAfterPAL
	// ExitArith: arithmetic trap: ExitArg = exception summary (EXC_SUM), FaultVA =
	// register write mask; PC is the next instruction, the result is written.
	ExitArith
	// ExitNative: the interpreter stopped at PC because native code has an entry there.
	ExitNative
	NumExits
)

// Indices of State.FastCalls.
const (
	FastCallsys = iota
	FastRTI
)

// Function codes of CALL_PAL that native code treats on its own.
const (
	PALRTI     = 0x3f
	PALCallsys = 0x83
)

// String names the exit.
func (e Exit) String() string {
	if e < NumExits {
		return exitNames[e]
	}
	return fmt.Sprintf("Exit(%d)", uint64(e))
}

// ParseExit returns the exit of a name that String gives.
func ParseExit(name string) (Exit, bool) {
	i := slices.Index(exitNames[:], name)
	return Exit(i), i >= 0
}

var exitNames = [NumExits]string{"lookup", "poll", "interpret", "fault", "call_pal", "opcdec", "helper", "after_pal", "arith", "native"}

// Thunks: what generated code calls, as an index into State.Thunks. A thunk
// takes R12 as it is, preserves every register but those named here, and returns
// with the carry flag set if a fault was recorded in State.
//
//	load:  RAX = virtual address in, zero-extended value out
//	store: RAX = virtual address, RCX = value
//	storecond: as store; RAX = 1 if stored
//	atomic: RAX = virtual address in, host address out, where RAM may be read and written;
//	       the carry flag: the interpreter must execute the sequence from LDx_L on
//	rpcc:  RAX = cycle counter out
//	fpop:  RAX, RCX = operands, RDX = instruction word; RAX = result; the carry flag:
//	       it traps, and nothing has been done
//
// The number after the name is log2 of the size.
const (
	ThunkLoad0 = iota
	ThunkLoad1
	ThunkLoad2
	ThunkLoad3
	ThunkStore0
	ThunkStore1
	ThunkStore2
	ThunkStore3
	ThunkLoadLocked2
	ThunkLoadLocked3
	ThunkStoreCond2
	ThunkStoreCond3
	ThunkAtomic2
	ThunkAtomic3
	ThunkRPCC
	ThunkFPOperate
	NumThunks
)

// ThunkNames are the symbols that objects use for the thunks.
var ThunkNames = [NumThunks]string{
	"axp_load0", "axp_load1", "axp_load2", "axp_load3", "axp_store0", "axp_store1", "axp_store2", "axp_store3",
	"axp_loadl2", "axp_loadl3", "axp_storec2", "axp_storec3",
	"axp_atomic2", "axp_atomic3", "axp_rpcc", "axp_fpop",
}

// FaultKind values.
const (
	FaultNone      uint64 = iota
	FaultMM               // entMM: FaultVA, FaultMMCSR, FaultAccess
	FaultUnaligned        // entUna: FaultVA
	FaultMCheck           // machine check: nothing answers at FaultVA (a physical address)
)

// MMCSR values of entMM (a1), and access values (a2).
const (
	MMCSRTNV = 0
	MMCSRACV = 1
	MMCSRFOR = 2
	MMCSRFOE = 3
	MMCSRFOW = 4
)
const (
	MMAccessRead  uint64 = 0
	MMAccessWrite uint64 = 1
	MMAccessExec         = ^uint64(0)
)

// Indices of State.Entries, as CALL_PAL wrent takes them.
const (
	EntInt = iota
	EntArith
	EntMM
	EntIF
	EntUna
	EntSys
	EntDbg
)

// CodeEntry is one row of an artefact's entry table: guest PC (in kernel code; in
// pages of userland the offset in the page) to a unit's code and entry index.
// Tables are sorted by PC.
type CodeEntry struct {
	PC    uint64
	Code  uint32 // offset in the artefact's text
	Index uint32
}

// CodePage is one translated page of userland, found by its content.
type CodePage struct {
	Hash     [32]byte // SHA-256 of the page
	First, N uint32   // its entries
}

// CodeSpan says which guest addresses [Lo, Hi) the unit at Code was made from. A unit
// that holds copies of functions it calls has a span for each of them, too.
type CodeSpan struct {
	Lo, Hi uint64
	Code   uint32
	_      uint32
}

// CodeVPage is the content of the page at guest address VA.
type CodeVPage struct {
	VA   uint64
	Hash [32]byte // SHA-256
}

// CodeFault says that if the instruction at At faults, the code goes on at Fix;
// both are offsets in the text.
type CodeFault struct{ At, Fix uint32 }

// Code is translated code ready to run.
type Code struct {
	Text    []byte // mapped executable
	Entries []CodeEntry
	Pages   []CodePage // sorted by Hash; empty for a kernel
	Spans   []CodeSpan // kernel only
	// Hot code of a program, found by guest address. VPages are the pages it was
	// made from, by address, and Faults where its accesses go on that fault on the
	// host, by At. Both are sorted.
	Hot    bool
	VPages []CodeVPage
	Faults []CodeFault
	// KernelLo and KernelHi bound the physical addresses of a kernel's text.
	KernelLo, KernelHi uint64
}
