package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"axpress/bench/guest"
	"axpress/bench/measure"
	"axpress/bench/report"
	"axpress/bench/workloads"
	"axpress/lifter/image"
	"axpress/runtime/standalone/outfile"
	"axpress/translator/artifact"
	"axpress/translator/gobuild"
	"axpress/translator/prepare"
)

// bench are the options of the command of that name.
type bench struct {
	translation
	workloads  string // regular expression
	engines    []string
	from       guestOrigin
	runs       int
	cold       bool
	cpu        bool
	limit      time.Duration
	json       string
	report     string
	against    string
	before     string // another build of the command
	translator bool
	install    bool
	list       bool
	plain      bool
}

func (a *app) bench() *cobra.Command {
	var b bench
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure workloads on the host, in translated code, in the interpreter, and on QEMU",
		Long: "Bench runs the same programs, compiled for the host and for Alpha, on several engines, compares what they print\n" +
			"and how long they take, and says which goals are met. Each engine is one machine, booted once; they take turns.\n" +
			"The first run of each workload does not count (--cold), and the interpreter has only one. What the caches lack is\n" +
			"built and translated first. Let nothing else run on the machine.\n\nEngines:\n" + engineHelp() + "\n" + benchOriginHelp,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return b.run(c.Context(), a) },
	}
	f := c.Flags()
	f.StringVar(&b.workloads, "only", "", "only the workloads whose name matches this regular expression")
	f.IntVarP(&b.runs, "runs", "n", 3, "how many runs of each workload count")
	f.StringSliceVar(&b.engines, "engines", nil, "comma-separated list of engines (default: all that are installed)")
	b.from.flags(f)
	b.from.own(f, "an initramfs of your own in place of the guest's, for the boot")
	f.BoolVar(&b.cold, "cold", false, "no warm-up: the first run counts too")
	f.BoolVar(&b.cpu, "cpu", false, "measure processor time, which others on a busy machine disturb less, instead of elapsed time")
	f.DurationVar(&b.limit, "limit", 10*time.Minute, "how long a single run may take")
	f.StringVar(&b.json, "json", "", "write the result to this file, as JSON")
	f.StringVar(&b.report, "report", "", "write a page with plots to this folder")
	f.StringVar(&b.against, "against", "", "compare with this --json file of an earlier bench")
	f.StringVar(&b.before, "before", "", "measure this other build of axpress beside this one, and say how many times as long each workload takes, with the interval of 95 %; --runs 15 or more")
	f.BoolVar(&b.translator, "translator", false, "measure the translator as well: translates the guest's kernel from nothing")
	f.BoolVar(&b.install, "install", false, "install the peers (qemu-system-alpha, qemu-alpha) if they are missing")
	f.BoolVar(&b.list, "list", false, "list the workloads and measure nothing")
	f.IntVarP(&b.jobs, "jobs", "j", 0, "how many compilers and translations run at once, before the bench (0: one for each CPU)")
	f.StringVar(&b.profile, "profile", "", "the --profile-out file that says what native code is made of at the full setting (default: made by one run of the workloads, and kept)")
	f.BoolVar(&b.plain, "no-profile", false, "native code at the cheap setting alone")
	f.StringArrayVarP(&b.debug, "debug", "d", nil, "PASS=off leaves a pass out of all translations; help lists the passes")
	return c
}

// benchOriginHelp says which guest and which programs are measured.
const benchOriginHelp = "Guest and programs are those that axpress guest import has brought here, else they are built of Debian's packages, which needs\n" +
	"a Debian. A kernel of your own (--kernel) runs the same programs."

func engineHelp() string {
	var s strings.Builder
	for _, e := range measure.Engines() {
		fmt.Fprintf(&s, "  %-13s%s\n", e, e.Title())
	}
	return s.String()
}

// run does what the options say.
func (b *bench) run(ctx context.Context, a *app) error {
	chosen, err := b.choose()
	if err != nil {
		return err
	}
	if b.list {
		return listWorkloads(a, chosen)
	}
	if err := b.check(); err != nil {
		return err
	}
	var before *measure.Result
	if b.against != "" {
		if before, err = measure.Read(b.against); err != nil {
			return err
		}
	}
	o, err := b.options(a)
	if errors.Is(err, errHelped) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := b.prepare(ctx, a, chosen, o)
	if err != nil {
		return err
	}
	r, err := measure.Run(ctx, *c)
	if err != nil {
		return err
	}
	if err := b.measureMore(ctx, c, r); err != nil {
		return err
	}
	return b.show(a, r, before)
}

// choose returns the workloads that --only names.
func (b *bench) choose() ([]workloads.Workload, error) {
	only, err := regexp.Compile(b.workloads)
	if err != nil {
		return nil, fail(statusUsage, "--only: %w", err)
	}
	chosen := slices.DeleteFunc(workloads.All(), func(w workloads.Workload) bool { return !only.MatchString(w.Name) })
	if len(chosen) == 0 {
		return nil, fail(statusUsage, "--only %s: no workload has such a name; --list lists them", b.workloads)
	}
	return chosen, nil
}

