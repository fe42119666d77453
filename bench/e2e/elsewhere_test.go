package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"axpress/bench/guest"
)

// elsewhere runs the command as on a system that is no Debian and has an empty cache of its own.
func elsewhere(t *testing.T, cache string, args ...string) ran {
	t.Helper()
	var out, errs strings.Builder
	cmd := exec.CommandContext(t.Context(), axpress(t), args...)
	cmd.Env = append(os.Environ(), "PATH="+t.TempDir(), "XDG_CACHE_HOME="+cache)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), strings.ReplaceAll(out.String(), "\r", ""), errs.String()}
}

// A guest that was built here boots elsewhere, from the cache that it was imported into.
func TestGuestElsewhere(t *testing.T) {
	built := build(t, guest.Plain)
	file, cache := filepath.Join(t.TempDir(), "guest.tar.zst"), t.TempDir()
	if r := command(t, axpress(t), "guest", "export", "--parts", "guest", file); r.status != 0 {
		t.Fatalf("export: status %d\n%s", r.status, r.err)
	}
	if r := elsewhere(t, cache, "guest", "import", file); r.status != 0 {
		t.Fatalf("import: status %d\n%s", r.status, r.err)
	}
	r := elsewhere(t, cache, "guest", "build", "--json")
	if r.status != 0 {
		t.Fatalf("build: status %d\n%s", r.status, r.err)
	}
	var g guest.Guest
	if err := json.Unmarshal([]byte(r.out), &g); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(g.Kernel, cache) || g.Release != built.Release || g.Release == "" {
		t.Errorf("built %+v, found %+v", built, g)
	}
	r = elsewhere(t, cache, "run", "--engine", "interp", "--no-reboot", "--kernel", g.Kernel, "--initrd", g.Initrd,
		"--append", "console=ttyS0", "--timeout", limit)
	if r.status != 0 {
		t.Fatalf("run: status %d\n%s", r.status, r.err)
	}
	has(t, "guest", r.out, "Linux (none) "+g.Release, "io_submit: Bad address", "reboot: Power down")
}

// The suite runs on files that were built elsewhere.
func TestSuiteElsewhere(t *testing.T) {
	g := suiteGuest(t)
	r := elsewhere(t, t.TempDir(), "suite", "--kernel", g.Guest.Kernel, "--initrd", g.Initrd, "--engines", "interp", "--only", "/int_(add|cmov)$")
	if want := regexp.MustCompile(slice + ` +2 +2 +2 +0`); r.status != 0 || !want.MatchString(r.out) {
		t.Errorf("status %d\n%s\n%s", r.status, r.out, r.err)
	}
}
