// Package compressed reads what is compressed in one of the formats that Linux's own
// kernels and initial RAM file systems have.
//
// In: a stream (Format.Open), or a file (Format.OpenFile). Out: its plain bytes, for a file at any
// place of it. The memory for it is bounded: of a small file the plain bytes are kept,
// a large one is decompressed once more for each step backwards.
package compressed
