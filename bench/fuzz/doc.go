// Package fuzz compares the engines of package conform on random instructions, blocks
// of them, and functions with loops and calls, with random operands that are often
// special. They access the data where that is always possible, and where a page ends or
// may not be read or written: what a fault leaves behind is compared too.
//
// In: a Config. Out: a Result with counts and, if two engines differ, the smallest
// case that shows it, as a line for runtime/interp/testdata/cases.txt. The same seed
// makes the same cases, whatever the engines. Programs come in batches where an engine
// (conform.Preparer) is slow to be made ready.
//
//	operands.go   random values
//	generate.go   random instructions and blocks, and the states that code begins with
//	function.go   random functions
//	shrink.go     from what failed to what is worth reading
package fuzz
