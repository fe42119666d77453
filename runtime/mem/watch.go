package mem

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
)

// Watch tells which pages of a piece of RAM were stored to, at no cost to the
// stores: the piece is mapped privately over the shared mapping, so the first
// store to each host page makes the host copy it, which shows in the page map.
// It suits memory that is hardly ever written, like a kernel's text.
type Watch struct {
	ram     *RAM
	lo, hi  abi.PAddr
	pagemap int
}

// Watch begins to watch the host pages that overlap physical bytes [lo, hi). What
// they hold now stays. Other mappings of the memory no longer see stores to them.
func (r *RAM) Watch(lo, hi abi.PAddr) (*Watch, error) {
	lo &^= HostPage - 1
	hi = (hi + HostPage - 1) &^ (HostPage - 1)
	if lo >= hi || hi > abi.PAddr(len(r.b)) {
		return nil, fmt.Errorf("watch guest RAM: [%#x, %#x) is not in %#x bytes of RAM", lo, hi, len(r.b))
	}
	if r.fd >= 0 {
		if err := remapPrivate(r.b[lo:hi], r.fd, int64(lo)); err != nil {
			return nil, fmt.Errorf("watch guest RAM: map [%#x, %#x) privately: %w", lo, hi, err)
		}
		r.watched = append(r.watched, span{lo, hi})
		slices.SortFunc(r.watched, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	}
	fd, err := unix.Open(pagemapFile, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("watch guest RAM: %w", err)
	}
	return &Watch{ram: r, lo: lo, hi: hi, pagemap: fd}, nil
}

// Close ends the watch. The pages stay as they are.
func (w *Watch) Close() error { return unix.Close(w.pagemap) }

// Written calls fn with the physical address of each host page that was stored
// to since the watch began.
func (w *Watch) Written(fn func(pa abi.PAddr)) error {
	buf := make([]byte, (w.hi-w.lo)/HostPage*pagemapEntry)
	first := (uint64(w.ram.Base()) + uint64(w.lo)) / HostPage
	if _, err := unix.Pread(w.pagemap, buf, int64(first*pagemapEntry)); err != nil {
		return fmt.Errorf("watch guest RAM: read %s: %w", pagemapFile, err)
	}
	for i := 0; i < len(buf); i += pagemapEntry {
		e := binary.LittleEndian.Uint64(buf[i:])
		if e&pagemapPresent != 0 && e&pagemapShared == 0 {
			fn(w.lo + abi.PAddr(i/pagemapEntry)*HostPage)
		}
	}
	return nil
}

// Original reads into b what physical address pa on held when the watch began; the
// pages must not have been released. !ok: nobody knows, as in a View.
func (w *Watch) Original(pa abi.PAddr, b []byte) (ok bool) {
	if w.ram.fd < 0 || pa < w.lo || pa+abi.PAddr(len(b)) > w.hi {
		return false
	}
	n, err := unix.Pread(w.ram.fd, b, int64(pa))
	return err == nil && n == len(b)
}

// Release ends the watch of the host pages that overlap [pa, pa+n), which then are
// shared again: other mappings see what they hold now and what is stored from now
// on. Written no longer reports them.
func (w *Watch) Release(pa abi.PAddr, n uint64) error {
	lo := max(pa&^(HostPage-1), w.lo)
	hi := min((pa+abi.PAddr(n)+HostPage-1)&^(HostPage-1), w.hi)
	if lo >= hi || w.ram.fd < 0 {
		return nil
	}
	if _, err := unix.Pwrite(w.ram.fd, w.ram.b[lo:hi], int64(lo)); err != nil {
		return fmt.Errorf("watch guest RAM: write [%#x, %#x) back: %w", lo, hi, err)
	}
	if err := remapShared(w.ram.b[lo:hi], w.ram.fd, int64(lo)); err != nil {
		return fmt.Errorf("watch guest RAM: map [%#x, %#x) again: %w", lo, hi, err)
	}
	return nil
}
