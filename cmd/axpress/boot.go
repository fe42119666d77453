package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"axpress/cmd/axpress/symbols"
	"axpress/lifter/image"
	"axpress/lifter/isa"
	"axpress/palstubs/console"
	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/engine"
	"axpress/runtime/machine"
	"axpress/runtime/sampler"
	"axpress/runtime/standalone/attend"
	"axpress/runtime/standalone/ending"
	"axpress/runtime/standalone/size"
	"axpress/runtime/vcpu"
	"axpress/translator/prepare"
)

// The engines.
const (
	engineNative = "native"
	engineInterp = "interp"
	engineGo     = "go" // of run alone
)

// maxAppend is what the boot parameters have room for (Linux, arch/alpha
// COMMAND_LINE_SIZE, less the final zero).
const maxAppend = 255

// boot is one guest run.
type boot struct {
	kernelFile, initrdFile string
	append                 string
	memory                 uint64
	cpus                   int
	engine                 string
	platform               string
	deterministic          bool
	ipi                    string         // one of ipiModes
	pvClock                string         // see console.SSN
	timeout                time.Duration  // of the guest's run; of run, see limit, for translating as well; 0: none
	reboots                bool           // a reboot boots the guest again, and is no end
	lines                  attend.Options // of its serial ports, but for the host's input and output
	logTail                int            // how much of the kernel's log lastWords are, see ending.LogTail
	prepare                prepare.Options
	sampling               bool // take samples, for profile
	noFSGSBase             bool // do as on a host whose programs may not set GS
	lent                   lentSymbols

	kernel   *image.Image
	programs []*image.Image // of initrd
	initrd   []byte
	// translations are the kernel's and the programs', empty for the interpreter.
	translations []*prepare.Result
	partly       bool           // a guest whose translations cannot all be had runs all the same
	left         []prepare.Left // what has none, then
	translating  time.Duration
	engines      []*engine.Mixed          // of the last boot
	off          []string                 // see dispatch.Engine.Off, of the last boot
	whereabouts  []machine.Whereabouts    // of the CPUs at the end of the run
	lastWords    string                   // of the kernel's log, for the person
	heard        [machine.Ports]uint64    // bytes that the serial ports sent, in all boots
	samplers     []*sampler.Engine        // of all boots
	inPrograms   map[uint64]sampler.Place // where CPUs in user mode were at the end of the run, by PC
	table        *symbols.Table           // see symbols
	boots        int
	began        time.Time
	took         time.Duration // by the guest
}

// checkOptions refuses impossible values.
func (b *boot) checkOptions() error {
	if err := oneOf("engine", b.engine, []string{engineNative, engineGo, engineInterp}); err != nil {
		return err
	}
	if err := oneOf("platform", b.platform, []string{machine.PlatformClipper}); err != nil {
		return err
	}
	if err := oneOf("ipi", b.ipi, slices.Sorted(maps.Keys(ipiModes))); b.ipi != "" && err != nil {
		return err
	}
	if _, ok := console.SSN(b.pvClock); !ok {
		return fail(statusUsage, "--pv-clock %s: want on or off", b.pvClock)
	}
	switch {
	case b.cpus < 1 || b.cpus > 4:
		return fail(statusUsage, "--smp %d: a Clipper has 1 to 4 CPUs", b.cpus)
	case b.cpus > 1 && b.engine == engineGo:
		return fail(statusUsage, "--smp %d: the %s engine runs one CPU; use --engine %s or --smp 1", b.cpus, b.engine, engineNative)
	case b.memory == 0 || b.memory%image.PageSize != 0:
		return fail(statusUsage, "--memory: %d bytes are no multiple of the page size, %d", b.memory, image.PageSize)
	case b.memory > machine.MaxMemory:
		return fail(statusUsage, "--memory %s: Linux/Alpha uses no more than %s, and loses an initramfs above that", size.String(b.memory), size.String(machine.MaxMemory))
	case len(b.append) > maxAppend:
		return fail(statusUsage, "--append: the command line has %d bytes; the kernel takes %d", len(b.append), maxAppend)
	case b.logTail < ending.Auto:
		return fail(statusUsage, "--log-tail %d: want a number of lines, 0 for none, or %d", b.logTail, ending.Auto)
	case b.timeout < 0:
		return fail(statusUsage, "--timeout %s: want a duration such as 90s, or 0 for none", b.timeout)
	}
	return nil
}

