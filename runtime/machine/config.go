package machine

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"axpress/lifter/isa"
	"axpress/palstubs/console"
	"axpress/palstubs/osf"
	"axpress/runtime/abi"
	"axpress/runtime/clock"
	"axpress/runtime/device/board"
	"axpress/runtime/device/platforms"
	"axpress/runtime/engine"
	"axpress/runtime/ev5"
	"axpress/runtime/ipi"
	"axpress/runtime/klog"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
	"axpress/runtime/panicwatch"
	"axpress/runtime/sched"
	"axpress/runtime/serialio"
	"axpress/runtime/vcpu"
)

// Segment is a piece of the kernel: Data at physical address PA, zeroes after it up
// to MemSize bytes.
type Segment struct {
	PA      uint64
	Data    []byte
	MemSize uint64
}

// ClockMode says where guest time comes from.
type ClockMode uint8

// Clock modes.
const (
	// ClockHost: guest time is host time.
	ClockHost ClockMode = iota
	// ClockDeterministic: guest time is the number of retired instructions, in
	// nanoseconds; when all CPUs wait it jumps to the next event. Runs with the same
	// input at the same points are identical.
	ClockDeterministic
)

// DefaultMemory is the RAM size for Config.Memory = 0.
const DefaultMemory = 512 << 20

// Config says what to build and boot.
type Config struct {
	Segments []Segment
	Entry    uint64 // virtual address
	Initrd   []byte
	Append   string // kernel command line, at most 255 bytes
	Memory   uint64 // bytes, a multiple of 8 KiB, at most console.MaxMemory; 0 is DefaultMemory
	CPUs     int    // 0 is 1
	// Model is what the CPUs are; nil: isa.DefaultModel.
	Model   *isa.Model
	Console io.Writer // what the first serial port sends
	Serial2 io.Writer // and the second; nil discards
	Clock   ClockMode
	// Epoch is the time of day at boot for ClockDeterministic; zero is 2000-01-01.
	Epoch    time.Time
	Platform string // a name of package platforms; "" is the default
	// SSN overrides the system serial number. Without "QEMU" in it there is no
	// paravirtual clock.
	SSN string
	// Symbols are variables of the kernel, as klog.Names names them; nil: not known.
	Symbols klog.Symbols
	// IPI says when interprocessor interrupts get lost, IPIData what they are for.
	IPI     ipi.Mode
	IPIData ipi.Data
	// OnInterrupt is called when an interrupt is delivered, on the thread of its CPU;
	// nil: nobody wants to know.
	OnInterrupt func(Interrupt)
	// NewEngine makes what executes a CPU's instructions; nil is the interpreter. Close
	// closes it.
	NewEngine func(*CPU) (vcpu.Engine, error)
}

// Ports is how many serial ports the guest has. The first, ttyS0, is the console.
const Ports = board.SerialPorts

// Interrupt is what Config.OnInterrupt is told.
type Interrupt struct {
	CPU    int
	Icount int64 // instructions that the CPU has retired before it
	// Type and Vector are a0 and a1 of the kernel's entry (Handbook, II-B, "Interrupt Entry").
	Type, Vector uint64
}

// Machine is one guest.
type Machine struct {
	cfg       Config
	ram       *mem.RAM
	cpus      []*CPU
	platform  platforms.Platform
	board     board.Board
	host      host
	clock     *clock.Clock
	live      *mmu.KernelList // of CPUs under the deterministic clock
	callbacks *console.Callbacks
	outputs   [Ports]*serialio.Output
	inputs    [Ports]*serialio.Input
	inquiry   inquiries
	watch     *panicwatch.Watch
	wakeup    wakeup
	stop      *Stop

	// What follows is for CPUs that take turns.
	policy   sched.Policy
	runnable []bool
	current  *CPU // whose turn it is, or was last
	turn     turn // its slice, that has not ended

	// What follows is for CPUs that run in parallel, each on a thread of its own.
	parallel bool
	// mu guards the board, the clock's timers, outputs' lines, watch and stop. No CPU runs
	// guest code while it holds it.
	mu       sync.Mutex
	stw      *sched.StopTheWorld
	over     *sched.Oversubscription
	stopping atomic.Bool
	watching atomic.Uint64 // CPUs that sleep on words, see idle.WatchList, one bit each
	halted   atomic.Uint64 // CPUs that wait in the console for START, one bit each
}

