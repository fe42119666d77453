// Package uart16550 is a National NS16550A serial port.
//
// In: register accesses; bytes from the host (Device.Push, from any goroutine).
// Out: bytes to an io.Writer, an interrupt line, and a wake-up call that tells
// the machine to call Device.Poll.
//
// It must not know where its ports are. Sources: NS PC16550D data sheet
// (TL/C/8652); use by Linux: drivers/tty/serial/8250/8250_port.c (autoconfig,
// serial8250_do_startup, serial8250_handle_irq).
//
// # Time
//
// The line is infinitely fast: a byte written is sent at once, so the transmitter
// is always empty, and the character time-out of the receive FIFO passes at
// once. Host input waits in a queue and enters the FIFO only as there is room:
// nothing is ever overrun. The baud rate is stored and otherwise ignored.
package uart16550
