package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"axpress/bench/guest"
	"axpress/runtime/machine"
)

// What the demo must show: the guest's lines, and the share of the guest's
// instructions that translated code retires.
const (
	demoShare  = 0.99
	demoMemory = 1 << 30
)

var demoLines = []string{"Linux (none) 6.1", "io_submit: Bad address"}

func (a *app) demo() *cobra.Command {
	var t translation
	var flavour, statsFile string
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "demo",
		Short: "Build the guest, translate it, boot it natively, and check what it says",
		Long: "Demo builds the Linux/Alpha guest from Debian's packages, translates its kernel and programs, boots them in\n" +
			"native code with the console on standard output, and ends with a summary. What the caches have is not made\n" +
			"again. It succeeds only if the guest printed its lines and powered off, and at least 99 % of the guest's\n" +
			"instructions ran in native code.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			if err := oneOf("flavour", guest.Flavour(flavour), guest.Flavours()); err != nil {
				return err
			}
			o, err := t.options(a)
			if errors.Is(err, errHelped) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := guest.InstallPackages(ctx, a.err, guest.GroupGuest, guest.GroupTranslate); err != nil {
				return err
			}
			g, err := guest.Build(ctx, guest.Options{Flavour: guest.Flavour(flavour), Jobs: t.jobs, Log: a.err})
			if err != nil {
				return err
			}
			b := boot{
				kernelFile: g.Kernel, initrdFile: g.Initrd, append: "console=ttyS0", memory: demoMemory, cpus: 1,
				engine: engineNative, platform: machine.PlatformClipper, timeout: timeout, prepare: o,
			}
			console, stop, s, err := b.show(ctx, a.out, statsFile)
			if err != nil {
				return err
			}
			a.demoSummary(&b, s)
			if err := b.named(stopped(stop)); err != nil {
				return err
			}
			return checkDemo(console, s)
		},
	}
	c.Flags().StringVar(&flavour, "flavour", string(guest.Small), fmt.Sprintf("kernel configuration, of %q", guest.Flavours()))
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "end the guest's run after this time (0: never)")
	c.Flags().StringVar(&statsFile, flagStats, "", "write counters of the run to this file, as JSON")
	t.flags(c.Flags())
	return c
}

func (a *app) demoSummary(b *boot, s *stats) {
	functions, insts, bytes := 0, 0, int64(0)
	for _, r := range b.translations {
		functions += r.Artifact.Functions
		insts += r.Artifact.Insts
		bytes += r.Bytes
	}
	fmt.Fprintf(a.out, "\nguest          %s, %s\n", b.kernelFile, s.Stop)
	fmt.Fprintf(a.out, "translation    %d functions, %d instructions, %d bytes of native code, %.1f s (cached: less than it took)\n", functions, insts, bytes, s.Translation)
	fmt.Fprintf(a.out, "run            %.1f s, %d guest instructions, %d interrupts\n", s.HostSeconds, s.Instructions, s.Interrupts)
	fmt.Fprintf(a.out, "native code    %.3f %% of the guest instructions\n", 100*s.NativeShare)
}

// checkDemo says what is missing in the demo's output.
func checkDemo(console string, s *stats) error {
	for _, want := range demoLines {
		if !strings.Contains(console, want) {
			return fail(statusDemo, "demo: the guest did not print %q", want)
		}
	}
	if s.NativeShare < demoShare {
		return fail(statusDemo, "demo: %.2f %% of the guest instructions ran in native code; it must be %.0f %% (--stats FILE names what was interpreted)", 100*s.NativeShare, 100*demoShare)
	}
	return nil
}
