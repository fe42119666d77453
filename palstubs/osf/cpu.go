package osf

import (
	"fmt"
	"sync/atomic"

	"axpress/runtime/abi"
)

// Memory is what PALcode needs of the guest's memory.
type Memory interface {
	// Load reads 1<<log2size bytes at the virtual address va in the current mode,
	// zero-extended. !ok: a fault, described in State.Fault*.
	Load(va abi.VAddr, log2size int) (v uint64, ok bool)
	// Store writes 1<<log2size bytes at va in the current mode.
	Store(va abi.VAddr, log2size int, v uint64) (ok bool)
	// Fetch reads the instruction word at pc, with execute access in the current
	// mode. It may change State.Fault*.
	Fetch(pc abi.VAddr) (word uint32, ok bool)
	// ReadPhys and WritePhys access a quadword of RAM. An error means that no RAM
	// is there.
	ReadPhys(pa abi.PAddr) (uint64, error)
	WritePhys(pa abi.PAddr, v uint64) error
}

// System is what PALcode needs of the platform, seen from one CPU. Times are
// nanoseconds.
type System interface {
	// SendIPI raises an interprocessor interrupt on CPU target; numbers of absent
	// CPUs are ignored.
	SendIPI(target uint64)
	// AckIPI and AckTimer acknowledge this CPU's interrupt in the chipset.
	AckIPI()
	AckTimer()
	// CServe is a function of CALL_PAL cserve that this PALcode does not have itself,
	// with the arguments a1 and a2; !ok: the board's console has none of that number.
	CServe(fn, a1, a2 uint64) (v uint64, ok bool)
	// DeviceVector returns the SRM vector of the device interrupt to take; !ok:
	// the request has gone away.
	DeviceVector() (vector uint64, ok bool)

	// VMTime is the guest's monotonic time, WallTime the time of day (Unix).
	VMTime() uint64
	WallTime() uint64
	// Alarm and SetAlarm: the paravirtual alarm of this CPU, in VMTime; 0 is off.
	Alarm() uint64
	SetAlarm(at uint64)
	// Cycles is the free-running cycle counter; its low 32 bits are PCC<31:0>.
	Cycles() uint64

	// InvalidateAll, InvalidateProcess and InvalidateSingle drop TLB entries:
	// all, those of pages without ASM, those of one page for instructions, data
	// or both.
	InvalidateAll()
	InvalidateProcess()
	InvalidateSingle(va abi.VAddr, instructions, data bool)
	// EnterSpace is told that State.ASN has become another.
	EnterSpace()
	// InvalidateCode makes instruction fetch see all earlier stores (imb).
	InvalidateCode()

	// Halt stops this CPU: the console has it now.
	Halt(Halt)
}

// Console serves the console callbacks: guest code reaches it through CallConsole.
type Console interface {
	// Callback performs the callback whose function code and arguments are in
	// R16..R21 of s and sets R0 (and R1), as the CRB dispatch routine does.
	Callback(s *abi.State, m Memory)
}

// HaltCode is the reason that a console reports for a halted CPU and stores in
// the per-CPU slot (AAH, "Console Interface", halt_reason).
type HaltCode uint64

// Halt codes that this PALcode produces.
const (
	HaltKSPInvalid   HaltCode = 2 // kernel stack not valid while pushing or popping a frame
	HaltCallPAL      HaltCode = 5 // CALL_PAL HALT
	HaltDoubleMCheck HaltCode = 6 // machine check while MCES.MIP was set
)

// Halt says why a CPU stopped.
type Halt struct {
	Code   HaltCode
	PC     uint64 // of the instruction, or the next one for CALL_PAL HALT
	Detail string
}

// String is the reason in words.
func (h Halt) String() string {
	names := map[HaltCode]string{HaltKSPInvalid: "kernel stack not valid", HaltCallPAL: "CALL_PAL HALT", HaltDoubleMCheck: "machine check while another was pending"}
	t := fmt.Sprintf("halt code %d (%s) at pc %#x", h.Code, names[h.Code], h.PC)
	if h.Detail != "" {
		t += ": " + h.Detail
	}
	return t
}

// Result tells the run loop how to go on after a CALL_PAL or a delivery.
type Result uint8

// Results.
const (
	// Continue: run on at State.PC.
	Continue Result = iota
	// Waiting: the CPU has nothing to do until an interrupt is pending (wtint).
	Waiting
	// Halted: System.Halt has been called.
	Halted
)

// CPU is the PALcode of one processor. S, Mem and Sys must be set.
type CPU struct {
	S   *abi.State
	Mem Memory
	Sys System
	// Console serves CallConsole; nil makes it a reserved opcode.
	Console Console
	// LogoutPA is the physical address of the machine check logout area, which has
	// LogoutSize bytes (PCS.logout_area_pa); Implver, the result of IMPLVER, says which
	// frame is written there.
	LogoutPA abi.PAddr
	Implver  uint64
	// ParavirtualClock enables QEMU's cserve functions 3 to 7. It must agree with
	// the HWRPB's ssn containing "QEMU" (L kernel/setup.c).
	ParavirtualClock bool

	pending atomic.Uint32 // requests, by IRQ
}

// Bits of State.PS.
const (
	psIPL  = 7
	psUser = 8
)

// Bits of MCES (AAH, "Machine check error summary").
const (
	mcesMIP  = 1 << 0 // machine check in progress
	mcesW1C  = 7      // MIP, SCE, PCE: write one to clear
	mcesMode = 3 << 3 // DPC, DSC: plain bits
)

// Call executes CALL_PAL fn at State.PC: it advances the PC, retires the
// instruction and performs it; an unknown or forbidden one ends in entIF (opDEC)
// instead.
func (c *CPU) Call(fn uint32) Result {
	s := c.S
	r := Lookup(fn)
	if r == nil || r.fn == nil || r.Privileged && s.PS&psUser != 0 {
		return c.DeliverOPCDEC(false)
	}
	s.PC += 4
	s.Icount++
	return r.fn(c)
}

func (c *CPU) halt(code HaltCode, pc uint64, detail string) Result {
	c.Sys.Halt(Halt{Code: code, PC: pc, Detail: detail})
	return Halted
}

// kspInvalid halts: a frame could not be pushed or popped. Delivering that fault
// would need the same stack.
func (c *CPU) kspInvalid(pc uint64, what string) Result {
	s := c.S
	return c.halt(HaltKSPInvalid, pc, fmt.Sprintf("%s: fault at %#x, stack pointer %#x", what, s.FaultVA, s.R[30]))
}
