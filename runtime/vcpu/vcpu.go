// Package vcpu is what the machine and its engines know of each other: the parts of a
// processor that an engine works on, and what an engine does.
//
// In and out: nothing, these are declarations. The package knows neither how code is
// executed nor what a machine is made of.
package vcpu

import (
	"axpress/lifter/isa"
	"axpress/runtime/abi"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
)

// CPU is what an engine needs of a processor.
type CPU struct {
	Index int
	Model *isa.Model
	S     *abi.State
	MMU   *mmu.MMU
	RAM   *mem.RAM
	// Cycles is the free-running cycle counter; RPCC shows its low 32 bits.
	// State.Icount is exact when it is called.
	Cycles func() uint64
	// Exclusive calls fn while no other CPU runs guest code, and no translated code is on
	// the stack of any; nil: there is no other that runs at the same time. An engine calls
	// it from runs and InvalidateCode. fn must not call it.
	Exclusive func(fn func())
}

// Engine executes guest code of one CPU. It belongs to the goroutine that runs the CPU.
//
// A run ends by ExitPoll (the caller must look at State.Limit as the abi says), ExitFault,
// ExitCallPAL, ExitOPCDEC, ExitAfterPAL, ExitArith or ExitNative, with State as the abi
// says. All other exits an engine serves itself.
type Engine interface {
	// Run executes from State.PC until polls see that State.Limit is reached, or an exit. It
	// may also end by ExitPoll earlier.
	Run() abi.Exit
	// RunFor executes n instructions and ends with ExitPoll, unless an exit comes first, or
	// State.Limit is reached. If Limit was set before, or by an access of the guest to a
	// device, the run ends exactly where it says, in the latter case behind that access at the
	// earliest. If another goroutine sets it to 0, the run ends soon, between two
	// instructions. The instruction behind the last one is not tried: what it would lead to
	// is the next run's.
	RunFor(n int64) abi.Exit
	// Step executes one instruction, without a look at State.Limit: ExitPoll if it was
	// retired without further ado, else the exit that it led to.
	Step() abi.Exit
	// InvalidateCode: from now on instruction fetch sees all earlier stores (imb).
	InvalidateCode()
	// Counters returns the counters so far.
	Counters() Counters
	// Close frees what the engine holds. It must not run any more.
	Close() error
}

// Counters are what an engine counted; what it knows nothing of is 0. The names are those of
// the JSON that programs with translated code write of a run.
type Counters struct {
	Translated  uint64                `json:"translated"`  // instructions retired in translated code
	Interpreted uint64                `json:"interpreted"` // and in the interpreter
	Entries     uint64                `json:"entries"`     // times translated code was entered
	Exits       [abi.NumExits]uint64  `json:"exits"`       // how translated code left
	Helpers     [abi.NumThunks]uint64 `json:"helpers"`     // thunks of native code that Go served
	Loads       uint64                `json:"loads not in line"`
	Stores      uint64                `json:"stores not in line"` // of Go code, as Loads
	Compared    uint64                `json:"compared"`           // pages of programs' code compared with what they last held
	Changed     uint64                `json:"changed"`            // of them, new ones and changed ones
	Mapped      uint64                `json:"mapped"`             // pages mapped in the windows of hot code
	Segments    uint64                `json:"segments"`           // times GS was set by a system call
}
