package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"axpress/lifter/isa"
	"axpress/runtime/standalone/usage"
	"axpress/translator/pipeline"
	"axpress/translator/prepare"
	"axpress/translator/profile"
	"axpress/translator/unit"
)

// translation are the options about translating that several commands have.
type translation struct {
	jobs    int
	force   bool
	check   bool
	hints   string
	only    string
	profile string
	model   string // "": the default
	debug   []string
}

func (t *translation) flags(f *pflag.FlagSet) {
	f.IntVarP(&t.jobs, "jobs", "j", 0, "how many translations run at once (0: one for each CPU)")
	t.unitFlags(f)
	f.StringVar(&t.only, "only", "", "translate only the functions whose name matches this regular expression; the rest is interpreted")
	f.StringVar(&t.profile, "profile", "", "the --profile-out file of an earlier run: what it shows hot is translated at the full setting too")
	f.StringVar(&t.hints, "hints", "", "the --stats file of an earlier run: translate also what it had to interpret of the kernel")
}

// unitFlags are the options about what is made of one function.
func (t *translation) unitFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&t.debug, "debug", "d", nil, "PASS=off leaves a pass out; help lists the passes")
	f.BoolVar(&t.check, "check", false, "verify the IR after every pass")
	f.StringVar(&t.model, "cpu", isa.DefaultModel().Name, "the CPU to be: "+strings.Join(modelNames(), ", ")+"; what it lacks traps as there")
}

// readProfile reads a --profile file.
func readProfile(path string) (*profile.Profile, error) {
	if path == "" {
		return nil, nil
	}
	p, err := profile.Load(path)
	if err != nil {
		return nil, fail(statusInput, "--profile: %w", err)
	}
	return p, nil
}

// errHelped says that the user wanted to read, not to work.
var errHelped = errors.New("helped")

// options returns what the flags mean.
func (t *translation) options(a *app) (prepare.Options, error) {
	o := prepare.Options{CacheDir: a.cacheDir, Force: t.force, Report: newReporter(a.err)}
	if t.jobs < 0 {
		return o, fail(statusUsage, "--jobs %d: want 0 (one for each CPU) or more", t.jobs)
	}
	off, err := t.passes(a)
	if err != nil {
		return o, err
	}
	var only *regexp.Regexp
	if t.only != "" {
		if only, err = regexp.Compile(t.only); err != nil {
			return o, fail(statusUsage, "--only: %w", err)
		}
	}
	if o.Profile, err = readProfile(t.profile); err != nil {
		return o, err
	}
	model, err := t.cpu()
	if err != nil {
		return o, err
	}
	hints, err := readHints(t.hints)
	o.Pipeline = pipeline.Options{Jobs: t.jobs, Disable: off, Check: t.check, Hints: hints, Only: only, Model: model}
	return o, err
}

// cpu is the CPU to be; nil is the default one.
func (t *translation) cpu() (*isa.Model, error) {
	if t.model == "" {
		return nil, nil
	}
	m := isa.ModelByName(strings.ToUpper(t.model))
	if m == nil {
		return nil, fail(statusUsage, "--cpu %s: want one of %s", t.model, strings.Join(modelNames(), ", "))
	}
	return m, nil
}

// modelNames are the CPUs that there are.
func modelNames() (names []string) {
	for _, m := range isa.Models() {
		names = append(names, m.Name)
	}
	return names
}

// passes reads the -d options.
func (t *translation) passes(a *app) (map[string]bool, error) {
	off := map[string]bool{}
	for _, d := range t.debug {
		if d == "help" {
			fmt.Fprintln(a.out, "Passes, in order, and what is done to hot code alone; -d NAME=off leaves one out:")
			for _, s := range pipeline.Steps() {
				note := ""
				switch {
				case s.Required:
					note = " (required)"
				case s.Full:
					note = " (hot)"
				}
				fmt.Fprintf(a.out, "  %-12s %s%s\n", s.Name, s.Doc, note)
			}
			return nil, errHelped
		}
		name, ok := strings.CutSuffix(d, "=off")
		if !ok {
			return nil, fail(statusUsage, "-d %s: want PASS=off or help", d)
		}
		p := findSwitch(name)
		switch {
		case p == nil:
			return nil, fail(statusUsage, "-d %s: there is no pass %q%s; -d help lists them", d, name, usage.Hint(name, passNames()))
		case p.Required:
			return nil, fail(statusUsage, "-d %s: the pass %q is required", d, name)
		}
		off[name] = true
	}
	return off, nil
}

// passNames are the names that -d takes.
func passNames() (names []string) {
	for _, s := range pipeline.Steps() {
		names = append(names, s.Name)
	}
	return names
}

func findSwitch(name string) *unit.Step {
	for _, s := range pipeline.Steps() {
		if s.Name == name {
			return &s
		}
	}
	return nil
}

// readHints returns the kernel addresses among the misses of a --stats file.
func readHints(path string) ([]uint64, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s stats
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fail(statusInput, "%s: not a file that run --stats wrote: %w", path, err)
	}
	return s.hints(), nil
}

// isCanceled says whether err is the end of the command's context.
func isCanceled(err error) bool {
	var f *failure
	return errors.Is(err, context.Canceled) && !errors.As(err, &f)
}
