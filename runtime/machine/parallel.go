package machine

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"axpress/palstubs/console"
)

// crash is a panic on a CPU's goroutine.
type crash struct {
	value any
	stack []byte
}

// runParallel runs every CPU on a host thread of its own, and everything that is no
// CPU's business on this goroutine: input, the devices' scheduled calls, output, the
// end.
func (m *Machine) runParallel(ctx context.Context) error {
	// A thread that computes keeps one of Go's processors, and this goroutine and the
	// one that types need some too.
	before := runtime.GOMAXPROCS(0)
	if want := len(m.cpus) + 2; before < want {
		runtime.GOMAXPROCS(want)
		defer runtime.GOMAXPROCS(before)
	}
	m.stopping.Store(false)
	m.failed, m.broken = nil, nil
	var done sync.WaitGroup
	for _, c := range m.cpus {
		done.Go(func() { m.thread(c) })
	}
	m.serve(ctx)
	done.Wait()
	if m.broken != nil {
		panic(fmt.Sprintf("%v\n\non the thread of a CPU:\n%s", m.broken.value, m.broken.stack))
	}
	if m.failed != nil {
		m.stop = nil
	} else if m.stop.PC == 0 {
		m.stop.PC = m.cpus[0].S.PC
	}
	return m.failed
}

// thread runs c until the run ends.
func (m *Machine) thread(c *CPU) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	precise()
	m.crowd.awake.Add(1)
	defer m.crowd.awake.Add(-1)
	defer func() {
		if p := recover(); p != nil {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.broken = &crash{p, debug.Stack()}
			m.finish(&Stop{Reason: Failed})
		}
	}()
	for {
		c.alarmDue() // that kicks
		// What happens from now on is seen below, or kicks c out of its turn or nap.
		c.nap.kicked.Store(0)
		if m.stopping.Load() {
			return
		}
		c.answer()
		if !c.awake() {
			continue
		}
		if err := m.parallelTurn(c); err != nil {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.failed = err
			m.finish(&Stop{Reason: Failed})
			return
		}
		m.afterTurn()
		m.crowd.pass()
	}
}

// parallelTurn is turn beside other CPUs.
func (m *Machine) parallelTurn(c *CPU) error {
	m.world.enter(&m.crowd)
	defer m.world.leave()
	return m.turn(c)
}

// kick makes c, whatever it does, come to the top of its loop soon. Any goroutine may
// call it while the machine runs.
func (c *CPU) kick() {
	// In this order: who sees the limit of 0 also sees the kick, see setLimit.
	c.nap.kicked.Store(1)
	atomic.StoreInt64(&c.S.Limit, 0)
	c.nap.wake()
}

// alarmDue raises the interval timer interrupt of c if its alarm is due.
func (c *CPU) alarmDue() {
	if c.alarm.at == 0 || c.m.clock.Now() < c.alarm.at {
		return
	}
	c.alarm.at = 0
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.m.board.RaiseTimer(c.Index)
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
			c.napSpinning()
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
	c.m.world.enter(&c.m.crowd)
	defer c.m.world.leave()
	return c.waits() == waitsOnly
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
	c.m.crowd.awake.Add(-1)
	c.nap.sleep(patience)
	c.m.crowd.awake.Add(1)
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
	if m.serialWaits() || m.watch.unnoticed() {
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
	m.clock.fire()
	if m.watch.dead(m) {
		m.finish(&Stop{Reason: Panic, Detail: m.watch.line})
	}
	return min(m.clock.next(), m.watch.deadline())
}
