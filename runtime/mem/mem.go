package mem

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// pageSize is the guest's page size: RAM is a whole number of pages.
const pageSize = 8192

// maxSize bounds what New accepts: the part of the 44-bit physical address
// space below the I/O space (EV6 hardware reference manual, section 5).
const maxSize = 1 << 43

// RAM is guest physical memory from address 0 on. Offsets are physical
// addresses in bytes. All methods but Close may be called by any goroutine.
type RAM struct {
	b  []byte
	fd int
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
		return nil, closeAfter(fd, fmt.Errorf("guest RAM of %d bytes: mmap: %w", size, err))
	}
	return &RAM{b: b, fd: fd}, nil
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
	b := r.b
	r.b = nil
	if err := unix.Munmap(b); err != nil {
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
func (r *RAM) Slice(pa, n uint64) ([]byte, bool) {
	if !r.has(pa, n) {
		return nil, false
	}
	return r.b[pa : pa+n : pa+n], true
}

// has tells whether [pa, pa+n) lies in RAM.
func (r *RAM) has(pa, n uint64) bool {
	size := uint64(len(r.b))
	return n <= size && pa <= size-n
}
