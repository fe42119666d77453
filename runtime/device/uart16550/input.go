package uart16550

import "sync"

// char is a received character: the byte, or a break.
type char struct {
	b  uint8
	br bool
}

// input is the queue between the host and the receiver. It is the only part of
// the device with its own lock.
type input struct {
	mu   sync.Mutex
	q    []char
	head int // q[:head] is taken
	wake func()
}

func (in *input) push(p []byte, br bool) int {
	in.mu.Lock()
	in.compact()
	room := QueueSize - len(in.q)
	if br && room > 0 {
		in.q = append(in.q, char{br: true})
		room--
	}
	n := min(len(p), room)
	for _, b := range p[:n] {
		in.q = append(in.q, char{b: b})
	}
	in.mu.Unlock()
	if in.wake != nil {
		in.wake() // outside the lock: it may take the machine's
	}
	return n
}

// compact drops what has been taken. in.mu is held.
func (in *input) compact() {
	if in.head > 0 {
		in.q = append(in.q[:0], in.q[in.head:]...)
		in.head = 0
	}
}

// take moves up to n characters to the end of dst.
func (in *input) take(dst []char, n int) []char {
	in.mu.Lock()
	defer in.mu.Unlock()
	n = min(n, len(in.q)-in.head)
	dst = append(dst, in.q[in.head:in.head+n]...)
	in.head += n
	return dst
}

func (in *input) waiting() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.q) - in.head
}
