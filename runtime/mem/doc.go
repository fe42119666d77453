// Package mem is the guest's physical memory.
//
// In: a size. Out: RAM, one shared mapping of a memfd, so that the same pages
// can be mapped again elsewhere (the hardware-mapping strategy of native code)
// and addressed by absolute host addresses. It knows nothing of virtual
// addresses, devices or what the bytes mean.
//
// Base and the bytes stay where they are until Close. Several goroutines may
// access RAM at once, as several CPUs do: the typed accessors use single host
// loads and stores, which x86-64 does not tear when they are aligned.
package mem
