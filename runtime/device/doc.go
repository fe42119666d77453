// Package device holds what every device of the machine shares: the physical
// bus that routes accesses to register files, the clock and scheduler a device
// may use, interrupt lines, and DMA. The devices themselves are the packages
// below it, one folder each (device.go: the model, regs.go: its register names);
// runtime/device/clipper wires them into a platform.
//
// # What comes in and what goes out
//
// In: accesses at physical addresses (Bus.Read, Bus.Write, or a Port, which is
// a Bus seen by one CPU). Out: values, errors (ErrNoDevice: the machine turns it
// into a machine check), interrupt levels (CPUIRQ), and calls asked for at a
// virtual time (Scheduler).
//
// # Rules for a device
//
//   - It knows offsets in its own register file, never where that file is.
//   - It never calls time.Now, starts no goroutine, and takes no lock. All
//     devices of a machine run under one lock that the machine owns: every
//     method here and below is called with that lock held, Scheduler callbacks
//     included. The one exception is the host input of a serial port
//     (uart16550.Device.Push), which any goroutine may call.
//   - No access panics, whatever its offset, size or value.
//
// The package must not know the MMU, the CPU, the IR or the translator.
//
// To see what is mapped where, print Bus.Map entries with Bus.String.
package device
