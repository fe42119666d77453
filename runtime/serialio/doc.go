// Package serialio is the host's side of the guest's serial ports.
//
// In: the bytes that a port sends, and those that the host types. Out: the first to a
// writer in pieces, line by line to who watches them, the others to a line of the board or
// to the console callbacks. It must not know which device is at the other end.
package serialio
