package fuzz

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"axpress/bench/conform"
	"axpress/runtime/interp/cases"
)

// Config says what to compare.
type Config struct {
	Seed    uint64
	Cases   int64         // 0: no limit
	Time    time.Duration // 0: no limit
	Engines []conform.Engine
	Shapes  []string // of Shapes; none: all
	// Progress, if not nil, is called now and then.
	Progress func(done int64)
}

// Result says what was compared.
type Result struct {
	Cases        int64
	Instructions int64   // retired by the first engine
	Compared     []int64 // cases, by engine
	Failure      *Failure
}

// Failure is a case on which two engines differ.
type Failure struct {
	Program int64  // its number, under the seed
	Engine  string // that differs from the first
	Text    string
	Line    string // the case as the first engine has it
	Got     string // and as the other one
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %s\n  %s\n  %s", f.Engine, f.Text, f.Line, f.Got)
}

// statesPerProgram is how many states each program begins with: making code ready
// for some engines takes longer than running it.
const statesPerProgram = 16

// shapes are those of programs, by their number modulo as many as there are.
var shapes = [...]shape{single, single, single, block, single, single, block, flow}

// shapeNames are what Config.Shapes may hold.
var shapeNames = [...]string{single: "instruction", block: "block", flow: "function"}

// Shapes returns the names of what code can look like.
func Shapes() []string { return shapeNames[:] }

// wanted says whether the configuration asks for a shape.
func (c *Config) wanted(s shape) bool {
	return len(c.Shapes) == 0 || slices.Contains(c.Shapes, shapeNames[s])
}

// Run compares until it has compared enough, finds a difference, or ctx is done,
// which is no error. Errors are those of the engines.
func Run(ctx context.Context, c Config) (*Result, error) {
	res := &Result{Compared: make([]int64, len(c.Engines))}
	deadline := time.Time{}
	if c.Time > 0 {
		deadline = time.Now().Add(c.Time)
	}
	for number := int64(0); ctx.Err() == nil; number++ {
		if c.Cases > 0 && res.Cases >= c.Cases || c.Time > 0 && time.Now().After(deadline) {
			break
		}
		if !c.wanted(shapes[number%int64(len(shapes))]) {
			continue
		}
		if err := c.program(number, res); err != nil || res.Failure != nil {
			return res, err
		}
		if c.Progress != nil {
			c.Progress(res.Cases)
		}
	}
	return res, nil
}

// program makes and compares program number n.
func (c *Config) program(n int64, res *Result) error {
	r := rand.New(rand.NewPCG(c.Seed, uint64(n)))
	p := generate(r, shapes[n%int64(len(shapes))])
	engines, index, err := load(c.Engines, &p)
	if err != nil {
		return fmt.Errorf("program %d of seed %d: %w", n, c.Seed, err)
	}
	for range statesPerProgram {
		before := p.state(r)
		after, compared, d, err := conform.Compare(engines, &before)
		if err != nil {
			return fmt.Errorf("program %d of seed %d: %s: %w", n, c.Seed, cases.New(p.model, p.code, &before, &before), err)
		}
		res.Cases++
		res.Instructions += after.Count
		for i, yes := range compared {
			if yes {
				res.Compared[index[i]]++
			}
		}
		if d != nil {
			s := shrinker{engines: c.Engines, p: p, before: before, found: d}
			s.run()
			res.Failure = s.failure(n)
			return nil
		}
	}
	return nil
}

// load makes the code ready and returns the engines that can be compared on it, with
// their places among all.
func load(all []conform.Engine, p *program) (engines []conform.Engine, index []int, err error) {
	for i, e := range all {
		err := e.Load(p.model, p.code)
		if errors.Is(err, conform.ErrExcluded) {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %08x: %w", e.Name(), p.code, err)
		}
		engines, index = append(engines, e), append(index, i)
	}
	return engines, index, nil
}
