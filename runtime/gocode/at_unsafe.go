package gocode

import "unsafe"

// At is the memory at a host address, which is the guest's RAM: outside of Go's heap.
// It takes no pointer to add to, so that the compiler uses the host's addressing modes.
func At(host uint64) unsafe.Pointer { return unsafe.Add(nil, host) }
