// Package sources says which lines of source guest code is from.
//
// In: the DWARF of a file (image.Image.DWARF) and addresses as the file has them. Out: for
// each address the functions that it is in, those that were inlined there first, with file
// and line. What is not described has none. A unit of compilation is read when the first
// of its addresses is asked for.
package sources
