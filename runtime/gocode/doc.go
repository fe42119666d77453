// Package gocode runs translated code that is part of the program: the Go functions
// that translator/gosrc makes of guest functions, compiled by the Go compiler.
//
// In: a guest CPU (runtime/vcpu) and the Functions. Out: a tier for runtime/engine, which
// leaves with an exit code and the exact guest state in State.
//
//	cpu.go     what emitted code calls: CPU
//	memory.go  its memory accesses that the fast path in line does not serve
//	math.go    functions that are expressions of emitted code
//	engine.go  Engine: finds the function for a guest PC
//	kernel.go  which functions of the kernel may run
//	pages.go   which functions of programs
//
// The kernel's code is valid as long as its text is what it was made from
// (runtime/ktext), a program's wherever a page has the same content
// (runtime/codepage).
package gocode
