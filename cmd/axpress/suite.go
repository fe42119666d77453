package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"axpress/bench/guest"
	"axpress/bench/suite"
	"axpress/runtime/device/platforms"
	"axpress/runtime/standalone/outfile"
	"axpress/translator/prepare"
)

// suiteCommand are the options of the command suite.
type suiteCommand struct {
	translation
	checks   string // regular expression
	variants []string
	engines  []string
	from     guestOrigin
	limit    time.Duration
	json     string
	list     bool
	seed     uint64
	children uint64
	cpus     int
}

func (a *app) suite() *cobra.Command {
	var s suiteCommand
	c := &cobra.Command{
		Use:   "suite",
		Short: "Run self-checking programs in a guest, natively, interpreted, and on QEMU, and compare",
		Long: "Suite boots a guest whose init runs checks: integer, byte and floating-point instructions, traps, signals, memory,\n" +
			"code that changes, processes, threads, debugging, and programs that mean harm. They are compiled for several\n" +
			"processors and with several options; each prints one line, and the lines of all engines must be the same. What the\n" +
			"caches lack is built and translated first.\n\nVariants: " + strings.Join(suite.Names(suite.Variants()), ", ") + "\n\n" + originHelp,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return s.run(c.Context(), a) },
	}
	f := c.Flags()
	f.StringVar(&s.checks, "only", "", "only the checks of which VARIANT/NAME matches this regular expression (POSIX, extended)")
	f.StringSliceVar(&s.variants, "variant", nil, "comma-separated list of variants (default: all)")
	f.StringSliceVar(&s.engines, "engines", nil, "comma-separated list of native, go, interp, qemu (default: all that are installed, but go)")
	s.from.flags(f)
	s.from.own(f, "an initramfs of the suite that was built elsewhere (it has all variants)")
	f.IntVar(&s.cpus, "smp", 1, "number of the guest's CPUs")
	f.DurationVar(&s.limit, "limit", 30*time.Minute, "how long one engine may take for all checks")
	f.StringVar(&s.json, "json", "", "write the result to this file, as JSON")
	f.BoolVar(&s.list, "list", false, "list the checks and run nothing")
	f.Uint64Var(&s.seed, "seed", 0, "where chance begins in the programs that mean harm (0: always at the same place)")
	f.Uint64Var(&s.children, "children", 0, "how many programs each check of that kind starts (0: a few)")
	f.IntVarP(&s.jobs, "jobs", "j", 0, "how many compilers and translations run at once, before the run (0: one for each CPU)")
	f.StringVar(&s.profile, "profile", "", "the --profile-out file that says what native code is made of at the full setting, and what the Go back end translates")
	f.StringArrayVarP(&s.debug, "debug", "d", nil, "PASS=off leaves a pass out of all translations; help lists the passes")
	return c
}

func (s *suiteCommand) run(ctx context.Context, a *app) error {
	if err := s.check(); err != nil {
		return err
	}
	if s.list {
		return s.listChecks(a)
	}
	o, err := s.options(a)
	if errors.Is(err, errHelped) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := s.prepare(ctx, a, o)
	if err != nil {
		return err
	}
	r, err := suite.Run(ctx, *c)
	if err != nil {
		return err
	}
	if s.json != "" {
		data, err := r.JSON()
		if err != nil {
			return err
		}
		if err := outfile.Write(s.json, outfile.Bytes(data)); err != nil {
			return fmt.Errorf("--json: %w", err)
		}
	}
	if err := r.Text(a.out); err != nil {
		return err
	}
	if bad := r.Bad(); bad > 0 {
		return fail(statusDiffers, "suite: %d checks failed, or are not the same on all engines", bad)
	}
	return nil
}

// check refuses impossible values.
func (s *suiteCommand) check() error {
	if _, err := suite.Choose(s.variants); err != nil {
		return fail(statusUsage, "--variant: %w", err)
	}
	if err := suite.CheckOnly(s.checks); err != nil {
		return fail(statusUsage, "--only: %w", err)
	}
	if s.limit <= 0 {
		return fail(statusUsage, "--limit %s: want a duration such as 90s", s.limit)
	}
	switch {
	case !fits(s.cpus, platforms.Default()):
		return tooMany(s.cpus, platforms.Default())
	case s.cpus > 1 && slices.Contains(s.engines, engineGo):
		return fail(statusUsage, "--smp %d: the %s engine runs one CPU; leave it out of --engines", s.cpus, engineGo)
	}
	for _, e := range s.engines {
		if err := oneOf("engine", suite.Engine(e), suite.Engines()); err != nil {
			return err
		}
	}
	if err := s.from.check(); err != nil {
		return err
	}
	names, err := s.chosen()
	if err == nil && len(names) == 0 {
		err = fail(statusUsage, "--only %s: no check has such a name; --list lists them", s.checks)
	}
	return err
}

