package terminal

import (
	"errors"
	"io"
)

// Inlet is one guest after another: whatever machine a guest is booted on at the moment. Its methods wait while there is
// none. Preconditions: one goroutine calls To, and one the rest.
type Inlet struct {
	next chan Guest
	now  Guest // the reading goroutine's own, unless next has a newer one; nil: that must be awaited
}

// NewInlet makes an inlet that leads nowhere yet.
func NewInlet() *Inlet { return &Inlet{next: make(chan Guest, 1)} }

// To leads to a new machine. What the machine before has taken is gone with it.
// Precondition: the machine before, if any, gets closed.
func (i *Inlet) To(guest Guest) {
	select {
	case <-i.next: // nobody has typed anything meanwhile
	default:
	}
	i.next <- guest
}

// guest is the newest one.
func (i *Inlet) guest() Guest {
	if i.now == nil {
		i.now = <-i.next
	}
	select {
	case i.now = <-i.next:
	default:
	}
	return i.now
}

// Write implements io.Writer. What is written while a machine goes is for the next one.
func (i *Inlet) Write(p []byte) (n int, err error) {
	for {
		done, err := i.guest().Write(p[n:])
		n += done
		if !errors.Is(err, io.ErrClosedPipe) {
			return n, err
		}
		i.now = nil
	}
}

// Break implements Guest.
func (i *Inlet) Break() { i.guest().Break() }

// Whereabouts implements Guest.
func (i *Inlet) Whereabouts() string { return i.guest().Whereabouts() }