// New builds a machine ready to run. Errors: a configuration that cannot be built.
func New(cfg Config) (_ *Machine, err error) {
	platform, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("machine: %w", err)
	}
	m := &Machine{cfg: cfg, platform: platform, wakeup: wakeup{ch: make(chan struct{}, 1)}, runnable: make([]bool, cfg.CPUs)}
	m.parallel = cfg.CPUs > 1 && cfg.Clock == ClockHost
	m.host.m = m
	m.policy = sched.NewRoundRobin(cfg.CPUs)
	m.over = sched.NewOversubscription(0)
	m.stw = sched.NewStopTheWorld(m.over)
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("machine: %w", err), m.Close())
		}
	}()
	if m.ram, err = newRAM(&cfg); err != nil {
		return nil, err
	}
	boot, err := m.load()
	if err != nil {
		return nil, err
	}
	m.watch = panicwatch.New(klog.New(m.ram, cfg.Symbols), m.syscalls)
	for i, w := range []io.Writer{cfg.Console, cfg.Serial2} {
		m.outputs[i] = serialio.NewOutput(w, m.watch.See)
	}
	m.live = mmu.NewKernelList()
	m.clock = clock.New(clock.Config{
		Deterministic: cfg.Clock == ClockDeterministic, Epoch: cfg.Epoch, CPUs: cfg.CPUs,
		Instructions: m.instructions, Ports: !hasQEMU(cfg.SSN), First: m.deadlineMoved,
	})
	if m.board, err = platform.New(board.Config{
		RAM: m.ram.Bytes(), CPUs: cfg.CPUs, Clock: m.clock, Scheduler: m.clock.Timers, Host: &m.host, CPUIRQ: irqLines{m},
		SerialOut: [Ports]io.Writer{m.outputs[0], m.outputs[1]}, Wake: m.wake,
	}); err != nil {
		return nil, err
	}
	for i, line := range m.board.Serial() {
		m.inputs[i] = serialio.NewInput(line, m.wake)
	}
	m.callbacks = console.NewCallbacks(terminal{m}, cfg.Append)
	for i := range cfg.CPUs {
		if err := m.addCPU(i); err != nil {
			return nil, err
		}
	}
	return m, m.cpus[0].boot(boot)
}

