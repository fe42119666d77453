// Package trace compares native code with the interpreter while a guest runs.
//
// In: a machine.CPU and translated code. Out: a vcpu.Engine, the Lockstep,
// which runs the guest and reports every place where the two disagree.
//
// # How
//
// The machine's own State, MMU and RAM belong to the interpreter: it is the
// authority, and all devices and CALL_PALs are its own. Native code runs ahead on
// a shadow: a second State, and a private view of the same RAM (mem.View).
//
//	one stretch: copy the State to the shadow, run native code until it leaves:
//	             N instructions; interpret N instructions; compare registers,
//	             processor state, the way of leaving, and the pages written;
//	             drop the view's private pages
//
// What native code has no entry for is interpreted without a comparison.
//
// The interpreter's stores are all noted (mmu.WatchStores), with what they
// overwrite: so the pages to compare are known, and a stretch can be undone. Pages
// that native code alone wrote are found by a look through the view's page map,
// every Config.ScanEvery stretches.
//
// # Naming the instruction
//
// A difference is seen where native code leaves, perhaps long after its cause. The
// stretch is then undone and repeated with ever shorter runs of native code
// (narrow.go): a lower State.Limit stops it at any of its polls, and with the
// direct windows shut every memory access comes through Go, which can have it stop
// there, with exact state. Between the last stop that agrees and the first that
// does not lie a few instructions; the first of them whose result differs is the
// one that is named. The report lists them all.
//
// # What it does not see
//
// Code that the interpreter had to run; loads of the same value from a wrong
// place; the order of accesses within a stretch; what depends on another CPU's
// stores or on the host's clock in the middle of a stretch: use
// machine.ClockDeterministic for runs that can be repeated.
package trace
