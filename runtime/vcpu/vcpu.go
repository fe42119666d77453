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
	// it from Run and InvalidateCode. fn must not call it.
	Exclusive func(fn func())
}

// Engine executes guest code of one CPU. It belongs to the goroutine that runs the CPU.
type Engine interface {
	// Run executes from State.PC until polls see that State.Limit is reached, or an exit:
	// ExitPoll (it must look at State.Limit as the abi says), ExitFault, ExitCallPAL,
	// ExitOPCDEC, ExitAfterPAL, ExitArith or ExitNative, with State as the abi says. All
	// other exits an engine serves itself.
	Run() abi.Exit
	// Step executes one instruction, without a look at State.Limit: ExitPoll if it was
	// retired without further ado, else the exit that it led to.
	Step() abi.Exit
	// InvalidateCode: from now on instruction fetch sees all earlier stores (imb).
	InvalidateCode()
	// Stats returns counters by name.
	Stats() map[string]uint64
}
