package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// full opens a file that takes nothing.
func full(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no /dev/full here: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// toFull runs a command line whose output is lost.
func toFull(t *testing.T, dir string, args ...string) result {
	t.Helper()
	var errs strings.Builder
	st := run(t.Context(), append([]string{"--cache", dir}, args...), streams{strings.NewReader(""), full(t), &errs})
	return result{st, "", errs.String()}
}

// printing is a kernel that writes to its console and then does what the last lines say.
func printing(t *testing.T, last ...string) string {
	return kernelFile(t, program(t, append([]string{
		"lda s0,-1(zero)", "sll s0,42,s0", "lda s1,1(zero)", "sll s1,40,s1", "addq s0,s1,s1", "lda t0,0x7f(zero)", "sll t0,26,t0",
		"addq s1,t0,s1", "lda s1,0x3f8(s1)", "lda t1,65(zero)", "stb t1,0(s1)", "mb"}, last...)...))
}

// powerOff ends printing's kernel.
var powerOff = []string{"ldah t0,4(zero)", "ldq t1,0x2200(s0)", "bis t1,t0,t1", "stq t1,0x2200(s0)", "call_pal 0"}

// Output that is lost is an error of the environment, whatever the command: never a success, never a bug.
func TestLostOutput(t *testing.T) {
	dir, kernel := t.TempDir(), halting(t, 4)
	if r := cli(t, t.Context(), dir, "translate", kernel); r.status != statusOK {
		t.Fatal(r.err)
	}
	commands := [][]string{
		nil, {"help"}, {"completion", "bash"}, {"version"}, {"version", "--pal"}, {"isa"}, {"isa", "--json"}, {"disasm", kernel}, {"disasm", kernel, "_start"},
		{"disasm", "--host", kernel, "_start"}, {"ir", "_start", "--file", kernel}, {"ir", "_start", "--file", kernel, "--llvm"}, {"ir", "-d", "help", "_start"},
		{"translate", kernel}, {"translate", "--json", kernel}, {"fuzz", "--count", "10"}, {"bench", "--list"}, {"suite", "--list"},
		{"cache"}, {"cache", "list"}, {"cache", "path"}, {"cache", "prune"}, {"cache", "clear"},
		{"run", "--kernel", printing(t, powerOff...), "--memory", bootMem, "--engine", "interp"},
		{"run", "--kernel", printing(t, "br zero,.+0"), "--memory", bootMem, "--engine", "interp"}, // and ends by that
		{"run", "--kernel", printing(t, "br zero,.+0"), "--memory", bootMem},
		{"run", "--kernel", printing(t, "br zero,.+0"), "--memory", bootMem, "--engine", "go"},
	}
	var add func(*cobra.Command)
	add = func(c *cobra.Command) {
		commands = append(commands, append(strings.Fields(c.CommandPath())[1:], "--help"))
		for _, sub := range c.Commands() {
			add(sub)
		}
	}
	add((&app{}).root())
	for _, args := range commands {
		r := toFull(t, dir, args...)
		if r.status != statusInput || !strings.Contains(r.err, "standard output: ") || !strings.Contains(r.err, "no space left on device") {
			t.Errorf("%q: status %d, %q", args, r.status, r.err)
		}
	}
	// A mistake in the command line is that first.
	if r := toFull(t, dir, "version", "--nosuch"); r.status != statusUsage {
		t.Errorf("status %d, %q", r.status, r.err)
	}
}

// A file that cannot be written is found out before the guest runs; one that could be is as it was when the run fails.
func TestOutputFilesAreOpenedFirst(t *testing.T) {
	dir, kernel := t.TempDir(), printing(t, powerOff...)
	for _, option := range []string{"--stats", "--profile-out", "--pprof", "--interrupts"} {
		for _, c := range []struct{ path, says string }{
			{"/nonexistent/file", "no such file"},
			{t.TempDir(), "is a directory"},
			{filepath.Join(writeFile(t, nil), "file"), "not a directory"},
		} {
			r := cli(t, t.Context(), dir, "run", "--kernel", kernel, "--memory", bootMem, "--engine", "interp", option, c.path)
			if r.status != statusInput || !strings.Contains(r.err, option+": ") || !strings.Contains(r.err, c.says) || r.out != "" {
				t.Errorf("%s %s: status %d, %q; the guest says %q", option, c.path, r.status, r.err, r.out)
			}
		}
		old := writeFile(t, []byte("good"))
		r := cli(t, t.Context(), dir, "run", "--kernel", writeFile(t, []byte("no kernel")), option, old)
		if data, err := os.ReadFile(old); r.status != statusInput || err != nil || string(data) != "good" {
			t.Errorf("%s: status %d, %q; the file has %q, %v", option, r.status, r.err, data, err)
		}
		// What can be opened and takes nothing.
		if r := cli(t, t.Context(), dir, "run", "--kernel", halting(t, 4), "--memory", bootMem, "--engine", "interp", option, full(t).Name()); r.status != statusInput || strings.Count(r.err, option+": ") != 1 || strings.Count(r.err, "no space left") != 1 {
			t.Errorf("%s /dev/full: status %d, %q", option, r.status, r.err)
		}
	}
}
