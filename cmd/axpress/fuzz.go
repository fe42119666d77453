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
	"axpress/bench/pace"
	"axpress/runtime/standalone/terminal"
)

// fuzzCount is how many cases a fuzz without --count and --time compares.
const fuzzCount = 100_000

func (a *app) fuzz() *cobra.Command {
	var c fuzz.Config
	var names []string
	var asJSON bool
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
			return a.runFuzz(cmd, c, asJSON)
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
	f.BoolVar(&asJSON, "json", false, "write what was found as JSON")
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

func (a *app) runFuzz(cmd *cobra.Command, c fuzz.Config, asJSON bool) error {
	start := time.Now()
	progress := newFuzzProgress(a.err, c)
	c.Progress = progress.at
	res, err := fuzz.Run(cmd.Context(), c)
	progress.end()
	if err != nil {
		return fail(statusInternal, "BUG: %w", err)
	}
	if err := a.tell(newFuzzSummary(c, res, time.Since(start)), asJSON); err != nil {
		return err
	}
	if f := res.Failure; f != nil {
		return fail(statusDiffers, "%s differs from the interpreter: %s", f.Engine, f.Text)
	}
	return cmd.Context().Err()
}

// fuzzSummary is what a fuzz found.
type fuzzSummary struct {
	Seed         uint64        `json:"seed"`
	Programs     int64         `json:"programs"`
	Cases        int64         `json:"cases"`
	Instructions int64         `json:"instructions"`
	Seconds      float64       `json:"seconds"`
	Engines      []fuzzEngine  `json:"engines"` // without the interpreter
	Difference   *fuzzDiffered `json:"difference"`
}

// fuzzEngine is what was compared with the interpreter.
type fuzzEngine struct {
	Engine  string `json:"engine"`
	Cases   int64  `json:"cases"`
	Retired *int64 `json:"retired"`             // instructions; nil if it does not count them
	Left    *int64 `json:"left_to_interpreter"` // likewise
}

// fuzzDiffered is the first difference.
type fuzzDiffered struct {
	Program int64  `json:"program"`
	Engine  string `json:"engine"`
	Text    string `json:"text"`
	Want    string `json:"interpreter"` // the case as the interpreter has it
	Got     string `json:"got"`         // and as the engine
}

func newFuzzSummary(c fuzz.Config, res *fuzz.Result, took time.Duration) *fuzzSummary {
	s := &fuzzSummary{Seed: c.Seed, Programs: res.Programs, Cases: res.Cases, Instructions: res.Instructions, Seconds: took.Seconds(), Engines: []fuzzEngine{}}
	for i, e := range c.Engines {
		if e.Name() == conform.Reference {
			continue
		}
		row := fuzzEngine{Engine: e.Name(), Cases: res.Compared[i]}
		if n, ok := e.(conform.Counter); ok {
			own, left := n.Retired()
			row.Retired, row.Left = &own, &left
		}
		s.Engines = append(s.Engines, row)
	}
	if f := res.Failure; f != nil {
		s.Difference = &fuzzDiffered{f.Program, f.Engine, f.Text, f.Line, f.Got}
	}
	return s
}

func (s *fuzzSummary) text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d programs, %d cases, %d instructions, %.0f s\n", s.Seed, s.Programs, s.Cases, s.Instructions, s.Seconds)
	for _, e := range s.Engines {
		fmt.Fprintf(&b, "  %-10s compared on %d cases", e.Engine, e.Cases)
		if e.Retired != nil {
			fmt.Fprintf(&b, "; retired %d instructions, left %d to the interpreter", *e.Retired, *e.Left)
		}
		b.WriteString("\n")
	}
	if d := s.Difference; d != nil {
		fmt.Fprintf(&b, "program %d:\n  %-8s %s\n  %-8s %s\n", d.Program, conform.Reference, d.Want, d.Engine, d.Got)
	}
	_, err := io.WriteString(w, b.String())
	return err
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
		p.Note(fmt.Sprintf("comparing: %s; %d programs, %d cases", pace.Text(float64(part), 1000, time.Since(p.start)), r.Programs, r.Cases))
	}
	p.part = part
}

func (p *fuzzProgress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
