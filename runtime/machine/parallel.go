package machine

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"axpress/palstubs/console"
	"axpress/runtime/idle"
	"axpress/runtime/sched"
)

// runParallel runs every CPU on a host thread of its own, and everything that is no
// CPU's business on this goroutine: input, the devices' timers, output, the end.
func (m *Machine) runParallel(ctx context.Context) error {
	m.stopping.Store(false)
	failed := func(error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.finish(&Stop{Reason: Failed})
	}
	err := sched.Parallel(len(m.cpus), m.over, m.thread, failed, func() { m.serve(ctx) })
	if err != nil {
		m.stop = nil
	} else if m.stop.PC == 0 {
		m.stop.PC = m.cpus[0].S.PC
	}
	return err
}

// thread runs CPU i until the run ends.
func (m *Machine) thread(i int) error {
	c := m.cpus[i]
	for {
		c.alarmDue() // that kicks
		// What happens from now on is seen below, or kicks c out of its turn or sleep.
		c.park.Clear()
		if m.stopping.Load() {
			return nil
		}
		c.answer()
		if !c.awake() {
			continue
		}
		if err := m.parallelTurn(c); err != nil {
			return err
		}
		m.afterTurn()
		m.over.Yield()
	}
}

// parallelTurn is a turn beside other CPUs.
func (m *Machine) parallelTurn(c *CPU) error {
	m.stw.Enter()
	defer m.stw.Leave()
	return m.runSlice(c)
}

// exclusive is vcpu.CPU.Exclusive.
func (c *CPU) exclusive(fn func()) {
	c.m.stw.Do(func() {
		for _, other := range c.m.cpus {
			if other != c {
				other.kick()
			}
		}
	}, fn)
}

// kick makes c, whatever it does, come to the top of its loop soon. Any goroutine may
// call it while the machine runs.
func (c *CPU) kick() {
	// In this order: who sees the limit of 0 also sees the kick, see setLimit.
	c.park.Kick()
	atomic.StoreInt64(&c.S.Limit, 0)
	c.park.Unpark()
}

// alarmDue raises the interval timer interrupt of c if its alarm is due.
func (c *CPU) alarmDue() {
	if c.alarm.at == 0 || c.m.clock.Now() < c.alarm.at {
		return
	}
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.alarmFires()
}

// awake says whether c has guest code to run now. If not, it has slept.
func (c *CPU) awake() bool {
	switch c.mode {
	case cpuWaiting:
		if c.PAL.IRQLevel() == 0 {
			c.rest(math.MaxUint64)
			return false
		}
		c.mode = cpuRunning
	case cpuSpinning:
		if !c.interruptible() && c.stillSpins() {
			c.parkSpinning()
			return false
		}
		c.mode = cpuRunning
	case cpuHalted:
		if !c.startLocked() {
			c.rest(math.MaxUint64)
			return false
		}
	}
	return true
}

func (c *CPU) startLocked() bool {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	return c.start()
}

// stillSpins goes round the loop of a CPU that spins, and says whether it has come round.
func (c *CPU) stillSpins() bool {
	c.m.stw.Enter()
	defer c.m.stw.Leave()
	return c.loop.Prove(&c.CPU, c.engine) == idle.Only
}

// rest lets the thread of c sleep until it is kicked or its alarm is due, but at most for
// patience.
func (c *CPU) rest(patience uint64) {
	if at := c.alarm.at; at != 0 {
		now := c.m.clock.Now()
		if at <= now {
			return
		}
		patience = min(patience, at-now)
	}
	c.m.over.Awake(-1)
	c.park.Park(patience)
	c.m.over.Awake(1)
}

// afterTurn passes on what a turn has left for others to do.
func (m *Machine) afterTurn() {
	if h := m.halted.Load(); h != 0 {
		if h &= console.Asked(m.ram.Bytes()); h != 0 {
			for i, c := range m.cpus {
				if h>>i&1 != 0 {
					c.kick()
				}
			}
		}
	}
	if m.serialWaits() || m.watch.Unnoticed() {
		m.wakeup.token()
	}
}

// serve does what is no CPU's business until the run ends.
func (m *Machine) serve(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		next := m.service(ctx)
		m.flush()
		if m.stopping.Load() {
			return
		}
		now := m.clock.Now()
		if next <= now {
			continue
		}
		timer.Reset(time.Duration(min(next-now, uint64(time.Hour))))
		select {
		case <-timer.C:
		case <-m.wakeup.ch:
		case <-ctx.Done():
			m.wakeup.attention.Store(true)
		}
	}
}

// service does what there is to do now, and returns when there is more.
func (m *Machine) service(ctx context.Context) (next uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.wakeup.attention.Swap(false) {
		m.board.Poll()
		m.host.serve()
		if ctx.Err() != nil && m.stop == nil {
			m.stopBy(ctx)
			m.finish(m.stop)
		}
	}
	m.signalInputs()
	m.clock.Fire()
	if m.watch.Dead(m.clock.Now()) {
		m.finish(&Stop{Reason: Panic, Detail: m.watch.Line()})
	}
	return min(m.clock.Timers.Next(), m.watch.Deadline())
}

// patience is for how long a CPU may compute, in ns, where CPUs run in parallel, before
// it looks after the others.
func (m *Machine) patience() uint64 {
	switch {
	case m.watching.Load() != 0:
		return idle.MaxSliceWatched
	case m.over.Is():
		return sched.MaxSliceOversubscribed
	}
	return math.MaxUint64
}

// parkSpinning lets c sleep until something happens that may end its loop.
func (c *CPU) parkSpinning() {
	m, bit := c.m, uint64(1)<<c.Index
	c.watch.Set(c.loop.Seen)
	before := m.watching.Or(bit)
	defer m.watching.And(^bit)
	if c.watch.Changed(c.RAM) {
		return
	}
	for _, other := range m.cpus {
		if other != c && before == 0 {
			other.shorten() // it may be at the begin of a long slice
		}
	}
	began := m.clock.Now()
	c.rest(idle.MaxPark)
	c.spin.Of(c.S.PC).Parked(m.clock.Now() - began)
}

// shorten has c begin a new slice, if it runs. It is no kick: nothing has happened.
func (c *CPU) shorten() {
	if limitOf(c) > 0 {
		atomic.StoreInt64(&c.S.Limit, 0)
	}
}

// wakeWatching wakes the CPUs whose words have changed. c calls it each time it has run
// guest code.
func (c *CPU) wakeWatching() {
	m := c.m
	watching := m.watching.Load()
	if watching == 0 {
		return
	}
	for _, other := range m.cpus {
		bit := uint64(1) << other.Index
		if watching&bit != 0 && other != c && other.watch.Changed(c.RAM) {
			m.watching.And(^bit)
			other.kick()
		}
	}
}

// waitsFor draws conclusions from what c, whose turn has ended, waits for; whole says that
// nothing else was executed in that turn, as far as one can see.
func (c *CPU) waitsFor(what idle.Waiting, whole bool) {
	over := c.m.over.Is()
	switch {
	case what == idle.Not:
		return
	case what == idle.Only:
		now, took := c.m.clock.Now(), uint64(0)
		if whole {
			took = c.slice.Took()
		}
		more := c.spin.Of(c.S.PC).GoRound(now, took)
		if more == 0 {
			c.mode = cpuSpinning
		} else if !over {
			c.back.NS = max(more, idle.First)
			return
		}
	case !over:
		return
	}
	c.back.NS = idle.First
}
