package machine

import (
	"fmt"
	"strings"
	"sync/atomic"

	"axpress/palstubs/console"
	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/device"
	"axpress/runtime/mmu"
	"axpress/runtime/vcpu"
)

// CPU is one processor.
type CPU struct {
	vcpu.CPU
	PAL *osf.CPU

	m      *Machine
	engine vcpu.Engine
	mode   cpuMode
	alarm  alarm
	slice  slicer
	nap    nap
	watch  watchList
	spin   spin
	stats  cpuStats
}

// cpuMode says what a CPU is doing.
type cpuMode uint8

const (
	cpuHalted   cpuMode = iota // in the console: never started, or halted
	cpuRunning                 // executes guest code
	cpuWaiting                 // wtint: until an interrupt is pending
	cpuSpinning                // in a loop that nothing but an interrupt or another CPU ends
)

type cpuStats struct {
	exits      [abi.NumExits]uint64
	interrupts uint64
	spins      uint64
	ipi        ipiCounts
	callPALs   [256]uint64
}

// boot puts the CPU at the start of the kernel.
func (c *CPU) boot(b console.Boot) error {
	s := c.S
	if err := c.PAL.LoadContext(b.PCBB); err != nil {
		return fmt.Errorf("boot context at %#x: %w", b.PCBB, err)
	}
	s.R[26], s.R[27], s.R[30] = b.RA, b.PV, b.SP
	s.VPTB = b.VPTB
	s.PC = b.PC
	s.SetPS(b.PS)
	c.mode = cpuRunning
	c.m.halted.And(^(uint64(1) << c.Index))
	return nil
}

// cycles is the free-running cycle counter: bits 31:0 of what RPCC returns are its
// low half, bits 63:32 are State.PCCOffset.
func (c *CPU) cycles() uint64 {
	c.m.clock.counts(c)
	return c.m.cycles()
}

// cycleFreq is the rate of the cycle counter in Hz, as the HWRPB states it. A kernel without the paravirtual clock
// measures it, and believes only what its CPU can have.
func (m *Machine) cycleFreq() uint64 {
	if hasQEMU(m.cfg.SSN) {
		return m.platform.Identity.CycleFreq
	}
	return m.cfg.Model.MHz * 1_000_000
}

// cycles is the cycle counter, which runs at that rate. In two parts, as the product may have more than 64 bits.
func (m *Machine) cycles() uint64 {
	const us = 1000 // in ns
	now, mhz := m.clock.Now(), m.cycleFreq()/1_000_000
	return now/us*mhz + now%us*mhz/us
}

func hasQEMU(ssn string) bool { return strings.Contains(ssn, console.SSNQemu) }

// memory is osf.Memory.
type memory struct{ c *CPU }

func (a memory) Load(va uint64, log2size int) (uint64, bool) {
	return a.c.MMU.Load(va, log2size, false)
}

func (a memory) Store(va uint64, log2size int, v uint64) bool {
	return a.c.MMU.Store(va, log2size, v)
}

func (a memory) Fetch(pc uint64) (uint32, bool) { return a.c.MMU.Fetch(pc) }

func (a memory) ReadPhys(pa uint64) (uint64, error) {
	v, ok := a.c.RAM.Read64(pa)
	if !ok {
		return 0, fmt.Errorf("physical %#x: %w", pa, device.ErrNoDevice)
	}
	return v, nil
}

func (a memory) WritePhys(pa, v uint64) error {
	if !a.c.RAM.Write64(pa, v) {
		return fmt.Errorf("physical %#x: %w", pa, device.ErrNoDevice)
	}
	return nil
}

// system is osf.System.
type system struct{ c *CPU }

func (y system) SendIPI(target uint64) {
	m := y.c.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if target < uint64(len(m.cpus)) {
		y.c.sendIPI(m.cpus[target])
	}
}

func (y system) AckIPI() {
	y.c.m.mu.Lock()
	defer y.c.m.mu.Unlock()
	y.c.tookIPI()
	y.c.m.board.AckIPI(y.c.Index)
}

func (y system) AckTimer() {
	y.c.m.mu.Lock()
	defer y.c.m.mu.Unlock()
	y.c.m.board.AckTimer(y.c.Index)
}

func (y system) DeviceVector() (uint64, bool) {
	y.c.m.mu.Lock()
	defer y.c.m.mu.Unlock()
	v, spurious := y.c.m.board.DeviceVector(y.c.Index)
	return v, !spurious
}

