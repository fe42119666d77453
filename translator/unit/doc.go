// Package unit is the front half of the translator: discover, lift, passes.
//
// In: an image, code words, or the text of IR, and options. Out: a Set: the functions to
// translate, the IR of each, lifted or after the passes, and what the functions know of
// each other: which can be called directly, which may be copied into which, which of their
// instructions access the memory of users.
//
// Every back end, every engine that checks one, and whoever shows IR begins here, so all
// of them have the same IR. It knows no back end: what these must decide (how many edges
// of switches are too many) is an option.
package unit
