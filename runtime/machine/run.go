package machine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"axpress/palstubs/console"
	"axpress/palstubs/osf"
	"axpress/runtime/abi"
)

// Run runs the machine until the guest stops it or ctx ends. An error is a failure
// of ours or of the host, never of the guest; the Stop is valid all the same. It
// may be called again after ctx ended.
func (m *Machine) Run(ctx context.Context) (Stop, error) {
	defer context.AfterFunc(ctx, m.wake)()
	if !m.clock.deterministic() {
		defer m.clock.host.beat()()
	}
	m.stop = nil
	run := m.loop
	if m.parallel {
		run = m.runParallel
	}
	err := run(ctx)
	m.current = nil
	m.flush()
	if cerr := m.outputFailed(); err == nil && cerr != nil {
		err = fmt.Errorf("machine: %w", cerr)
	}
	if m.stop == nil {
		m.stop = &Stop{Reason: Failed, PC: m.cpus[0].S.PC}
	}
	return *m.stop, err
}

// loop runs CPUs that take turns on this goroutine.
func (m *Machine) loop(ctx context.Context) error {
	for {
		m.poll(ctx)
		if m.stop != nil {
			return nil
		}
		ran := false
		for _, c := range m.cpus {
			if !c.wants() {
				continue
			}
			ran = true
			if err := m.turn(c); err != nil {
				return err
			}
			if m.stop != nil {
				return nil
			}
			if len(m.cpus) > 1 {
				m.clock.fire()
			}
		}
		if !ran {
			m.idle()
		}
	}
}

// poll serves everything that is not guest code.
func (m *Machine) poll(ctx context.Context) {
	m.cpus[0].nap.kicked.Store(0) // what happens from now on is seen below, or ends idle
	if m.wakeup.attention.Swap(false) {
		m.mu.Lock()
		m.board.Poll()
		m.host.serve()
		m.mu.Unlock()
		if err := ctx.Err(); err != nil {
			m.stopBy(ctx)
			return
		}
	}
	m.signalInputs()
	for _, c := range m.cpus {
		c.answer()
	}
	m.clock.fire()
	m.flush()
	if m.watch.dead(m) {
		m.stop = &Stop{Reason: Panic, PC: m.cpus[0].S.PC, Detail: m.watch.line}
	}
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
		if !c.interruptible() && c.waits() == waitsOnly {
			return false
		}
		c.mode = cpuRunning
	case cpuHalted:
		return c.start()
	}
	return true
}

// start begins a secondary CPU that the kernel has asked for.
func (c *CPU) start() bool {
	if console.Asked(c.RAM.Bytes())>>c.Index&1 == 0 {
		return false
	}
	st, ok := console.Secondary(c.RAM.Bytes(), c.Index)
	if !ok || c.PAL.LoadContext(st.PCBB) != nil {
		return false
	}
	c.S.PC, c.S.R[27], c.S.VPTB = st.PC, st.PV, st.VPTB
	c.S.SetPS(7)
	c.MMU.InvalidateAll()
	c.mode = cpuRunning
	c.m.halted.And(^(uint64(1) << c.Index))
	return true
}

// interruptible says whether an interrupt is pending that PS allows.
func (c *CPU) interruptible() bool { return c.PAL.IRQLevel() > c.S.PS&7 }

// turn runs c for a slice.
func (m *Machine) turn(c *CPU) error {
	if !m.parallel {
		m.current = c
	}
	c.slice.begin(m, c)
	defer c.slice.end(m, c)
	for runs := 1; ; runs++ {
		if c.interruptible() {
			r, taken := c.PAL.DeliverInterrupt()
			if taken {
				c.stats.interrupts++
			}
			if r == osf.Halted {
				return nil
			}
		}
		code := c.engine.Run()
		if code >= abi.NumExits || exits[code] == nil {
			return fmt.Errorf("machine: CPU %d at pc %#x: engine returned exit code %d, which is not the machine's to serve", c.Index, c.S.PC, code)
		}
		c.stats.exits[code]++
		if m.parallel {
			c.wakeWatching()
		}
		switch exits[code](c) {
		case osf.Waiting:
			m.alive()
			c.mode = cpuWaiting
			return nil
		case osf.Halted:
			return nil
		}
		if c.S.Icount >= limitOf(c) {
			if c.S.Mode() == abi.ModeUser {
				m.alive()
			}
			if c.spin.near(c.S.PC) {
				c.waited(c.waits(), runs == 1)
			}
			return nil
		}
	}
}

// exits serves the exits of engines: one row per code, nil where an engine must
// serve it itself.
var exits = [abi.NumExits]func(*CPU) osf.Result{
	abi.ExitPoll:     func(*CPU) osf.Result { return osf.Continue },
	abi.ExitAfterPAL: func(*CPU) osf.Result { return osf.Continue },
	abi.ExitNative:   func(*CPU) osf.Result { return osf.Continue },
	abi.ExitFault:    func(c *CPU) osf.Result { return c.PAL.DeliverFault() },
	abi.ExitCallPAL: func(c *CPU) osf.Result {
		atomic.AddUint64(&c.stats.callPALs[c.S.ExitArg&0xff], 1)
		return c.PAL.Call(uint32(c.S.ExitArg))
	},
	abi.ExitOPCDEC: func(c *CPU) osf.Result { return c.PAL.DeliverOPCDEC(c.S.ExitArg == 1) },
	abi.ExitArith:  func(c *CPU) osf.Result { return c.PAL.DeliverArith(c.S.ExitArg, c.S.FaultVA) },
}

// idle passes the time until something happens. Precondition: no CPU runs.
func (m *Machine) idle() {
	m.current = nil
	m.flush()
	next := min(m.clock.next(), m.watch.deadline())
	if m.clock.deterministic() && next != math.MaxUint64 {
		m.clock.skip(next)
		return
	}
	if now := m.clock.Now(); next > now {
		m.cpus[0].nap.sleep(next - now) // until wake
	}
}

// stopBy ends the run because of the context.
func (m *Machine) stopBy(ctx context.Context) {
	m.stop = &Stop{Reason: Interrupted, Detail: ctx.Err().Error()}
	if !m.parallel { // else CPUs run now
		m.stop.PC = m.cpus[0].S.PC
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		m.stop.Reason, m.stop.Detail = Timeout, ""
	}
	if m.watch.panicked.Load() {
		m.stop.Reason, m.stop.Detail = Panic, m.watch.line
	}
}
