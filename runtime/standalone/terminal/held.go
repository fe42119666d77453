package terminal

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// held is the terminal that this process has in raw mode, for whoever ends the process: the end may come on a signal's
// stack, where nothing can be locked or allocated. Terminal changes it under its lock, and only while raw is 0.
var held struct {
	raw uint32 // 1: the rest is valid; written by sync/atomic, and read without, which the race detector cannot do there
	fd  uintptr
	old unix.Termios
}

// hold notes that fd is about to become raw, and how it was before.
func hold(fd int, old *unix.Termios) {
	atomic.StoreUint32(&held.raw, 0)
	held.fd, held.old = uintptr(fd), *old
	atomic.StoreUint32(&held.raw, 1)
}

// GiveBack gives the terminal that Raw has taken, if any, its modes back. It may be called by anybody, at any time, and
// more than once; in the background, where the terminal is another's, it does nothing.
//
//go:nosplit
//go:norace
func GiveBack() { _ = giveBack() }

//go:nosplit
//go:norace
func giveBack() syscall.Errno {
	if held.raw == 0 || !foreground(held.fd) {
		return 0
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_IOCTL, held.fd, unix.TCSETS, uintptr(unsafe.Pointer(&held.old)))
	return errno
}

// foreground says whether this process may change the modes of the terminal fd and read from it: it is in the terminal's
// foreground process group, or the terminal does not control it.
//
//go:nosplit
//go:norace
func foreground(fd uintptr) bool {
	var group int32
	if _, _, errno := syscall.RawSyscall(syscall.SYS_IOCTL, fd, unix.TIOCGPGRP, uintptr(unsafe.Pointer(&group))); errno != 0 {
		return true
	}
	own, _, _ := syscall.RawSyscall(syscall.SYS_GETPGRP, 0, 0, 0)
	return uintptr(group) == own
}
