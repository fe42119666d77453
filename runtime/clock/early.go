package clock

import "sync/atomic"

// early is the beginning of a run with the host's clock: until the kernel first lets interrupts in, guest time is the number of
// instructions that the boot CPU has retired, in nanoseconds, as with the deterministic clock. After that it goes on from
// there with the host's.
//
// What a kernel finds out then, it finds out by timing itself, and keeps: how fast its cycle counter is (Linux, arch/alpha/kernel/time.c), whether
// there is a second-level cache (Linux, arch/alpha/kernel/setup.c external_cache_probe). The host's time would let it find caches of the
// host, or that the host had something else to do; each run would be another machine.
type early struct {
	counting atomic.Bool
	ns       atomic.Uint64 // what has been counted: the boot CPU alone writes it
	waited   uint64        // of it, for devices
	host     uint64        // what the host's clock said when that ended; written before counting is taken back
}

// portNS is what an access to a device takes where time is counted and the kernel measures it, about what a port on an ISA bus
// takes: a loop that waits for a timer has a bound, and would reach it first (Linux, arch/alpha/kernel/time.c TIMEOUT_COUNT).
const portNS = 1000

// earlyLimit bounds it, in ns, for a kernel that never lets interrupts in.
const earlyLimit = 2_000_000_000

// hostNow is Now with the host's time. Any goroutine may ask.
func (k *Clock) hostNow() uint64 {
	if k.early.counting.Load() {
		return k.early.ns.Load()
	}
	return k.early.ns.Load() + k.host.ns() - k.early.host
}

// Early says that a run with the host's time is still in its beginning.
func (k *Clock) Early() bool { return k.early.counting.Load() }

// Counts is called by a CPU that has retired icount instructions, before it asks for the
// time and when its turn ends; boot says that it is the boot CPU.
func (k *Clock) Counts(boot bool, icount int64) {
	if boot && k.early.counting.Load() {
		k.early.ns.Store(uint64(icount) + k.early.waited)
	}
}

// Accesses is called by a CPU that is about to access a device; the rest is as for Counts.
func (k *Clock) Accesses(boot bool, icount int64) {
	switch {
	case k.cfg.Deterministic:
		if k.cfg.Ports {
			k.skew += portNS
		}
	case boot && k.early.counting.Load():
		k.early.waited += portNS
		k.Counts(boot, icount)
	}
}

// Settle ends the beginning if the boot CPU, whose turn ends, shows that it is over, as over says.
func (k *Clock) Settle(over bool) {
	if k.early.counting.Load() && (over || k.early.ns.Load() >= earlyLimit) {
		k.early.host = k.host.ns()
		k.early.counting.Store(false)
	}
}
