// Package conform runs the same instructions on several engines and says which is
// the first to differ: the interpreter, the IR as it was lifted, the IR after the
// passes, and qemu-alpha. The form of a state and of a case is that of
// runtime/interp/cases.
//
//	Engine   one way to execute instructions
//	Compare  runs a state on engines and describes the first difference
//
// The engines up to the first that differs name the guilty stage: the interpreter or
// the Handbook's text in a case, the lifter, a pass.
//
// Native code has no engine here: it is compared with the interpreter instruction
// by instruction, in whole guests, by bench/lockstep.
package conform
