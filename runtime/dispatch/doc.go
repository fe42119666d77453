// Package dispatch runs native code: it finds the native entry for a guest
// PC, enters native code without cgo on a stack of its own, and serves the thunks
// that native code calls.
//
// In: a guest CPU (runtime/vcpu) and Code. Out: a tier for runtime/engine, which
// leaves with an exit code and the exact guest state in State, and knows nothing of
// what else executes code.
//
// Control flow: Engine.Enter -> enter (assembly) -> units, which call each other
// and return to the loop in enter; that loop follows the jump cache, and goes
// back to Go when a PC is not in it, a unit asks for an exit, or the run's
// instruction limit is reached. A thunk that needs Go leaves native code where it
// stands; resume goes back to it. The loop executes CALL_PAL callsys and rti itself
// where nothing special happens, and thunks refill the soft TLB.
//
// There may be two translations, of all code and of what is hot (Code.Hot). The
// latter faults on the host where memory is not mapped or arithmetic signals; the
// handler (hostfault.go) goes on at the slow path. Hot code of programs is entered
// while it pays (policy.go) and its pages are what they were (hot.go).
package dispatch
