package mem

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
)

// HostPage is the unit in which a View becomes private.
const HostPage = 4096

// View is a private view of a RAM: it shows what the RAM holds, but stores through
// it stay in it, page by page (MAP_PRIVATE of the same memfd). A page that was
// stored to no longer follows the RAM until Discard.
type View struct {
	*RAM
	pagemap int
}

// pagemap is described in Linux, Documentation/admin-guide/mm/pagemap.rst: a
// quadword for each page; bit 63 says that it is present, bit 62 that it is swapped
// out, bit 61 that it is of a file or shared. What is private is present or swapped
// and not of the file.
const (
	pagemapFile    = "/proc/self/pagemap"
	pagemapEntry   = 8
	pagemapPresent = 1<<63 | 1<<62
	pagemapShared  = 1 << 61
)

// NewView maps r once more, privately, and as wide as r is. r must stay open as long as the view.
func NewView(r *RAM) (*View, error) {
	fd, err := unix.Open(pagemapFile, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("private view of guest RAM: open %s: %w", pagemapFile, err)
	}
	v := &View{RAM: &RAM{fd: -1}, pagemap: fd}
	if !r.wide {
		v.b, err = unix.Mmap(r.fd, 0, len(r.b), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_NORESERVE)
		v.mapped = v.b
	} else if v.mapped, err = unix.Mmap(-1, 0, areaSize, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE); err == nil {
		v.b, v.wide = v.mapped[margin:margin+len(r.b):margin+len(r.b)], true
		err = remapPrivate(v.b, r.fd, 0)
	}
	if err != nil {
		return nil, closeAfter(fd, fmt.Errorf("private view of guest RAM: mmap: %w", err))
	}
	return v, nil
}

// Close unmaps the view; the RAM stays. A second Close does nothing.
func (v *View) Close() error {
	if v.b == nil {
		return nil
	}
	v.b = nil
	if err := unix.Munmap(v.mapped); err != nil {
		return fmt.Errorf("private view of guest RAM: munmap: %w", err)
	}
	if err := unix.Close(v.pagemap); err != nil {
		return fmt.Errorf("private view of guest RAM: close: %w", err)
	}
	return nil
}

// Discard makes the host page of physical address pa show the RAM again.
func (v *View) Discard(pa abi.PAddr) error {
	pa &^= HostPage - 1
	if err := unix.Madvise(v.b[pa:pa+HostPage], unix.MADV_DONTNEED); err != nil {
		return fmt.Errorf("private view of guest RAM: discard page %#x: %w", pa, err)
	}
	return nil
}

// DiscardAll makes the whole view show the RAM again.
func (v *View) DiscardAll() error {
	if err := unix.Madvise(v.b, unix.MADV_DONTNEED); err != nil {
		return fmt.Errorf("private view of guest RAM: discard: %w", err)
	}
	return nil
}

// IsPrivate tells whether the host page of pa was stored to through the view.
func (v *View) IsPrivate(pa abi.PAddr) (bool, error) {
	var b [pagemapEntry]byte
	if err := v.readPagemap(b[:], pa); err != nil {
		return false, err
	}
	return isPrivate(b[:]), nil
}

// Private returns the physical addresses of all host pages that were stored to
// through the view. It looks at every page: some ten nanoseconds for each.
func (v *View) Private() ([]abi.PAddr, error) {
	var pages []abi.PAddr
	var chunk [512 * pagemapEntry]byte
	for pa, end := abi.PAddr(0), abi.PAddr(v.Size()); pa < end; {
		n := min(len(chunk)/pagemapEntry, int((end-pa)/HostPage))
		if err := v.readPagemap(chunk[:n*pagemapEntry], pa); err != nil {
			return nil, err
		}
		for i := range n {
			if isPrivate(chunk[i*pagemapEntry:]) {
				pages = append(pages, pa)
			}
			pa += HostPage
		}
	}
	return pages, nil
}

func isPrivate(entry []byte) bool {
	e := binary.LittleEndian.Uint64(entry)
	return e&pagemapPresent != 0 && e&pagemapShared == 0
}

// readPagemap reads the entries of the pages from pa on.
func (v *View) readPagemap(b []byte, pa abi.PAddr) error {
	at := (uint64(v.Base()) + uint64(pa)) / HostPage * pagemapEntry
	n, err := unix.Pread(v.pagemap, b, int64(at))
	if err == nil && n != len(b) {
		err = fmt.Errorf("%d of %d bytes", n, len(b))
	}
	if err != nil {
		return fmt.Errorf("private view of guest RAM: read %s: %w", pagemapFile, err)
	}
	return nil
}
