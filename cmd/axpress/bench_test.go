package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"axpress/bench/measure"
	"axpress/bench/workloads"
)

// Bad options are refused before anything is built.
func TestBenchUsage(t *testing.T) {
	for _, args := range [][]string{
		{"--only", "("}, {"--only", "nothing"}, {"--runs", "0"}, {"--engines", "native,vax"}, {"--flavour", "large"}, {"--limit", "-1s"},
		{"-d", "nothing=off"}, {"fib"},
	} {
		r := cli(t, t.Context(), t.TempDir(), append([]string{"bench"}, args...)...)
		if r.status != statusUsage || strings.Count(r.err, "\n") != 1 || r.out != "" {
			t.Errorf("%q: %+v", args, r)
		}
	}
	r := cli(t, t.Context(), t.TempDir(), "bench", "--against", writeFile(t, []byte("nothing")))
	if r.status != statusInput || !strings.Contains(r.err, "not a file of the bench") {
		t.Errorf("%+v", r)
	}
}

func TestBenchList(t *testing.T) {
	r := cli(t, t.Context(), t.TempDir(), "bench", "--list")
	if r.status != statusOK || strings.Count(r.out, "\n") != len(workloads.All()) {
		t.Errorf("%+v", r)
	}
	r = cli(t, t.Context(), t.TempDir(), "bench", "--list", "--only", "^strings")
	if !regexp.MustCompile(`^strings-ev4 .*\nstrings-ev67 .*\n$`).MatchString(r.out) {
		t.Errorf("%q", r.out)
	}
}

// Without a request, what is not installed is left out; a request is refused.
func TestBenchEngines(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	notes := &lineReporter{w: &bytes.Buffer{}}
	list, err := (&bench{}).available(t.Context(), notes)
	if err != nil || len(list) != 3 || list[0] != measure.Host {
		t.Errorf("%q, %v", list, err)
	}
	if said := notes.w.(*bytes.Buffer).String(); !strings.Contains(said, "qemu-system-alpha is not installed and left out") || !strings.Contains(said, "Go back end is left out") {
		t.Errorf("%q", said)
	}
	if _, err := (&bench{engines: []string{"native", "qemu"}}).available(t.Context(), notes); statusOf(err) != statusInput {
		t.Errorf("%v", err)
	}
	if list, err := (&bench{engines: []string{"interp", "host"}}).available(t.Context(), notes); err != nil || len(list) != 2 || list[0] != measure.Host {
		t.Errorf("%q, %v", list, err)
	}
}

func TestBenchProgress(t *testing.T) {
	var b bytes.Buffer
	r := newBenchReporter(&b)
	for range 2 { // the profile, and then the bench
		b.Reset()
		r.Begin(4)
		for range 4 {
			r.Step("w, native")
		}
		r.End()
		if got := strings.Count(b.String(), "\n"); got != 4 || !strings.Contains(b.String(), "measuring: 50 %") {
			t.Errorf("%q", b.String())
		}
	}
}
