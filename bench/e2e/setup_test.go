package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"axpress/bench/guest"
	"axpress/lifter/image/guesttest"
)

// program is the built command; TestMain removes its folder.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binDir, "axpress")
	cmd := exec.Command("go", "build", "-o", path, "axpress/cmd/axpress")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build axpress: %w\n%s", err, out)
	}
	return path, nil
})

// packages installs what the tests need.
var packages = sync.OnceValue(func() error {
	return guest.InstallPackages(context.Background(), os.Stderr, guest.GroupGuest, guest.GroupTranslate, guest.GroupPeer)
})

var binDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "axpress-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binDir = dir
		return m.Run()
	}())
}

// axpress returns the path of the command. Who needs it needs guests, too.
func axpress(t testing.TB) string {
	t.Helper()
	guesttest.Build(t)
	if err := packages(); err != nil {
		t.Fatal(err)
	}
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// build returns a guest of the small flavour.
func build(t testing.TB, v guest.Variant) *guest.Guest {
	t.Helper()
	axpress(t)
	g, err := guest.Build(t.Context(), guest.Options{Variant: v, Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ran is what a command did.
type ran struct {
	status   int
	out, err string // out without carriage returns
}

// command runs a program to its end.
func command(t testing.TB, name string, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", name, err)
	}
	return ran{cmd.ProcessState.ExitCode(), strings.ReplaceAll(out.String(), "\r", ""), errs.String()}
}

// limit ends a run that hangs, translating included. It is no measure of speed.
const limit = "30m"

// boot runs a guest with an engine and returns what the console said. The guest
// must power off.
func boot(t testing.TB, g *guest.Guest, engine, cmdline string, more ...string) string {
	t.Helper()
	args := []string{"run", "--no-reboot", "--kernel", g.Kernel, "--initrd", g.Initrd, "--engine", engine, "--append", cmdline, "--timeout", limit}
	r := command(t, axpress(t), append(args, more...)...)
	if r.status != 0 {
		t.Fatalf("%s: status %d\n%s\nconsole:\n%s", engine, r.status, r.err, r.out)
	}
	return r.out
}

// bootQEMU runs a guest on the peer.
func bootQEMU(t testing.TB, g *guest.Guest, cmdline string) string {
	t.Helper()
	r := command(t, "timeout", limit, "qemu-system-alpha", "-M", "clipper", "-vga", "none", "-nographic", "-no-reboot",
		"-m", "1G", "-kernel", g.Kernel, "-initrd", g.Initrd, "-append", cmdline)
	if r.status != 0 {
		t.Fatalf("qemu-system-alpha: status %d\n%s\nconsole:\n%s", r.status, r.err, r.out)
	}
	return r.out
}

// counters are the parts of a --stats file that tests look at.
type counters struct {
	Stop         string            `json:"stop"`
	Instructions uint64            `json:"instructions"`
	Interpreted  uint64            `json:"instructions_interpreted"`
	Compared     uint64            `json:"code_pages_compared"`
	Changed      uint64            `json:"code_pages_changed"`
	CallPALs     map[string]uint64 `json:"call_pals"`
	NativeShare  float64           `json:"native_share"`
	HostSeconds  float64           `json:"host_seconds"`
	Misses       []struct {
		Symbol string `json:"symbol"`
		Count  uint64 `json:"count"`
	} `json:"misses"`
}

func readCounters(t testing.TB, path string) (c counters) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}
