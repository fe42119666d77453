package dispatch

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
)

// addressOf returns the address of b's first byte; b must be mapped memory.
func addressOf(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// patchReturn overwrites the unit at offset code of the private mapping text.
// Nothing may be running in it.
func patchReturn(text []byte, code uint32) {
	lo := int(code) &^ (pageBytes - 1)
	hi := min((int(code)+len(abi.ReturnTarget)+pageBytes-1)&^(pageBytes-1), len(text))
	protect := func(prot int) {
		if err := unix.Mprotect(text[lo:hi], prot); err != nil {
			panic(fmt.Sprintf("BUG: change protection of translated code: %v", err))
		}
	}
	protect(unix.PROT_READ | unix.PROT_WRITE)
	copy(text[code:], abi.ReturnTarget[:])
	protect(unix.PROT_READ | unix.PROT_EXEC)
}
