// Package pit8254 is the 8254 interval timer of an ISA bridge and the system
// control port 0x61 that goes with it (speaker and the gate of channel 2).
//
// In: register accesses, the clock. Out: the interrupt line of channel 0, with
// the help of the scheduler. Counters are not stepped: a count is computed from
// the clock when somebody looks.
//
// It must not know where its ports are. Sources: Intel 8254 data sheet
// (231164); use by Linux: arch/alpha/kernel/time.c (calibrate_cc_with_pit,
// common_init_rtc).
//
// Not exact: a new count written to a running channel in modes 2 and 3 starts
// a new period at once, where the chip first finishes the current one; and the
// interrupt line of channel 0 in modes 2 and 3 is pulsed once a period, where
// the chip holds it low for a part of it.
package pit8254
