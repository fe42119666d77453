package abi

// A unit is an LLVM function of calling convention hhvmcc, whose arguments and
// results are the host registers below: a call between units moves nothing.
// All other guest registers are at home in State whenever control passes from
// one unit to another. RAX carries nothing into a unit (LLVM needs a register for the
// address of an indirect tail call); R14 and R15 are not returned.
//
// hhvmcc passes arguments in RBX R12 RBP R15 RDI RSI RDX RCX R8 R9 RAX R10 R11
// R13 R14 and returns a struct in RBX RBP RDI RSI RDX RCX R8 R9 RAX R10 R11 R13
// R14 R15; it treats R12 as preserved, which is why R12 is the constant one.

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
		SlotReg + 18, // RDX: a2
		SlotReg + 19, // RCX: a3
		SlotReg + 20, // R8:  a4
		SlotReg + 21, // R9:  a5
		SlotNone,     // RAX: free for the address of an indirect tail call
		SlotReg + 0,  // R10: v0
		SlotReg + 26, // R11: ra
		SlotReg + 27, // R13: pv
		SlotIndex,    // R14
	}
	UnitResults = [...]Slot{
		SlotIcount,   // RBX
		SlotReg + 30, // RBP
		SlotReg + 16, // RDI
		SlotReg + 17, // RSI
		SlotReg + 18, // RDX
		SlotReg + 19, // RCX
		SlotReg + 20, // R8
		SlotReg + 21, // R9
		SlotPC,       // RAX
		SlotReg + 0,  // R10
		SlotReg + 26, // R11
		SlotReg + 27, // R13
	}
)

// PinnedRegs is the set of guest registers that travel in host registers, as a
// bit mask of integer register numbers.
func PinnedRegs() (mask uint32) {
	for _, s := range UnitResults {
		if r, ok := s.Reg(); ok {
			mask |= 1 << r
		}
	}
	return mask
}
