package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"axpress/bench/guest"
	"axpress/bench/workloads"
)

func (a *app) guest() *cobra.Command {
	c := &cobra.Command{
		Use: "guest", Short: "Build the Linux/Alpha guest of the demo, or bring one from another system", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.guestBuild(), a.guestBench(), a.guestPackages(), a.guestExport(), a.guestImport())
	return c
}

// guestOrigin are the options that say where a command's guest comes from.
type guestOrigin struct {
	flavour, source, kernel, initrd string
}

// flags adds the options of a guest that is built.
func (o *guestOrigin) flags(f *pflag.FlagSet) {
	f.StringVar(&o.flavour, "flavour", string(guest.Small), fmt.Sprintf("configuration of the guest's kernel, of %q", guest.Flavours()))
	f.StringVar(&o.source, "kernel-source", "", "what the guest's kernel is made of: a folder, an archive, or a package such as linux-source-6.12 (default: that of the Debian release)")
}

// own adds the options of a guest that is not built. initrd says what the initramfs has in it.
func (o *guestOrigin) own(f *pflag.FlagSet, initrd string) {
	f.StringVar(&o.kernel, "kernel", "", "a vmlinux of your own in place of the guest's kernel")
	f.StringVar(&o.initrd, "initrd", "", initrd)
}

// originHelp says which guest a command takes.
const originHelp = "The guest is the one that axpress guest import has brought here, else it is built of Debian's packages, which needs a\n" +
	"Debian. On another system, import one, or give --kernel and --initrd: then nothing is built and nothing installed for it."

// check refuses impossible values.
func (o *guestOrigin) check() error {
	if o.kernel != "" && o.source != "" {
		return fail(statusUsage, "--kernel and --kernel-source: a kernel of your own is not built; give one of them")
	}
	for _, file := range []struct{ option, path string }{{"--kernel", o.kernel}, {"--initrd", o.initrd}} {
		if file.path == "" {
			continue
		}
		if info, err := os.Stat(file.path); err != nil {
			return fail(statusInput, "%s: %w", file.option, err)
		} else if info.IsDir() {
			return fail(statusInput, "%s: %s is a folder", file.option, file.path)
		}
	}
	return oneOf("flavour", guest.Flavour(o.flavour), guest.Flavours())
}

// options returns what the flags mean.
func (o *guestOrigin) options(a *app, jobs int) guest.Options {
	return guest.Options{Flavour: guest.Flavour(o.flavour), KernelSource: o.source, Kernel: o.kernel, Initrd: o.initrd, Jobs: jobs, Log: a.err}
}

// hint adds to an error, where no guest can be built, that files of one's own will do.
func (o *guestOrigin) hint(err error) error {
	if errors.Is(err, guest.ErrNoDebian) {
		err = fmt.Errorf("%w; or give --kernel and --initrd", err)
	}
	return err
}

// checkJobs refuses an impossible number.
func checkJobs(jobs int) error {
	if jobs < 0 {
		return fail(statusUsage, "--jobs %d: want 0 (one for each CPU) or more", jobs)
	}
	return nil
}

