// Package exact is floating point by the Handbook, on exact numbers: the oracle of
// package fuzz for what FP operations give, which conditions they raise, and which of
// these trap.
//
// In: an instruction, its operands and the FPCR. Out: the result, the FPCR after it
// and the exception summary. It shares nothing with runtime/interp and its softfp:
// values are integers of math/big times a power of two, infinitely precise until one
// function rounds them. It is slow and has no cases of its own for anything.
//
// Where the Handbook leaves a result UNPREDICTABLE, so does Result.Any.
package exact
