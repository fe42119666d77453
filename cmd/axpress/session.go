package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"axpress/runtime/abi"
	"axpress/runtime/dispatch"
	"axpress/runtime/engine"
	"axpress/runtime/machine"
	"axpress/runtime/sampler"
	"axpress/runtime/standalone/attend"
	"axpress/runtime/standalone/ending"
	"axpress/runtime/standalone/irqlog"
	"axpress/runtime/vcpu"
)

// session is a guest that runs, over its reboots.
type session struct {
	*translated
	began    time.Time
	boots    int
	took     time.Duration     // by the guest
	engines  []*engine.Mixed   // of the last boot
	off      []string          // see dispatch.Engine.Off, of the last boot
	samplers []*sampler.Engine // of all boots
	irqs     *irqlog.Log
}

// outcome is how a guest's run ended, and what it showed.
type outcome struct {
	*translated
	stop        machine.Stop // of the last boot
	stats       *stats       // of it
	began       time.Time
	took        time.Duration         // by the guest, in all boots
	samples     []sampler.Samples     // of all CPUs in all boots; none if nobody wanted any
	heard       [machine.Ports]uint64 // bytes that the serial ports sent, in all boots
	whereabouts []machine.Whereabouts // of the CPUs at the end
	inPrograms  places                // of those that ran programs
	lastWords   string                // of the kernel's log, for the person; "": the end was orderly
}

// run boots the guest and lets it run to its end. in may be nil: no input.
func (t *translated) run(ctx context.Context, in io.Reader, out io.Writer) (_ *outcome, err error) {
	s := &session{translated: t, began: time.Now()}
	if s.irqs, err = irqlog.Create(ctx, t.interrupts); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.irqs.Close()) }()
	lines := t.lines
	lines.In, lines.Out, lines.Timeout, lines.Reboots = in, out, t.timeout, t.reboots
	var last *outcome
	_, err = attend.Run(ctx, lines, func(ctx context.Context, lines *attend.Lines) (machine.Stop, error) {
		var stop machine.Stop
		var err error
		stop, last, err = s.boot(ctx, lines)
		return stop, err
	})
	if err != nil {
		return nil, named(t.names(), err)
	}
	return last, nil
}

// boot boots the guest on a machine of its own with these serial lines, and lets it run until it stops.
func (s *session) boot(ctx context.Context, lines *attend.Lines) (machine.Stop, *outcome, error) {
	s.engines, s.off = nil, nil
	s.boots++
	m, err := machine.New(s.config(lines.Out(0), lines.Out(1)))
	if err != nil {
		return machine.Stop{}, nil, fail(statusInput, "%s: %w", s.kernelFile, err)
	}
	lines.To(m, s.now)
	// The machine stays open on the way out of a BUG, where its memory may be in use.
	began := time.Now()
	stop, err := m.Run(ctx)
	took := time.Since(began)
	s.took += took
	inPrograms := userPlaces(m, s.cpus)
	if err != nil {
		return stop, nil, named(s.namesWith(inPrograms), fail(statusInternal, "BUG: %w", err))
	}
	if err := attend.Failure(ctx, stop); err != nil {
		return stop, nil, err
	}
	o := &outcome{
		translated: s.translated, stop: stop, stats: s.stats(m.Stats(), stop, took, s.namesWith(inPrograms)), began: s.began, took: s.took,
		whereabouts: m.Whereabouts(), inPrograms: inPrograms,
	}
	for i := range o.heard {
		o.heard[i] = lines.Heard(i)
	}
	for _, sampling := range s.samplers {
		o.samples = append(o.samples, sampling.Samples())
	}
	if !ending.Orderly(stop) {
		o.lastWords = ending.LogTail(m, s.logTail)
	}
	s.irqs.End(m)
	return stop, o, m.Close()
}

// config describes the machine, whose serial ports send to first, the console, and second.
func (s *session) config(first, second io.Writer) machine.Config {
	c, code := s.translated.config(first, second), s.code()
	var shared *dispatch.Shared
	if s.cpus > 1 {
		shared = dispatch.NewShared(s.cpus)
	}
	s.irqs.Into(&c)
	c.NewEngine = func(cpu *machine.CPU) (vcpu.Engine, error) {
		e, err := s.newEngine(cpu, code, shared)
		if err != nil || !s.sampling {
			return e, err
		}
		sampling := sampler.New(cpu, e, samplePeriod)
		s.samplers = append(s.samplers, sampling)
		return sampling, nil
	}
	return c
}

// newEngine makes what executes cpu's instructions. Preconditions: the code stays mapped
// while the engine runs; the machine's RAM holds the kernel as it was translated.
func (s *session) newEngine(cpu *machine.CPU, code []*abi.Code, shared *dispatch.Shared) (vcpu.Engine, error) {
	if s.engine == engineInterp {
		return engine.New(&cpu.CPU), nil
	}
	tier, err := dispatch.New(dispatch.Config{CPU: &cpu.CPU, Code: code, Shared: shared, NoFSGSBase: s.noFSGSBase})
	if err != nil {
		return nil, fmt.Errorf("native engine: %w", err)
	}
	if cpu.Index == 0 { // what one CPU lacks they all lack
		s.off = tier.Off()
	}
	if s.boots == 1 && cpu.Index == 0 {
		for _, off := range s.off {
			s.note("without " + off)
		}
	}
	e := engine.New(&cpu.CPU, tier)
	s.engines = append(s.engines, e)
	return e, nil
}

// show loads the guest, translates it, and lets it run to its end without input, its console on out. It returns what the
// console said, and writes the counters to a file unless its name is "".
func (b *guestOptions) show(ctx context.Context, out io.Writer, statsFile string) (console string, o *outcome, err error) {
	g, err := b.load()
	if err != nil {
		return "", nil, err
	}
	t, err := g.translate(ctx)
	if err != nil {
		return "", nil, err
	}
	var seen bytes.Buffer
	if o, err = t.run(ctx, nil, io.MultiWriter(out, &seen)); err == nil && statsFile != "" {
		err = o.stats.write(statsFile)
	}
	return seen.String(), o, err
}
