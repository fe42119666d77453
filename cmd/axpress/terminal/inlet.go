package terminal

import (
	"errors"
	"io"
)

// Inlet is the input of one guest after another: of whatever machine a guest is booted on at the moment. Writes wait while
// there is none.
type Inlet struct {
	next chan io.Writer
	now  io.Writer // the writing goroutine's own, unless next has a newer one; nil: that must be awaited
}

// NewInlet makes an inlet that leads nowhere yet.
func NewInlet() *Inlet { return &Inlet{next: make(chan io.Writer, 1)} }

// To leads to the input of a new machine. What the machine before has taken is gone with it.
// Preconditions: one goroutine at a time, and the machine before, if any, gets closed.
func (i *Inlet) To(guest io.Writer) {
	select {
	case <-i.next: // nobody has typed anything meanwhile
	default:
	}
	i.next <- guest
}

// Write implements io.Writer. The input of a machine that is gone fails with io.ErrClosedPipe.
func (i *Inlet) Write(p []byte) (n int, err error) {
	for {
		if i.now == nil {
			i.now = <-i.next
		}
		select {
		case i.now = <-i.next:
		default:
		}
		done, err := i.now.Write(p[n:])
		n += done
		if !errors.Is(err, io.ErrClosedPipe) {
			return n, err
		}
		i.now = nil
	}
}
