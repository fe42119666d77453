// Package lockstep tests native code against the interpreter, instruction by
// instruction, with runtime/trace:
//
//	random programs, in kernel and in user mode (random_test.go)
//	a planted bug, which must be found and named (planted_test.go)
//	the boot of a real kernel, given one (boot_test.go)
//
// and, by what small guests say themselves, what only shows where code changes or
// several CPUs run it:
//
//	a kernel that patches its text (patch_test.go), also while other CPUs run it
//	(patch_smp_test.go)
//	reservations that rti breaks (rti_smp_test.go)
//
// It is all tests: they need the translator and the runtime, which may not know
// each other.
package lockstep
