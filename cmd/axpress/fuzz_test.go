package main

import (
	"strings"
	"testing"
)

func TestFuzz(t *testing.T) {
	r := cli(t, t.Context(), t.TempDir(), "fuzz", "--seed", "3", "--count", "2000")
	for _, want := range []string{" cases, ", "lifted", "passes", "exact"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in %q", want, r.out)
		}
	}
	if r.status != statusOK || !strings.Contains(r.err, "comparing: 100 %") {
		t.Errorf("status %d, %q", r.status, r.err)
	}
	again := cli(t, t.Context(), t.TempDir(), "fuzz", "--seed", "3", "--time", "100ms", "--engine", "exact")
	if again.status != statusOK || strings.Contains(again.out, "passes") {
		t.Errorf("status %d, %q %q", again.status, again.out, again.err)
	}
	native := cli(t, t.Context(), t.TempDir(), "fuzz", "--seed", "3", "--programs", "20", "--states", "2", "--engine", "native")
	for _, want := range []string{"seed 3: 20 programs, 40 cases", "native ", "compared on 40 cases; retired "} {
		if native.status != statusOK || !strings.Contains(native.out, want) {
			t.Errorf("status %d, no %q in %q %q", native.status, want, native.out, native.err)
		}
	}
	for _, args := range [][]string{{"--engine", "guess"}, {"--count", "-1"}, {"--programs", "-1"}, {"--states", "-1"}, {"--code", "poem"}, {"extra"}} {
		if r := cli(t, t.Context(), t.TempDir(), append([]string{"fuzz"}, args...)...); r.status != statusUsage {
			t.Errorf("%q: status %d, %s", args, r.status, r.err)
		}
	}
}
