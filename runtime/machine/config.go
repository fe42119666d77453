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
	"axpress/runtime/device"
	"axpress/runtime/device/clipper"
	"axpress/runtime/engine"
	"axpress/runtime/klog"
	"axpress/runtime/mem"
	"axpress/runtime/mmu"
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

// PlatformClipper is the only platform: a DP264-family board with the Typhoon
// chipset.
const PlatformClipper = "clipper"

// DefaultMemory is the RAM size for Config.Memory = 0.
const DefaultMemory = 512 << 20

// Config says what to build and boot.
type Config struct {
	Segments []Segment
	Entry    uint64 // virtual address
	Initrd   []byte
	Append   string // kernel command line, at most 255 bytes
	Memory   uint64 // bytes, a multiple of 8 KiB, at most MaxMemory; 0 is DefaultMemory
	CPUs     int    // 0 is 1
	// Model is what the CPUs are; nil: isa.DefaultModel.
	Model   *isa.Model
	Console io.Writer // what the first serial port sends
	Serial2 io.Writer // and the second; nil discards
	Clock   ClockMode
	// Epoch is the time of day at boot for ClockDeterministic; zero is 2000-01-01.
	Epoch    time.Time
	Platform string // "" is clipper
	// SSN overrides the system serial number. Without "QEMU" in it there is no
	// paravirtual clock.
	SSN string
	// Symbols are variables of the kernel, as klog.Names names them; nil: not known.
	Symbols klog.Symbols
	// IPI says when interprocessor interrupts get lost, IPIData what they are for.
	IPI     IPIMode
	IPIData IPIData
	// NewEngine makes what executes a CPU's instructions; nil is the interpreter. Close
	// closes it.
	NewEngine func(*CPU) (vcpu.Engine, error)
}

// Machine is one guest.
type Machine struct {
	cfg      Config
	ram      *mem.RAM
	cpus     []*CPU
	platform *clipper.Platform
	clock    *clock
	outputs  [Ports]*serialOut
	inputs   [Ports]*Input
	inquiry  inquiries
	watch    panicWatch
	wakeup   wakeup
	current  *CPU // whose turn it is
	stop     *Stop

	// What follows is for CPUs that run in parallel, each on a thread of its own.
	parallel bool
	// mu guards platform, clock.queue, outputs' lines, watch and stop. No CPU runs
	// guest code while it holds it.
	mu       sync.Mutex
	world    world
	crowd    crowd
	stopping atomic.Bool
	watching atomic.Uint64 // CPUs that sleep on words, see watchList, one bit each
	halted   atomic.Uint64 // CPUs that wait in the console for START, one bit each
	failed   error         // of an engine; under mu
	broken   *crash        // a panic on a CPU's goroutine; under mu
}

// New builds a machine ready to run. Errors: a configuration that cannot be built.
func New(cfg Config) (_ *Machine, err error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("machine: %w", err)
	}
	m := &Machine{cfg: cfg, wakeup: wakeup{ch: make(chan struct{}, 1)}}
	m.parallel = cfg.CPUs > 1 && cfg.Clock == ClockHost
	m.crowd.init()
	for i := range m.inputs {
		m.inputs[i] = newInput(m, i)
	}
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
	m.watch.countSyscalls, m.watch.kernel = m.syscalls, klog.New(m.ram, cfg.Symbols)
	for i, w := range []io.Writer{cfg.Console, cfg.Serial2} {
		m.outputs[i] = newSerialOut(w, &m.watch)
	}
	m.clock = newClock(m)
	if m.platform, err = clipper.New(clipper.Config{
		RAM: m.ram.Bytes(), CPUs: cfg.CPUs, Clock: m.clock, Scheduler: m.clock,
		CPUIRQ: irqLines{m}, ConsoleOut: m.outputs[0], Serial2Out: m.outputs[1], Wake: m.wake,
	}); err != nil {
		return nil, err
	}
	callbacks := console.NewCallbacks(terminal{m}, cfg.Append)
	for i := range cfg.CPUs {
		if err := m.addCPU(i, callbacks); err != nil {
			return nil, err
		}
	}
	return m, m.cpus[0].boot(boot)
}

func (cfg *Config) complete() error {
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
	if cfg.Platform == "" {
		cfg.Platform = PlatformClipper
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
	if err := cfg.IPI.check(); err != nil {
		return err
	}
	if err := checkMemory(cfg.Memory); err != nil {
		return err
	}
	switch {
	case cfg.Platform != PlatformClipper:
		return fmt.Errorf("platform %q: only %q exists", cfg.Platform, PlatformClipper)
	case cfg.CPUs < 1 || cfg.CPUs > console.MaxCPUs:
		return fmt.Errorf("%d CPUs: 1 to %d are possible", cfg.CPUs, console.MaxCPUs)
	case cfg.Clock > ClockDeterministic:
		return fmt.Errorf("unknown clock mode %d", cfg.Clock)
	case len(cfg.Segments) == 0:
		return errors.New("no kernel segments")
	}
	return nil
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
	top := min(Memory(size, cfg.Append), size-console.TopBytes)
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

func (m *Machine) addCPU(i int, callbacks osf.Console) error {
	s, err := abi.NewState()
	if err != nil {
		return err
	}
	c := &CPU{CPU: vcpu.CPU{Index: i, Model: m.cfg.Model, S: s, RAM: m.ram}, m: m, slice: newSlicer(m.cfg.CPUs > 1 && !m.parallel)}
	c.CPU.Cycles = c.cycles
	if m.parallel {
		c.CPU.Exclusive = c.exclusive
	}
	m.cpus = append(m.cpus, c)
	s.WHAMI = uint64(i)
	c.MMU = mmu.New(s, m.ram, withInternal(c.Model, lockedBus{c, m.platform.Bus.Port(i)}))
	c.MMU.InitWindows()
	c.PAL = &osf.CPU{
		S: s, Mem: memory{c}, Sys: system{c}, Console: callbacks,
		LogoutPA: console.LogoutPA(i), ParavirtualClock: hasQEMU(m.cfg.SSN),
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
	for _, in := range m.inputs {
		close(in.closed)
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

// Platform gives access to the devices, for tests and for adding devices before
// Run.
func (m *Machine) Platform() *clipper.Platform { return m.platform }

// CPU returns CPU number i, nil if there is none.
func (m *Machine) CPU(i int) *CPU {
	if i < 0 || i >= len(m.cpus) {
		return nil
	}
	return m.cpus[i]
}

var (
	_ device.Clock     = (*clock)(nil)
	_ device.Scheduler = (*clock)(nil)
	_ device.CPUIRQ    = irqLines{}
)

// newRAM makes the RAM: wide if the engine may want that and the host has room.
func newRAM(cfg *Config) (*mem.RAM, error) {
	if cfg.NewEngine != nil {
		if ram, err := mem.NewWide(cfg.Memory); err == nil {
			return ram, nil
		}
	}
	return mem.New(cfg.Memory)
}
