// Package console is the SRM console as Linux sees it: the HWRPB with its per-CPU
// slots, memory clusters and terminal block, the boot page table, the parameter
// page, and the console callbacks.
//
// Build writes all of it into guest RAM and returns the state that the boot CPU
// starts in; Callbacks serves what the guest asks for later; Secondary and
// RecordHalt are the console's part in starting and stopping processors. The
// package knows RAM as bytes and the CPU as abi.State; it must not know devices or
// the machine.
//
// # Console callbacks
//
// The dispatch routine that the CRB describes is guest code of two instructions
// in console RAM: CALL_PAL 0x3b (osf.CallConsole) and a return. The PALcode hands
// that call to Callbacks.Callback. The addresses in the procedure descriptors are
// KSEG addresses, so FIXUP, which tells the console where it is mapped now, has
// nothing to do and returns 0.
//
// Sources: AAH is the Alpha Architecture Handbook, part "Console Interface
// Architecture"; L is Linux 6.1 arch/alpha, which reads what is written here
// (asm/hwrpb.h, kernel/setup.c, mm/init.c, kernel/smp.c).
package console
