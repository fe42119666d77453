// Package conform runs the same instructions on several engines and says which is
// the first to differ: the interpreter, the IR as it was lifted, the IR after the
// passes, host code, Go code, and qemu-alpha. The form of a state and of a case is that of
// runtime/interp/cases.
//
//	Engine   one way to execute instructions
//	Preparer one that wants to know many programs beforehand
//	Compare  runs a state on engines and describes the first difference
//	List     the engines there are
//
// The engines up to the first that differs name the guilty stage: the interpreter or
// the Handbook's text in a case, the lifter, a pass, the back end or the runtime.
//
//	engine.go  engines in general; the interpreter
//	cut.go     what lifter/discover would find in the code
//	lift.go    the stages of the translator up to the IR
//	ir.go      the IR, evaluated
//	batch.go   programs to host code, many at a time, as LLVM is slow to start
//	native.go  host code, entered by runtime/dispatch
//	gocode.go  Go code, in a program of its own; goserve.go: what that does
//	exact.go   floating point by the Handbook
//	qemu.go    qemu-alpha; qemu_excluded.go: what it is not asked
//
// All run in kernel mode. Host code of programs, which is found by the content of a
// page and probes the soft TLB of user mode, has no engine here: bench/lockstep compares
// it with the interpreter, in whole guests.
package conform
