package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"axpress/bench/guest"
)

func TestDemo(t *testing.T) {
	g := build(t, guest.Plain)
	file := filepath.Join(t.TempDir(), "stats.json")
	r := command(t, axpress(t), "demo", "--stats", file)
	if r.status != 0 {
		t.Fatalf("status %d\n%s\n%s", r.status, r.out, r.err)
	}
	has(t, "demo", r.out, "Linux (none) "+g.Release, "io_submit: Bad address", "reboot: Power down", "native code")
	if c := readCounters(t, file); c.Stop != "power off" || c.NativeShare < 0.99 {
		t.Errorf("stats: %+v", c)
	}
}

// A second translate of the same file finds it all.
func TestTranslateTwice(t *testing.T) {
	g := build(t, guest.Plain)
	for _, file := range []string{g.Kernel, g.Initrd} {
		if r := command(t, axpress(t), "translate", file); r.status != 0 {
			t.Fatalf("status %d\n%s", r.status, r.err)
		}
		r := command(t, axpress(t), "translate", file)
		if r.status != 0 || r.err != "" || strings.Contains(r.out, "translated in") {
			t.Errorf("second: status %d, %q, %q", r.status, r.out, r.err)
		}
	}
}