func (a *app) guestBuild() *cobra.Command {
	var from guestOrigin
	var variant string
	var jobs int
	var asJSON, asEnv bool
	c := &cobra.Command{
		Use: "build", Short: "Build kernel and initramfs from Debian's packages, if the cache has none", Args: cobra.NoArgs,
		Long: "Build makes the guest of the demo, and says where it is; an imported one it only finds. With the kernel's parameter\n" +
			"axpress.run=shell its console is a shell:\n\n  axpress run --kernel KERNEL --initrd INITRD --append 'console=ttyS0 axpress.run=shell'",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := errors.Join(checkJobs(jobs), from.check()); err != nil {
				return err
			}
			if err := oneOf("variant", guest.Variant(variant), guest.Variants()); err != nil {
				return err
			}
			o := from.options(a, jobs)
			o.Variant = guest.Variant(variant)
			g, err := guest.Build(c.Context(), o)
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
	from.flags(c.Flags())
	c.Flags().StringVar(&variant, "variant", string(guest.Plain), fmt.Sprintf("deliberate change of the kernel, of %q", guest.Variants()))
	c.Flags().IntVarP(&jobs, "jobs", "j", 0, "how many compilers run at once (0: one for each CPU)")
	c.Flags().BoolVar(&asJSON, "json", false, "write all paths as JSON")
	c.Flags().BoolVar(&asEnv, "env", false, "write a shell line that tells the tests where the guest is")
	return c
}

func (a *app) guestBench() *cobra.Command {
	var from guestOrigin
	var jobs int
	var asJSON bool
	c := &cobra.Command{
		Use: "bench", Short: "Build the workloads of the bench and say where they are", Args: cobra.NoArgs,
		Long: "Bench builds what axpress bench runs, if the cache has none, and says where it is. To run workloads by hand, boot its\n" +
			"initramfs with the kernel's parameter axbench=NAME,NAME...; axpress bench --list has the names:\n\n" +
			"  axpress run --kernel KERNEL --initrd INITRD --append 'console=ttyS0 axbench=sieve,lua' </dev/null",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := errors.Join(checkJobs(jobs), from.check()); err != nil {
				return err
			}
			b, err := guest.BuildBench(c.Context(), from.options(a, jobs), workloads.All())
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
	from.flags(c.Flags())
	c.Flags().IntVarP(&jobs, "jobs", "j", 0, "how many compilers run at once (0: one for each CPU)")
	c.Flags().BoolVar(&asJSON, "json", false, "write all paths as JSON")
	return c
}

func (a *app) guestExport() *cobra.Command {
	var from guestOrigin
	var jobs int
	var names []string
	c := &cobra.Command{
		Use: "export FILE", Short: "Write the built guest to a file, for systems that cannot build it", Args: cobra.ExactArgs(1),
		Long: "Export builds what the cache does not have of the guest and of what demo, bench, suite and stress run, and writes it to\n" +
			"a file (tar, zstd). axpress guest import FILE brings it to another system, which need be no Debian, and the same version\n" +
			"of axpress runs it there:\n\n  axpress guest export guest.tar.zst\n  axpress guest import guest.tar.zst && axpress demo",
		RunE: func(c *cobra.Command, args []string) error {
			if err := errors.Join(checkJobs(jobs), from.check()); err != nil {
				return err
			}
			var parts []guest.Part
			for _, name := range names {
				if err := oneOf("part", guest.Part(name), guest.Parts()); err != nil {
					return err
				}
				parts = append(parts, guest.Part(name))
			}
			if err := guest.Export(c.Context(), from.options(a, jobs), parts, args[0]); err != nil {
				return err
			}
			info, err := os.Stat(args[0])
			if err == nil {
				fmt.Fprintf(a.out, "%s: %.1f MB\n", args[0], float64(info.Size())/1e6)
			}
			return err
		},
	}
	var all []string
	for _, p := range guest.Parts() {
		all = append(all, string(p))
	}
	from.flags(c.Flags())
	c.Flags().StringSliceVar(&names, "parts", all, "comma-separated list of what is to run there; the guest itself is always in it")
	c.Flags().IntVarP(&jobs, "jobs", "j", 0, "how many compilers run at once (0: one for each CPU)")
	return c
}

func (a *app) guestImport() *cobra.Command {
	var forget bool
	c := &cobra.Command{
		Use: "import FILE", Short: "Take a guest that axpress guest export has written, from now on",
		Long: "Import checks an exported guest and puts it into the cache. From then on demo, bench, suite, stress and guest build take it\n" +
			"in place of one that they would build, as long as it fits this version of axpress; nothing is installed for it.\n" +
			"A damaged file changes nothing. --forget ends that.",
		Args: func(c *cobra.Command, args []string) error {
			if forget {
				return cobra.NoArgs(c, args)
			}
			return cobra.ExactArgs(1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			o := guest.Options{Log: a.err}
			if forget {
				had, err := guest.Forget(o)
				if err == nil && !had {
					fmt.Fprintln(a.out, "no guest was imported")
				}
				return err
			}
			if err := guest.Import(c.Context(), o, args[0]); err != nil {
				return err
			}
			fmt.Fprintln(a.out, "imported; axpress guest build says where it is")
			return nil
		},
	}
	c.Flags().BoolVar(&forget, "forget", false, "take no imported guest any more")
	return c
}

func (a *app) guestPackages() *cobra.Command {
	return &cobra.Command{
		Use: "packages [GROUP...]", Short: "Install the Debian packages that are missing (guest, translate, peer, bench)",
		Long: "Packages installs the packages that are missing, all or those of the groups. What the system's release does not have is\n" +
			"named, and left out: without LLVM 14 to 16 (group translate) there is no native code, but guest build, the interpreter\n" +
			"and the Go back end work.",
		RunE: func(c *cobra.Command, args []string) error {
			groups := []guest.Group{}
			for _, name := range args {
				g := guest.Group(name)
				if err := oneOf("group", g, guest.Groups()); err != nil {
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
