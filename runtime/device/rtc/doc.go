// Package rtc is the MC146818 real-time clock with its CMOS RAM, the interval
// timer of a Tsunami system.
//
// In: the index and data ports (Device.Ports), the clock. Out: interval ticks
// (Config.Tick), with the help of the scheduler. The time of day is not stepped:
// it is computed from the clock when somebody looks, and runs on guest time from
// the wall time at construction.
//
// It must not know where its ports are, nor what a tick does. Sources: Motorola
// MC146818A data sheet; use by Linux: arch/alpha/kernel/time.c (common_init_rtc,
// rpcc_after_update_in_progress), arch/alpha/kernel/rtc.c,
// drivers/rtc/rtc-mc146818-lib.c.
//
// # Ticks are pulses
//
// Linux/Alpha never reads register C after boot, so an interrupt line that stays
// asserted until register C is read would tick once. On these systems the
// periodic output is the Cchip's interval timer input: each event whose enable
// is set in register B calls Tick once, whatever the state of register C.
//
// # The year
//
// The year register has two digits. Linux/Alpha guesses the epoch from them
// (rtc.c, init_rtc_epoch): below 20 means 2000, 20-47 means 1980, 48-69 means
// 1952, else 1900. Under that rule 1900 as the epoch is read back wrongly from
// 2020 on, so EpochAuto picks the epoch the rule decodes for the year at boot.
// From 2028 on no register value decodes; the plain two digits are shown, and the
// kernel needs "epoch=2000".
package rtc
