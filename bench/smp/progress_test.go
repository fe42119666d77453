package smp

import (
	"slices"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var notes []string
	f := NewProgress(Plan{Litmus: []string{"a", "b", "c"}, Stress: []string{All}, Seconds: 600}, func(line string) { notes = append(notes, line) })
	at := time.Now()
	f.now = func() time.Time { return at }
	for _, step := range []struct {
		seconds int
		line    string
	}{
		{0, "Linux version 6.1"},
		{20, "smp: litmus a: 9 rounds, 2 threads, 0 weak, 0 not allowed, 20.00 s, 0 rounds/s"},
		{5, "smp: litmus b: round 1 of 2"}, // too soon
		{5, "smp: litmus b: round 1 of 2"},
		{2, "smp: litmus b: needs 4 CPUs"},
		{20, "smp: litmus c: 9 rounds, 2 threads, 0 weak, 0 not allowed, 20.00 s, 0 rounds/s"},
		{60, "smp: stress: 60 of 600 seconds; times: cpu 5"},
		{60, "smp: stress: 120 of 600 seconds; times: cpu 9"},
	} {
		at = at.Add(time.Duration(step.seconds) * time.Second)
		f.Line(step.line)
	}
	want := []string{"litmus tests: 1 of 3, about 11 min left", "workers: 10 %, 60 s, about 9 min left", "workers: 20 %, 2 min, about 8 min left"}
	if !slices.Equal(notes, want) {
		t.Errorf("%q", notes)
	}
}

func TestResults(t *testing.T) {
	tests, workers := Results("Linux\r\nsmp: litmus mp: 100 rounds, 2 threads, 3 weak, 1 not allowed, 1.50 s, 66 rounds/s\r\n" +
		"smp: stress fork: 12 times, 2 wrong, exit status 9, 30.10 s, 0.4 times/s\r\nsmp: stress: 1 kinds of workers, 12 times in all, 3 failures, 30.10 s\r\n")
	if !slices.Equal(tests, []Litmus{{"mp", 100, 2, 3, 1, 1.5}}) || !slices.Equal(workers, []Worker{{"fork", 12, 2, 9, 30.1}}) {
		t.Errorf("%+v %+v", tests, workers)
	}
}
