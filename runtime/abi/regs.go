package abi

// A unit is an LLVM function of calling convention hhvmcc, whose arguments and
// results are the host registers below. At every boundary (calls, returns, exits)
// all guest registers are in State, their spill slots; the guest registers named here travel
// in host registers besides, as copies that save a load. Whoever returns a PC with
// low bits other than PCContinue leaves no valid copies.
//
// hhvmcc passes arguments in RBX R12 RBP R15 RDI RSI RDX RCX R8 R9 RAX R10 R11
// R13 R14 and returns a struct in RBX RBP RDI RSI RDX RCX R8 R9 RAX R10 R11 R13
// R14 R15; it treats R12 as preserved, which is why R12 is the constant one. No
// other register is preserved.

// Slot says what an argument or result carries.
type Slot uint8

// The slots that are not guest registers; a guest register r has slot
// SlotReg+r.
const (
	SlotNone   Slot = iota
	SlotIcount      // retired instructions
	SlotState       // State + StateBias
	SlotIndex       // argument: which entry of the unit
	SlotTarget      // argument: the guest PC being entered (relocatable units take their base from it)
	SlotPC          // result: where the guest continues, see PCExit
	SlotReg
)

// Reg returns the guest register of s, if it is one.
func (s Slot) Reg() (uint8, bool) { return uint8(s - SlotReg), s >= SlotReg }

// UnitArgs lists the arguments of a unit in order, UnitResults its results.
var (
	UnitArgs = [...]Slot{
		SlotIcount,   // RBX
		SlotState,    // R12
		SlotReg + 30, // RBP: sp
		SlotTarget,   // R15
		SlotReg + 16, // RDI: a0
		SlotReg + 17, // RSI: a1
		SlotIndex,    // RDX
	}
	UnitResults = [...]Slot{
		SlotIcount,   // RBX
		SlotReg + 30, // RBP: sp
		SlotReg + 0,  // RDI: v0
		SlotPC,       // RSI
	}
)

// ReturnTarget is host code for a unit that at once returns to the guest PC it was
// called for: mov R0(%r12),%rdi; mov %r15,%rsi; ret. It stands for units without
// code of their own.
var ReturnTarget = [...]byte{0x49, 0x8b, 0x7c, 0x24, 0x80, 0x4c, 0x89, 0xfe, 0xc3}

// SnapshotRegs is the set of guest registers, as a bit mask, that the back end
// wants to know the value of at every exit, changed or not: the stack pointer,
// which travels in both directions.
const SnapshotRegs uint32 = 1 << 30
