// Package device holds what every device of the machine shares: the physical
// bus that routes accesses to register files, the clock and timers a device
// may use, interrupt lines, DMA, saved state, and the door to the host. The devices
// themselves are the packages below it, one folder each (device.go: the model, regs.go:
// its register names, state.go: what of it is saved). A folder for each platform wires
// them into a board (runtime/device/board), and runtime/device/platforms lists those.
//
// # What comes in and what goes out
//
// In: accesses at physical addresses (Bus.Read, Bus.Write, or a Port, which is
// a Bus seen by one CPU). Out: values, errors (ErrNoDevice: the machine turns it
// into a machine check), interrupt levels (CPUIRQ), and calls asked for at a
// virtual time (Scheduler) or from the host (Host).
//
// # Rules for a device
//
//   - It knows offsets in its own register file, never where that file is.
//   - It never calls time.Now, and takes no lock. All devices of a machine run under
//     one lock that the machine owns: every method here and below is called with that
//     lock held, calls of timers and of Host.Post included. The one exception is the
//     host input of a serial port (uart16550.Device.Push), which any goroutine may call.
//   - It waits for nothing. What can block (a file, a socket) is work for Host.Go, on
//     copies of what it needs, and comes back by Host.Post.
//   - It makes its timers when it is made, under names that begin with its own.
//   - It is a Device and one of its board's Devices: all that accesses, input and time
//     change in it is in the one table of fields that both Save and Load use. Loading
//     drives no line. Values that a guest cannot bring about are refused (Block.Check)
//     where anything relies on them. The test in runtime/device/platforms compares every field of
//     every device after a save and a load; what is no state is named there, with the
//     reason.
//   - No access panics, whatever its offset, size or value.
//
// The package must not know the MMU, the CPU, the IR or the translator.
//
// To see what is mapped where, print Bus.Map entries with Bus.String.
package device
