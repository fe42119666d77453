// Package lockstep tests native code against the interpreter, instruction by
// instruction, with runtime/trace:
//
//	random programs, in kernel and in user mode (random_test.go)
//	a planted bug, which must be found and named (planted_test.go)
//	the boot of a real kernel, given one (boot_test.go)
//
// It is all tests: they need the translator and the runtime, which may not know
// each other.
package lockstep
