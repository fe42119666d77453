package bisect

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var passes = []string{"a", "b", "c", "d"}

// groups are n functions in three files.
func groups(n int) (g [][]int) {
	g = make([][]int, 3)
	for f := range n {
		g[f*3/n] = append(g[f*3/n], f)
	}
	return g
}

// wrong is a translator with a fault: it shows when all of functions run natively and
// all of passes ran.
type wrong struct {
	functions []int
	passes    []string
	always    bool
	suspects  []int
	// worked counts functions translated.
	worked int
}

func (w *wrong) try(_ context.Context, functions []int, off []string) (Trial, error) {
	w.worked += len(functions)
	bad := w.always || len(functions) > 0
	for _, f := range w.functions {
		bad = bad && slices.Contains(functions, f)
	}
	for _, p := range w.passes {
		bad = bad && !slices.Contains(off, p)
	}
	return Trial{Bad: bad, Detail: fmt.Sprintf("%d functions", len(functions)), Suspects: w.suspects}, nil
}

func TestRun(t *testing.T) {
	const n = 1000
	for _, c := range []struct {
		name   string
		w      wrong
		pass   string
		cured  bool
		trials int // at most
		worked int // at most, in functions
	}{
		{"one function, one pass", wrong{functions: []int{617}, passes: []string{"c"}}, "c", true, 40, 4 * n},
		{"the first function, the first pass", wrong{functions: []int{0}, passes: []string{"a"}}, "a", true, 40, 4 * n},
		{"the last function, the last pass", wrong{functions: []int{n - 1}, passes: []string{"d"}}, "d", true, 40, 4 * n},
		{"no pass", wrong{functions: []int{500}}, "", false, 40, 4 * n},
		{"two passes together", wrong{functions: []int{3}, passes: []string{"b", "d"}}, "d", true, 40, 4 * n},
		{"two functions of one file", wrong{functions: []int{40, 41}, passes: []string{"b"}}, "b", true, 120, 20 * n},
		{"functions of all files", wrong{functions: []int{1, 500, 998}, passes: []string{"b"}}, "b", true, 300, 100 * n},
		{"a good guess", wrong{functions: []int{77}, suspects: []int{76, 77, 900}, passes: []string{"b"}}, "b", true, 14, n + 30},
		{"a bad guess", wrong{functions: []int{77}, suspects: []int{900}, passes: []string{"b"}}, "b", true, 45, 5 * n},
	} {
		t.Run(c.name, func(t *testing.T) {
			logged := 0
			r, err := Run(t.Context(), Problem{Groups: groups(n), Passes: passes, Try: c.w.try, Log: func(string) { logged++ }})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(r.Functions)
			if !slices.Equal(r.Functions, c.w.functions) || r.Pass != c.pass || r.Cured != c.cured {
				t.Errorf("found %+v", r)
			}
			if want := fmt.Sprintf("%d functions", len(c.w.functions)); r.Detail != want {
				t.Errorf("detail %q, want %q", r.Detail, want)
			}
			if r.Trials > c.trials || r.Trials != logged || c.w.worked > c.worked {
				t.Errorf("%d trials (%d logged), %d functions translated", r.Trials, logged, c.w.worked)
			}
		})
	}
}

// A pass that is not the only one to be wrong is named, but leaving it out is no cure.
func TestSeveralWrongPasses(t *testing.T) {
	try := func(_ context.Context, functions []int, off []string) (Trial, error) {
		wrong := !slices.Contains(off, "b") || !slices.Contains(off, "c")
		return Trial{Bad: len(functions) > 0 && wrong}, nil
	}
	r, err := Run(t.Context(), Problem{Groups: groups(9), Passes: passes, Try: try})
	if err != nil || r.Pass != "b" || r.Cured || len(r.Functions) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestNothingToFind(t *testing.T) {
	good := func(context.Context, []int, []string) (Trial, error) { return Trial{}, nil }
	if _, err := Run(t.Context(), Problem{Groups: groups(9), Passes: passes, Try: good}); !errors.Is(err, ErrGood) {
		t.Errorf("all good: %v", err)
	}
	w := wrong{always: true}
	if _, err := Run(t.Context(), Problem{Groups: groups(9), Passes: passes, Try: w.try}); !errors.Is(err, ErrAlways) {
		t.Errorf("all bad: %v", err)
	}
}

// An error of a trial, and the end of the context, end the search.
func TestErrorsEndTheSearch(t *testing.T) {
	broken := errors.New("broken")
	for after := range 12 {
		w, n := wrong{functions: []int{5}, passes: []string{"d"}}, 0
		try := func(ctx context.Context, functions []int, off []string) (Trial, error) {
			if n++; n > after {
				return Trial{}, broken
			}
			return w.try(ctx, functions, off)
		}
		if _, err := Run(t.Context(), Problem{Groups: groups(9), Passes: passes, Try: try}); !errors.Is(err, broken) || n != after+1 {
			t.Errorf("an error after %d trials: %v after %d", after, err, n)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := wrong{functions: []int{5}}
	if _, err := Run(ctx, Problem{Groups: groups(9), Try: w.try}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The trials of the search say how long it will still take; the guess shrinks to nothing at its end.
func TestTimeLeft(t *testing.T) {
	var lines []string
	w := wrong{functions: []int{617}, passes: []string{"c"}}
	if _, err := Run(t.Context(), Problem{Groups: groups(1000), Passes: passes, Try: w.try, Log: func(line string) { lines = append(lines, line) }}); err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, line := range lines {
		if regexp.MustCompile(`, about \d+ (s|min) left$`).MatchString(line) {
			left++
		}
	}
	if left < len(lines)/2 || strings.Contains(lines[0], "left") || strings.Contains(lines[1], "left") || strings.Contains(lines[len(lines)-1], "left") {
		t.Errorf("%d of %d lines: %q", left, len(lines), lines)
	}
}
