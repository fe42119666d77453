// Package i8259 is the pair of 8259A interrupt controllers of a PC/AT-style ISA
// bridge, with the bridge's edge/level control registers (ELCR).
//
// In: 16 interrupt lines (Pair.IRQ), register accesses (Pair.Master, Slave,
// ELCR), acknowledge cycles (Pair.Ack). Out: one interrupt line.
//
// It must not know where its ports are, nor what the vectors mean. Sources:
// Intel 8259A data sheet (231468), Intel 82378 data sheet (ELCR); how Linux uses
// it: arch/alpha/kernel/irq_i8259.c, arch/alpha/kernel/sys_sio.c.
package i8259
