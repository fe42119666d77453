// Package stubs holds the CALL_PALs that translated code executes itself,
// written as IR: one row per function in one table.
//
// In: a builder that stands at a CALL_PAL. Out: values appended to it that do
// what the PALcode does, between the reads and the retirement of that one
// instruction. Everything that is not in the table, or that stands in it
// without a stub, leaves the unit with abi.ExitCallPAL and is executed by
// palstubs/osf, which also executes the rows here when the interpreter meets
// them: the two are compared by tests.
//
// A stub never leaves the unit and never touches guest memory. CALL_PALs that
// write a stack frame (callsys, rti and their kin) are not inlined: a store in a
// unit of user mode is lowered as a user-mode access, which the kernel stack
// must refuse.
//
// The package knows the state layout (runtime/abi) and the IR, not the lifter.
// Sources: Linux arch/alpha/include/uapi/asm/pal.h for the numbers, the Alpha
// Architecture Handbook, part II-A (OSF/1), for the operations. The calls may
// destroy t0 and t8-t11 by that book; ours do not.
package stubs
