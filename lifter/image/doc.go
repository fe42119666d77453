// Package image reads what there is to translate: ELF64 little-endian files
// for Alpha (executables, shared objects, a Linux vmlinux), stripped or not.
//
// In: a file (Open), or its bytes (Parse): ELF, compressed ELF, or one of the boot images
// that Linux's arch/alpha/boot makes. Of an ELF file nothing is read but headers, what is
// loaded, and the symbols: debug information costs nothing until DWARF asks for it.
// Out: an immutable Image of loadable segments, symbols, sections, the entry, the global
// pointer if the file tells it, and a content hash. Everybody may use it; of
// instructions it knows those that a boot image is told by.
//
// Image data may be shared with the input slice: neither may be changed afterwards.
// Every malformed input gives one error line that says what is wrong, where
// (file, header or segment, offset), and what to do about it; the errors wrap
// one of the Err values of this package. Nothing is allocated from a size that
// was not first checked against the size of the file, and what is compressed may have a
// GiB. What no loader could load, and an entry outside the code, are refused.
//
// A Copy has the symbols of an image that is stripped, for people: nothing that is
// translated depends on them.
package image
