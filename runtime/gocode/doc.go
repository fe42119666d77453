// Package gocode runs translated code that is part of the program: the Go functions
// that translator/gosrc makes of guest functions, compiled by the Go compiler.
//
// In: a guest CPU (runtime/abi.State, its MMU, an interpreter) and the Functions. Out:
// an exit code for runtime/machine, with the exact guest state in State; the contract is
// that of runtime/dispatch.
//
//	cpu.go     what emitted code calls: CPU
//	memory.go  its memory accesses that the fast path in line does not serve
//	math.go    functions that are expressions of emitted code
//	engine.go  Engine: finds the function for a guest PC, or has it interpreted
//	kernel.go  which functions of the kernel may run
//	pages.go   which functions of programs
//
// The kernel's code is valid as long as its text is what it was made from
// (runtime/ktext), a program's wherever a page has the same content
// (runtime/codepage).
package gocode
