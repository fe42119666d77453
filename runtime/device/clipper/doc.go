// Package clipper assembles the Clipper platform (AlphaServer ES40 class, and
// what qemu-system-alpha calls clipper): a Tsunami chipset, one PCI bus, and the
// ISA devices behind its bridge.
//
// In: a board.Config. Out: a Platform, a board.Board, with the bus that the machine sends physical
// accesses to, the chipset that PALcode talks to, the console's input, DMA.
//
// All methods run under the machine's lock, as package device says, but those of
// the serial ports' Push and Break. RAM is not on the bus: the machine maps it.
//
// # What is where
//
// ISA ports: i8259 0x20, 0xa0, ELCR 0x4d0; PIT 0x40; system control 0x61; RTC
// 0x70; UART0 0x3f8 on IRQ 4; UART1 0x2f8 on IRQ 3. PCI slot 7: the ISA bridge;
// slots 1-6 are free (AttachPCI). Every other PCI or ISA address reads all ones
// (the super-I/O probes, DMA controllers and keyboard controller among them).
// Unassigned chipset addresses fail with device.ErrNoDevice.
//
// # State at power-up
//
// There is no console firmware underneath, so New leaves what it would leave:
// the i8259 pair initialised with ISA level n as vector n, the RTC at 1024 Hz,
// base address registers assigned as devices are attached.
//
// Sources: "L" is Linux 6.1, arch/alpha, above all kernel/sys_dp264.c
// (clipper_map_irq); QEMU, hw/alpha/dp264.c.
package clipper