// load reads the files and checks that they make a machine. Nothing is written.
func (b *boot) load() (err error) {
	if b.kernelFile == "" {
		return fail(statusUsage, "which kernel? Give --kernel vmlinux")
	}
	if err := b.checkOptions(); err != nil {
		return err
	}
	if b.kernel, err = image.Open(b.kernelFile); err != nil {
		return err
	}
	if b.kernel.Kind != image.Kernel {
		return fail(statusInput, "%s: a user program (%s), no kernel; give a vmlinux", b.kernelFile, b.kernel.Kind)
	}
	end, usable := uint64(0), machine.Memory(b.memory, b.append)
	for i := range b.kernel.Segments {
		s := &b.kernel.Segments[i]
		if pa := physical(s.VAddr); s.MemSize > usable || pa > usable-s.MemSize {
			return fail(statusInput, "%s: its segment of %#x bytes at physical %#x does not fit into the guest's %s; give more --memory, or another kernel", b.kernelFile, s.MemSize, pa, b.memoryText())
		}
		end = max(end, physical(s.End()))
	}
	if m := b.prepare.Pipeline.Model.Or(); !m.Has(isa.ExtBWX) {
		b.prepare.Report.Note(fmt.Sprintf("--cpu %s: a %s has no instructions for bytes and words, which kernels for this board are compiled with; such a kernel panics early in its boot. %s and later have them",
			m.Name, m.Chip, isa.ExtBWX.Since().Name))
	}
	return b.loadInitrd(usable - end)
}

// memoryText says how much memory the guest has, and what its command line leaves of it.
func (b *boot) memoryText() string {
	text := size.String(b.memory) + " of memory"
	if usable := machine.Memory(b.memory, b.append); usable < b.memory {
		text += fmt.Sprintf(", of which mem= leaves %s", size.String(usable))
	}
	return text
}

// physical is the physical address of a KSEG address.
func physical(va uint64) uint64 { return va &^ uint64(image.KSEGBase) }

// loadInitrd reads the initrd, for which the kernel leaves room bytes of memory.
func (b *boot) loadInitrd(room uint64) error {
	if b.initrdFile == "" {
		b.initrd = b.kernel.Initrd
		return nil
	}
	st, err := os.Stat(b.initrdFile)
	if err != nil {
		return err
	}
	// The machine puts it on a page boundary.
	if n := uint64(st.Size()); st.Mode().IsRegular() && n+image.PageSize > room {
		return fail(statusInput, "%s: %d bytes, but the kernel leaves %d bytes of the guest's %s; give a smaller initrd or more --memory", b.initrdFile, n, room, b.memoryText())
	}
	b.initrd, err = os.ReadFile(b.initrdFile)
	return err
}

// readPrograms finds the programs in the initrd, once.
func (b *boot) readPrograms() {
	if len(b.initrd) == 0 || b.programs != nil {
		return
	}
	programs, skipped, err := prepare.Initramfs(cmp.Or(b.initrdFile, b.kernelFile), b.initrd)
	if err != nil {
		// The kernel may know what to do with it all the same.
		b.prepare.Report.Note(fmt.Sprintf("%v; its programs will be interpreted", err))
	}
	for _, s := range skipped {
		b.prepare.Report.Note(s.Reason + "; it will be interpreted")
	}
	b.programs = programs
}

// translate makes sure that kernel and programs are translated.
func (b *boot) translate(ctx context.Context) error {
	if b.engine != engineNative {
		return nil
	}
	start := time.Now()
	b.readPrograms()
	images := append([]*image.Image{b.kernel}, b.programs...)
	var err error
	if b.partly {
		b.translations, b.left, err = prepare.ForRun(ctx, images, b.prepare)
	} else {
		b.translations, err = prepare.Translate(ctx, images, b.prepare)
	}
	if err != nil {
		return err
	}
	b.translating = time.Since(start)
	return nil
}

// show loads the guest, translates it, and lets it run to its end without input, its console on out. It returns what the
// console said, and writes the counters to a file unless its name is "".
func (b *boot) show(ctx context.Context, out io.Writer, statsFile string) (console string, stop machine.Stop, s *stats, err error) {
	if err := b.load(); err != nil {
		return "", stop, nil, err
	}
	if err := b.translate(ctx); err != nil {
		return "", stop, nil, err
	}
	var seen bytes.Buffer
	if stop, s, err = b.run(ctx, nil, io.MultiWriter(out, &seen)); err == nil && statsFile != "" {
		err = s.write(statsFile)
	}
	return seen.String(), stop, s, err
}

