package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"axpress/bench/conform"
	"axpress/bench/fuzz"
	"axpress/cmd/axpress/terminal"
)

// fuzzCount is how many cases a fuzz without --count and --time compares.
const fuzzCount = 100_000

func (a *app) fuzz() *cobra.Command {
	var c fuzz.Config
	var names []string
	cmd := &cobra.Command{
		Use:   "fuzz",
		Short: "Compare the engines on random instructions",
		Long: "Fuzz runs random instructions, blocks of them, and functions with loops and calls, with random operands that\n" +
			"are often special, and memory that ends or faults, on the interpreter and on other engines:\n\n" + fuzzEngines() +
			"\nEach program begins with a few states, which are the cases. Host code is made of many programs at a time.\n" +
			"\nThe first difference ends it, with the smallest case that shows it: the line as the interpreter has it, and as\n" +
			"the other engine does. The same seed makes the same cases.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if c.Cases < 0 || c.Programs < 0 || c.Time < 0 || c.States < 0 {
				return fail(statusUsage, "--count %d --programs %d --time %s --states %d: want more than 0, or 0 for no limit", c.Cases, c.Programs, c.Time, c.States)
			}
			for _, s := range c.Shapes {
				if err := oneOf("code", s, fuzz.Shapes()); err != nil {
					return err
				}
			}
			if c.Cases == 0 && c.Programs == 0 && c.Time == 0 {
				c.Cases = fuzzCount
			}
			if c.Seed == 0 {
				c.Seed = uint64(time.Now().UnixNano())
			}
			for _, name := range append([]string{conform.Reference}, names...) {
				e, err := newFuzzEngine(name)
				if err != nil {
					return err
				}
				defer func() {
					if cerr := e.Close(); err == nil {
						err = cerr
					}
				}()
				c.Engines = append(c.Engines, e)
			}
			return a.runFuzz(cmd, c)
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&c.Seed, "seed", 0, "which cases; 0: others each time")
	f.Int64Var(&c.Cases, "count", 0, fmt.Sprintf("how many cases (default: %d, or what --programs and --time allow)", fuzzCount))
	f.Int64Var(&c.Programs, "programs", 0, "how many different programs (0: until --count)")
	f.IntVar(&c.States, "states", 0, "how many states each program begins with (0: few for functions, more for instructions)")
	f.DurationVar(&c.Time, "time", 0, "how long, such as 10m (0: until --count)")
	f.StringSliceVar(&c.Shapes, "code", fuzz.Shapes(), "what code to compare")
	f.StringSliceVar(&names, "engine", conform.DefaultEngines(), "the engines to compare with the interpreter")
	return cmd
}

// fuzzEngines lists the engines to compare, for people.
func fuzzEngines() string {
	var b strings.Builder
	for _, e := range conform.List() {
		if e.Name != conform.Reference {
			fmt.Fprintf(&b, "  %-10s %s\n", e.Name, e.Doc)
		}
	}
	return b.String()
}

func newFuzzEngine(name string) (conform.Engine, error) {
	if !slices.ContainsFunc(conform.List(), func(e conform.Listed) bool { return e.Name == name }) {
		return nil, fail(statusUsage, "--engine %s: no such engine; see fuzz --help", name)
	}
	e, err := conform.New(name)
	if err != nil {
		return nil, fail(statusInput, "%w", err)
	}
	return e, nil
}

func (a *app) runFuzz(cmd *cobra.Command, c fuzz.Config) error {
	start := time.Now()
	progress := newFuzzProgress(a.err, c)
	c.Progress = progress.at
	res, err := fuzz.Run(cmd.Context(), c)
	progress.end()
	if err != nil {
		return fail(statusInternal, "BUG: %w", err)
	}
	fmt.Fprintf(a.out, "seed %d: %d programs, %d cases, %d instructions, %.0f s\n", c.Seed, res.Programs, res.Cases, res.Instructions, time.Since(start).Seconds())
	for i, e := range c.Engines {
		if e.Name() == conform.Reference {
			continue
		}
		fmt.Fprintf(a.out, "  %-10s compared on %d cases", e.Name(), res.Compared[i])
		if n, ok := e.(conform.Counter); ok {
			own, left := n.Retired()
			fmt.Fprintf(a.out, "; retired %d instructions, left %d to the interpreter", own, left)
		}
		fmt.Fprintln(a.out)
	}
	if f := res.Failure; f != nil {
		fmt.Fprintf(a.out, "program %d:\n  %-8s %s\n  %-8s %s\n", f.Program, conform.Reference, f.Line, f.Engine, f.Got)
		return fail(statusDiffers, "%s differs from the interpreter: %s", f.Engine, f.Text)
	}
	return cmd.Context().Err()
}

// fuzzProgress tells how far a fuzz is: a bar on a terminal, lines elsewhere.
type fuzzProgress struct {
	lineReporter
	c    fuzz.Config
	bar  *progressbar.ProgressBar
	part int // of a thousand
}

func newFuzzProgress(w io.Writer, c fuzz.Config) *fuzzProgress {
	p := &fuzzProgress{lineReporter: lineReporter{w: w, start: time.Now()}, c: c}
	if terminal.IsTerminal(w) {
		p.bar = newBar(w, 1000, "comparing")
	}
	return p
}

// at says what is done.
func (p *fuzzProgress) at(r *fuzz.Result) {
	part := 0
	if p.c.Cases > 0 {
		part = int(1000 * float64(r.Cases) / float64(p.c.Cases))
	}
	if p.c.Programs > 0 {
		part = max(part, int(1000*float64(r.Programs)/float64(p.c.Programs)))
	}
	if p.c.Time > 0 {
		part = max(part, int(1000*time.Since(p.start)/p.c.Time))
	}
	if part = min(part, 1000); part <= p.part {
		return
	}
	if p.bar != nil {
		_ = p.bar.Set(part) // a bar that cannot be drawn is no failure
	} else if part/100 > p.part/100 {
		p.Note(fmt.Sprintf("comparing: %d %%, %d programs, %d cases, %.0f s", part/10, r.Programs, r.Cases, time.Since(p.start).Seconds()))
	}
	p.part = part
}

func (p *fuzzProgress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
