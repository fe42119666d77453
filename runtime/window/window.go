package window

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
	"axpress/runtime/mem"
)

// slots is how many address spaces of a CPU have a window at a time, and maxSlots how
// many of all CPUs. Each takes 4 TB of the host's 128 TB of address space, but no memory.
const (
	slots    = 8
	maxSlots = 24
)

// maxPages bounds the pages mapped in all windows of all CPUs: the host allows about
// 65,000 mappings, and a page in the middle of nothing makes two.
const maxPages = 24_000

// span is the address space of one window, with what accesses near a checked base may reach on both sides.
const span = 1<<abi.WindowBits + 2*abi.CheckedReach

// Set is the windows of one CPU. It is not for concurrent use.
type Set struct {
	ram    *mem.RAM
	slot   []slot
	kernel *Kernel
	clock  uint64 // counts uses
	pages  int    // mapped in all slots
	most   int    // that may be
	// Mapped and Dropped count pages, for statistics.
	Mapped, Dropped uint64
}

type slot struct {
	area  []byte
	asn   uint64
	used  uint64 // clock of the last use; 0: never
	pages map[abi.VAddr]bool
}

// New returns windows that pages of ram can be mapped in, for one of several CPUs, which
// share the kernel's pages. An error says that the host has no room.
func New(ram *mem.RAM, kernel *Kernel, cpus int) (*Set, error) {
	w := &Set{ram: ram, kernel: kernel, slot: make([]slot, max(1, min(slots, maxSlots/cpus))), most: maxPages / cpus}
	if err := w.reserve(&w.slot[0]); err != nil { // one there must be
		return nil, err
	}
	return w, nil
}

// reserve gives s its address space.
func (w *Set) reserve(s *slot) error {
	area, err := unix.Mmap(-1, 0, span, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return fmt.Errorf("reserve %d bytes of address space (is it limited, as by ulimit -v?): %w", uint64(span), err)
	}
	s.area, s.pages = area, map[abi.VAddr]bool{}
	return nil
}

// Close unmaps the windows.
func (w *Set) Close() error {
	for i := range w.slot {
		s := &w.slot[i]
		if s.area == nil {
			continue
		}
		if err := unix.Munmap(s.area); err != nil {
			return fmt.Errorf("unmap a window: %w", err)
		}
		s.area = nil
	}
	return nil
}

// Base returns the base of the window of address space asn. It is good until the
// next call of Base or Map.
func (w *Set) Base(asn uint64) uint64 { return w.of(asn).base() }

func (s *slot) base() uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(s.area)))) + abi.CheckedReach
}

// of returns the slot of asn, taking the one that was not used for longest.
func (w *Set) of(asn uint64) *slot {
	w.clock++
	oldest := &w.slot[0]
	for i := range w.slot {
		s := &w.slot[i]
		if s.used != 0 && s.asn == asn {
			s.used = w.clock
			return s
		}
		if s.used < oldest.used && (s.area != nil || w.reserve(s) == nil) {
			oldest = s
		}
	}
	w.clear(oldest)
	oldest.asn, oldest.used = asn, w.clock
	return oldest
}

// Map maps the page of va in the window of asn to the physical page of pa, which is
// in RAM, for loads and, if writable, for stores. It may give up silently: what is
// not mapped faults.
func (w *Set) Map(asn uint64, va abi.VAddr, pa abi.PAddr, writable bool) {
	if va >= 1<<abi.WindowBits {
		return
	}
	if w.pages >= w.most {
		for i := range w.slot {
			w.clear(&w.slot[i])
		}
	}
	s := w.of(asn)
	va, pa = va&abi.PageMask, pa&abi.PageMask
	prot := unix.PROT_READ
	if writable {
		prot |= unix.PROT_WRITE
	}
	if !mapPage(uintptr(s.base()+uint64(va)), prot, unix.MAP_SHARED|unix.MAP_FIXED|unix.MAP_POPULATE, w.ram.FD(), int64(pa)) {
		w.clear(s) // the host may have unmapped what was there
		return
	}
	if _, again := s.pages[va]; !again {
		w.pages++
	}
	s.pages[va] = writable
	w.Mapped++
}

// Has says whether the page of va is mapped in the window of asn, for stores too if
// writable.
func (w *Set) Has(asn uint64, va abi.VAddr, writable bool) bool {
	forStores, ok := w.of(asn).pages[va&abi.PageMask]
	return ok && forStores == writable
}

// MapKernel maps the page of va, see Kernel.
func (w *Set) MapKernel(va abi.VAddr, walk func() (pa abi.PAddr, writable, ok bool)) {
	if w.kernel.add(va&abi.PageMask, walk) {
		w.Mapped++
	}
}

// mapPage maps one page; false if the host refuses.
func mapPage(at uintptr, prot, flags, fd int, off int64) bool {
	_, _, errno := unix.Syscall6(unix.SYS_MMAP, at, abi.PageSize, uintptr(prot), uintptr(flags), uintptr(fd), uintptr(off))
	return errno == 0
}

// unmap takes the page at a host address away; the guest would go on with a stale
// page if that failed.
func unmap(at uintptr) {
	if !mapPage(at, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE|unix.MAP_FIXED, -1, 0) {
		panic("BUG: cannot unmap a page of a window")
	}
}

// Drop unmaps the page of va in all windows.
func (w *Set) Drop(va abi.VAddr) {
	va &= abi.PageMask
	for i := range w.slot {
		s := &w.slot[i]
		if _, ok := s.pages[va]; ok {
			unmap(uintptr(s.base() + uint64(va)))
			delete(s.pages, va)
			w.pages--
			w.Dropped++
		}
	}
	w.Dropped += w.kernel.drop(va)
}

// DropAll unmaps all pages of all windows.
func (w *Set) DropAll() {
	for i := range w.slot {
		w.clear(&w.slot[i])
	}
	w.Dropped += w.kernel.dropAll()
}

// clear unmaps all pages of s.
func (w *Set) clear(s *slot) {
	if len(s.pages) == 0 {
		return
	}
	_, _, errno := unix.Syscall6(unix.SYS_MMAP, uintptr(unsafe.Pointer(unsafe.SliceData(s.area))), span, unix.PROT_NONE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE|unix.MAP_FIXED, ^uintptr(0), 0)
	if errno != 0 {
		// The guest would go on with stale pages.
		panic(fmt.Sprintf("BUG: cannot unmap a window: %v", errno))
	}
	w.pages -= len(s.pages)
	w.Dropped += uint64(len(s.pages))
	clear(s.pages)
}
