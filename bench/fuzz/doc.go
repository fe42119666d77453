// Package fuzz compares the engines of package conform on random instructions and
// random blocks of them, with random operands that are often special.
//
// In: a Config. Out: a Result with counts and, if two engines differ, the smallest
// case that shows it, as a line for runtime/interp/testdata/cases.txt. The same seed
// makes the same cases, whatever the engines.
//
//	operands.go   random values
//	generate.go   random code and the states it begins with
//	shrink.go     from what failed to what is worth reading
package fuzz
