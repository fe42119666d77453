package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"axpress/cmd/axpress/bisect"
	"axpress/ir/pass"
	"axpress/lifter/image"
	"axpress/runtime/standalone/size"
	"axpress/runtime/standalone/usage"
)

func (a *app) bisect() *cobra.Command {
	g := &suspect{translate: translateOne}
	var memory string
	var jobs int
	c := &cobra.Command{
		Use:   "bisect --kernel FILE",
		Short: "Find the function and the pass that make translated code wrong",
		Long: "Bisect boots the guest again and again, with fewer and fewer functions translated and the rest interpreted, and\n" +
			"then without more and more passes, until one function and one pass are left. A guest is wrong if its console\n" +
			"does not show what --check says, or, without --check, if native code and the interpreter differ anywhere:\n" +
			"both run then, which is slow but needs few trials, as it tells where they differ. Time in the guest is the\n" +
			"count of instructions. Nothing of it stays in the cache but the translation of all functions.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if g.memory, err = size.Parse(memory); err != nil {
				return fail(statusUsage, "--memory: %w", err)
			}
			if jobs < 0 {
				return fail(statusUsage, "--jobs %d: want 0 (one for each CPU) or more", jobs)
			}
			if _, err := compileCheck(g.check); err != nil {
				return err
			}
			g.prepare.CacheDir, g.prepare.Report = a.cacheDir, newReporter(a.err)
			g.prepare.Pipeline.Jobs = jobs
			return a.search(c.Context(), g, optionalPasses())
		},
	}
	f := c.Flags()
	f.StringVar(&g.kernelFile, "kernel", "", "vmlinux to boot (required)")
	f.StringVar(&g.initrdFile, "initrd", "", "initramfs")
	f.Var(usage.Joined(&g.append), "append", "kernel command line, such as console=ttyS0; more of them add up")
	f.StringVar(&memory, "memory", "256M", "guest memory: "+size.Usage)
	f.StringVar(&g.check, "check", "", "regular expression that the console must show, such as 'exit status 0' (without: compare with the interpreter)")
	f.DurationVar(&g.timeout, "timeout", 0, "end a guest after this time (0: by how long the interpreter takes)")
	f.IntVarP(&jobs, "jobs", "j", 0, "how many translations run at once (0: one for each CPU)")
	return c
}

// optionalPasses are the passes that can be left out.
func optionalPasses() (names []string) {
	for _, p := range pass.List() {
		if !p.Required {
			names = append(names, p.Name)
		}
	}
	return names
}

// search runs the search and says what it found.
func (a *app) search(ctx context.Context, g *suspect, passes []string) (err error) {
	// Check the options as run does.
	b := guestOptions{kernelFile: g.kernelFile, initrdFile: g.initrdFile, append: g.append, memory: g.memory, cpus: 1,
		engine: engineNative, timeout: g.timeout, prepare: g.prepare}
	guest, err := b.load()
	if err != nil {
		return err
	}
	images := guest.images()
	if g.dir, err = os.MkdirTemp("", "axpress-bisect-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(g.dir)) }()
	if err := g.list(ctx, images); err != nil {
		return err
	}
	start := time.Now()
	r, err := bisect.Run(ctx, bisect.Problem{Groups: g.groups, Passes: passes, Try: g.try, Log: g.prepare.Report.Note})
	switch {
	case errors.Is(err, bisect.ErrGood), errors.Is(err, bisect.ErrAlways):
		return fail(statusInput, "bisect: %w", err)
	case err != nil:
		return err
	}
	g.report(a.out, r, time.Since(start))
	return nil
}

// report says what was found, and how to go on.
func (g *suspect) report(w io.Writer, r *bisect.Result, took time.Duration) {
	for _, n := range r.Functions {
		f := &g.functions[n]
		var at []string
		for _, pc := range f.pcs {
			at = append(at, fmt.Sprintf("%#x", pc))
		}
		fmt.Fprintf(w, "function: %s at %s in %s\n", f.name, strings.Join(at, ", "), f.img.Name)
	}
	if r.Pass == "" {
		fmt.Fprintln(w, "pass: none; it is wrong without any that can be left out: look at the lifter, the required passes, and the back end")
	} else {
		doc := ""
		if p := findSwitch(r.Pass); p != nil {
			doc = ": " + p.Doc
		}
		fmt.Fprintf(w, "pass: %s%s\n", r.Pass, doc)
		if r.Cured {
			fmt.Fprintf(w, "way round: -d %s=off\n", r.Pass)
		} else {
			fmt.Fprintf(w, "it is not the only one: with -d %s=off it is still wrong\n", r.Pass)
		}
	}
	fmt.Fprintf(w, "wrong: %s\n", r.Detail)
	f := &g.functions[r.Functions[0]]
	file := g.kernelFile
	if f.img.Kind != image.Kernel {
		file = g.initrdFile + " --program " + f.img.Name
	}
	fmt.Fprintf(w, "see: axpress ir %#x --file %s --passes\n", f.pcs[0], file)
	fmt.Fprintf(w, "%d trials, %.0f s\n", r.Trials, took.Seconds())
}
