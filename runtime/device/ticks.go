package device

import "math/bits"

const nsPerSecond = 1_000_000_000

// TicksAt is how many whole periods of an oscillator of hz have passed at ns
// nanoseconds since boot. hz must be below 10^9.
func TicksAt(ns, hz uint64) uint64 {
	if hz >= nsPerSecond {
		panic("BUG: device.TicksAt: oscillator too fast")
	}
	hi, lo := bits.Mul64(ns, hz)
	q, _ := bits.Div64(hi, lo, nsPerSecond)
	return q
}

// TickTime is the first nanosecond at which TicksAt(ns, hz) is at least ticks;
// the last representable one if that is later than 2^64 ns. hz must not be 0.
func TickTime(ticks, hz uint64) uint64 {
	hi, lo := bits.Mul64(ticks, nsPerSecond)
	lo, carry := bits.Add64(lo, hz-1, 0)
	hi += carry
	if hi >= hz {
		return ^uint64(0)
	}
	q, _ := bits.Div64(hi, lo, hz)
	return q
}
