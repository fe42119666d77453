package mem

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
)

// pageSize is the guest's page size: RAM is a whole number of pages.
const pageSize = 8192

// maxSize bounds what New accepts: the part of the 44-bit physical address
// space below the I/O space (EV6 hardware reference manual, section 5).
const maxSize = 1 << 40

// RAM is guest physical memory from address 0 on. Offsets are physical
// addresses in bytes. All methods but Close may be called by any goroutine.
type RAM struct {
	b      []byte
	mapped []byte // what is to be unmapped
	fd     int
	wide   bool
	// watched are the pieces that are or were mapped privately, in order, for Touched.
	watched []span
}

// New allocates size bytes of zeroed RAM. size must be a positive multiple of
// 8 KB below 8 TB. The host reserves memory only for pages that are touched.
func New(size uint64) (*RAM, error) {
	if size == 0 || size%pageSize != 0 || size >= maxSize {
		return nil, fmt.Errorf("guest RAM of %d bytes: want a positive multiple of %d below %d", size, pageSize, uint64(maxSize))
	}
	fd, err := unix.MemfdCreate("axpress-ram", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("guest RAM: memfd_create: %w", err)
	}
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, closeAfter(fd, fmt.Errorf("guest RAM of %d bytes: ftruncate: %w", size, err))
	}
	b, err := unix.Mmap(fd, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_NORESERVE)
	if err != nil {
		return nil, closeAfter(fd, fmt.Errorf("guest RAM of %d bytes: mmap (is the address space limited, as by ulimit -v?): %w", size, err))
	}
	return &RAM{b: b, mapped: b, fd: fd}, nil
}

// NewWide is New, and reserves the host addresses around the RAM, so that further
// pages can be mapped there (see Above): 4 TB of address space, but no memory.
func NewWide(size uint64) (*RAM, error) {
	r, err := New(size)
	if err != nil {
		return nil, err
	}
	area, err := unix.Mmap(-1, 0, areaSize, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("guest RAM: reserve %d bytes of address space (is it limited, as by ulimit -v?): %w", areaSize, err), r.Close())
	}
	b := area[margin : margin+size : margin+size]
	if err := remapShared(b, r.fd, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("guest RAM of %d bytes: mmap: %w", size, err), unix.Munmap(area), r.Close())
	}
	if err := unix.Munmap(r.mapped); err != nil {
		return nil, fmt.Errorf("guest RAM: munmap: %w", err)
	}
	r.b, r.mapped, r.wide = b, area, true
	return r, nil
}

// Wide RAM lies in a larger area of host addresses, in which nothing else is mapped:
// the kernel's address space, from KSEG up to its end, where native code accesses
// pages at a fixed distance from their virtual address.
const (
	margin   = abi.CheckedReach
	areaSize = 1<<abi.WindowBits + 2*margin
)

// Wide says whether the RAM is from NewWide.
func (r *RAM) Wide() bool { return r.wide }

// Above returns the host address that is off bytes above Base, outside of the wide
// RAM; false if off is too large.
func (r *RAM) Above(off uint64) (uintptr, bool) {
	return r.Base() + uintptr(off), r.wide && off >= r.Size() && off < 1<<abi.WindowBits
}

// closeAfter closes fd because of err, which it returns.
func closeAfter(fd int, err error) error {
	if cerr := unix.Close(fd); cerr != nil {
		return fmt.Errorf("%w (and close: %w)", err, cerr)
	}
	return err
}

// Close unmaps the RAM. No pointer into it may be used afterwards; a second
// Close does nothing.
func (r *RAM) Close() error {
	if r.b == nil {
		return nil
	}
	r.b = nil
	if err := unix.Munmap(r.mapped); err != nil {
		return fmt.Errorf("guest RAM: munmap: %w", err)
	}
	if err := unix.Close(r.fd); err != nil {
		return fmt.Errorf("guest RAM: close: %w", err)
	}
	return nil
}

// Bytes is the whole RAM, index = physical address.
func (r *RAM) Bytes() []byte { return r.b }

// Size is the number of bytes of RAM.
func (r *RAM) Size() uint64 { return uint64(len(r.b)) }

// FD is the memfd, for further mappings of the same pages.
func (r *RAM) FD() int { return r.fd }

// Slice returns the n bytes at pa, or false if they are not all in RAM.
func (r *RAM) Slice(pa abi.PAddr, n uint64) ([]byte, bool) {
	if !r.has(pa, n) {
		return nil, false
	}
	return r.b[pa:][:n:n], true
}

// has tells whether [pa, pa+n) lies in RAM.
func (r *RAM) has(pa abi.PAddr, n uint64) bool {
	size := uint64(len(r.b))
	return n <= size && uint64(pa) <= size-n
}
