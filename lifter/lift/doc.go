// Package lift turns discovered guest functions into IR.
//
// In: a discover.Function (one unit), the words of its code, and in which mode
// the unit runs. Out: one ir.Func in the lifted form, which ir.Verify accepts:
// one ir.Block per discover.Block (more where an instruction leaves the unit in
// the middle of one, or where code depends on the rounding mode), guest registers read and written by OpGetReg and OpSetReg.
//
// Rules that every lifted instruction keeps:
//
//   - reads first, then computation and guards, writes last, then OpRetire: at
//     every side exit the guest state is that before the instruction;
//   - R31 and F31 read as zero and are never written; a load to them, unless
//     locked, is a prefetch and makes no access (Handbook, section 4.2.2);
//   - operands that host arithmetic does not treat exactly as the Alpha are guarded,
//     and a failed guard has the interpreter execute the instruction, as does
//     whatever traps: denormals, infinities, NaNs;
//   - forms of floating-point instructions that the host has nothing like are calls of
//     the runtime (ir.OpFPOperate): VAX arithmetic, /I, rounding as the FPCR says
//     where that is not to nearest;
//   - what is not lifted at all ends its block in TermInterpret or TermExit, not
//     retired, and the unit has an entry behind it.
//
// One file per class of instructions; table.go says which function lifts which.
// The package knows no host and no back end. The inlined CALL_PALs are
// palstubs/stubs.
//
// FPCR<INE> is recorded by instructions with /I only, as runtime/interp does, so
// that the fast path need not find out whether a result is exact.
package lift
