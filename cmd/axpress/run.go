package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"axpress/palstubs/console"
	"axpress/runtime/device/platforms"
	"axpress/runtime/machine"
	"axpress/runtime/standalone/attend"
	"axpress/runtime/standalone/ending"
	"axpress/runtime/standalone/irqlog"
	"axpress/runtime/standalone/size"
	"axpress/runtime/standalone/terminal"
	"axpress/runtime/standalone/usage"
)

func (a *app) run() *cobra.Command {
	var b guestOptions
	var t translation
	var prof profiling
	var g goBackend
	var ports attend.Flags
	var memory, statsFile string
	var noReboot bool
	c := &cobra.Command{
		Use:   "run [KERNEL [INITRD]]",
		Short: "Boot a kernel; the serial console is standard input and output",
		Long: "Run boots a Linux/Alpha kernel. The guest's serial console is standard input and output. On a terminal every key is\n" +
			"the guest's, Ctrl-C and Ctrl-Z too, but for the escape key, Ctrl-A:\n\n  " +
			strings.ReplaceAll(strings.TrimSpace(terminal.DefaultEscape.Help()), "\n", "\n  ") + "\n\n" +
			"What is not yet translated is translated first. A guest that asks for a reboot is booted again.",
		Example: runExamples,
		Args:    cobra.ArbitraryArgs, // name counts them
		RunE: func(c *cobra.Command, args []string) error {
			if b.platform == listPlatforms {
				return writePlatforms(a.out)
			}
			err := b.name(args)
			if err != nil {
				return err
			}
			if b.prepare, err = t.options(a); err != nil {
				if errors.Is(err, errHelped) {
					return nil
				}
				return err
			}
			if b.memory, err = size.Parse(memory); err != nil {
				return fail(statusUsage, "--memory: %w", err)
			}
			if err := ports.Check(); err != nil {
				return fail(statusUsage, "%w", err)
			}
			b.sampling, b.reboots, b.partly = prof.wanted(), !noReboot, true
			b.lines.Say = b.note
			guest, err := b.load()
			if err != nil {
				return err
			}
			ctx, done := b.limit(c.Context())
			defer done()
			if b.engine == engineGo {
				if prof.perfMap {
					return fail(statusUsage, "--perf-map: perf knows the functions of --engine go without it")
				}
				return guest.runGo(ctx, g.module, ports.Args(), &prof, statsFile, a.streams)
			}
			translated, err := guest.translate(ctx)
			if err != nil {
				return b.late(err)
			}
			if prof.perfMap {
				if err := translated.perfMap(); err != nil {
					return err
				}
			}
			if err := ports.Open(&b.lines); err != nil {
				return err
			}
			o, err := translated.run(ctx, a.in, a.out)
			if err != nil {
				return err
			}
			if ports.Stdio() && terminal.IsTerminal(a.in) && o.stop.Reason != machine.PowerOff {
				_, _ = a.err.Write([]byte("\n")) // our line must not end the guest's
			}
			if !ending.Orderly(o.stop) {
				_, _ = io.WriteString(a.err, o.lastWords+o.whereIsEach())
			}
			if statsFile != "" {
				if err := o.stats.write(statsFile); err != nil {
					return err
				}
			}
			if err := prof.write(o); err != nil {
				return err
			}
			return o.tellSilence(a.err, named(o.names(), stopped(o.timed())))
		},
	}
	f := c.Flags()
	f.StringVar(&b.kernelFile, "kernel", "", "vmlinux to boot; the same as the first argument")
	f.StringVar(&b.initrdFile, "initrd", "", "initramfs; the same as the second argument")
	f.Var(usage.Joined(&b.append), "append", "kernel command line, such as console=ttyS0; more of them add up")
	f.StringVar(&memory, "memory", "1G", "guest memory: "+size.Usage+"; at most 32G")
	f.IntVar(&b.cpus, "smp", 1, "number of CPUs")
	f.StringVar(&b.ipi, "ipi", "latched", "an interprocessor interrupt whose target is at IPL 6 or above stays pending (latched) or is lost (edge, as reported of EV7)")
	f.StringVar(&b.engine, "engine", engineNative, "native (translated code), go (the same by way of Go source and 'go build') or interp (the reference interpreter)")
	f.StringVar(&b.platform, "platform", platforms.Default().Name, "the machine to be; "+listPlatforms+" lists them")
	f.DurationVar(&b.timeout, "timeout", 0, "end after this time, translating and building included, such as 90s (0: never), and say what each CPU was doing")
	f.IntVar(&b.logTail, "log-tail", ending.Auto, ending.LogTailUsage)
	f.StringVar(&b.pvClock, "pv-clock", "on", console.PVClockUsage)
	f.BoolVar(&noReboot, "no-reboot", false, "end when the guest asks for a reboot, with status 3")
	f.BoolVar(&b.deterministic, "deterministic", false, "guest time is the count of instructions: equal runs give equal output")
	f.StringVar(&statsFile, flagStats, "", "write counters of the run to this file, as JSON")
	f.StringVar(&b.interrupts, flagIRQs, "", irqlog.Usage)
	f.BoolVar(&b.noFSGSBase, "no-fsgsbase", false, "set the base of GS, which hot code of programs needs, by system calls, as on a host without the instruction")
	ports.Register(f)
	b.lent.flags(f)
	prof.flags(f)
	t.flags(f)
	g.moduleFlag(f)
	return c
}
