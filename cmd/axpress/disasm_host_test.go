package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDisasmHost(t *testing.T) {
	kernel, cache := twoLoops(t), t.TempDir()
	if r := cli(t, t.Context(), cache, "disasm", "--host", kernel, "two"); r.status != statusInput || !strings.Contains(r.err, "not translated yet") {
		t.Errorf("without a translation: %d %q", r.status, r.err)
	}
	if r := cli(t, t.Context(), cache, "translate", kernel); r.status != statusOK {
		t.Fatal(r.err)
	}
	r := cli(t, t.Context(), cache, "disasm", "--host", kernel, "two")
	for _, want := range []string{"two: 11 guest instructions, ", "entry 0: ", "<two>:", "shortest way round a loop", "# Limit", "# t0"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in\n%s%s", want, r.out, r.err)
		}
	}
	if strings.Contains(r.out, "one: ") {
		t.Errorf("another function too:\n%s", r.out)
	}
	for _, c := range []struct {
		args []string
		want status
		says string
	}{
		{[]string{kernel}, statusUsage, "which function"},
		{[]string{kernel, "two", "-d", "cse=off"}, statusInput, "with these options"},
		{[]string{kernel, "three"}, statusInput, "no function"},
		{[]string{kernel, "two", "--program", "busybox"}, statusInput, "no program"},
		{[]string{kernel, "two", "-d", "help"}, statusOK, ""},
	} {
		r := cli(t, t.Context(), cache, append([]string{"disasm", "--host"}, c.args...)...)
		if r.status != c.want || !strings.Contains(r.err, c.says) {
			t.Errorf("%q: %d %q", c.args[1:], r.status, r.err)
		}
	}
}

// Of several programs in a folder, --program chooses one.
func TestProgramOption(t *testing.T) {
	folder := t.TempDir()
	for name, file := range map[string]string{"bin/two": twoLoops(t), "bin/halt": halting(t, 4)} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args       []string
		want       status
		says, text string
	}{
		{[]string{"disasm", folder, "two", "--program", "bin/two"}, statusOK, "", "<two>:"},
		{[]string{"ir", "two", "--file", folder, "--program", "two"}, statusOK, "", "promoted"},
		{[]string{"disasm", folder, "two", "--program", "halt"}, statusInput, "no function", ""},
		{[]string{"disasm", folder, "two", "--program", "wo"}, statusInput, "no program", ""},
		{[]string{"disasm", folder, "two"}, statusUsage, "has 2 programs", ""},
	} {
		r := cli(t, t.Context(), t.TempDir(), c.args...)
		if r.status != c.want || !strings.Contains(r.err, c.says) || !strings.Contains(r.out, c.text) {
			t.Errorf("%q: %d %q\n%s", c.args, r.status, r.err, r.out)
		}
	}
}
