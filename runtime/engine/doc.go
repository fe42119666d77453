// Package engine joins the ways to execute guest code of one CPU to one engine: translated
// code where there is some, the interpreter elsewhere.
//
// In: a vcpu.CPU and tiers of translated code. Out: a vcpu.Engine, Mixed, which holds the
// only loop over both. The package knows neither how tiers find and run their code nor what
// the machine does with exits.
//
// # Why a run by RunFor is the same on all engines
//
// The guest's state is a function of the instructions that were retired, in their order, of
// what devices answered, and of where the machine stepped in. The first is the same as
// tiers do what the interpreter does (bench/lockstep compares). Devices answer by the
// instruction count, which is exact whenever one is accessed: translated code makes no
// access to I/O space, but leaves before it (abi.ExitInterpret), and the interpreter makes
// it. What is left is that a run ends at the same instruction whatever runs it:
//
//   - By count. A tier runs with State.Limit at PollReach instructions before the stop, and
//     leaves at most PollReach after it has reached that, so not behind the stop. The
//     interpreter does the rest one by one. Where a tier really leaves has no effect.
//   - By an exit. It belongs to an instruction, not to an engine: faults, traps, reserved
//     instructions and CALL_PALs are found by all. One that native code executes itself
//     (an inlined CALL_PAL, or callsys and rti of runtime/dispatch) does what the PALcode
//     would, and none of them is executed there if an interrupt would be due behind it, or it
//     leaves behind it (abi.ExitAfterPAL). An exit because of the instruction behind the
//     stop is dropped: it comes again when the next run begins with that instruction.
//   - By a device. What an access of the guest to a device makes pending is noted in
//     State.IRQLevel, or as a new event, and in State.Limit, before the access returns. The
//     interpreter looks at Limit behind each access that may have been one (RunFor,
//     RunToEntry), so the run ends right there, or where Limit then says.
//
// Interrupts that are pending while PS.IPL forbids them do not end a run. What lowers the IPL
// is a CALL_PAL (swpipl, rti, retsys, swpctx), which looks at IRQLevel; see the second point.
//
// What another goroutine does, setting Limit to 0, ends a run at any instruction. The
// machine goes on behind such a stop as if it had not been.
package engine
