package smp

import (
	"fmt"
	"slices"
	"time"

	"axpress/bench/pace"
)

// newsEvery is the least time between two notes.
const newsEvery = 15 * time.Second

// Progress follows the program's lines and says how long it will still take: the litmus tests by how long those took that
// are done, the workers by the plan.
type Progress struct {
	tests       int // of the plan
	seconds     int // of the workers; 0: none
	note        func(line string)
	now         func() time.Time
	start, last time.Time
	done        int // tests
}

// NewProgress returns one for p, which tells note.
func NewProgress(p Plan, note func(line string)) *Progress {
	f := &Progress{tests: len(p.Litmus), note: note, now: time.Now}
	if slices.Equal(p.Litmus, []string{All}) {
		f.tests = len(Tests())
	}
	if len(p.Stress) > 0 {
		f.seconds = p.Seconds
	}
	return f
}

// Line sees a line of the console.
func (f *Progress) Line(text string) {
	if f.start.IsZero() {
		f.start = f.now() // the boot is the first test's
	}
	if m := secondLine.FindStringSubmatch(text); m != nil {
		second, all := whole(m[1]), whole(m[2])
		f.say("workers", pace.Text(float64(second), float64(all), time.Duration(second)*time.Second))
		return
	}
	part := 0.0
	switch m := roundLine.FindStringSubmatch(text); {
	case m != nil:
		part = float64(whole(m[1])) / float64(max(whole(m[2]), 1))
	case litmusLine.MatchString(text), skippedLine.MatchString(text):
		f.done++
	default:
		return
	}
	if f.done >= f.tests {
		return // the workers begin
	}
	if left, ok := pace.Left(float64(f.done)+part, float64(f.tests), f.now().Sub(f.start)); ok {
		left += time.Duration(f.seconds) * time.Second
		f.say("litmus tests", fmt.Sprintf("%d of %d, about %s left", f.done, f.tests, pace.Duration(left)))
	}
}

// say says something, unless it has just done so.
func (f *Progress) say(what, text string) {
	if now := f.now(); now.Sub(f.last) >= newsEvery {
		f.last = now
		f.note(what + ": " + text)
	}
}
