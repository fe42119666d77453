// Package state is the form in which parts of a machine keep what they are: a row
// of blocks of bytes, each with its name, its version, the shape of its fields, and
// its length.
//
// In: a Block, which is a name, a version and a table of pointers to the fields.
// Out: bytes (Writer), or the same fields filled from bytes (Reader), or an error
// that says which block is wrong, what it is, and what was expected. One table
// serves both ways, so a part cannot save what it does not load.
//
// Numbers are little-endian, of the size of their type; int and uint have eight
// bytes. Arrays and structs are their elements in order, slices, strings and maps
// have their length in front. Functions, interfaces and pointers are wiring, which
// is no state: a table that holds one is a mistake of ours and panics.
//
// The version is raised by whoever changes what fields mean; a change of their
// types is noticed by itself, by the shape. Bad bytes never panic and never change
// a field: a block is checked as a whole before its fields are set. Whether values
// make sense together is checked by the part that they belong to (Block.Check).
//
// It must not know who saves what: it is a leaf.
package state
