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
	Seed     uint64
	Cases    int64         // 0: no limit
	Programs int64         // different ones; 0: no limit
	Time     time.Duration // 0: no limit
	// States is how many states each program begins with; 0: as many as suit its shape.
	States  int
	Engines []conform.Engine
	Shapes  []string // of Shapes; none: all
	// Progress, if not nil, is called now and then.
	Progress func(r *Result)
}

// Result says what was compared.
type Result struct {
	Programs     int64 // different ones
	Cases        int64
	Instructions int64   // retired by the first engine
	Compared     []int64 // cases, by engine
	Failure      *Failure

	seen map[uint64]struct{} // hashes of programs
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

// states is how many states programs begin with, by shape. Making code ready takes
// longer than running it, but what another function does says more than what the same
// one does to other values.
var states = [...]int{single: 16, block: 8, flow: 2}

// batchSize is how many programs engines are made ready for at once, if any of them
// wants to be told: enough to pay for starting LLVM.
const batchSize = 256

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
	res := &Result{Compared: make([]int64, len(c.Engines)), seen: map[uint64]struct{}{}}
	start := time.Now()
	enough := func() bool {
		return ctx.Err() != nil || c.Cases > 0 && res.Cases >= c.Cases || c.Programs > 0 && res.Programs >= c.Programs ||
			c.Time > 0 && time.Since(start) >= c.Time
	}
	size := 1
	if slices.ContainsFunc(c.Engines, func(e conform.Engine) bool { _, ok := e.(conform.Preparer); return ok }) {
		size = batchSize
	}
	for number := int64(0); !enough(); {
		batch := c.batch(&number, size, res)
		if err := c.prepare(ctx, batch); ctx.Err() != nil {
			break
		} else if err != nil {
			return res, fmt.Errorf("programs %d to %d of seed %d: %w", batch[0].number, number-1, c.Seed, err)
		}
		for i := range batch {
			if enough() {
				break
			}
			if err := c.compare(&batch[i], res); err != nil || res.Failure != nil {
				return res, err
			}
			if c.Progress != nil {
				c.Progress(res)
			}
		}
	}
	return res, nil
}

// batch makes the next programs that are wanted, from number on: up to size, and no
// more than can be compared.
func (c *Config) batch(number *int64, size int, res *Result) (list []program) {
	cases := int64(0)
	for ; len(list) == 0 || len(list) < size && (c.Cases == 0 || res.Cases+cases < c.Cases) &&
		(c.Programs == 0 || res.Programs+int64(len(list)) < c.Programs); *number++ {
		s := shapes[*number%int64(len(shapes))]
		if !c.wanted(s) {
			continue
		}
		list = append(list, c.program(*number, s))
		cases += int64(list[len(list)-1].states)
	}
	return list
}

// program makes program number n, of shape s.
func (c *Config) program(n int64, s shape) program {
	p := generate(rand.New(rand.NewPCG(c.Seed, uint64(n))), s)
	p.number, p.states = n, c.States
	if c.States == 0 {
		p.states = states[s]
	}
	return p
}

// prepare tells the engines that want to know of the programs that are next.
func (c *Config) prepare(ctx context.Context, batch []program) error {
	var list []conform.Program
	for i := range batch {
		list = append(list, conform.Program{Model: batch[i].model, Code: batch[i].code})
	}
	for _, e := range c.Engines {
		if p, ok := e.(conform.Preparer); ok {
			if err := p.Prepare(ctx, list); err != nil {
				return fmt.Errorf("%s: %w", e.Name(), err)
			}
		}
	}
	return nil
}

// compare compares the engines on p.
func (c *Config) compare(p *program, res *Result) error {
	engines, index, err := load(c.Engines, p)
	if err != nil {
		return fmt.Errorf("program %d of seed %d: %w", p.number, c.Seed, err)
	}
	res.seen[p.hash()] = struct{}{}
	res.Programs = int64(len(res.seen))
	for range p.states {
		before := p.state(p.r)
		after, compared, d, err := conform.Compare(engines, &before)
		if err != nil {
			return fmt.Errorf("program %d of seed %d: %s: %w", p.number, c.Seed, cases.New(p.model, p.code, &before, &before), err)
		}
		res.Cases++
		res.Instructions += after.Count
		for i, yes := range compared {
			if yes {
				res.Compared[index[i]]++
			}
		}
		if d != nil {
			s := shrinker{engines: upTo(engines, d.Engine), p: *p, before: before, found: d}
			s.run()
			res.Failure = s.failure(p.number)
			return nil
		}
	}
	return nil
}

// upTo returns the engines to the one of that name: those behind it are not to blame.
func upTo(engines []conform.Engine, name string) []conform.Engine {
	i := slices.IndexFunc(engines, func(e conform.Engine) bool { return e.Name() == name })
	return engines[:i+1]
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
