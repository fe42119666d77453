package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"axpress/bench/guest"
	"axpress/bench/pace"
	"axpress/bench/smp"
	"axpress/runtime/machine"
)

func (a *app) stress() *cobra.Command {
	var t translation
	var p smp.Plan
	b := guestOptions{memory: demoMemory}
	var flavour, statsFile string
	var asJSON bool
	c := &cobra.Command{
		Use:   "stress",
		Short: "Boot a guest with several CPUs that runs litmus tests and a load of every kind",
		Long: "Stress boots a guest whose init runs litmus tests (message passing, store buffering, Dekker, locks, futexes, stacks that\n" +
			"compare-and-exchange would break) and then workers of every kind at once (processes, memory, signals, pipes, timers ...),\n" +
			"which check what they get back. What takes longer says once a minute how far it is. It succeeds only if nothing was\n" +
			"wrong and the kernel did not complain.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			ctx := c.Context()
			if err := oneOf("flavour", guest.Flavour(flavour), guest.Flavours()); err != nil {
				return err
			}
			if err := b.check(); err != nil { // before minutes of building
				return err
			}
			if b.prepare, err = t.options(a); errors.Is(err, errHelped) {
				return nil
			} else if err != nil {
				return err
			}
			what, err := p.Append()
			if err != nil {
				return fail(statusUsage, "stress: %v", err)
			}
			g, err := guest.BuildSMP(ctx, guest.Options{Flavour: guest.Flavour(flavour), Jobs: t.jobs, Log: a.err})
			if err != nil {
				return err
			}
			b.kernelFile, b.initrdFile, b.append = g.Guest.Kernel, g.Initrd, "console=ttyS0 "+what
			out := a.out
			if asJSON {
				out = a.err
			}
			progress := smp.NewProgress(p, b.note)
			began := time.Now()
			console, o, err := b.show(ctx, io.MultiWriter(out, pace.NewLines(progress.Line)), statsFile)
			if err != nil {
				return err
			}
			if o.stop.Reason == machine.Timeout {
				_, _ = io.WriteString(a.err, o.whereIsEach())
			}
			bad := smp.Check(console)
			if asJSON {
				if err := writeJSON(a.out, newStressSummary(console, o.stop, bad, time.Since(began))); err != nil {
					return err
				}
			}
			if len(bad) > 0 {
				return fail(statusDiffers, "stress: %s; in all %d lines (the guest: %s)", bad[0], len(bad), o.stop.Reason)
			}
			return named(o.names(), stopped(o.stop))
		},
	}
	f := c.Flags()
	f.IntVar(&b.cpus, "smp", 4, "number of CPUs")
	f.StringSliceVar(&p.Litmus, "litmus", []string{smp.All}, "comma-separated list of litmus tests to run, or all; empty: none")
	f.Uint64Var(&p.Rounds, "rounds", 100_000, "rounds of each litmus test")
	f.StringSliceVar(&p.Stress, "load", []string{smp.All}, "comma-separated list of kinds of workers to run, or all; empty: none")
	f.IntVar(&p.Seconds, "seconds", 30, "how long they run")
	f.StringVar(&b.engine, "engine", engineNative, "native (translated code) or interp (the reference interpreter)")
	f.StringVar(&b.ipi, "ipi", "latched", "see axpress run")
	f.BoolVar(&b.noFSGSBase, "no-fsgsbase", false, "see axpress run")
	f.StringVar(&flavour, "flavour", string(guest.Small), fmt.Sprintf("kernel configuration, of %q", guest.Flavours()))
	f.DurationVar(&b.timeout, "timeout", 2*time.Hour, "end the guest's run after this time (0: never)")
	f.BoolVar(&asJSON, "json", false, "write what the guest's program found as JSON; the console is standard error then")
	f.StringVar(&statsFile, flagStats, "", "write counters of the run to this file, as JSON")
	t.flags(f)
	return c
}

// stressSummary is what the guest's program found.
type stressSummary struct {
	Passed  bool         `json:"passed"`
	Guest   string       `json:"guest"` // how it ended
	Seconds float64      `json:"seconds"`
	Litmus  []smp.Litmus `json:"litmus"`
	Workers []smp.Worker `json:"workers"`
	Bad     []string     `json:"bad"` // lines of the console that say what is wrong
}

func newStressSummary(console string, stop machine.Stop, bad []string, took time.Duration) *stressSummary {
	tests, workers := smp.Results(console)
	return &stressSummary{
		Passed: len(bad) == 0 && stop.Reason == machine.PowerOff, Guest: fmt.Sprint(stop.Reason), Seconds: took.Seconds(),
		Litmus: append([]smp.Litmus{}, tests...), Workers: append([]smp.Worker{}, workers...), Bad: append([]string{}, bad...),
	}
}