// run boots the guest and lets it run to its end. in may be nil: no input.
func (b *boot) run(ctx context.Context, in io.Reader, out io.Writer) (stop machine.Stop, s *stats, err error) {
	b.began, b.boots = time.Now(), 0
	o := b.lines
	o.In, o.Out, o.Timeout, o.Reboots = in, out, b.timeout, b.reboots
	stop, err = attend.Run(ctx, o, func(ctx context.Context, lines *attend.Lines) (stop machine.Stop, err error) {
		b.boots++
		stop, s, err = b.once(ctx, lines)
		return stop, err
	})
	return stop, s, b.named(err)
}

// once boots the guest on a machine of its own with these serial lines, and lets it run until it stops.
func (b *boot) once(ctx context.Context, lines *attend.Lines) (machine.Stop, *stats, error) {
	b.engines, b.off = nil, nil
	m, err := machine.New(b.config(lines.Out(0), lines.Out(1)))
	if err != nil {
		return machine.Stop{}, nil, fail(statusInput, "%s: %w", b.kernelFile, err)
	}
	lines.To(m, b.now)
	// The machine stays open on the way out of a BUG, where its memory may be in use.
	began := time.Now()
	stop, err := m.Run(ctx)
	took := time.Since(began)
	b.took += took
	b.whereabouts = m.Whereabouts()
	b.noteUserPlaces(m)
	for i := range b.heard {
		b.heard[i] = lines.Heard(i)
	}
	if !ending.Orderly(stop) {
		b.lastWords = ending.LogTail(m, b.logTail)
	}
	if err != nil {
		return stop, nil, fail(statusInternal, "BUG: %w", err)
	}
	if err := attend.Failure(ctx, stop); err != nil {
		return stop, nil, err
	}
	s := b.stats(m.Stats(), stop, took)
	return stop, s, m.Close()
}

// config describes the machine, whose serial ports send to first, the console, and second.
func (b *boot) config(first, second io.Writer) machine.Config {
	ssn, _ := console.SSN(b.pvClock) // checkOptions has looked
	c := machine.Config{
		Entry: b.kernel.Entry, Initrd: b.initrd, Append: b.append, Memory: b.memory, CPUs: b.cpus,
		Console: first, Serial2: second, Platform: b.platform, Model: b.prepare.Pipeline.Model,
		SSN: ssn, IPI: ipiModes[b.ipi], IPIData: ipiData(b.kernel), Symbols: logSymbols(b.kernel),
	}
	if b.deterministic {
		c.Clock = machine.ClockDeterministic
	}
	for _, s := range b.kernel.Segments {
		c.Segments = append(c.Segments, machine.Segment{PA: physical(s.VAddr), Data: s.Data, MemSize: s.MemSize})
	}
	var code []*abi.Code
	for _, r := range b.translations {
		code = append(code, r.Artifact.Code())
	}
	var shared *dispatch.Shared
	if b.cpus > 1 {
		shared = dispatch.NewShared(b.cpus)
	}
	c.NewEngine = func(cpu *machine.CPU) (vcpu.Engine, error) {
		e, err := b.newEngine(cpu, code, shared)
		if err != nil || !b.sampling {
			return e, err
		}
		s := sampler.New(cpu, e, samplePeriod)
		b.samplers = append(b.samplers, s)
		return s, nil
	}
	return c
}

// newEngine makes what executes cpu's instructions. Preconditions: the code stays mapped
// while the engine runs; the machine's RAM holds the kernel as it was translated.
func (b *boot) newEngine(cpu *machine.CPU, code []*abi.Code, shared *dispatch.Shared) (vcpu.Engine, error) {
	if b.engine == engineInterp {
		return engine.New(&cpu.CPU), nil
	}
	tier, err := dispatch.New(dispatch.Config{CPU: &cpu.CPU, Code: code, Shared: shared, NoFSGSBase: b.noFSGSBase})
	if err != nil {
		return nil, fmt.Errorf("native engine: %w", err)
	}
	if cpu.Index == 0 { // what one CPU lacks they all lack
		b.off = tier.Off()
	}
	if b.boots == 1 && cpu.Index == 0 {
		for _, off := range b.off {
			b.prepare.Report.Note("without " + off)
		}
	}
	e := engine.New(&cpu.CPU, tier)
	b.engines = append(b.engines, e)
	return e, nil
}
