package machine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"axpress/palstubs/console"
	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/idle"
	"axpress/runtime/sched"
)

// Run runs the machine until the guest stops it or ctx ends. An error is a failure
// of ours or of the host, never of the guest; the Stop is valid all the same. It
// may be called again after ctx ended.
func (m *Machine) Run(ctx context.Context) (Stop, error) {
	defer context.AfterFunc(ctx, m.wake)()
	defer m.clock.Run()()
	m.stop = nil
	run := m.loop
	if m.parallel {
		run = m.runParallel
	}
	err := run(ctx)
	m.flush()
	if cerr := m.outputFailed(); err == nil && cerr != nil {
		err = fmt.Errorf("machine: %w", cerr)
	}
	if m.stop == nil {
		m.stop = &Stop{Reason: Failed, PC: m.cpus[0].S.PC}
	}
	return *m.stop, err
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

// deliver delivers an interrupt if there is one to deliver; false: c has halted.
func (c *CPU) deliver() bool {
	if !c.interruptible() {
		return true
	}
	icount := c.S.Icount
	r, taken := c.PAL.DeliverInterrupt()
	if taken {
		c.stats.interrupts++
		if fn := c.m.cfg.OnInterrupt; fn != nil {
			fn(Interrupt{CPU: c.Index, Icount: icount, Type: c.S.R[16], Vector: c.S.R[17]})
		}
	}
	return r != osf.Halted
}

// runSlice runs c for a slice of the host's time.
func (m *Machine) runSlice(c *CPU) error {
	c.beginSlice()
	defer c.endSlice()
	for runs := 1; ; runs++ {
		if !c.deliver() {
			return nil
		}
		result, err := c.serve(c.engine.Run())
		if err != nil {
			return err
		}
		if result != osf.Continue {
			c.stopped(result)
			return nil
		}
		if c.S.Icount >= limitOf(c) {
			c.looksBack(runs == 1)
			return nil
		}
	}
}

// looksBack is called when a slice of c has ended and it has more to execute: does it only
// wait? whole says that the slice was one run of the engine.
func (c *CPU) looksBack(whole bool) {
	if c.S.Mode() == abi.ModeUser {
		c.m.alive()
	}
	if !c.loop.Near(c.S.PC) && c.spin.Find(c.S.PC) == nil {
		return
	}
	if !c.m.parallel && c.m.clock.Timers.Next() <= c.m.clock.Now()+idle.Steps {
		return // the slice has ended for a timer, and there is something to do
	}
	what := c.loop.Prove(&c.CPU, c.engine)
	if c.m.parallel {
		c.waitsFor(what, whole)
		return
	}
	if what == idle.Only {
		c.mode = cpuSpinning
	}
	if what != idle.Not {
		c.back.NS = idle.First
	}
}

// serve serves an exit of c's engine. The error is the engine's.
func (c *CPU) serve(code abi.Exit) (osf.Result, error) {
	if code >= abi.NumExits || exits[code] == nil {
		return 0, fmt.Errorf("machine: CPU %d at pc %#x: engine returned exit code %d, which is not the machine's to serve", c.Index, c.S.PC, code)
	}
	c.stats.exits[code]++
	if c.m.parallel {
		c.wakeWatching()
	}
	return exits[code](c), nil
}

// stopped is called when PALcode has said that c has nothing to execute for now.
func (c *CPU) stopped(r osf.Result) {
	if r == osf.Waiting {
		c.m.alive()
		c.mode = cpuWaiting
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

// alive is called by a CPU, without the machine's lock, that does what a kernel that
// has panicked does not.
func (m *Machine) alive() {
	if !m.watch.Panicked() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watch.Alive()
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
	if m.watch.Panicked() {
		m.stop.Reason, m.stop.Detail = Panic, m.watch.Line()
	}
}

// beginSlice starts a slice of the host's time.
func (c *CPU) beginSlice() {
	c.slice.Begin(c.S.Icount)
	c.sliceNS = c.back.Next(sched.MaxSlice)
	if c.m.parallel {
		c.sliceNS = min(c.sliceNS, c.m.patience())
	}
	c.bound()
}

// bound computes State.Limit from the next event that the slice must end at.
func (c *CPU) bound() {
	m := c.m
	next := uint64(math.MaxUint64)
	switch {
	case !m.parallel:
		next = m.clock.Timers.Next()
	case c.alarm.at != 0:
		next = c.alarm.at
	}
	now, ns := m.clock.Now(), uint64(0)
	if next > now {
		ns = min(c.sliceNS, next-now)
	}
	n := int64(max(ns, 1))
	if !m.clock.Early() {
		n = c.slice.Instructions(ns)
	}
	m.setLimit(c, c.S.Icount+n)
}

// endSlice ends it.
func (c *CPU) endSlice() {
	c.counts()
	if c.Index == 0 {
		c.m.clock.Settle(c.mode != cpuRunning || c.S.PS&7 != 7 || c.S.Mode() != abi.ModeKernel)
	}
	c.slice.End(c.S.Icount)
}

// wakeup is what goroutines beside Run's and the CPUs' share with them.
type wakeup struct {
	attention atomic.Bool
	ch        chan struct{} // one token: look now; only where CPUs run in parallel

	mu     sync.Mutex // wake against Close
	closed bool       // the States are gone
}

// wake makes Run look at input and its context soon. Any goroutine may call it.
func (m *Machine) wake() {
	m.wakeup.mu.Lock()
	defer m.wakeup.mu.Unlock()
	if m.wakeup.closed {
		return
	}
	m.wakeup.attention.Store(true)
	if m.parallel {
		m.wakeup.token()
		return
	}
	// Run's goroutine executes one of the CPUs, or sleeps in idle: parked as the first.
	for _, c := range m.cpus {
		c.kick()
	}
}

// token makes Run's goroutine, if it sleeps in serve, look around. Precondition: CPUs run in
// parallel; where they take turns, nobody takes the token.
func (w *wakeup) token() {
	select {
	case w.ch <- struct{}{}:
	default:
	}
}

// setLimit sets c's limit unless somebody wants attention.
func (m *Machine) setLimit(c *CPU, limit int64) {
	atomic.StoreInt64(&c.S.Limit, limit)
	if m.parallel && c.park.Kicked() || !m.parallel && m.wakeup.attention.Load() {
		atomic.StoreInt64(&c.S.Limit, 0)
	}
}

func limitOf(c *CPU) int64 { return atomic.LoadInt64(&c.S.Limit) }
