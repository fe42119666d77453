package serial

import (
	"errors"
	"io"
	"sync"
	"time"
)

// QueueSize is how many bytes wait for a peer at most.
const QueueSize = 1 << 16

// patience is for how long Close waits for a peer to take the rest.
const patience = time.Second

// peers is where the peers of a wire come from.
type peers interface {
	// next waits for one. It fails with io.EOF after Close.
	next() (peer, error)
	Close() error
}

// peer is somebody who talks to the guest. Close makes its other methods end.
type peer interface {
	io.ReadWriteCloser
}

// wire is an End with a peer at a time.
type wire struct {
	peers peers

	mu      sync.Mutex
	changed sync.Cond // of what follows; under mu
	queue   []byte    // for the peer
	dropped uint64
	peer    peer // nil: there is none
	sending bool // a piece of the queue is on its way to peer
	closed  bool
}

func newWire(p peers) *wire {
	w := &wire{peers: p}
	w.changed.L = &w.mu
	return w
}

// Write implements End.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, p...)
	if old := len(w.queue) - QueueSize; old > 0 {
		w.queue = append(w.queue[:0], w.queue[old:]...)
		w.dropped += uint64(old)
	}
	w.changed.Broadcast()
	return len(p), nil
}

// Dropped implements End: what still waits has not been taken either.
func (w *wire) Dropped() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped + uint64(len(w.queue))
}

// Pump implements End.
func (w *wire) Pump(guest io.Writer) error {
	for {
		p, err := w.peers.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := w.serve(p, guest); err != nil {
			return err
		}
	}
}

// serve passes bytes between p and guest until p leaves. An error is guest's.
func (w *wire) serve(p peer, guest io.Writer) error {
	w.join(p)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		w.send(p)
	}()
	defer func() {
		w.join(nil)
		_ = p.Close() // it has left, or is told to
		<-sent
	}()
	buf := make([]byte, 4096)
	for {
		n, err := p.Read(buf)
		if n > 0 {
			if _, err := guest.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// join makes p the peer; nil: none.
func (w *wire) join(p peer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.peer = p
	w.changed.Broadcast()
}

// send sends p what the guest has sent, until p is the peer no more.
func (w *wire) send(p peer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for w.peer == p && len(w.queue) == 0 {
			w.changed.Wait()
		}
		if w.peer != p {
			return
		}
		piece := w.queue
		w.queue, w.sending = nil, true
		w.mu.Unlock()
		n, err := p.Write(piece)
		w.mu.Lock()
		w.sending = false
		w.dropped += uint64(len(piece) - n)
		w.changed.Broadcast()
		if err != nil {
			return // its reading ends, too
		}
	}
}

// Close implements End.
func (w *wire) Close() error {
	late := time.AfterFunc(patience, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.closed = true
		w.changed.Broadcast()
	})
	defer late.Stop()
	w.mu.Lock()
	for w.peer != nil && (len(w.queue) > 0 || w.sending) && !w.closed {
		w.changed.Wait()
	}
	p := w.peer
	w.peer = nil
	w.changed.Broadcast()
	w.mu.Unlock()
	err := w.peers.Close()
	if p != nil {
		_ = p.Close()
	}
	return err
}
