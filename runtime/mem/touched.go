package mem

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"axpress/runtime/abi"
)

// Touched calls fn with the pages [lo, hi) of RAM that somebody has stored to or read, ranges in
// order; all others are zero, and looking at them would cost the host memory. RAM that is
// watched counts as touched. Not for a View.
func (r *RAM) Touched(fn func(lo, hi abi.PAddr)) error {
	next := abi.PAddr(0) // all before it has been told
	tell := func(lo, hi abi.PAddr) {
		lo = max(lo&^(pageSize-1), next)
		hi = min((hi+pageSize-1)&^(pageSize-1), abi.PAddr(r.Size()))
		if lo < hi {
			fn(lo, hi)
			next = hi
		}
	}
	watched := r.watched
	for at := int64(0); ; {
		lo, err := unix.Seek(r.fd, at, unix.SEEK_DATA)
		hi := lo
		switch {
		case errors.Is(err, unix.ENXIO): // no more
			lo, hi = int64(r.Size()), int64(r.Size())
		case err == nil:
			hi, err = unix.Seek(r.fd, lo, unix.SEEK_HOLE)
			fallthrough
		default:
			if err != nil {
				return fmt.Errorf("guest RAM: seek: %w", err)
			}
		}
		for len(watched) > 0 && watched[0].lo <= abi.PAddr(lo) {
			tell(watched[0].lo, watched[0].hi)
			watched = watched[1:]
		}
		if lo >= int64(r.Size()) {
			return nil
		}
		tell(abi.PAddr(lo), abi.PAddr(hi))
		at = hi
	}
}

// span is a piece of RAM.
type span struct{ lo, hi abi.PAddr }
