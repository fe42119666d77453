package attend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"syscall"
	"time"
)

// grace is for how long a write may still take when the run has come to its end.
const grace = time.Second

// outlet writes to the host's output. The guest waits for it, so that nothing is lost, but the end of a run does not: who
// has stopped reading must not keep us from being ended.
type outlet struct {
	ctx   context.Context
	mu    sync.Mutex
	work  chan []byte // to the goroutine that writes
	done  chan error  // from it
	stuck bool        // it does not come back
}

// newOutlet makes an outlet to w for a run that ctx ends.
func newOutlet(ctx context.Context, w io.Writer) *outlet {
	o := &outlet{ctx: ctx, work: make(chan []byte), done: make(chan error, 1)}
	go func() {
		for p := range o.work {
			_, err := w.Write(p)
			o.done <- err
		}
	}()
	return o
}

// Write implements io.Writer. What is cut off by the end of the run is no failure.
func (o *outlet) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stuck {
		return len(p), nil
	}
	o.work <- bytes.Clone(p)
	select {
	case err := <-o.done:
		return o.wrote(len(p), err)
	case <-o.ctx.Done():
	}
	select {
	case err := <-o.done:
		return o.wrote(len(p), err)
	case <-time.After(grace):
		o.stuck = true
		return len(p), nil
	}
}

// wrote is what Write returns for err. A terminal that is hung up fails first and sends SIGHUP then; the signal counts.
func (o *outlet) wrote(n int, err error) (int, error) {
	if !errors.Is(err, syscall.EIO) {
		return n, err
	}
	select {
	case <-o.ctx.Done():
		o.stuck = true
		return n, nil
	case <-time.After(grace):
		return n, err
	}
}

// close ends the goroutine, unless it is stuck for ever.
func (o *outlet) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.work)
	return nil
}
