// Package machine puts an Alpha together and runs it: RAM, processors (state,
// MMU, PALcode, engine), the platform's devices, the console, and time.
//
// In: a Config with the kernel's segments. Out: the guest's console output, and a
// Stop that says how the run ended. Above it is only the command; below it are
// runtime/mem, mmu, interp, device, palstubs/osf and palstubs/console. It does not
// know the IR or the translator: native code comes in as an Engine.
//
// # The run loop
//
// A turn of a CPU: fire what is due, set State.Limit to the end of the time slice,
// then repeat {deliver an interrupt, Engine.Run, serve the exit} until the limit is
// reached, the CPU waits, or it halts. Exits are served by one table, exits in run.go.
// When every CPU waits, the machine sleeps on the host until the next event or
// input (host clock), or moves virtual time there (deterministic clock).
//
// A kernel without CONFIG_ALPHA_WTINT (Linux's generic one) idles in a polling loop.
// spin.go proves of such a loop that only an interrupt can end it; the CPU then
// counts as waiting.
//
// # Goroutines
//
// One CPU, or several with the deterministic clock: one goroutine, that of Run, owns
// everything. CPUs take turns on it, devices and scheduled calls run on it. Other
// goroutines may only call wake, which sets an attention flag and every State.Limit to
// 0, and push input into the UART's queue (Input).
//
// Several CPUs with the host clock run in parallel (parallel.go), each on a goroutine
// that is locked to a host thread. One lock, Machine.mu, guards the platform, the queue
// of scheduled calls, the watch for panics and the end of the run; CPUs take it for
// accesses to I/O space and for PALcode that touches the chipset, never while they run
// guest code. What happens for a CPU is told by CPU.kick: it ends the CPU's turn at the
// next poll or its sleep in wtint, and the CPU looks around: at its interrupt level,
// which is atomic, its own alarm, the end of the run. Run's goroutine serves what
// belongs to no CPU: input, scheduled calls of devices, output, the context.
//
// Lost wake-ups: whoever changes something stores it first and kicks then; a CPU takes
// the kick back first and looks then. State.Limit is set before the kick is looked at.
//
// Where something may only change while no CPU runs guest code (the translated text of
// the kernel), an engine calls CPU.Exclusive, and the others leave their engines.
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
// symbols, the console output for the panic's lines, see panicwatch.go.
package machine
