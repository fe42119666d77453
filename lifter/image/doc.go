// Package image reads what there is to translate: ELF64 little-endian files
// for Alpha (executables, shared objects, a Linux vmlinux), stripped or not.
//
// In: the bytes of a file. Out: an immutable Image of loadable segments,
// symbols, sections, the entry, the global pointer if the file tells it, and a
// content hash. Everybody may use it; it knows nothing of instructions.
//
// Image data is shared with the input slice: neither may be changed afterwards.
// Every malformed input gives one error line that says what is wrong, where
// (file, header or segment, offset), and what to do about it; the errors wrap
// one of the Err values of this package. Nothing is allocated from a size that
// was not first checked against the size of the file.
package image
