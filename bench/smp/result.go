package smp

import (
	"regexp"
	"strconv"
	"strings"
)

// Litmus is what a litmus test found.
type Litmus struct {
	Test       string  `json:"test"`
	Rounds     uint64  `json:"rounds"`
	Threads    int     `json:"threads"`
	Weak       uint64  `json:"weak"` // outcomes that only weakly ordered memory has
	NotAllowed uint64  `json:"not_allowed"`
	Seconds    float64 `json:"seconds"`
}

// Worker is what a kind of worker did.
type Worker struct {
	Kind       string  `json:"kind"`
	Times      uint64  `json:"times"`
	Wrong      uint64  `json:"wrong"`
	ExitStatus int     `json:"exit_status"`
	Seconds    float64 `json:"seconds"`
}

// The program's lines, as litmus.c and stress.c write them.
var (
	litmusLine  = regexp.MustCompile(`^smp: litmus ([\w-]+): (\d+) rounds, (\d+) threads, (\d+) weak, (\d+) not allowed, ([0-9.]+) s,`)
	workerLine  = regexp.MustCompile(`^smp: stress (\w+): (\d+) times, (\d+) wrong, exit status (\d+), ([0-9.]+) s,`)
	skippedLine = regexp.MustCompile(`^smp: litmus [\w-]+: needs \d+ CPUs`)
	roundLine   = regexp.MustCompile(`^smp: litmus [\w-]+: round (\d+) of (\d+)`)
	secondLine  = regexp.MustCompile(`^smp: stress: (\d+) of (\d+) seconds`)
)

// Results returns what the program's lines on a console say.
func Results(console string) (tests []Litmus, workers []Worker) {
	for line := range strings.Lines(console) {
		if m := litmusLine.FindStringSubmatch(line); m != nil {
			tests = append(tests, Litmus{m[1], whole(m[2]), int(whole(m[3])), whole(m[4]), whole(m[5]), fraction(m[6])})
		}
		if m := workerLine.FindStringSubmatch(line); m != nil {
			workers = append(workers, Worker{m[1], whole(m[2]), whole(m[3]), int(whole(m[4])), fraction(m[5])})
		}
	}
	return tests, workers
}

// whole and fraction read what an expression has found to be a number; one that is too large is the largest.
func whole(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64)
	return n
}

func fraction(text string) float64 {
	x, _ := strconv.ParseFloat(text, 64)
	return x
}
