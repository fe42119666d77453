// Package standalone is what the programs do that 'axpress translate --backend go' makes:
// they hold a translated kernel, and run it.
//
// In: a Guest and the command line. Out: the guest on the console, and an exit status.
package standalone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/pflag"

	"axpress/lifter/isa"
	"axpress/palstubs/console"
	"axpress/runtime/gocode"
	"axpress/runtime/klog"
	"axpress/runtime/machine"
	"axpress/runtime/standalone/attend"
	"axpress/runtime/standalone/ending"
	"axpress/runtime/standalone/guard"
	"axpress/runtime/standalone/irqlog"
	"axpress/runtime/standalone/outfile"
	"axpress/runtime/standalone/size"
	"axpress/runtime/standalone/stdout"
	"axpress/runtime/standalone/terminal"
	"axpress/runtime/standalone/usage"
	"axpress/runtime/trace"
	"axpress/runtime/vcpu"
)

// Guest is what a program holds.
type Guest struct {
	Segments  []machine.Segment
	Entry     uint64
	Initrd    []byte // may be nil
	Model     string // of the CPU
	Symbols   klog.Symbols
	Functions []gocode.Function
	Inlined   []uint32 // the CALL_PALs that Functions execute themselves
}

// Exit statuses of the program itself.
const (
	badUsage = 2
	input    = 5
)

// gcPercent trades memory, of which little is live, for time.
const gcPercent = 300

// options are the command line.
type options struct {
	append, initrd, stats string
	ssn                   string // see console.SSN
	logTail               int    // see ending.LogTail
	memory                uint64 // bytes
	timeout               time.Duration
	deterministic         bool
	interrupts            string // file, see package irqlog
	lockstep, samples     bool
	noReboot              bool
	ports                 attend.Flags
}

// Main runs g as the command line says, and returns the exit status.
func Main(g *Guest, args []string) int {
	debug.SetGCPercent(gcPercent)
	o, err := parse(args, len(g.Initrd) > 0)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return ending.OK
	case err != nil:
		return complain(badUsage, err)
	}
	if o.stats != "" {
		if err := outfile.Check(o.stats); err != nil {
			return complain(input, fmt.Errorf("--stats: %w", err))
		}
	}
	if o.initrd != "" {
		if g.Initrd, err = os.ReadFile(o.initrd); err != nil {
			return complain(input, err)
		}
	}
	return guard.Run(guard.Program{Name: os.Args[0], Main: func(ctx context.Context) int { return runGuest(ctx, g, o) }})
}

// runGuest runs g and returns the exit status.
func runGuest(ctx context.Context, g *Guest, o options) int {
	ctx, out, done := stdout.Watch(ctx, os.Stdout)
	defer done()
	how, err := run(ctx, g, o, os.Stdin, out)
	if lost := out.Err(); lost != nil {
		err = lost
	}
	if err != nil {
		return complain(input, err)
	}
	if how.Reason != machine.PowerOff && o.ports.Stdio() && terminal.IsTerminal(os.Stdin) {
		fmt.Fprintln(os.Stderr) // our line must not end the guest's
	}
	status, text := ending.Of(how)
	if text != "" {
		return complain(status, errors.New(text))
	}
	return status
}

// say tells a person something.
func say(line string) { fmt.Fprintf(os.Stderr, "%s: %s\n", os.Args[0], line) }

func complain(status int, err error) int {
	say(err.Error())
	return status
}

