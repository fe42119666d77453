// Package discover finds the functions and basic blocks of an image.
//
// In: an image.Image and options (hints of earlier runs, the size limit of a
// unit, whether units stay within a page). Out: a Result of Functions, the units
// that lifter/lift turns into IR, with blocks, edges, entries, resolved jump
// tables and guessed call targets, and a list of the jumps it could not resolve.
// The same input gives the same output. It knows neither IR nor host.
//
// How it works: seeds (symbols, the entry, hints, prologues and code pointers of
// a stripped file) are followed through the code (explore.go); the code is cut
// into functions at the starts that are known by then; each function is analysed
// for constants in registers (flow.go), which resolves jump tables
// (jumptable.go) and guesses the targets of calls through the GOT; what that
// finds is followed in turn, until nothing new appears. Then functions become
// units (units.go). Result.Dump prints everything.
//
// What is found is not promised to be all: the runtime interprets what is
// missing and records it as a hint. Nor does a jump table replace the check at
// run time: translated code compares and leaves for the dispatcher when the
// target is none of the listed ones.
package discover
