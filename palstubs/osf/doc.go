// Package osf is the OSF/1 PALcode that Linux runs on, done at a high level: no
// PALcode image is executed, each CALL_PAL and each exception entry is a Go
// function over the guest state (abi.State).
//
// What comes in: a CALL_PAL number, a fault that an engine found, or an interrupt
// level that a device changed. What goes out: changed guest registers, a frame on
// the guest's kernel stack, and calls to the platform (System). The machine's run
// loop is the only caller; tests use fakes of System and Memory.
//
// The table of CALL_PALs is in table.go, one row each, with its completeness;
// Rows lists it for the support page. Sources: "AAH" is the Alpha Architecture
// Handbook, version 4, chapters of "OSF/1 Software (II-B)"; "L" is Linux 6.1,
// arch/alpha; QEMU's paravirtual cserve functions are described by L
// include/asm/pal.h.
//
// Locking: a CPU belongs to the goroutine that runs it. SetIRQ alone may be called by
// others, under the machine's lock; that the CPU looks at State.IRQLevel soon is the
// caller's business.
package osf