// parse reads the command line.
func parse(args []string, hasInitrd bool) (o options, err error) {
	f := pflag.NewFlagSet(os.Args[0], pflag.ContinueOnError)
	f.SortFlags = false
	initrd := "initramfs"
	if hasInitrd {
		initrd += ", instead of the one that the program holds"
	}
	f.Var(usage.Joined(&o.append), "append", "kernel command line, such as console=ttyS0; more of them add up")
	f.StringVar(&o.initrd, "initrd", "", initrd)
	memory := f.String("memory", "1G", "guest memory: "+size.Usage+"; at most 32G")
	f.DurationVar(&o.timeout, "timeout", 0, "end the run after this time, such as 90s (0: never)")
	pvClock := f.String("pv-clock", "on", console.PVClockUsage)
	f.IntVar(&o.logTail, "log-tail", ending.Auto, ending.LogTailUsage)
	f.BoolVar(&o.noReboot, "no-reboot", false, "end when the guest asks for a reboot, with status 3")
	f.BoolVar(&o.deterministic, "deterministic", false, "guest time is the count of instructions: equal runs give equal output")
	f.BoolVar(&o.lockstep, "lockstep", false, "run the interpreter beside the translated code, instruction by instruction, and stop where they differ; implies --deterministic")
	o.ports.Register(f)
	f.StringVar(&o.interrupts, irqlog.Flag, "", irqlog.Usage)
	f.StringVar(&o.stats, "stats", "", "write counters of the run to this file, as JSON")
	f.BoolVar(&o.samples, "samples", false, "write into --stats, too, where the guest spent its instructions")
	if err := usage.Once(f, args); err != nil {
		return o, err
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("%q: no arguments are wanted", f.Arg(0))
	case o.samples && (o.stats == "" || o.lockstep):
		return o, errors.New("--samples: want --stats, and no --lockstep")
	case o.logTail < ending.Auto:
		return o, fmt.Errorf("--log-tail %d: want a number of lines, 0 for none, or %d", o.logTail, ending.Auto)
	case o.timeout < 0:
		return o, fmt.Errorf("--timeout %s: want a duration such as 90s, or 0 for none", o.timeout)
	}
	if err := o.ports.Check(); err != nil {
		return o, err
	}
	var ok bool
	if o.ssn, ok = console.SSN(*pvClock); !ok {
		return o, fmt.Errorf("--pv-clock %s: want on or off", *pvClock)
	}
	if o.memory, err = size.Parse(*memory); err != nil {
		return o, fmt.Errorf("--memory: %w", err)
	}
	return o, nil
}

// run boots the guest and lets it run to its end, which a reboot is only if the options say so.
func run(ctx context.Context, g *Guest, o options, in io.Reader, out io.Writer) (_ machine.Stop, err error) {
	r := &recorder{samples: o.samples, began: time.Now()}
	how := attend.Options{In: in, Out: out, Timeout: o.timeout, Reboots: !o.noReboot, Say: say}
	if err := o.ports.Open(&how); err != nil {
		return machine.Stop{}, err
	}
	irqs, err := irqlog.Create(ctx, o.interrupts)
	if err != nil {
		return machine.Stop{}, err
	}
	defer func() { err = errors.Join(err, irqs.Close()) }()
	return attend.Run(ctx, how, func(ctx context.Context, lines *attend.Lines) (machine.Stop, error) {
		return boot(ctx, g, o, r, irqs, lines)
	})
}

// now describes in lines what the guest is doing, for a person at its console.
func now(s machine.Snapshot) (text string) {
	for _, c := range s.CPUs {
		text += fmt.Sprintf("CPU %d %s at pc %#x, IPL %d, interrupts pending: %q; %d instructions, %d of them in translated code; %.1f s of its time\n",
			c.CPU, c.Doing, c.PC, c.IPL, c.Pending, c.Instructions, c.Engine.Translated, float64(s.VirtualNS)/1e9)
	}
	return text
}

// boot boots the guest on a machine of its own with these serial lines, and lets it run until it stops.
func boot(ctx context.Context, g *Guest, o options, r *recorder, irqs *irqlog.Log, lines *attend.Lines) (stop machine.Stop, err error) {
	c := machine.Config{Segments: g.Segments, Entry: g.Entry, Initrd: g.Initrd, Append: o.append, Memory: o.memory,
		Model: isa.ModelByName(g.Model), Symbols: g.Symbols, SSN: o.ssn, Console: lines.Out(0), Serial2: lines.Out(1)}
	c.NewEngine = func(cpu *machine.CPU) (vcpu.Engine, error) { return r.newEngine(cpu, g.Functions) }
	if o.deterministic || o.lockstep {
		c.Clock = machine.ClockDeterministic
	}
	var check *trace.Lockstep
	if o.lockstep {
		c.NewEngine = func(cpu *machine.CPU) (_ vcpu.Engine, err error) {
			check, err = newLockstep(cpu, g)
			return check, err
		}
	}
	irqs.Into(&c)
	m, err := machine.New(c)
	if err != nil {
		return stop, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	lines.To(m, now)
	began := time.Now()
	if stop, err = m.Run(ctx); err != nil {
		return stop, fmt.Errorf("BUG: %w", cmp.Or(broken(check), err))
	}
	if err := attend.Failure(ctx, stop); err != nil {
		return stop, err
	}
	if !ending.Orderly(stop) {
		fmt.Fprint(os.Stderr, ending.LogTail(m, o.logTail))
	}
	irqs.End(m)
	if o.stats != "" {
		err = r.write(o.stats, m.Stats(), stop, time.Since(began))
	}
	return stop, err
}
