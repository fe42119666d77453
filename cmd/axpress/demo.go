package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"axpress/bench/guest"
)

// What the demo must show: the guest's lines, and the share of the guest's
// instructions that translated code retires.
const (
	demoShare  = 0.99
	demoMemory = 1 << 30
)

// demoLines are what the guest must say: its own kernel's name and release, and what its own programs do. Of what is
// somebody's own nothing is known.
func demoLines(g *guest.Guest) (lines []string) {
	if g.Release != "" && g.Busybox != "" {
		lines = append(lines, "Linux (none) "+g.Release)
	}
	if g.Aio != "" {
		lines = append(lines, "io_submit: Bad address")
	}
	return lines
}

func (a *app) demo() *cobra.Command {
	var t translation
	var from guestOrigin
	var statsFile string
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "demo",
		Short: "Build the guest, translate it, boot it natively, and check what it says",
		Long: "Demo builds the Linux/Alpha guest from Debian's packages, translates its kernel and programs, boots them in\n" +
			"native code with the console on standard output, and ends with a summary. What the caches have is not made\n" +
			"again. It succeeds only if the guest printed its lines and powered off, and at least 99 % of the guest's\n" +
			"instructions ran in native code.\n\n" + originHelp + "\nOf a kernel or an initramfs of your own no lines are expected.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			if err := from.check(); err != nil {
				return err
			}
			o, err := t.options(a)
			if errors.Is(err, errHelped) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := guest.InstallPackages(ctx, a.err, guest.GroupTranslate); err != nil {
				return err
			}
			g, err := guest.Build(ctx, from.options(a, t.jobs))
			if err != nil {
				return from.hint(err)
			}
			b := guestOptions{
				kernelFile: g.Kernel, initrdFile: g.Initrd, append: "console=ttyS0", memory: demoMemory, cpus: 1,
				engine: engineNative, timeout: timeout, prepare: o,
			}
			console, ran, err := b.show(ctx, a.out, statsFile)
			if err != nil {
				return err
			}
			a.demoSummary(ran)
			if err := named(ran.names(), stopped(ran.stop)); err != nil {
				return err
			}
			return checkDemo(demoLines(g), console, ran.stats)
		},
	}
	from.flags(c.Flags())
	from.own(c.Flags(), "an initramfs of your own in place of the guest's")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "end the guest's run after this time (0: never)")
	c.Flags().StringVar(&statsFile, flagStats, "", "write counters of the run to this file, as JSON")
	t.flags(c.Flags())
	return c
}

func (a *app) demoSummary(o *outcome) {
	s := o.stats
	functions, insts, bytes := 0, 0, int64(0)
	for _, r := range o.translations {
		functions += r.Artifact.Functions
		insts += r.Artifact.Insts
		bytes += r.Bytes
	}
	fmt.Fprintf(a.out, "\nguest          %s, %s\n", o.kernelFile, s.Stop)
	fmt.Fprintf(a.out, "translation    %d functions, %d instructions, %d bytes of native code, %.1f s (cached: less than it took)\n", functions, insts, bytes, s.Translation)
	fmt.Fprintf(a.out, "run            %.1f s, %d guest instructions, %d interrupts\n", s.HostSeconds, s.Instructions, s.Interrupts)
	fmt.Fprintf(a.out, "native code    %.3f %% of the guest instructions\n", 100*s.NativeShare)
}

// checkDemo says what is missing in the demo's output.
func checkDemo(lines []string, console string, s *stats) error {
	for _, want := range lines {
		if !strings.Contains(console, want) {
			return fail(statusDemo, "demo: the guest did not print %q", want)
		}
	}
	if s.NativeShare < demoShare {
		return fail(statusDemo, "demo: %.2f %% of the guest instructions ran in native code; it must be %.0f %% (--stats FILE names what was interpreted)", 100*s.NativeShare, 100*demoShare)
	}
	return nil
}
