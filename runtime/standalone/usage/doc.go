// Package usage finds what people get wrong in a command line before anything is done: options of QEMU's, options given
// twice, and typing errors.
//
// In: a set of options, or names, and what was typed. Out: an error, or a hint for one, in a line.
package usage
