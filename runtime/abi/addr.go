package abi

// VAddr is a guest virtual address, in bytes. An address is canonical if it is
// sign-extended from bit 42 (VA<42:0>, three levels of 8 KB page tables); others fault.
// A PC is the VAddr of an instruction.
type VAddr uint64

// PAddr is a guest physical address, in bytes: 44 bits on EV6 and later. RAM begins at 0,
// I/O space has bit 43 (EV6 hardware reference manual, section 5).
type PAddr uint64
