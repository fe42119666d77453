package dispatch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
)

// addressOf returns the address of b's first byte; b must be mapped memory.
func addressOf(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// stateRegister returns what R12 is in native code that runs s.
func stateRegister(s *abi.State) uint64 { return uint64(uintptr(unsafe.Pointer(s))) + abi.StateBias }

// patchReturn overwrites the unit at offset code of the private mapping text, so
// that it returns at once, and returns what was there. Nothing may be running in its
// first bytes.
func patchReturn(text []byte, code uint32) (was []byte) {
	return patch(text, code, abi.ReturnTarget[:])
}

// patchJump overwrites the unit likewise, so that it goes on at host address to:
// movabs $to,%rax; jmp *%rax. No argument of a unit is in RAX.
func patchJump(text []byte, code uint32, to uint64) (was []byte) {
	b := binary.LittleEndian.AppendUint64([]byte{0x48, 0xb8}, to)
	return patch(text, code, append(b, 0xff, 0xe0))
}

func patch(text []byte, code uint32, b []byte) (was []byte) {
	lo := int(code) &^ (pageBytes - 1)
	hi := min((int(code)+len(b)+pageBytes-1)&^(pageBytes-1), len(text))
	protect := func(prot int) {
		if err := unix.Mprotect(text[lo:hi], prot); err != nil {
			panic(fmt.Sprintf("BUG: change protection of translated code: %v", err))
		}
	}
	protect(unix.PROT_READ | unix.PROT_WRITE)
	was = bytes.Clone(text[code:][:len(b)])
	copy(text[code:], b)
	protect(unix.PROT_READ | unix.PROT_EXEC)
	return was
}
