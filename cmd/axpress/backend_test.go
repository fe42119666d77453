package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"axpress/translator/gobuild"
)

// 'translate --backend go' writes a module that go vet has nothing against, and go build
// makes a program of it that runs the kernel in translated code.
func TestTranslateToGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "module")
	kernel := halting(t, 4)
	var texts [2]string
	for i := range texts {
		r := cli(t, t.Context(), t.TempDir(), "translate", "--backend", "go", "-o", dir, kernel)
		if r.status != statusOK || !strings.Contains(r.out, "1 functions, 7 instructions, 0 units left") {
			t.Fatalf("status %d: %s%s", r.status, r.out, r.err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "guest0", "units0.go"))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	if texts[0] != texts[1] || !strings.Contains(texts[0], "// U_fffffc0001010000 is the guest's _start, at address 0xfffffc0001010000.\n") {
		t.Errorf("the source is not what it was, or not for readers:\n%s", texts[1])
	}
	m, err := gobuild.Find(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Vet(t.Context(), dir); err != nil {
		t.Error(err)
	}
	program, counters := filepath.Join(dir, goModule), filepath.Join(dir, "stats.json")
	if err := m.Build(t.Context(), dir, program); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		err    string
	}{
		{[]string{"--memory", bootMem, "--stats", counters}, 0, ""},
		{[]string{"--memory", "1X"}, 2, "no size"},
		{[]string{"surplus"}, 2, "no arguments"},
		{[]string{"--initrd", "missing"}, 5, "no such file"},
	} {
		cmd := exec.CommandContext(t.Context(), program, c.args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != c.status || !strings.Contains(stderr.String(), c.err) {
			t.Errorf("%v: %v: %s", c.args, err, stderr.String())
		}
	}
	data, err := os.ReadFile(counters)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `"translated": 6`) || !strings.Contains(string(data), `"interpreted": 0`) {
		t.Errorf("not all was translated: %s", data)
	}
}

// run --engine go ends as the other engines do, and makes its program once.
func TestRunGo(t *testing.T) {
	dir, kernel := t.TempDir(), halting(t, 2)
	for i := range 2 {
		counters, units := filepath.Join(dir, "stats"), filepath.Join(dir, "profile")
		r := cli(t, t.Context(), dir, "run", "--engine", "go", "--kernel", kernel, "--memory", bootMem, "--no-reboot", "--stats", counters, "--profile-out", units)
		if r.status != statusHalt || !strings.HasSuffix(r.err, "axpress: the guest asked for a reboot, and is not booted again\n") {
			t.Errorf("status %d, stderr %q", r.status, r.err)
		}
		if translated := strings.Contains(r.err, "translating"); translated != (i == 0) {
			t.Errorf("run %d: %q", i, r.err)
		}
		var s stats
		if data, err := os.ReadFile(counters); err != nil || json.Unmarshal(data, &s) != nil {
			t.Fatalf("%v: %s", err, data)
		}
		if s.Engine != engineGo || s.Native != 6 || s.Instructions != s.Native+s.PALcode || s.Stop == "" || s.HostSeconds <= 0 {
			t.Errorf("%+v", s)
		}
		if _, err := os.Stat(units); err != nil {
			t.Error(err)
		}
	}
	if r := cli(t, t.Context(), dir, "cache", "clear"); r.status != statusOK {
		t.Error(r.err)
	}
	if _, err := os.Stat(filepath.Join(dir, goFolder)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cache is not empty: %v", err)
	}
}

func TestGoBackendUsage(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status status
		err    string
	}{
		{[]string{"translate", "--backend", "c", "x"}, statusUsage, "backend"},
		{[]string{"translate", "-o", "x", "x"}, statusUsage, "--backend go"},
		{[]string{"translate", "--backend", "go", "x"}, statusUsage, "-o DIR"},
		{[]string{"translate", "--backend", "go", "-o", "x", "x", "y"}, statusUsage, "one kernel"},
		{[]string{"translate", "--backend", "go", "-o", full, halting(t, 4)}, statusInput, "not empty"},
		{[]string{"translate", "--backend", "go", "--module", full, "-o", "x", halting(t, 4)}, statusInput, "--module DIR"},
		{[]string{"run", "--engine", "go", "--smp", "2", "--kernel", halting(t, 4)}, statusUsage, "one CPU"},
		{[]string{"run", "--engine", "go", "--perf-map", "--kernel", halting(t, 4)}, statusUsage, "perf"},
	} {
		if r := cli(t, t.Context(), t.TempDir(), c.args...); r.status != c.status || !strings.Contains(r.err, c.err) {
			t.Errorf("%v: status %d, stderr %q", c.args, r.status, r.err)
		}
	}
}
