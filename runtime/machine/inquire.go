package machine

import (
	"context"
	"sync"
	"sync/atomic"

	"axpress/runtime/device"
	"axpress/runtime/vcpu"
)

// Snapshot is what the CPUs of a machine that runs have said about themselves, each at a moment of its own.
type Snapshot struct {
	VirtualNS uint64
	CPUs      []CPUSnapshot
	Silent    []int // CPUs that did not answer in time
}

// CPUSnapshot is what one CPU has said.
type CPUSnapshot struct {
	Whereabouts
	Instructions int64
	Engine       vcpu.Counters
}

// inquiries are what is asked of the CPUs, one after the other.
type inquiries struct {
	asking sync.Mutex              // one asks at a time
	now    atomic.Pointer[inquiry] // nil: nothing is asked
}

// inquiry is one of them.
type inquiry struct {
	done chan struct{} // closed when all have answered

	mu      sync.Mutex
	answers []*CPUSnapshot // by CPU; nil: not yet
	left    int
	ns      uint64
}

// Inquire asks each CPU what it is doing, and returns when all have answered or ctx ends. Any goroutine may call it, also
// while the machine does not run or is closed; then nobody answers.
func (m *Machine) Inquire(ctx context.Context) Snapshot {
	m.inquiry.asking.Lock()
	defer m.inquiry.asking.Unlock()
	n := m.cfg.CPUs
	q := &inquiry{done: make(chan struct{}), answers: make([]*CPUSnapshot, n), left: n}
	m.inquiry.now.Store(q)
	defer m.inquiry.now.Store(nil)
	m.kickAll()
	select {
	case <-q.done:
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	s := Snapshot{VirtualNS: q.ns}
	for i, a := range q.answers {
		if a == nil {
			s.Silent = append(s.Silent, i)
		} else {
			s.CPUs = append(s.CPUs, *a)
		}
	}
	return s
}

// kickAll makes every CPU come to the top of its loop, and Run's goroutine to poll.
func (m *Machine) kickAll() {
	m.wake()
	m.wakeup.mu.Lock()
	defer m.wakeup.mu.Unlock()
	if m.wakeup.closed {
		return
	}
	for _, c := range m.cpus {
		c.kick()
	}
}

// answer answers what is asked of c, if anything. c's own goroutine calls it between two turns.
func (c *CPU) answer() {
	q := c.m.inquiry.now.Load()
	if q == nil {
		return
	}
	c.m.mu.Lock() // for the interrupts
	defer c.m.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.answers[c.Index] != nil {
		return
	}
	q.answers[c.Index] = &CPUSnapshot{c.whereabouts(), c.S.Icount, c.engine.Counters()}
	q.ns = c.m.clock.Now()
	if q.left--; q.left == 0 {
		close(q.done)
	}
}

// Whereabouts says what a CPU is doing.
type Whereabouts struct {
	CPU     int
	PC, RA  uint64 // RA is register 26
	IPL     uint64
	User    bool
	Doing   string
	Pending []string // interrupts
	// Messages are what its interprocessor interrupts are for that it has not yet looked
	// at.
	Messages []string
}

// doing describes the modes.
var doing = map[cpuMode]string{
	cpuHalted: "halted", cpuRunning: "runs", cpuWaiting: "waits for an interrupt (wtint)", cpuSpinning: "spins",
}

// Whereabouts says what each CPU is doing. The machine must not run.
func (m *Machine) Whereabouts() (all []Whereabouts) {
	for _, c := range m.cpus {
		all = append(all, c.whereabouts())
	}
	return all
}

// whereabouts says what c is doing. c's own goroutine asks, or the machine does not run.
func (c *CPU) whereabouts() Whereabouts {
	w := Whereabouts{CPU: c.Index, PC: c.S.PC, RA: c.S.R[26], IPL: c.S.PS & 7, User: c.S.PS&8 != 0, Doing: doing[c.mode]}
	for kind, irq := range irqs {
		if c.PAL.IsPending(irq) {
			w.Pending = append(w.Pending, device.IRQKind(kind).String())
		}
	}
	w.Messages = c.messages().Names()
	return w
}
