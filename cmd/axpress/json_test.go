package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"axpress/bench/hostile"
	"axpress/runtime/machine"
)

// keys returns the keys of a JSON text, which must be one value and have no others than lower_snake ones.
func keys(t *testing.T, text string) (all []string) {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&v); err != nil || d.More() {
		t.Fatalf("%v: not one JSON value: %s", err, text)
	}
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, of := range v {
				if !snake.MatchString(k) {
					t.Errorf("the key %q in %s", k, text)
				}
				all = append(all, k)
				walk(of)
			}
		case []any:
			for _, of := range v {
				walk(of)
			}
		}
	}
	walk(v)
	slices.Sort(all)
	return slices.Compact(all)
}

// The keys are what programs rely on.
func TestJSONKeys(t *testing.T) {
	hostiles := hostile.Result{Statuses: map[string]map[int]int{"native": {0: 3, 4: 1}}, Bad: []string{"seed 3, it crashed"}, Instructions: 5}
	var hostileJSON, stressJSON bytes.Buffer
	if err := writeJSON(&hostileJSON, newHostileSummary(hostile.Config{Seed: 1, Count: 4, Engines: []string{"native"}}, &hostiles)); err != nil {
		t.Fatal(err)
	}
	console := "smp: litmus mp: 100 rounds, 2 threads, 3 weak, 0 not allowed, 1.50 s, 66 rounds/s\r\n" +
		"smp: stress fork: 12 times, 0 wrong, exit status 0, 30.10 s, 0.4 times/s\r\nsmp: passed\r\n"
	if err := writeJSON(&stressJSON, newStressSummary(console, machine.Stop{Reason: machine.PowerOff}, nil, time.Second)); err != nil {
		t.Fatal(err)
	}
	dir, kernel := t.TempDir(), halting(t, 4)
	cli(t, t.Context(), dir, "translate", kernel)
	if err := os.WriteFile(filepath.Join(dir, "00.axp"), []byte("of another age"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := func(args ...string) string {
		r := cli(t, t.Context(), dir, args...)
		if r.status != statusOK {
			t.Errorf("%q: status %d, %q", args, r.status, r.err)
		}
		return r.out
	}
	for _, c := range []struct{ name, text, want string }{
		{"version", out("version", "--json"), "artefact_format go lowering modified platform state_layout tools tools_error version"},
		{"version --pal", out("version", "--pal", "--json"), "name note number status"},
		{"cache list", out("cache", "list", "--json"), "bytes folder functions key kind source translations unusable used"},
		{"fuzz", out("fuzz", "--seed", "3", "--count", "500", "--json"), "cases difference engine engines instructions left_to_interpreter programs retired seconds seed"},
		{"hostile", hostileJSON.String(), "bad count ends engine instructions kernels seed status"},
		{"stress", stressJSON.String(), "bad exit_status guest kind litmus not_allowed passed rounds seconds test threads times weak workers wrong"},
	} {
		if got := strings.Join(keys(t, c.text), " "); got != c.want {
			t.Errorf("%s has the keys\n%s, want\n%s", c.name, got, c.want)
		}
	}
}

// What the JSON says is what the text says.
func TestJSONValues(t *testing.T) {
	dir := t.TempDir()
	cli(t, t.Context(), dir, "translate", halting(t, 4))
	if err := os.WriteFile(filepath.Join(dir, "00.axp"), []byte("of another age"), 0o644); err != nil {
		t.Fatal(err)
	}
	var list cacheSummary
	if err := json.Unmarshal([]byte(cli(t, t.Context(), dir, "cache", "list", "--json").out), &list); err != nil {
		t.Fatal(err)
	}
	text := cli(t, t.Context(), dir, "cache", "list").out
	if len(list.Translations) != 2 || list.Folder != dir || list.Bytes < 14 {
		t.Fatalf("%+v", list)
	}
	for _, e := range list.Translations {
		if !strings.Contains(text, e.Key) || (e.Unusable == "") != (e.Kind == "kernel" && e.Functions == 1) || time.Since(e.Used) > time.Hour {
			t.Errorf("%+v; as text:\n%s", e, text)
		}
	}
	r := cli(t, t.Context(), dir, "fuzz", "--seed", "3", "--programs", "20", "--states", "2", "--engine", "lifted,exact", "--json")
	var f fuzzSummary
	if err := json.Unmarshal([]byte(r.out), &f); err != nil || r.status != statusOK {
		t.Fatalf("%d, %v", r.status, err)
	}
	if f.Seed != 3 || f.Programs != 20 || f.Cases != 40 || f.Difference != nil || len(f.Engines) != 2 || f.Engines[0].Engine != "lifted" || f.Engines[0].Cases != 40 {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(r.err, "comparing: ") || strings.Contains(r.out, "comparing") {
		t.Errorf("progress is not on standard error: %q %q", r.out, r.err)
	}
	s := newHostileSummary(hostile.Config{Engines: []string{"native", "interp"}}, &hostile.Result{
		Statuses: map[string]map[int]int{"native": {0: 3, 4: 1}, "interp": {1: 4}}, Bad: []string{"seed 3, x"}, Instructions: 5})
	var b strings.Builder
	if err := s.text(&b); err != nil || b.String() != "native  status 0: 3  status 4: 1\ninterp  status 1: 4\n5 instructions in the guests that ended in time\nBAD  seed 3, x\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// Work that takes long says how long it will still take.
func TestTimeLeft(t *testing.T) {
	left := regexp.MustCompile(`(?m)^axpress: (comparing|measuring): \d+ %, [^;]*, about \d+ (s|min) left`)
	if r := cli(t, t.Context(), t.TempDir(), "fuzz", "--seed", "3", "--count", "3000"); !left.MatchString(r.err) {
		t.Errorf("fuzz: %q", r.err)
	}
	var b bytes.Buffer
	r := newBenchReporter(&b)
	r.Begin(4)
	for range 4 {
		r.Step("w, native")
	}
	r.End()
	if !left.MatchString(b.String()) {
		t.Errorf("bench: %q", b.String())
	}
}
