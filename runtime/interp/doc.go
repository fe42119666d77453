// Package interp is the reference interpreter of the Alpha: the oracle of the
// differential tests, and the engine for code that no translation covers.
//
// In: a vcpu.CPU. Out: the same State moved on until an exit, and
// the exit code, with PC, ExitArg and Fault* set as native code sets them (see
// abi.Exit). Guest faults are exits; there are no errors.
//
//	Run         until an exit; polls State.Limit at taken backward branches, jumps and calls
//	RunFor      n instructions, exactly, unless an exit comes first
//	RunToEntry  the same, and until translated code can go on
//	Step        exactly one instruction
//
// It implements the whole integer architecture of EV67 (BWX, FIX, CIX, MVI),
// IEEE and VAX floating point with precise traps. Instructions are decoded once
// per physical page into dense codes (ops.go), executed by one switch (exec.go);
// rare operations are rows of tables (alu.go, fpmove.go); package fpu computes.
//
// # Coherence
//
// The architecture's instruction cache is not coherent, and neither are decoded
// pages: a page is compared with RAM when an address is first executed after
// InvalidateCode (CALL_PAL IMB) or under another mode, and outside KSEG also
// after an invalidation of the instruction TLB or under another address space.
//
// # Choices where the architecture leaves one
//
//   - A disabled floating-point unit gives ExitOPCDEC with ExitArg 1; ExitArg 0 is
//     a reserved instruction. PC is the instruction in both cases.
//   - FPCR.INE is recorded only by instructions with /I, so that native code need
//     not watch the host's inexact flag. All other conditions are recorded whether
//     or not they trap.
//   - A trap with software completion leaves the destination unwritten: the
//     kernel's completion code reads the operands from the registers and writes
//     the result itself (Linux, arch/alpha/math-emu/math.c). A trap without it
//     writes the result, except after an invalid operand.
//   - MB is a full host fence; WMB needs none on x86-64.
//   - LDx_L and STx_C: see mmu.StoreCond.
package interp
