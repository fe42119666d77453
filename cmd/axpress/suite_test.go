package main

import (
	"strings"
	"testing"
)

// Bad options are refused before anything is built.
func TestSuiteUsage(t *testing.T) {
	for _, args := range [][]string{
		{"suite", "--only", "("}, {"suite", "--only", "no such check"}, {"suite", "--only", "nothing"}, {"suite", "--variant", "ev9-O2"},
		{"suite", "--engines", "native,vax"}, {"suite", "--flavour", "large"}, {"suite", "--limit", "-1s"}, {"suite", "-d", "nothing=off"}, {"suite", "int"},
		{"suite", "--smp", "5"}, {"suite", "--smp", "2", "--engines", "go"},
		{"hostile", "--engines", "qemu"}, {"hostile", "--limit", "0s"}, {"hostile", "all"},
	} {
		r := cli(t, t.Context(), t.TempDir(), args...)
		if r.status != statusUsage || strings.Count(r.err, "\n") != 1 || r.out != "" {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

func TestSuiteList(t *testing.T) {
	r := cli(t, t.Context(), t.TempDir(), "suite", "--list", "--variant", "ev67-O2,ev4-O0", "--only", "/int_(add|cmov)$")
	if r.status != statusOK || r.out != "int_add\nint_cmov\n" {
		t.Errorf("%+v", r)
	}
}
