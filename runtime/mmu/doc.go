// Package mmu is one CPU's address translation and the slow path of its memory
// accesses.
//
// In: virtual addresses of the CPU whose abi.State it was made for. Out: values
// and physical addresses, or a fault described in State.Fault*. It fills the
// soft TLB and the KSEG windows of the State, which native code and the
// interpreter probe inline, and keeps a small instruction TLB of its own.
//
// Virtual addresses are 43 bits, sign-extended; page tables have three levels of
// 1024 entries of 8 bytes (Alpha Architecture Handbook, Digital UNIX memory
// management; Linux, arch/alpha/include/asm/pgtable.h).
//
// # Physical addresses
//
// A physical address has 44 bits. Bit 43 tells I/O space from memory. KSEG
// (VA<42:41> = 2) maps VA<40:0>, sign-extended from bit 40, as on the real EV6
// and EV7, so the kernel's IDENT_ADDR + TS_BIAS + x with TS_BIAS = 1<<40
// (arch/alpha/include/asm/core_tsunami.h, without USE_48_BIT_KSEG) is physical
// 0xF00_0000_0000 + x, while a page table entry may name the same place as
// 0x800_0000_0000 + x. All 44 bits leave this package; which of them are not decoded
// is the board's business.
//
// # What may be called when
//
// An MMU belongs to the goroutine that runs its CPU. RAM is shared with others.
package mmu
