package machine

import (
	"context"
	"math"
	"sync/atomic"

	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/idle"
)

// turn is the slice of the CPU whose turn it is, with the deterministic clock. It lasts
// until it is reached, however often the host wants something meanwhile.
type turn struct {
	on   bool
	stop int64 // State.Icount at which it ends
}

// loop runs CPUs that take turns on this goroutine.
func (m *Machine) loop(ctx context.Context) error {
	run := m.runSlice
	if m.clock.Deterministic() {
		run = m.runExactly
	}
	for {
		m.attend(ctx)
		if !m.turn.on && m.stop == nil {
			m.between()
		}
		if m.stop != nil {
			return nil
		}
		if !m.turn.on && !m.pick() {
			m.idle()
			continue
		}
		if err := run(m.current); err != nil {
			return err
		}
		if m.stop != nil {
			return nil
		}
	}
}

// attend serves the host, at any point between two instructions of the guest: with the
// deterministic clock nothing of it can be seen by the guest, but input.
func (m *Machine) attend(ctx context.Context) {
	m.cpus[0].park.Clear() // what happens from now on is seen below, or ends idle
	if m.wakeup.attention.Swap(false) {
		m.mu.Lock()
		m.board.Poll()
		m.host.serve()
		m.mu.Unlock()
		if ctx.Err() != nil {
			m.stopBy(ctx)
			return
		}
	}
	m.signalInputs()
	for _, c := range m.cpus {
		c.answer()
	}
	m.flush()
}

// between does what there is to do between two slices.
func (m *Machine) between() {
	m.clock.Fire()
	if m.watch.Dead(m.clock.Now()) {
		m.stop = &Stop{Reason: Panic, PC: m.cpus[0].S.PC, Detail: m.watch.Line()}
	}
}

// pick begins the slice of the CPU whose turn is next; false: none has guest code to run.
func (m *Machine) pick() bool {
	for i, c := range m.cpus {
		m.runnable[i] = c.wants()
	}
	i, n := m.policy.Next(m.runnable)
	if i < 0 {
		return false
	}
	c := m.cpus[i]
	if m.current != nil && m.current != c {
		m.current.S.LockFlag = 0
	}
	m.current = c
	if m.clock.Deterministic() {
		m.turn = turn{on: true, stop: c.S.Icount + int64(c.back.Next(uint64(n)))}
	}
	return true
}

// wants says whether c has guest code to run now, and starts it if the console has
// been told to.
func (c *CPU) wants() bool {
	switch c.mode {
	case cpuWaiting:
		if c.PAL.IRQLevel() == 0 {
			return false
		}
		c.mode = cpuRunning
	case cpuSpinning:
		if !c.interruptible() && !idle.Changed(c.loop.Seen, c.RAM) {
			return false
		}
		c.mode = cpuRunning
	case cpuHalted:
		return c.start()
	}
	return true
}

// runExactly runs c to the end of its slice, at exactly the instruction where it ends: that
// is the one that the policy has said, or that at which a timer falls due. If the host
// wants something it returns before, and the next call goes on with the slice.
func (m *Machine) runExactly(c *CPU) error {
	for m.stop == nil && !m.wakeup.attention.Load() {
		if !c.deliver() {
			m.turn.on = false
			return nil
		}
		left := min(m.turn.stop-c.S.Icount, m.clock.Left())
		if left <= 0 {
			m.endTurn(c)
			return nil
		}
		m.setLimit(c, c.S.Icount+left)
		result, err := c.serve(c.engine.RunFor(left))
		if err != nil {
			return err
		}
		if result != osf.Continue {
			c.stopped(result)
			m.turn.on = false
			return nil
		}
	}
	return nil
}

// endTurn ends the slice of c, which has been reached exactly.
func (m *Machine) endTurn(c *CPU) {
	m.turn.on = false
	if c.S.Mode() == abi.ModeUser {
		m.alive()
	}
	// Time must not run past a timer.
	if !c.loop.Near(c.S.PC) || m.clock.Left() <= idle.Steps {
		return
	}
	switch c.loop.Prove(&c.CPU, c.engine) {
	case idle.Not:
		return
	case idle.Only:
		c.mode = cpuSpinning
	}
	c.back.NS = idle.First
}

// idle passes the time until something happens. Precondition: no CPU runs.
func (m *Machine) idle() {
	m.flush()
	next := min(m.clock.Timers.Next(), m.watch.Deadline())
	if m.clock.Deterministic() && next != math.MaxUint64 {
		m.clock.Skip(next)
		return
	}
	if now := m.clock.Now(); next > now {
		m.cpus[0].park.Park(next - now) // until wake
	}
}

// deadlineMoved is called when there is a new first timer.
func (m *Machine) deadlineMoved() {
	switch c := m.current; {
	case m.parallel:
		m.wakeup.token()
	case c == nil || limitOf(c) == 0:
	case m.clock.Deterministic():
		atomic.StoreInt64(&c.S.Limit, 0) // runExactly asks how much is left
	default:
		c.bound()
	}
}
