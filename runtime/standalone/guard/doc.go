// Package guard is between a program and whatever may end it from outside or below: signals, and the fatal errors of Go's
// runtime, which no recover sees.
//
// In: the program. Out: its exit status; and, however it ends, the terminal as it was and one line on standard error.
//
// # Fatal errors
//
// Go's runtime says on standard error what is wrong (a signal that nobody handles, a fault of the host's memory, no memory
// left, a lock that is broken, a panic on a goroutine), with pages of goroutines, and ends the process with status 2. There
// is no way to be asked first, but the runtime lets everything that it writes pass through a variable. What we put there
// keeps the text back up to the first empty line, behind which the goroutines come, and then ends the process itself. As
// the variable is initialised when the program is linked, this holds from the first instruction on: where the address
// space is limited the runtime fails before any of a program's code.
//
// A process that supervised this one could do the same but for the last, and would have to pass on every signal, be
// stopped and continued with it, and be measured beside it.
package guard
