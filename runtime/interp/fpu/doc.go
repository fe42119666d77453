// Package fpu executes the floating-point operations that can trap: what they compute
// and what becomes of the conditions that come up, by rounding and trap qualifiers and
// the FPCR (Handbook, section 4.7).
//
// In: an operation of lifter/isa with its qualifiers, the operands in register format,
// the FPCR. Out: the result, the new FPCR and the exception summary of the trap, if
// there is one. It keeps nothing. The interpreter executes these operations by
// Operate alone; translated code calls Execute for the forms that it has no code for.
//
// fpu.go has the table and the rules, fast.go the cases that the host computes; the
// arithmetic itself is runtime/interp/softfp.
//
// The choices where the architecture leaves one are listed in runtime/interp.
package fpu
