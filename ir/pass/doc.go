// Package pass improves IR. Run takes a unit as lifter/lift made it to the form
// that the back ends want, by the passes of one ordered table; List says which.
//
// A pass is one function in a file of its own name. It must keep what ir/eval
// can see: registers, memory accesses and their order, exits and their PCs, and
// the count of retired instructions at each exit. It may keep nothing else, and
// it may ask for nothing that ir.Verify does not promise. Results depend on the
// input alone.
//
// To look: Options.Dump writes the unit before the first and after each pass.
package pass