func (y system) CServe(fn, a1, a2 uint64) (v uint64, ok bool) {
	y.c.m.mu.Lock()
	defer y.c.m.mu.Unlock()
	return y.c.m.board.CServe(y.c.Index, fn, a1, a2)
}

func (y system) VMTime() uint64 {
	y.c.m.clock.counts(y.c)
	return y.c.m.clock.Now()
}
func (y system) WallTime() uint64 { return uint64(y.c.m.clock.WallTime()) }
func (y system) Cycles() uint64   { return y.c.cycles() }
func (y system) Alarm() uint64    { return y.c.alarm.at }

func (y system) SetAlarm(at uint64) { y.c.setAlarm(at) }

func (y system) InvalidateAll()     { y.c.MMU.InvalidateAll() }
func (y system) InvalidateProcess() { y.c.MMU.InvalidateProcess() }
func (y system) InvalidateSingle(va uint64, instructions, data bool) {
	y.c.MMU.InvalidateSingle(va, instructions, data)
}
func (y system) InvalidateCode() { y.c.engine.InvalidateCode() }

func (y system) Halt(h osf.Halt) {
	y.c.m.mu.Lock()
	defer y.c.m.mu.Unlock()
	y.c.halted(h)
}

// alarm is the paravirtual alarm of a CPU.
type alarm struct {
	at    uint64       // 0: off
	timer device.Timer // where CPUs take turns
}

// setAlarm arranges an interval timer interrupt at virtual time at; 0 is never. A
// time that has passed counts as now. It is c that asks.
func (c *CPU) setAlarm(at uint64) {
	c.alarm.at = at
	switch {
	case at != 0 && c.m.parallel:
		c.slice.deadlineMoved(c.m, c) // it is c itself that looks, see alarmDue
	case at != 0:
		c.alarm.timer.Set(at)
	default:
		c.alarm.timer.Stop()
	}
}

// newAlarm makes the timer of c's alarm.
func (c *CPU) newAlarm() {
	c.alarm.timer = c.m.clock.queue.NewTimer(fmt.Sprintf("cpu%d alarm", c.Index), func() {
		c.alarm.at = 0
		c.m.board.RaiseTimer(c.Index)
	})
}

// irqLines is device.CPUIRQ.
type irqLines struct{ m *Machine }

// irqs maps the chipset's interrupt inputs to PALcode's requests.
var irqs = [device.NumIRQKinds]osf.IRQ{
	device.IRQError: osf.IRQError, device.IRQDevice: osf.IRQDevice,
	device.IRQTimer: osf.IRQTimer, device.IRQIPI: osf.IRQIPI,
}

// SetIRQ implements device.CPUIRQ.
func (l irqLines) SetIRQ(cpu int, kind device.IRQKind, level bool) {
	if c := l.m.CPU(cpu); c != nil && kind < device.NumIRQKinds {
		c.PAL.SetIRQ(irqs[kind], level)
		switch {
		case !level:
		case l.m.parallel:
			c.kick()
		case c == l.m.current && c.interruptible():
			l.m.setLimit(c, 0)
		}
	}
}

// lockedBus is the bus of a CPU under the machine's lock.
type lockedBus struct {
	c *CPU
	mmu.PhysBus
}

// Read implements mmu.PhysBus.
func (b lockedBus) Read(pa uint64, size int) (uint64, error) {
	b.c.m.clock.accesses(b.c)
	b.c.m.mu.Lock()
	defer b.c.m.mu.Unlock()
	return b.PhysBus.Read(pa, size)
}

// Write implements mmu.PhysBus.
func (b lockedBus) Write(pa uint64, size int, v uint64) error {
	b.c.m.clock.accesses(b.c)
	b.c.m.mu.Lock()
	defer b.c.m.mu.Unlock()
	return b.PhysBus.Write(pa, size, v)
}

// callPALs returns how many CALL_PALs of function code fn were executed, by us or by
// the engine itself. Any goroutine may ask.
func (c *CPU) callPALs(fn int) uint64 {
	n := atomic.LoadUint64(&c.stats.callPALs[fn])
	switch fn {
	case abi.PALCallsys:
		n += atomic.LoadUint64(&c.S.FastCalls[abi.FastCallsys])
	case abi.PALRTI:
		n += atomic.LoadUint64(&c.S.FastCalls[abi.FastRTI])
	}
	return n
}
