package mem

import (
	"sync/atomic"
	"unsafe"

	"axpress/runtime/abi"
)

// Base is the host address of physical address 0.
func (r *RAM) Base() uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(r.b))) }

// at returns a pointer to pa, which the caller has checked.
func (r *RAM) at(pa abi.PAddr) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(r.b)), pa)
}

// Read8 reads the byte at pa; false if pa is not in RAM.
func (r *RAM) Read8(pa abi.PAddr) (uint8, bool) {
	if !r.has(pa, 1) {
		return 0, false
	}
	return *(*uint8)(r.at(pa)), true
}

// Read16 reads the little-endian word at pa; false if it is not in RAM.
func (r *RAM) Read16(pa abi.PAddr) (uint16, bool) {
	if !r.has(pa, 2) {
		return 0, false
	}
	return *(*uint16)(r.at(pa)), true
}

// Read32 reads the little-endian longword at pa; false if it is not in RAM.
func (r *RAM) Read32(pa abi.PAddr) (uint32, bool) {
	if !r.has(pa, 4) {
		return 0, false
	}
	return *(*uint32)(r.at(pa)), true
}

// Read64 reads the little-endian quadword at pa; false if it is not in RAM.
func (r *RAM) Read64(pa abi.PAddr) (uint64, bool) {
	if !r.has(pa, 8) {
		return 0, false
	}
	return *(*uint64)(r.at(pa)), true
}

// Write8 writes the byte at pa; false, and nothing written, if pa is not in RAM.
func (r *RAM) Write8(pa abi.PAddr, v uint8) bool {
	if !r.has(pa, 1) {
		return false
	}
	*(*uint8)(r.at(pa)) = v
	return true
}

// Write16 writes the little-endian word at pa; false if it is not in RAM.
func (r *RAM) Write16(pa abi.PAddr, v uint16) bool {
	if !r.has(pa, 2) {
		return false
	}
	*(*uint16)(r.at(pa)) = v
	return true
}

// Write32 writes the little-endian longword at pa; false if it is not in RAM.
func (r *RAM) Write32(pa abi.PAddr, v uint32) bool {
	if !r.has(pa, 4) {
		return false
	}
	*(*uint32)(r.at(pa)) = v
	return true
}

// Write64 writes the little-endian quadword at pa; false if it is not in RAM.
func (r *RAM) Write64(pa abi.PAddr, v uint64) bool {
	if !r.has(pa, 8) {
		return false
	}
	*(*uint64)(r.at(pa)) = v
	return true
}

// Swap32 atomically replaces old at pa by v. ok is false if pa is not an
// aligned longword of RAM; swapped tells whether old was there.
func (r *RAM) Swap32(pa abi.PAddr, old, v uint32) (swapped, ok bool) {
	if pa&3 != 0 || !r.has(pa, 4) {
		return false, false
	}
	return atomic.CompareAndSwapUint32((*uint32)(r.at(pa)), old, v), true
}

// Swap64 atomically replaces old at pa by v. ok is false if pa is not an
// aligned quadword of RAM; swapped tells whether old was there.
func (r *RAM) Swap64(pa abi.PAddr, old, v uint64) (swapped, ok bool) {
	if pa&7 != 0 || !r.has(pa, 8) {
		return false, false
	}
	return atomic.CompareAndSwapUint64((*uint64)(r.at(pa)), old, v), true
}