func listWorkloads(a *app, list []workloads.Workload) error {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, w := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\n", w.Name, w.Group.Title(), w.Doc)
	}
	return t.Flush()
}

// check refuses impossible values.
func (b *bench) check() error {
	switch {
	case b.runs < 1:
		return fail(statusUsage, "--runs %d: want 1 or more", b.runs)
	case b.limit <= 0:
		return fail(statusUsage, "--limit %s: want a duration such as 90s", b.limit)
	}
	if b.before != "" {
		if _, err := exec.LookPath(b.before); err != nil {
			return fail(statusUsage, "--before: %w", err)
		}
	}
	for _, e := range b.engines {
		if measure.Engine(e) == measure.Before && b.before == "" {
			return fail(statusUsage, "engine %s: which build? Give --before FILE", e)
		}
		if err := oneOf("engine", measure.Engine(e), measure.Engines()); err != nil {
			return err
		}
	}
	return b.from.check()
}

// prepare builds and translates what the bench needs.
func (b *bench) prepare(ctx context.Context, a *app, chosen []workloads.Workload, o prepare.Options) (*measure.Config, error) {
	if b.install {
		if err := guest.InstallPackages(ctx, a.err, guest.GroupPeer); err != nil {
			return nil, err
		}
	}
	engines, err := b.available(ctx, o.Report)
	if err != nil {
		return nil, err
	}
	if slices.Contains(engines, measure.Native) {
		if err := guest.InstallPackages(ctx, a.err, guest.GroupTranslate); err != nil {
			return nil, err
		}
	}
	g, err := guest.BuildBench(ctx, b.from.options(a, b.jobs), chosen)
	if err != nil {
		return nil, err
	}
	if chosen = g.Workloads; len(chosen) == 0 {
		return nil, fail(statusInput, "bench: no workload is left that can be run")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &measure.Config{
		Bench: g, Workloads: chosen, Engines: engines, Runs: b.runs, Cold: b.cold, CPU: b.cpu, Limit: b.limit,
		Axpress: self, Before: b.before, Options: b.runOptions(a), Report: newBenchReporter(a.err),
	}
	native := slices.ContainsFunc(engines, func(e measure.Engine) bool { return e == measure.Native || e.Variant() })
	goCode := slices.Contains(engines, measure.Go)
	if !native && !goCode {
		return c, nil
	}
	if !b.plain && slices.ContainsFunc(chosen, func(w workloads.Workload) bool { return w.Group != workloads.Boot }) {
		if err := b.makeProfile(ctx, c, &o); err != nil {
			return nil, err
		}
	}
	if native {
		if err := translateBench(ctx, g, chosen, o); err != nil {
			return nil, err
		}
	}
	if b.before != "" {
		if err := b.translateBefore(ctx, a, c); err != nil {
			return nil, err
		}
	}
	if goCode {
		err = goBench(ctx, c, o)
	}
	return c, err
}

// translateBefore has the other build translate what will run.
func (b *bench) translateBefore(ctx context.Context, a *app, c *measure.Config) error {
	c.Report.Note("translating with " + b.before)
	args := slices.Concat([]string{"translate", c.Bench.Guest.Kernel}, initramfs(c.Bench, c.Workloads))
	if c.Profile != "" {
		args = append(args, "--profile", c.Profile)
	}
	if out, err := exec.CommandContext(ctx, b.before, append(args, b.runOptions(a)...)...).CombinedOutput(); err != nil {
		return fail(statusInput, "%s %s: %w: %s", b.before, strings.Join(args, " "), err, out)
	}
	return nil
}

// goBench makes the programs of the Go back end, one for each initramfs, of what the
// profile shows.
func goBench(ctx context.Context, c *measure.Config, o prepare.Options) error {
	c.Go = map[string]string{}
	for _, initrd := range initramfs(c.Bench, c.Workloads) {
		options := guestOptions{kernelFile: c.Bench.Guest.Kernel, initrdFile: initrd, memory: goMemory, cpus: 1, engine: engineGo, prepare: o}
		guest, err := options.load()
		if err != nil {
			return err
		}
		program, _, err := guest.goProgram(ctx, "") // the cache keeps it
		if err != nil {
			return err
		}
		c.Go[initrd] = program
	}
	return nil
}

// goMemory is guest memory that all initramfs fit into.
const goMemory = 1 << 29

// makeProfile makes sure that there is a profile, and has it used: by translations and by runs.
func (b *bench) makeProfile(ctx context.Context, c *measure.Config, o *prepare.Options) error {
	path := b.profile
	if path == "" {
		// It belongs to what ran: the folders' names say what is in them.
		kernel, programs := filepath.Dir(c.Bench.Guest.Kernel), filepath.Dir(c.Bench.Initrd)
		path = filepath.Join(filepath.Dir(programs), fmt.Sprintf("profile-%s-%s-%s.json", filepath.Base(kernel), filepath.Base(programs), workloadsID(c.Workloads)))
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if err := translateBench(ctx, c.Bench, c.Workloads, *o); err != nil {
				return err
			}
			c.Report.Note("running the workloads once, to see what is hot")
			if err := measure.Profile(ctx, *c, path); err != nil {
				return err
			}
		}
	}
	p, err := readProfile(path)
	if err != nil {
		return err
	}
	o.Profile = p
	c.Profile = path
	return nil
}

