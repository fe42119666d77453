// Package cases is the form in which the engines are compared: one line says what
// one instruction, or a few in a row, do to the state of a CPU.
//
//	instruction [| instruction...] ; before -> after
//
// Before and after are name=value pairs: r0..r30, f0..f30, fpcr, fen, flag
// (interrupt flag), pcc, mN (the quadword N bytes into the data), lock, lockpa,
// lockv; before also cpu (a model), after also exit (name of the exit code; poll if
// all instructions were simply retired), arg (ExitArg), mask (register write mask),
// va (FaultVA), kind (FaultKind), mmcsr (FaultMMCSR), access (FaultAccess), pc
// (relative to the first instruction), count (instructions retired). Before, r16 is DataVA, floating point is enabled, fpcr
// rounds to nearest, the counter of RPCC shows Cycles, and everything else is zero.
// What is not named after must be as before; arg, mask, va, kind, mmcsr, access,
// lockpa and lockv are looked at only if they are named.
//
// Values are numbers, or are relative to where the data are, such as data-8: data is
// their address in KSEG, datapa the physical one. The data end with a page that is
// mapped by page tables too, where nothing follows it: rw for all accesses, fow and for
// with fault on write and on read, kre without stores, acv without access, and rwhigh
// to acvhigh at the like addresses of the upper half.
//
// In: text. Out: Case, whose States every engine can run. State knows no engine;
// Guest moves it into and out of an abi.State and its RAM.
package cases
