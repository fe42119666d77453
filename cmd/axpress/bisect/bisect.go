package bisect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"axpress/bench/pace"
)

// Trial is what came out of one attempt.
type Trial struct {
	Bad    bool
	Detail string // what went wrong, in a line
	// Suspects are functions that are likely to be to blame, if the trial knows.
	Suspects []int
}

// Problem is what to search in.
type Problem struct {
	// Groups are the functions, by number; those of a group, a file, are tried together
	// first.
	Groups [][]int
	// Passes are those that can be left out, in the order in which they run.
	Passes []string
	// Try tries functions, translated without the passes in off.
	Try func(ctx context.Context, functions []int, off []string) (Trial, error)
	// Log, if not nil, is told what is known.
	Log func(line string)
}

// Result is what was found.
type Result struct {
	// Functions are as few as go wrong together: one, unless it takes several.
	Functions []int
	// Pass is the first pass that, added to those before it, makes them go wrong; "" if
	// they go wrong without any, so that the lifter, a required pass or the back end is
	// to blame.
	Pass string
	// Cured says that they do not go wrong if Pass alone is left out.
	Cured  bool
	Detail string // of the last trial that went wrong with all passes
	Trials int
}

// The reasons why there is nothing to find.
var (
	ErrGood   = errors.New("nothing goes wrong with everything translated")
	ErrAlways = errors.New("it goes wrong in the interpreter too")
)

// Run searches. Its errors are ErrGood, ErrAlways, and those of Try.
func Run(ctx context.Context, p Problem) (*Result, error) {
	s := &search{p: p, ctx: ctx, now: time.Now, ahead: len(p.Passes)/2 + 1}
	all := slices.Concat(p.Groups...)
	without, err := s.trial(nil, nil)
	if err != nil {
		return nil, err
	}
	if without.Bad {
		return nil, fmt.Errorf("%w: %s", ErrAlways, without.Detail)
	}
	first, err := s.trial(all, nil)
	if err != nil {
		return nil, err
	}
	if !first.Bad {
		return nil, ErrGood
	}
	s.detail = first.Detail
	if s.r.Functions, err = s.functions(first.Suspects); err != nil {
		return nil, err
	}
	if err := s.pass(); err != nil {
		return nil, err
	}
	s.r.Detail = s.detail
	return &s.r, nil
}

// search is one Run.
type search struct {
	p      Problem
	ctx    context.Context
	r      Result
	detail string

	now   func() time.Time
	began time.Time // after the trials that are not like the rest
	parts int       // among which the search is now
	ahead int       // trials after it, about
}

func (s *search) trial(functions []int, off []string) (Trial, error) {
	if err := s.ctx.Err(); err != nil {
		return Trial{}, err
	}
	s.r.Trials++
	t, err := s.p.Try(s.ctx, functions, off)
	if err == nil && s.p.Log != nil {
		how := "good"
		if t.Bad {
			how = "bad: " + t.Detail
		}
		without := ""
		if len(off) > 0 {
			without = fmt.Sprintf(" without %d passes", len(off))
		}
		s.p.Log(fmt.Sprintf("trial %d: %d functions translated%s: %s%s", s.r.Trials, len(functions), without, how, s.left()))
	}
	return t, err
}

// left is the end of a line about a trial: how long the search will still take, about. To halve the functions that are left
// takes one trial or two; half of the passes are tried. The first two trials, of which one is in the interpreter, are not
// like the rest.
func (s *search) left() string {
	const before = 2
	done := float64(s.r.Trials - before)
	ahead := float64(s.ahead)
	if s.parts > 1 {
		ahead += math.Ceil(1.5 * math.Log2(float64(s.parts)))
	}
	if done <= 0 {
		s.began = s.now()
		return ""
	}
	return pace.Suffix(done, done+ahead, s.now().Sub(s.began))
}

// try says whether functions go wrong.
func (s *search) try(functions []int, off []string) (bool, error) {
	t, err := s.trial(functions, off)
	if t.Bad && len(off) == 0 {
		s.detail = t.Detail
	}
	return t.Bad, err
}

// functions returns the fewest functions that go wrong together.
func (s *search) functions(suspects []int) ([]int, error) {
	if len(suspects) > 0 {
		bad, err := s.try(suspects, nil)
		if err != nil {
			return nil, err
		}
		if bad {
			return s.least(units(suspects))
		}
	}
	groups, err := s.leastParts(s.p.Groups)
	if err != nil {
		return nil, err
	}
	return s.least(units(slices.Concat(groups...)))
}

// units makes a part of every function.
func units(functions []int) (parts [][]int) {
	for _, f := range functions {
		parts = append(parts, []int{f})
	}
	return parts
}

func (s *search) least(parts [][]int) ([]int, error) {
	parts, err := s.leastParts(parts)
	return slices.Concat(parts...), err
}

// leastParts returns as few of parts as go wrong together, given that all do: delta
// debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
// Input"). It cuts the list into n pieces, and goes on with one that goes wrong, or
// with what is left without one, or else with smaller pieces.
func (s *search) leastParts(parts [][]int) ([][]int, error) {
	for n := 2; len(parts) > 1; {
		s.parts = len(parts)
		next, pieces, err := s.smaller(parts, n)
		switch {
		case err != nil:
			return nil, err
		case next != nil:
			parts, n = next, min(pieces, max(2, len(next)))
		case n == len(parts):
			return parts, nil
		default:
			n = min(2*n, len(parts))
		}
	}
	return parts, nil
}

// smaller looks for a piece of n of parts that goes wrong, or that can be done without.
// It returns what is left, nil if there is no such piece, and into how many pieces to
// cut that.
func (s *search) smaller(parts [][]int, n int) (next [][]int, pieces int, err error) {
	cut := func(i int) int { return i * len(parts) / n }
	for i := range n {
		piece := parts[cut(i):cut(i+1)]
		bad, err := s.try(slices.Concat(piece...), nil)
		if err != nil {
			return nil, 0, err
		}
		if bad {
			return piece, 2, nil
		}
	}
	if n == 2 {
		return nil, 0, nil // each piece is what the other leaves
	}
	for i := range n {
		rest := slices.Concat(parts[:cut(i)], parts[cut(i+1):])
		bad, err := s.try(slices.Concat(rest...), nil)
		if err != nil {
			return nil, 0, err
		}
		if bad {
			return rest, max(2, n-1), nil
		}
	}
	return nil, 0, nil
}

// pass finds the first pass with which the functions go wrong.
func (s *search) pass() error {
	s.parts = 0
	for k := 0; k <= len(s.p.Passes); k++ {
		s.ahead = (len(s.p.Passes)-k)/2 + 1
		bad := k == len(s.p.Passes) // as it has been all along
		if !bad {
			var err error
			if bad, err = s.try(s.r.Functions, s.p.Passes[k:]); err != nil {
				return err
			}
		}
		if !bad {
			continue
		}
		if k == 0 {
			return nil
		}
		s.r.Pass, s.ahead = s.p.Passes[k-1], 0
		bad, err := s.try(s.r.Functions, []string{s.r.Pass})
		s.r.Cured = !bad
		return err
	}
	return nil
}