// chosen returns the checks that the options name, as VARIANT/NAME.
func (s *suiteCommand) chosen() (list []string, err error) {
	variants, err := suite.Choose(s.variants)
	if err != nil {
		return nil, err
	}
	sources, err := suite.Sources()
	if err != nil {
		return nil, err
	}
	only := regexp.MustCompilePOSIX(s.checks) // CheckOnly has seen it
	for _, v := range variants {
		for _, name := range suite.CheckNames(sources) {
			if key := v.Name + "/" + name; only.MatchString(key) {
				list = append(list, key)
			}
		}
	}
	return list, nil
}

// listChecks lists each check once, whatever variants it is in.
func (s *suiteCommand) listChecks(a *app) error {
	names, err := s.chosen()
	if err != nil {
		return err
	}
	for i, key := range names {
		_, names[i], _ = strings.Cut(key, "/")
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		fmt.Fprintln(a.out, name)
	}
	return nil
}

// prepare builds and translates what the suite needs.
func (s *suiteCommand) prepare(ctx context.Context, a *app, o prepare.Options) (*suite.Config, error) {
	engines, err := s.available(o.Report)
	if err != nil {
		return nil, err
	}
	if slices.Contains(engines, suite.Native) {
		if err := guest.InstallPackages(ctx, a.err, guest.GroupTranslate); err != nil {
			return nil, err
		}
	}
	variants, err := suite.Choose(s.variants)
	if err != nil {
		return nil, err
	}
	g, err := guest.BuildSuite(ctx, s.from.options(a, s.jobs), variants)
	if err != nil {
		return nil, s.from.hint(err)
	}
	only, err := s.onlyOf(g)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &suite.Config{Kernel: g.Guest.Kernel, Initrd: g.Initrd, Engines: engines, Only: only, Axpress: self, Options: s.runOptions(a), CPUs: s.cpus, Limit: s.limit, Note: o.Report.Note}
	names, err := s.chosen()
	if err != nil {
		return nil, err
	}
	c.Checks = len(names)
	if s.seed != 0 {
		c.Parameters = append(c.Parameters, fmt.Sprintf("seed=%d", s.seed))
	}
	if s.children != 0 {
		c.Parameters = append(c.Parameters, fmt.Sprintf("children=%d", s.children))
	}
	if slices.Contains(engines, suite.Native) {
		err = translateFiles(ctx, o, c.Kernel, c.Initrd)
	}
	return c, err
}

// onlyOf returns which of the guest's checks are to run: one that has all variants is told which of them.
func (s *suiteCommand) onlyOf(g *guest.Suite) (string, error) {
	switch {
	case !g.Whole || len(s.variants) == 0:
		return s.checks, nil
	case s.checks != "":
		return "", fail(statusUsage, "--variant and --only: this guest, which was not built here, has all variants; say it with --only '^%s/...' alone", s.variants[0])
	}
	only := "^(" + strings.Join(s.variants, "|") + ")/"
	if err := suite.CheckOnly(only); err != nil {
		return "", fail(statusUsage, "--variant: %w", err)
	}
	return only, nil
}

// available returns the engines to run on. Those that were asked for must be there.
func (s *suiteCommand) available(report prepare.Reporter) (list []suite.Engine, err error) {
	_, missing := exec.LookPath(suite.Peer)
	for _, e := range suite.Engines() {
		asked := slices.Contains(s.engines, string(e))
		switch {
		case !asked && (len(s.engines) > 0 || !suite.Default(e)):
		case e != suite.QEMU || missing == nil:
			list = append(list, e)
		case asked:
			return nil, fail(statusInput, "engine %s: %s is not installed; axpress guest packages peer installs it", e, suite.Peer)
		default:
			report.Note(suite.Peer + " is not installed and left out; axpress guest packages peer installs it")
		}
	}
	return list, nil
}

// runOptions are the options of every `axpress run` that the suite starts.
func (s *suiteCommand) runOptions(a *app) (args []string) {
	if a.cacheDir != "" {
		args = append(args, "--cache", a.cacheDir)
	}
	if s.profile != "" {
		args = append(args, "--profile", s.profile)
	}
	for _, d := range s.debug {
		args = append(args, "-d", d)
	}
	return args
}
