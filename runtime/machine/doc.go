// Package machine puts an Alpha together and runs it: RAM, processors (state,
// MMU, PALcode, engine), a board's devices, the console, and time.
//
// In: a Config with the kernel's segments. Out: the guest's console output, and a
// Stop that says how the run ended. Above it is only the command. Below it are the parts,
// each of which knows no machine: runtime/clock (time), sched (turns, threads, stop-the-world),
// idle (CPUs that only wait), serialio (serial ports), panicwatch, ipi (statistics),
// device/platforms (boards), mem, mmu, interp, palstubs/osf and palstubs/console. It does not
// know the IR or the translator: native code comes in as an Engine.
//
// # The run loop
//
// A CPU runs in slices. In a slice it repeats {deliver an interrupt, run the engine, serve the
// exit} until the slice ends, the CPU waits, or it halts. Exits are served by one table, exits in
// run.go. Between slices the timers that are due fire. With the host's clock a slice ends by
// the time, as polls see it (run.go); with the deterministic clock at an instruction count (turns.go).
// When every CPU waits, the machine sleeps on the host until the next timer or
// input (host's clock), or moves virtual time there (deterministic clock).
//
// A kernel without CONFIG_ALPHA_WTINT (Linux's generic one) idles in a polling loop.
// Package idle proves of such a loop that only an interrupt or a store can end it; the CPU then
// counts as waiting.
//
// # Goroutines
//
// One CPU, or several with the deterministic clock: one goroutine, that of Run, owns
// everything. CPUs take turns on it, devices and timers run on it. Other
// goroutines may only call wake, which sets an attention flag and every State.Limit to
// 0, and push input into the UART's queue (Input).
//
// Several CPUs with the host's clock run in parallel (parallel.go), each on a goroutine
// that is locked to a host thread. One lock, Machine.mu, guards the board, the timers,
// the watch for panics and the end of the run; CPUs take it for
// accesses to I/O space and for PALcode that touches the chipset, never while they run
// guest code. What happens for a CPU is told by CPU.kick: it ends the CPU's turn at the
// next poll or its sleep in wtint, and the CPU looks around: at its interrupt level,
// which is atomic, its own alarm, the end of the run. Run's goroutine serves what
// belongs to no CPU: input, timers of devices, output, the context.
//
// Lost wake-ups: whoever changes something stores it first and kicks then; a CPU takes
// the kick back first and looks then. State.Limit is set before the kick is looked at.
//
// Where something may only change while no CPU runs guest code (the translated text of
// the kernel), an engine calls CPU.Exclusive, and the others leave their engines.
//
// # Why a deterministic run is the same on every engine
//
// With the deterministic clock all that happens to a CPU from outside happens at an
// instruction that the guest alone determines. That holds if engines keep vcpu.Engine.RunFor's
// promise, and if translations that are live are the same (mmu.List); then:
//
//   - Time is counted instructions and what was skipped while all CPUs waited. Whoever
//     asks for it (PALcode, RPCC, a device) does so when State.Icount is exact.
//   - A slice begins when the one before has ended; who has it and for how long the
//     sched.Policy says, of which CPUs are runnable, and the idle.Backoff. It ends at its last
//     instruction, or where the first timer falls due (clock.Left), both exactly; or by
//     wtint or a halt. Only then timers fire, is the kernel's panic looked for, secondaries
//     start, and loops are proved to wait, of which Engine.Step executes each instruction.
//   - The host may end a run anywhere (wake, Inquire, input, a signal, the context). What it wants
//     is served between two instructions (attend), and the same slice goes on (Machine.turn), even
//     when Run has returned meanwhile. None of it is looked at by what decides above. Input is
//     the exception, as is what devices Post: when it comes is the host's choice.
//   - An interrupt is delivered before the first instruction at which it is pending and PS lets it
//     in. It becomes pending by a timer or another CPU's IPI, between slices; or by the CPU's own access
//     to a device, which sets State.Limit to 0, so the run ends right behind the access;
//     or by its own CALL_PAL. PS and MCES let it in by a CALL_PAL only, behind which an
//     engine comes back (ExitCallPAL, ExitAfterPAL). So it does not matter for what else engines
//     come back, and how often.
//   - A timer that is set or moved by an access to a device, and time that such an access takes
//     (without the paravirtual clock), end the run too, and how much of the slice is left is asked anew.
//   - A CPU that spins is looked at again if an interrupt may be delivered or a word
//     that its loop loads has changed: both happen in slices or by timers. Nothing is executed
//     to find that out, so it may be asked any number of times.
//   - Where CPUs take turns, one that leaves loses its reservation (which the Handbook allows at any time,
//     4.2.4): whether a store of another one in between is noticed does not depend on how STx_C is executed.
//   - What is counted for the person alone (exits of engines) is read by nobody.
//
// Save writes all of that, and Load makes it again, at any instruction where Run has returned.
// Only caches are not saved. Code is compared with memory then, as by IMB: a kernel that has changed
// code and forgotten the IMB may see the change earlier than it would have. What devices have asked
// of the host (device.Host) and is not there yet is their state.
//
// # How a run ends
//
// The boot CPU executes HALT: the console looks at what the kernel has left in the
// flags of its per-CPU slot (remain halted: PowerOff, or Halt if Linux, which leaves the
// same for both, has said in its log that it halts; bootstrap: Reboot; nothing: Halt). A
// machine boots once: who wants the guest back makes a new one. A secondary that halts goes back
// to the console and can be started again; so does the boot CPU if it has left nothing
// in its flags and others run, and then the last one to halt ends the run. A kernel that has panicked
// does not halt but spins for ever, so its own variable and its log are watched, or, without
// symbols, the console output for the panic's lines, see package panicwatch.
package machine
