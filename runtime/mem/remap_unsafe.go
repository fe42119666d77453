package mem

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// remapPrivate maps b, which is page-aligned mapped memory, anew: privately, from
// offset off of fd.
func remapPrivate(b []byte, fd int, off int64) error {
	_, err := unix.MmapPtr(fd, off, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED)
	return err
}

// remapShared maps b anew: shared, from offset off of fd.
func remapShared(b []byte, fd int, off int64) error {
	_, err := unix.MmapPtr(fd, off, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_FIXED)
	return err
}
