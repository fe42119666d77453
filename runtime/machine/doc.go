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
// reached, the CPU waits, or it halts. Exits are served by one table, exits.go.
// When every CPU waits, the machine sleeps on the host until the next event or
// input (host clock), or moves virtual time there (deterministic clock).
//
// A kernel without CONFIG_ALPHA_WTINT (Linux's generic one) idles in a polling loop.
// spin.go proves of such a loop that only an interrupt can end it; the CPU then
// counts as waiting.
//
// # Goroutines
//
// One goroutine, that of Run, owns everything: CPUs take turns on it, devices and
// scheduled calls run on it. Other goroutines may only call wake, which sets an
// attention flag and every State.Limit to 0, and push input into the UART's queue
// (Input). Structures are per CPU nevertheless.
//
// # How a run ends
//
// The boot CPU executes HALT: the console looks at what the kernel has left in the
// flags of its per-CPU slot (remain halted: PowerOff, which Linux uses for halt and
// power-off alike; bootstrap: Reboot; nothing: Halt). A kernel that has panicked
// does not halt but spins for ever, so the console output is watched for the
// panic's lines, see panicwatch.go.
package machine