// complete puts in what is left out. The error says what cannot be.
func (cfg *Config) complete() (platforms.Platform, error) {
	if cfg.CPUs == 0 {
		cfg.CPUs = 1
	}
	if cfg.Memory == 0 {
		cfg.Memory = DefaultMemory
	}
	if cfg.Console == nil {
		cfg.Console = io.Discard
	}
	if cfg.Serial2 == nil {
		cfg.Serial2 = io.Discard
	}
	if cfg.SSN == "" {
		cfg.SSN = console.SSNQemu
	}
	if cfg.Epoch.IsZero() {
		cfg.Epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if cfg.NewEngine == nil {
		cfg.NewEngine = func(c *CPU) (vcpu.Engine, error) { return engine.New(&c.CPU), nil }
	}
	cfg.Model = cfg.Model.Or()
	platform, err := platforms.ByName(cfg.Platform)
	if err := errors.Join(err, cfg.IPI.Check(), console.CheckMemory(cfg.Memory)); err != nil {
		return platform, err
	}
	switch most := platform.Identity.MaxCPUs; {
	case cfg.CPUs < 1 || cfg.CPUs > most:
		return platform, fmt.Errorf("%d CPUs: 1 to %d are possible", cfg.CPUs, most)
	case cfg.Clock > ClockDeterministic:
		return platform, fmt.Errorf("unknown clock mode %d", cfg.Clock)
	case len(cfg.Segments) == 0:
		return platform, errors.New("no kernel segments")
	}
	return platform, nil
}

// load puts kernel and initial RAM disk into RAM and has the console write its
// data.
func (m *Machine) load() (console.Boot, error) {
	cfg, ram := &m.cfg, m.ram.Bytes()
	size := uint64(len(ram))
	low, high := size, uint64(0)
	for i, s := range cfg.Segments {
		n := max(s.MemSize, uint64(len(s.Data)))
		if n > size || s.PA > size-n {
			return console.Boot{}, fmt.Errorf("segment %d at physical %#x, %#x bytes: does not fit into %#x bytes of RAM", i, s.PA, n, size)
		}
		low, high = min(low, s.PA), max(high, s.PA+n)
	}
	n := uint64(len(cfg.Initrd))
	top := min(console.UsedMemory(size, cfg.Append), size-console.TopBytes)
	if high > top || n > top-high {
		return console.Boot{}, fmt.Errorf("initrd of %#x bytes: no room between the kernel's end %#x and the end of the RAM that it uses, %#x", n, high, top)
	}
	initrd := (top - n) &^ (abi.PageSize - 1)
	if initrd < high {
		return console.Boot{}, fmt.Errorf("initrd of %#x bytes: overlaps the kernel, which ends at %#x", n, high)
	}
	boot, err := console.Build(console.Config{
		MemSize: size, CPUs: cfg.CPUs, Cmdline: cfg.Append, InitrdPA: initrd, InitrdSize: n,
		KernelLow: low, KernelEntry: cfg.Entry, SSN: cfg.SSN, CPUType: cfg.Model.CPUType, PABits: cfg.Model.PABits, CycleFreq: m.cycleFreq(),
		Identity: m.platform.Identity,
	}, ram)
	if err != nil {
		return boot, err
	}
	for _, s := range cfg.Segments {
		copy(ram[s.PA:], s.Data)
	}
	copy(ram[initrd:], cfg.Initrd)
	return boot, nil
}

func (m *Machine) addCPU(i int) error {
	s, err := abi.NewState()
	if err != nil {
		return err
	}
	c := &CPU{CPU: vcpu.CPU{Index: i, Model: m.cfg.Model, S: s, RAM: m.ram}, m: m}
	c.CPU.Cycles = c.cycles
	if m.parallel {
		c.CPU.Exclusive = c.exclusive
	} else {
		c.alarm.timer = m.clock.Timers.NewTimer(fmt.Sprintf("alarm of CPU %d", i), c.alarmFires)
	}
	m.cpus = append(m.cpus, c)
	s.WHAMI = uint64(i)
	c.MMU = mmu.New(s, m.ram, ev5.WithInternal(c.Model, lockedBus{c, m.board.Port(i)}))
	c.MMU.InitWindows()
	if m.clock.Deterministic() {
		c.MMU.KeepList(mmu.NewList(m.live))
	}
	c.PAL = &osf.CPU{
		S: s, Mem: memory{c}, Sys: system{c}, Console: m.callbacks,
		LogoutPA: console.LogoutPA(m.platform.Identity, i), Implver: c.Model.Implver, ParavirtualClock: hasQEMU(m.cfg.SSN),
	}
	m.halted.Or(uint64(1) << i) // until boot or start
	c.engine, err = m.cfg.NewEngine(c)
	return err
}

// Close closes the engines, frees the guest's memory and ends Writes to Inputs. The machine must not
// run; a second Close does nothing.
func (m *Machine) Close() error {
	m.wakeup.mu.Lock()
	defer m.wakeup.mu.Unlock()
	if m.wakeup.closed {
		return nil
	}
	m.wakeup.closed = true
	m.host.close()
	for _, in := range m.inputs {
		if in != nil {
			in.Close()
		}
	}
	var errs []error
	for _, c := range m.cpus {
		if c.engine != nil {
			errs = append(errs, c.engine.Close())
		}
		errs = append(errs, abi.FreeState(c.S))
	}
	m.cpus = nil
	if m.ram != nil {
		errs = append(errs, m.ram.Close())
	}
	return errors.Join(errs...)
}

// Board gives access to the devices, for tests and for adding devices before
// Run.
func (m *Machine) Board() board.Board { return m.board }

// CPU returns CPU number i, nil if there is none.
func (m *Machine) CPU(i int) *CPU {
	if i < 0 || i >= len(m.cpus) {
		return nil
	}
	return m.cpus[i]
}

// newRAM makes the RAM: wide if the engine may want that and the host has room.
func newRAM(cfg *Config) (*mem.RAM, error) {
	if cfg.NewEngine != nil {
		if ram, err := mem.NewWide(cfg.Memory); err == nil {
			return ram, nil
		}
	}
	return mem.New(cfg.Memory)
}
