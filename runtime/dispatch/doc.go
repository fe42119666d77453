// Package dispatch runs translated code: it finds the native entry for a guest
// PC, enters native code without cgo on a stack of its own, serves the thunks
// that native code calls, and hands everything else to the interpreter until
// native code has an entry again.
//
// In: a guest CPU (runtime/abi.State, its MMU, an interpreter) and Code. Out: an
// exit code for runtime/machine, with the exact guest state in State.
//
// Control flow: Engine.Run -> enter (assembly) -> units, which call each other
// and return to the loop in enter; that loop follows the jump cache, and goes
// back to Go when a PC is not in it, a unit asks for an exit, or the run's
// instruction limit is reached. A thunk that needs Go leaves native code where it
// stands; resume goes back to it.
package dispatch
