package machine

import (
	"sync/atomic"

	"axpress/runtime/abi"
)

// early is the beginning of a run with the host's clock: until the kernel first lets interrupts in, guest time is the number of
// instructions that the boot CPU has retired, in nanoseconds, as with the deterministic clock. After that it goes on from
// there with the host's.
//
// What a kernel finds out then, it finds out by timing itself, and keeps: how fast its cycle counter is (L kernel/time.c), whether
// there is a second-level cache (L kernel/setup.c external_cache_probe). The host's time would let it find caches of the
// host, or that the host had something else to do; each run would be another machine.
type early struct {
	counting atomic.Bool
	ns       atomic.Uint64 // what has been counted: the boot CPU alone writes it
	waited   uint64        // of it, for devices
	host     uint64        // what the host's clock said when that ended; written before counting is taken back
}

// portNS is what an access to a device takes where time is counted and the kernel measures it, about what a port on an ISA bus
// takes: a loop that waits for a timer has a bound, and would reach it first (L kernel/time.c TIMEOUT_COUNT).
const portNS = 1000

// earlyLimit bounds it, in ns, for a kernel that never lets interrupts in.
const earlyLimit = 2_000_000_000

// hostNow is Now in host mode. Any goroutine may ask.
func (k *clock) hostNow() uint64 {
	if k.early.counting.Load() {
		return k.early.ns.Load()
	}
	return k.early.ns.Load() + k.host.ns() - k.early.host
}

// counts is called by a CPU whose count of instructions is exact, before it asks for the time and when its turn ends.
func (k *clock) counts(c *CPU) {
	if c.Index == 0 && k.early.counting.Load() {
		k.early.ns.Store(uint64(c.S.Icount) + k.early.waited)
	}
}

// accesses is called by a CPU that is about to access a device.
func (k *clock) accesses(c *CPU) {
	switch {
	case k.deterministic():
		if !hasQEMU(k.m.cfg.SSN) {
			k.skew += portNS
		}
	case c.Index == 0 && k.early.counting.Load():
		k.early.waited += portNS
		k.counts(c)
	}
}

// settle ends the beginning if the boot CPU, whose turn ends, shows that it is over.
func (k *clock) settle(c *CPU) {
	if c.Index != 0 || !k.early.counting.Load() {
		return
	}
	if c.mode != cpuRunning || c.S.PS&7 != 7 || c.S.Mode() != abi.ModeKernel || k.early.ns.Load() >= earlyLimit {
		k.early.host = k.host.ns()
		k.early.counting.Store(false)
	}
}
