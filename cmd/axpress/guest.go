package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"axpress/bench/guest"
	"axpress/bench/workloads"
)

func (a *app) guest() *cobra.Command {
	c := &cobra.Command{
		Use: "guest", Short: "Build the Linux/Alpha guest of the demo", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.guestBuild(), a.guestBench(), a.guestPackages())
	return c
}

func (a *app) guestBuild() *cobra.Command {
	var flavour, variant string
	var jobs int
	var asJSON, asEnv bool
	c := &cobra.Command{
		Use: "build", Short: "Build kernel and initramfs from Debian's packages, if the cache has none", Args: cobra.NoArgs,
		Long: "Build makes the guest of the demo, and says where it is. With the kernel's parameter axpress.run=shell its console is a\n" +
			"shell:\n\n  axpress run --kernel KERNEL --initrd INITRD --append 'console=ttyS0 axpress.run=shell'",
		RunE: func(c *cobra.Command, _ []string) error {
			if jobs < 0 {
				return fail(statusUsage, "--jobs %d: want 0 (one for each CPU) or more", jobs)
			}
			if err := oneOf("flavour", guest.Flavour(flavour), guest.Flavours()); err != nil {
				return err
			}
			if err := oneOf("variant", guest.Variant(variant), guest.Variants()); err != nil {
				return err
			}
			g, err := guest.Build(c.Context(), guest.Options{Flavour: guest.Flavour(flavour), Variant: guest.Variant(variant), Jobs: jobs, Log: a.err})
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(g)
			}
			if asEnv {
				programs := strings.Join([]string{g.Busybox, g.Aio}, string(os.PathListSeparator))
				fmt.Fprintf(a.out, "export AXPRESS_GUEST_KERNEL='%s' AXPRESS_GUEST_INITRD='%s' AXPRESS_GUEST_PROGRAMS='%s'\n", g.Kernel, g.Initrd, programs)
				return nil
			}
			fmt.Fprintf(a.out, "kernel  %s\ninitrd  %s\n", g.Kernel, g.Initrd)
			return nil
		},
	}
	c.Flags().StringVar(&flavour, "flavour", string(guest.Small), fmt.Sprintf("kernel configuration, of %q", guest.Flavours()))
	c.Flags().StringVar(&variant, "variant", string(guest.Plain), fmt.Sprintf("deliberate change of the kernel, of %q", guest.Variants()))
	c.Flags().IntVarP(&jobs, "jobs", "j", 0, "how many compilers run at once (0: one for each CPU)")
	c.Flags().BoolVar(&asJSON, "json", false, "write all paths as JSON")
	c.Flags().BoolVar(&asEnv, "env", false, "write a shell line that tells the tests where the guest is")
	return c
}

func (a *app) guestBench() *cobra.Command {
	var flavour string
	var jobs int
	var asJSON bool
	c := &cobra.Command{
		Use: "bench", Short: "Build the workloads of the bench and say where they are", Args: cobra.NoArgs,
		Long: "Bench builds what axpress bench runs, if the cache has none, and says where it is. To run workloads by hand, boot its\n" +
			"initramfs with the kernel's parameter axbench=NAME,NAME...; axpress bench --list has the names:\n\n" +
			"  axpress run --kernel KERNEL --initrd INITRD --append 'console=ttyS0 axbench=sieve,lua' </dev/null",
		RunE: func(c *cobra.Command, _ []string) error {
			if jobs < 0 {
				return fail(statusUsage, "--jobs %d: want 0 (one for each CPU) or more", jobs)
			}
			if err := oneOf("flavour", guest.Flavour(flavour), guest.Flavours()); err != nil {
				return err
			}
			b, err := guest.BuildBench(c.Context(), guest.Options{Flavour: guest.Flavour(flavour), Jobs: jobs, Log: a.err}, workloads.All())
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(b)
			}
			fmt.Fprintf(a.out, "kernel  %s\ninitrd  %s\nhost    %s\nalpha   %s\ndata    %s\n", b.Guest.Kernel, b.Initrd, b.Host, b.Alpha, b.Data)
			return nil
		},
	}
	c.Flags().StringVar(&flavour, "flavour", string(guest.Small), fmt.Sprintf("kernel configuration, of %q", guest.Flavours()))
	c.Flags().IntVarP(&jobs, "jobs", "j", 0, "how many compilers run at once (0: one for each CPU)")
	c.Flags().BoolVar(&asJSON, "json", false, "write all paths as JSON")
	return c
}

func (a *app) guestPackages() *cobra.Command {
	return &cobra.Command{
		Use: "packages [GROUP...]", Short: "Install the Debian packages that are missing (guest, translate, peer, bench)",
		RunE: func(c *cobra.Command, args []string) error {
			groups := []guest.Group{}
			for _, name := range args {
				g := guest.Group(name)
				if err := oneOf("group", g, []guest.Group{guest.GroupGuest, guest.GroupTranslate, guest.GroupPeer, guest.GroupBench}); err != nil {
					return err
				}
				groups = append(groups, g)
			}
			return guest.InstallPackages(c.Context(), a.err, groups...)
		},
	}
}

// oneOf refuses a value that is not among the possible ones.
func oneOf[T ~string](what string, v T, possible []T) error {
	for _, p := range possible {
		if v == p {
			return nil
		}
	}
	return fail(statusUsage, "there is no %s %q; there are %q", what, v, possible)
}
