package machine

import "sync"

// host is device.Host: what devices have done by goroutines of the host, and what
// these bring back.
type host struct {
	m      *Machine
	mu     sync.Mutex
	posted []func()
	closed bool
}

// Go implements device.Host.
func (h *host) Go(work func()) { go work() }

// Post implements device.Host.
func (h *host) Post(fn func()) {
	h.mu.Lock()
	if !h.closed {
		h.posted = append(h.posted, fn)
	}
	h.mu.Unlock()
	h.m.wake()
}

// serve calls what was posted, on Run's goroutine with the machine's lock held. What
// these calls post comes next time.
func (h *host) serve() {
	h.mu.Lock()
	posted := h.posted
	h.posted = nil
	h.mu.Unlock()
	for _, fn := range posted {
		fn()
	}
}

// close drops what was posted and will be.
func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.posted, h.closed = nil, true
}