// workloadsID identifies a choice of workloads.
func workloadsID(list []workloads.Workload) string {
	h := crc32.NewIEEE()
	for _, w := range list {
		fmt.Fprintln(h, w.Name)
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// available returns the engines to measure, in the order of the tables. Those that were asked for must be there.
func (b *bench) available(ctx context.Context, report prepare.Reporter) (list []measure.Engine, err error) {
	for _, e := range measure.Engines() {
		asked := slices.Contains(b.engines, string(e))
		switch {
		case e == measure.Before && b.before != "":
			list = append(list, e)
		case !asked && (len(b.engines) > 0 || e.Variant()):
		case e == measure.Go:
			if _, err := gobuild.Find(ctx, ""); err == nil {
				list = append(list, e)
			} else if asked {
				return nil, fail(statusInput, "engine %s: %w", e, err)
			} else {
				report.Note(fmt.Sprintf("%s is left out: %v", e.Title(), err))
			}
		case measure.Available(e):
			list = append(list, e)
		case asked:
			return nil, fail(statusInput, "engine %s: %s is not installed; --install installs it", e, e.Title())
		default:
			report.Note(e.Title() + " is not installed and left out; --install installs it")
		}
	}
	return list, nil
}

// runOptions are the options of every `axpress run` that the bench starts.
func (b *bench) runOptions(a *app) []string {
	var args []string
	if a.cacheDir != "" {
		args = append(args, "--cache", a.cacheDir)
	}
	for _, d := range b.debug {
		args = append(args, "-d", d)
	}
	return args
}

// translateBench translates what will run: no session must wait for it.
func translateBench(ctx context.Context, g *guest.Bench, chosen []workloads.Workload, o prepare.Options) error {
	return translateFiles(ctx, o, append([]string{g.Guest.Kernel}, initramfs(g, chosen)...)...)
}

// initramfs are what the workloads boot.
func initramfs(g *guest.Bench, chosen []workloads.Workload) []string {
	files := []string{g.Initrd}
	if slices.ContainsFunc(chosen, func(w workloads.Workload) bool { return w.Group == workloads.Boot }) {
		files = append(files, g.Guest.Initrd)
	}
	return files
}

// translateFiles translates what is in kernels and initramfs.
func translateFiles(ctx context.Context, o prepare.Options, files ...string) error {
	var images []*image.Image
	for _, path := range files {
		found, skipped, err := prepare.Read(path)
		if err != nil {
			return err
		}
		for _, s := range skipped {
			o.Report.Note(s.Reason + "; it will be interpreted")
		}
		images = append(images, found...)
	}
	_, err := prepare.Translate(ctx, images, o)
	return err
}

// measureMore measures what is no workload.
func (b *bench) measureMore(ctx context.Context, c *measure.Config, r *measure.Result) (err error) {
	if slices.Contains(c.Engines, measure.Interp) && b.workloads == "" {
		c.Report.Note("measuring the interpreter's speed")
		if r.Interpreter, err = measure.MeasureInterpreter(ctx, *c); err != nil {
			return err
		}
	}
	if b.translator {
		c.Report.Note("measuring the translator: this takes minutes")
		r.Translator, err = measure.MeasureTranslator(ctx, *c, func(path string) error {
			_, err := artifact.Load(path)
			return err
		})
	}
	return err
}

// show writes the result where the options say.
func (b *bench) show(a *app, r, before *measure.Result) error {
	if b.json != "" {
		data, err := r.JSON()
		if err != nil {
			return err
		}
		if err := outfile.Write(b.json, outfile.Bytes(data)); err != nil {
			return fmt.Errorf("--json: %w", err)
		}
	}
	if b.report != "" {
		if err := report.Write(b.report, r, before); err != nil {
			return fmt.Errorf("--report: %w", err)
		}
	}
	if err := report.Text(a.out, r, before); err != nil {
		return err
	}
	if failed := r.Failed(); len(failed) > 0 {
		return fail(statusDiffers, "bench: %d measurements do not count: a workload failed, or its output is not what others have", len(failed))
	}
	return nil
}
