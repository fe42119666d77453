package measure

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"axpress/bench/guest"
	"axpress/bench/workloads"
)

// script writes a program that stands for axpress.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "axpress")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func someGuest() *guest.Bench {
	return &guest.Bench{Guest: &guest.Guest{Flavour: guest.Small, Kernel: "K", Initrd: "I"}, Initrd: "B", Host: "/h", Alpha: "/a", Data: "/d", List: "/l"}
}

func TestCommands(t *testing.T) {
	c := Config{Axpress: "/x", Bench: someGuest(), Options: []string{"--cache", "C"}, Profile: "P", Go: map[string]string{"B": "/g"}}
	for e, want := range map[Engine]string{
		Host:        "/h/axbench driver data=/d list=/l work=W bin=/h",
		Native:      "/x run --no-reboot --engine native --memory 512M --kernel K --initrd B --append console=ttyS0 --profile P --cache C",
		NativeCold:  "/x run --no-reboot --engine native --memory 512M --kernel K --initrd B --append console=ttyS0 --cache C",
		NativeCalls: "/x run --no-reboot --engine native --memory 512M --kernel K --initrd B --append console=ttyS0 --profile P --no-fsgsbase --cache C",
		Interp:      "/x run --no-reboot --engine interp --memory 512M --kernel K --initrd B --append console=ttyS0 --profile P --cache C",
		Go:          "/g --no-reboot --memory 512M --initrd B --append console=ttyS0",
		QEMU:        "qemu-system-alpha -M clipper -vga none -nographic -no-reboot -smp 1 -m 512M -kernel K -initrd B -append console=ttyS0",
	} {
		if got, err := c.session(e, 1, "W"); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v", e, got, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if Available(QEMU) || Available(User) || !Available(Native) {
		t.Error("engines without their programs")
	}
	if _, err := c.session(User, 1, "W"); err == nil {
		t.Error("a session without its program")
	}
}

func TestCheck(t *testing.T) {
	good := Config{Workloads: []workloads.Workload{{}}, Engines: []Engine{Host}, Runs: 1}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for i, change := range []func(*Config){
		func(c *Config) { c.Workloads = nil }, func(c *Config) { c.Engines = nil }, func(c *Config) { c.Runs = 0 },
	} {
		c := good
		change(&c)
		if c.check() == nil {
			t.Errorf("%d: accepted", i)
		}
	}
}

func TestBoot(t *testing.T) {
	const good = "sleep 0.05; echo 'Linux'; echo 'axpress: shutdown: exit status 0'"
	for _, c := range []struct{ text, want string }{
		{good, ""},
		{"echo starting; echo 'axpress: shutdown: exit status 1'", "exit status 1"},
		{"echo 'no kernel' >&2; exit 5", "exit status 5: no kernel"},
		{"sleep 100", "deadline"},
	} {
		b, _ := newBench(Config{Axpress: script(t, c.text), Bench: someGuest()}, nil)
		b.Limit = 2 * time.Second
		s, err := b.boot(t.Context(), Native, workloads.Workload{})
		switch {
		case c.want == "" && (err != nil || s.host < 50*time.Millisecond || s.output == "" || s.cpu > s.host):
			t.Errorf("%q: %+v, %v", c.text, s, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestMeasureInterpreter(t *testing.T) {
	// The file is what follows --stats, the last option.
	c := Config{Axpress: script(t, `for last; do :; done; echo '{"instructions": 500, "host_seconds": 2.5}' >"$last"`), Bench: someGuest()}
	i, err := MeasureInterpreter(t.Context(), c)
	if err != nil || i.PerSecond() != 200 || !slices.Equal(i.Workloads, speedWorkloads) {
		t.Errorf("%+v, %v", i, err)
	}
	c.Axpress = script(t, "exit 1")
	if _, err := MeasureInterpreter(t.Context(), c); err == nil {
		t.Error("a failure was measured")
	}
}

func TestMeasureTranslator(t *testing.T) {
	c := Config{Axpress: script(t, `sleep 0.3; echo '{"files": [{"path": "A", "instructions": 100, "host_bytes": 4200}]}'`), Bench: someGuest()}
	var loaded []string
	tr, err := MeasureTranslator(t.Context(), c, func(path string) error { loaded = append(loaded, path); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if tr.Flavour != "small" || tr.PerInstruction() != 42 || tr.Seconds < 0.3 || tr.PeakMemory == 0 || len(loaded) == 0 || loaded[0] != "A" {
		t.Errorf("%+v, %q", tr, loaded)
	}
	bad := errors.New("damaged")
	if _, err := MeasureTranslator(t.Context(), c, func(string) error { return bad }); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
	c.Axpress = script(t, "echo 'no tools' >&2; exit 5")
	if _, err := MeasureTranslator(t.Context(), c, nil); err == nil || !strings.Contains(err.Error(), "no tools") {
		t.Errorf("%v", err)
	}
}
