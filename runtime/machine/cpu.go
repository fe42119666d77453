package machine

import (
	"fmt"
	"strings"
	"sync/atomic"

	"axpress/palstubs/console"
	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/device"
	"axpress/runtime/idle"
	"axpress/runtime/ipi"
	"axpress/runtime/mmu"
	"axpress/runtime/sched"
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
	loop   idle.Loop    // is what it executes one that only waits?
	back   idle.Backoff // its next slice
	park   sched.Parker
	stats  cpuStats

	// With the host's clock.
	slice   sched.Slice
	sliceNS uint64 // how long it is, at most
	// Where CPUs run in parallel.
	watch idle.WatchList
	spin  idle.AdaptiveSpin
}

// cpuMode says what a CPU is doing.
type cpuMode uint8

const (
	cpuHalted   cpuMode = iota // in the console: never started, or halted
	cpuRunning                 // executes guest code
	cpuWaiting                 // wtint: until an interrupt is pending
	cpuSpinning                // in a loop that nothing but an interrupt or another CPU ends
	numModes
)

type cpuStats struct {
	exits      [abi.NumExits]uint64
	interrupts uint64
	ipi        ipi.Counts
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
	c.counts()
	return c.m.cycles()
}

// counts tells the clock how many instructions c has retired.
func (c *CPU) counts() { c.m.clock.Counts(c.Index == 0, c.S.Icount) }

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

func (a memory) Load(va abi.VAddr, log2size int) (uint64, bool) {
	return a.c.MMU.Load(va, log2size, false)
}

func (a memory) Store(va abi.VAddr, log2size int, v uint64) bool {
	return a.c.MMU.Store(va, log2size, v)
}

func (a memory) Fetch(pc abi.VAddr) (uint32, bool) { return a.c.MMU.Fetch(pc) }

func (a memory) ReadPhys(pa abi.PAddr) (uint64, error) {
	v, ok := a.c.RAM.Read64(pa)
	if !ok {
		return 0, fmt.Errorf("physical %#x: %w", pa, device.ErrNoDevice)
	}
	return v, nil
}

func (a memory) WritePhys(pa abi.PAddr, v uint64) error {
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
	y.c.stats.ipi.Took(y.c.messages())
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
	y.c.counts()
	return y.c.m.clock.Now()
}
func (y system) WallTime() uint64 { return uint64(y.c.m.clock.WallTime()) }
func (y system) Cycles() uint64   { return y.c.cycles() }
func (y system) Alarm() uint64    { return y.c.alarm.at }

func (y system) SetAlarm(at uint64) { y.c.setAlarm(at) }

func (y system) InvalidateAll()     { y.c.MMU.InvalidateAll() }
func (y system) InvalidateProcess() { y.c.MMU.InvalidateProcess() }
func (y system) InvalidateSingle(va abi.VAddr, instructions, data bool) {
	y.c.MMU.InvalidateSingle(va, instructions, data)
}
func (y system) EnterSpace()     { y.c.MMU.EnterSpace() }
func (y system) InvalidateCode() { y.c.engine.InvalidateCode() }

func (y system) Halt(h osf.Halt) {
	y.c.m.mu.Lock()
	defer y.c.m.mu.Unlock()
	y.c.halted(h)
}

// sendIPI raises an interprocessor interrupt of target for c. The machine's lock is held.
func (c *CPU) sendIPI(target *CPU) {
	c.stats.ipi.Sent++
	to := &target.stats.ipi
	if c.m.cfg.IPI.Loses(atomic.LoadUint64(&target.S.PS) & 7) {
		to.Lost(target.messages())
		return
	}
	if target.PAL.IsPending(osf.IRQIPI) {
		to.Merged++
	}
	c.m.board.RaiseIPI(target.Index)
}

// messages are what the interprocessor interrupts of c are for at the moment.
func (c *CPU) messages() ipi.Messages { return c.m.cfg.IPIData.Of(c.Index, c.RAM) }

// alarm is the paravirtual alarm of a CPU.
type alarm struct {
	at    uint64       // 0: off
	timer device.Timer // nil where CPUs run in parallel: there it is the CPU itself that looks
}

// setAlarm arranges an interval timer interrupt at virtual time at; 0 is never. A
// time that has passed counts as now. It is c that asks.
func (c *CPU) setAlarm(at uint64) {
	c.alarm.at = at
	switch {
	case c.alarm.timer == nil:
		if at != 0 && limitOf(c) != 0 {
			c.bound() // for alarmDue
		}
	case at == 0:
		c.alarm.timer.Stop()
	default:
		c.alarm.timer.Set(at)
	}
}

// alarmFires raises the interrupt of c's alarm. The machine's lock is held, or CPUs take turns.
func (c *CPU) alarmFires() {
	c.alarm.at = 0
	c.m.board.RaiseTimer(c.Index)
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

// accesses tells the clock that c accesses a device. Where that takes time with the
// deterministic clock the next timer comes nearer, so the run ends behind the access.
func (c *CPU) accesses() {
	k := c.m.clock
	if k.Accesses(c.Index == 0, c.S.Icount); k.Deterministic() && !hasQEMU(c.m.cfg.SSN) {
		atomic.StoreInt64(&c.S.Limit, 0)
	}
}

// lockedBus is the bus of a CPU under the machine's lock.
type lockedBus struct {
	c *CPU
	mmu.PhysBus
}

// Read implements mmu.PhysBus.
func (b lockedBus) Read(pa abi.PAddr, size int) (uint64, error) {
	b.c.accesses()
	b.c.m.mu.Lock()
	defer b.c.m.mu.Unlock()
	return b.PhysBus.Read(pa, size)
}

// Write implements mmu.PhysBus.
func (b lockedBus) Write(pa abi.PAddr, size int, v uint64) error {
	b.c.accesses()
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
