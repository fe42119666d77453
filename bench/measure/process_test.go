package measure

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"axpress/bench/workloads"
)

// driver compiles our program for this machine and returns its path.
func driver(t *testing.T) string {
	t.Helper()
	ours, err := workloads.Sources()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range ours {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := workloads.Programs()
	p := all[slices.IndexFunc(all, func(p workloads.Program) bool { return p.Name == workloads.Driver })]
	link := []string{"-o", p.Name}
	for i, u := range p.Units {
		for _, f := range u.Files {
			object := strconv.Itoa(i) + f + ".o"
			gcc(t, dir, slices.Concat([]string{"-O1"}, p.Flags, u.Flags, []string{"-c", "-o", object, f})...)
			link = append(link, object)
		}
	}
	gcc(t, dir, append(link, p.Libs...)...)
	return filepath.Join(dir, p.Name)
}

func gcc(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("gcc", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
}

// The driver with a real process: what it runs, how it reports failures, that it can be stopped, that it ends.
func TestDriver(t *testing.T) {
	program, dir := driver(t), t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("good", "#!/bin/sh\ncat\ncat $2\nsleep 0.05\n", 0o755)
	write("bad", "#!/bin/sh\necho out\necho first >&2\necho second >&2\nexit 9\n", 0o755)
	write("killed", "#!/bin/sh\nkill -SEGV $$\n", 0o755)
	write("input", "input\n", 0o644)
	write("list", "g|input|good -x @input\nb|-|bad\nk|-|killed\nm|-|missing\n", 0o644)
	p, err := start(t.Context(), false, program, "driver", "bin="+dir, "data="+dir, "list="+filepath.Join(dir, "list"), "work="+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		status int
		said   []string
	}{
		{"g", 0, nil}, {"b", 9, []string{"first", "second"}}, {"k", 128 + 11, nil},
		{"m", 1, []string{filepath.Join(dir, "missing") + ": No such file or directory"}},
		{"g", 0, nil},
	} {
		p.pause()
		if err := p.resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		r, err := p.run(t.Context(), c.name)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if r.status != c.status || !slices.Equal(r.said, c.said) {
			t.Errorf("%s: %+v", c.name, r)
		}
		if c.name == "g" && (r.output != fnv("input\ninput\n")+" 12" || r.guest < 50*time.Millisecond || r.host < 40*time.Millisecond) {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
	if err := p.close(t.Context()); err != nil {
		t.Error(err)
	}
	if !p.cmd.ProcessState.Success() {
		t.Errorf("the driver did not quit: %v", p.cmd.ProcessState)
	}
}

// fnv is the driver's hash.
func fnv(text string) string {
	hash := uint64(0xcbf29ce484222325)
	for _, b := range []byte(text) {
		hash = (hash ^ uint64(b)) * 0x100000001b3
	}
	return strconv.FormatUint(hash, 16)
}

func TestProcessDies(t *testing.T) {
	_, err := start(t.Context(), true, "sh", "-c", "echo starting; echo no disk >&2; exit 5")
	if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "starting") || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("%v, want what it said", err)
	}
	if _, err := start(t.Context(), false, filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a program that is not there was started")
	}
}

func TestProcessorTime(t *testing.T) {
	const enough, patience = 5 * time.Millisecond, 20 * time.Second // on a machine that is very busy
	before, began := processorTime(os.Getpid()), time.Now()
	took := time.Duration(0)
	for took < enough && time.Since(began) < patience {
		took = processorTime(os.Getpid()) - before
	}
	if longest := time.Since(began) * time.Duration(runtime.NumCPU()); took < enough || took > longest {
		t.Errorf("%s of processor time, while at most %s passed on all processors", took, longest)
	}
	if got := processorTime(1 << 28); got != 0 {
		t.Errorf("a process that is not there: %s", got)
	}
}

// running says whether a process group has processes that are not dead; who waits for the dead ones is not ours to say.
func running(t *testing.T, group int) bool {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if g, _ := parseStat(string(text)); err == nil && g == group && !strings.Contains(string(text), ") Z ") {
			return true
		}
	}
	return false
}

// An interruption kills the process and its children at once, stopped or not.
func TestProcessInterrupted(t *testing.T) {
	p, err := start(t.Context(), true, "sh", "-c", "echo '@axbench ready'; sleep 1000 & wait")
	if err != nil {
		t.Fatal(err)
	}
	p.pause()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.close(ctx); err != nil {
		t.Error(err)
	}
	for range 100 {
		if !running(t, p.cmd.Process.Pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("a child is left")
}
