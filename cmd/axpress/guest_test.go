package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Bad options of where a guest comes from are refused before anything is built.
func TestGuestUsage(t *testing.T) {
	kernel := writeFile(t, []byte("kernel"))
	for _, args := range [][]string{
		{"guest", "build", "--flavour", "large"}, {"guest", "build", "--variant", "b2"}, {"guest", "build", "-j", "-1"}, {"guest", "bench", "--jobs", "-1"},
		{"guest", "export"}, {"guest", "export", "f", "--parts", "guest,nothing"}, {"guest", "import"}, {"guest", "import", "--forget", "f"},
		{"guest", "packages", "vax"}, {"demo", "--flavour", "large"},
		{"demo", "--kernel", kernel, "--kernel-source", "linux-source-6.12"}, {"bench", "--kernel", kernel, "--kernel-source", "x"},
		{"suite", "--kernel", kernel, "--kernel-source", "x"},
	} {
		r := cli(t, t.Context(), t.TempDir(), args...)
		if r.status != statusUsage || strings.Count(r.err, "\n") != 1 || r.out != "" {
			t.Errorf("%q: %+v", args, r)
		}
	}
	for _, command := range []string{"demo", "bench", "suite"} {
		for _, option := range []string{"--kernel", "--initrd"} {
			r := cli(t, t.Context(), t.TempDir(), command, option, "/no/such/file")
			if r.status != statusInput || !strings.Contains(r.err, option+": stat /no/such/file: no such file") || strings.Count(r.err, "\n") != 1 {
				t.Errorf("%s %s: %+v", command, option, r)
			}
		}
	}
}

// On a system without dpkg the commands that need a guest say what to do, and with files of one's own they do not ask for it.
func TestNoDebian(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, args := range [][]string{
		{"guest", "build"}, {"guest", "bench"}, {"guest", "export", filepath.Join(t.TempDir(), "f")}, {"demo"}, {"stress"},
		{"bench", "--engines", "interp"}, {"suite", "--engines", "interp"},
	} {
		r := cli(t, t.Context(), t.TempDir(), args...)
		lines := strings.Split(strings.TrimSpace(r.err), "\n")
		if last := lines[len(lines)-1]; r.status != statusInput || !strings.Contains(last, "axpress guest import FILE") ||
			strings.Contains(last, "--kernel and --initrd") != (args[0] == "demo" || args[0] == "suite") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	own := writeFile(t, []byte("no ELF"))
	r := cli(t, t.Context(), t.TempDir(), "demo", "--kernel", own, "--initrd", own)
	if r.status != statusInput || strings.Contains(r.err, "guest import") || !strings.Contains(r.err, own) {
		t.Errorf("own files: %+v", r)
	}
	if r := cli(t, t.Context(), t.TempDir(), "guest", "packages"); r.status != statusOK || strings.Count(r.err, "\n") != 1 {
		t.Errorf("packages: %+v", r)
	}
	r = cli(t, t.Context(), t.TempDir(), "guest", "import", own)
	if r.status != statusInput || !strings.Contains(r.err, "no guest that axpress guest export has written") || strings.Count(r.err, "\n") != 1 {
		t.Errorf("import: %+v", r)
	}
	if r := cli(t, t.Context(), t.TempDir(), "guest", "import", "--forget"); r.status != statusOK || r.out != "no guest was imported\n" {
		t.Errorf("forget: %+v", r)
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "axpress", "guest", "store", "*")); err != nil || len(left) > 0 {
		t.Errorf("left %q, %v", left, err)
	}
}
