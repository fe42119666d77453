package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"axpress/lifter/image"
	"axpress/translator/cache"
	"axpress/translator/pipeline"
	"axpress/translator/prepare"
	"axpress/translator/toolchain"
)

// runStats runs a kernel with more options and returns its counters.
func runStats(t *testing.T, dir, kernel string, more ...string) (s stats, r result) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stats.json")
	r = cli(t, t.Context(), dir, append([]string{"run", "--kernel", kernel, "--memory", bootMem, "--stats", file}, more...)...)
	if r.status == statusOK {
		readStats(t, file, &s)
	}
	return s, r
}

func readStats(t *testing.T, file string, s *stats) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, s); err != nil {
		t.Fatal(err)
	}
}

// With a complete cache LLVM is neither needed nor started.
func TestCachedRunNeedsNoTools(t *testing.T) {
	dir, kernel := t.TempDir(), twoLoops(t)
	profile := filepath.Join(t.TempDir(), "profile")
	if r := cli(t, t.Context(), dir, "run", "--kernel", kernel, "--memory", bootMem, "--engine", "interp", "--profile-out", profile); r.status != statusOK {
		t.Fatal(r.err)
	}
	if r := cli(t, t.Context(), dir, "translate", kernel); r.status != statusOK {
		t.Fatal(r.err)
	}
	noTools(t)
	if s, r := runStats(t, dir, kernel); r.status != statusOK || r.err != silent || s.Native == 0 || len(s.NotTranslated) != 0 {
		t.Errorf("run: status %d, %q, %+v", r.status, r.err, s)
	}
	if r := cli(t, t.Context(), dir, "translate", kernel); r.status != statusOK || !strings.Contains(r.out, "in the cache already") {
		t.Errorf("translate: status %d, %q %q", r.status, r.out, r.err)
	}
	// What is hot is missing: the rest runs translated.
	s, r := runStats(t, dir, kernel, "--profile", profile)
	if r.status != statusOK || !strings.Contains(r.err, "(hot)") || s.Native == 0 || len(s.NotTranslated) != 1 || !strings.Contains(s.NotTranslated[0].Name, "(hot)") {
		t.Errorf("run with a profile: status %d, %q, %+v", r.status, r.err, s.NotTranslated)
	}
}

// Whoever names the tools gets what these made; else any that are supported are as good.
func TestNamedTools(t *testing.T) {
	dir, kernel := t.TempDir(), halting(t, 4)
	translated := func(want bool) {
		t.Helper()
		if r := cli(t, t.Context(), dir, "translate", kernel); r.status != statusOK || strings.Contains(r.out, "translated in") != want {
			t.Errorf("status %d, %q %q", r.status, r.out, r.err)
		}
	}
	translated(true)
	tool, err := toolchain.Find()
	if err != nil {
		t.Fatal(err)
	}
	// An llc that says that it is another release.
	other := filepath.Join(t.TempDir(), "llc")
	text := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = --version ] && exec echo 'LLVM version %d.9.9'\nexec '%s' \"$@\"\n", tool.Major(), tool.Path())
	if err := os.WriteFile(other, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		translated bool
	}{{tool.Path(), false}, {other, true}, {other, false}, {"", false}, {tool.Path(), true}} {
		t.Setenv(toolchain.Variable, c.name)
		translated(c.translated)
	}
	t.Setenv(toolchain.Variable, "/nonexistent/llc")
	if r := cli(t, t.Context(), dir, "translate", kernel); r.status != statusInput || !strings.Contains(r.err, toolchain.Variable) {
		t.Errorf("status %d, %q", r.status, r.err)
	}
}

// Code for a host without AVX runs on one with it, and is taken where nothing better can be made.
func TestCodeForLesserHosts(t *testing.T) {
	levels := toolchain.Levels()
	if len(levels) == 1 {
		t.Skip("this host is of the lowest level")
	}
	dir, kernel := t.TempDir(), halting(t, 4)
	img, err := image.Open(kernel)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := prepare.Translate(t.Context(), []*image.Image{img}, prepare.Options{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	// Seven instructions are the same on every host.
	a := rs[0].Artifact
	if a.Units, a.Missing, err = a.UnitList(); err != nil {
		t.Fatal(err)
	}
	a.Key = pipeline.Key(img, levels[1], pipeline.Options{})
	store := cache.Open(dir)
	if err := errors.Join(store.Put(a.Key, a.Write), store.Remove(rs[0].Key)); err != nil {
		t.Fatal(err)
	}
	if _, err := prepare.Cached(img, prepare.Options{CacheDir: dir}); !errors.Is(err, prepare.ErrNotCached) {
		t.Errorf("it is what is made here: %v", err)
	}
	noTools(t)
	if s, r := runStats(t, dir, kernel); r.status != statusOK || r.err != silent || s.Native == 0 || len(s.NotTranslated) != 0 {
		t.Errorf("status %d, %q, %+v", r.status, r.err, s)
	}
}

// tools puts an LLVM in front that runs script before it compiles. The log has a line for each time, with the process that
// asked for it.
func tools(t *testing.T, script string) (log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	found := false
	for _, name := range []string{"llc-14", "llc-15", "llc-16", "llc"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		found = true
		text := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = --version ] || { echo $PPID >>'%s'; %s; }\nexec '%s' \"$@\"\n", log, script, path)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if !found {
		t.Skip("no LLVM here")
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return log
}

// workers is how many processes have made llc compile.
func workers(t *testing.T, file string) int {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	pids := strings.Fields(string(data))
	slices.Sort(pids)
	return len(slices.Compact(pids))
}

// command is a process that runs a command line.
type command struct {
	*exec.Cmd
	out    strings.Builder
	stderr *bufio.Scanner
}

// patience is for commands that take a second.
const patience = 3 * time.Minute

func startCommand(t *testing.T, args ...string) *command {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	c := &command{Cmd: exec.CommandContext(ctx, exe, args...)}
	c.Env = append(os.Environ(), asCommand+"=1")
	c.Stdout = &c.out
	pipe, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stderr = bufio.NewScanner(pipe)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// says waits until a line on standard error has text.
func (c *command) says(t *testing.T, text string) {
	t.Helper()
	for c.stderr.Scan() {
		if strings.Contains(c.stderr.Text(), text) {
			return
		}
	}
	t.Fatalf("%q does not say %q", c.Args, text)
}

// ends waits for its end, which must be a success, and returns what it wrote.
func (c *command) ends(t *testing.T) string {
	t.Helper()
	var rest []string
	for c.stderr.Scan() {
		rest = append(rest, c.stderr.Text())
	}
	if err := c.Wait(); err != nil {
		t.Errorf("%q: %v, %q", c.Args, err, rest)
	}
	return c.out.String()
}

// Of several processes that need a translation one makes it; the others wait and take it. If it is killed, another one
// goes on.
func TestProcessesShareTheWork(t *testing.T) {
	for _, killed := range []bool{false, true} {
		dir, kernel := t.TempDir(), halting(t, 4)
		gate := filepath.Join(t.TempDir(), "gate")
		log := tools(t, "while [ ! -e '"+gate+"' ]; do sleep 0.05; done")
		worker := startCommand(t, "--cache", dir, "translate", kernel)
		worker.says(t, "not in the cache")
		waiting := fmt.Sprintf("waiting for process %d, which translates %s", worker.Process.Pid, kernel)
		others := []*command{
			startCommand(t, "--cache", dir, "translate", kernel),
			startCommand(t, "--cache", dir, "run", "--kernel", kernel, "--memory", bootMem),
		}
		for _, c := range others {
			c.says(t, waiting)
		}
		want := 1
		if killed {
			want = 2
			for workers(t, log) == 0 { // it is in the middle
				time.Sleep(10 * time.Millisecond)
			}
			if err := worker.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = worker.Wait() // it was killed
		}
		if err := os.WriteFile(gate, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if !killed {
			worker.ends(t)
		}
		for _, c := range others {
			c.ends(t)
		}
		if n := workers(t, log); n != want {
			t.Errorf("killed %v: %d processes worked, want %d", killed, n, want)
		}
		if !killed && !strings.Contains(others[0].out.String(), "in the cache already") {
			t.Errorf("the other one says %q", others[0].out.String())
		}
		if list := files(t, dir); len(list) != 1 || filepath.Ext(list[0]) != ".axp" {
			t.Errorf("killed %v: the cache has %q", killed, list)
		}
	}
}

// A cache that cannot be written is found out before the work: translate fails, run goes on without.
func TestCacheThatCannotBeWritten(t *testing.T) {
	log := tools(t, ":")
	dir := filepath.Join(writeFile(t, nil), "cache")
	kernel := halting(t, 4)
	if r := cli(t, t.Context(), dir, "translate", kernel); r.status != statusInput || !strings.Contains(r.err, "--cache DIR") || strings.Count(r.err, "\n") != 1 || workers(t, log) != 0 {
		t.Errorf("translate: status %d, %q, %d processes worked", r.status, r.err, workers(t, log))
	}
	s, r := runStats(t, dir, kernel)
	if r.status != statusOK || !strings.Contains(r.err, "in memory alone") || s.Native == 0 || s.Interpreted != 0 {
		t.Errorf("run: status %d, %q, %+v", r.status, r.err, s)
	}
}

// A cache that becomes unusable during the translation does not stop the guest, and one that is deleted comes back.
func TestCacheThatGoesAway(t *testing.T) {
	for _, c := range []struct {
		name, script, says string
		kept               int
	}{
		{"deleted", "rm -r '%s'", "", 1},
		{"replaced", "rm -r '%[1]s'; : >'%[1]s'", "in memory alone", 0},
	} {
		dir := filepath.Join(t.TempDir(), "cache")
		tools(t, fmt.Sprintf(c.script, dir))
		s, r := runStats(t, dir, halting(t, 4))
		if r.status != statusOK || !strings.Contains(r.err, c.says) || s.Native == 0 || s.Interpreted != 0 {
			t.Errorf("%s: status %d, %q, %+v", c.name, r.status, r.err, s)
		}
		kept := 0
		for _, f := range files(t, dir) {
			if filepath.Ext(f) == ".axp" {
				kept++
			}
		}
		if kept != c.kept {
			t.Errorf("%s: %d entries", c.name, kept)
		}
	}
}

// mounted returns the command line args, run where script, whose $1 is the cache's folder, has mounted something.
func mounted(t *testing.T, script, dir string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "unshare", append([]string{"--user", "--map-root-user", "--mount",
		"sh", "-ec", script + "\nshift\nexec \"$@\"", "sh", dir, exe, "--cache", dir}, args...)...)
	c.Env = append(os.Environ(), asCommand+"=1")
	return c
}

// Full and read-only file systems are caches that cannot be written.
func TestCacheOnFullDisk(t *testing.T) {
	if out, err := exec.Command("unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", t.TempDir()).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %v, %s", err, out)
	}
	for _, c := range []struct {
		name, script, says string
		work               bool // llc runs before it is known
	}{
		{"full", "mount -t tmpfs -o size=4k none $1; head -c 4k /dev/zero >$1/filler", "no space left", false},
		{"full in the end", "mount -t tmpfs -o size=8k none $1", "no space left", true},
		{"read-only", "mount -t tmpfs -o ro none $1", "read-only file system", false},
	} {
		dir, kernel, file := t.TempDir(), halting(t, 4), filepath.Join(t.TempDir(), "stats")
		log := tools(t, ":")
		out, err := mounted(t, c.script, dir, "translate", kernel).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != int(statusInput) || !strings.Contains(string(out), c.says) || workers(t, log) > 0 != c.work {
			t.Errorf("%s, translate: %v, %q, %d processes worked", c.name, err, out, workers(t, log))
		}
		out, err = mounted(t, c.script, dir, "run", "--kernel", kernel, "--memory", bootMem, "--stats", file).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "in memory alone") || !strings.Contains(string(out), c.says) {
			t.Errorf("%s, run: %v, %q", c.name, err, out)
			continue
		}
		var s stats
		if readStats(t, file, &s); s.Native == 0 || s.Interpreted != 0 {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}

// The programs of the Go back end are made once too, and for one run alone if the cache cannot be written.
func TestCacheOfGoPrograms(t *testing.T) {
	kernel := halting(t, 4)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	args := []string{"run", "--engine", "go", "--kernel", kernel, "--memory", bootMem}
	r := cli(t, t.Context(), filepath.Join(writeFile(t, nil), "cache"), args...)
	if r.status != statusOK || !strings.Contains(r.err, "for this run alone") || len(files(t, temporary)) != 0 {
		t.Errorf("no cache: status %d, %q, left %q", r.status, r.err, files(t, temporary))
	}

	dir := t.TempDir()
	img, err := image.Open(kernel)
	if err != nil {
		t.Fatal(err)
	}
	b := newLoaded(&guestOptions{prepare: prepare.Options{CacheDir: dir}}, img, nil)
	key, err := b.goKey()
	if err != nil {
		t.Fatal(err)
	}
	store, err := b.goStore()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Room(1); err != nil {
		t.Fatal(err)
	}
	claim, err := store.Claim(t.Context(), []string{key}, cache.Others{Made: func(string) bool { return false }})
	if err != nil {
		t.Fatal(err)
	}
	// What a killed process has left.
	left := filepath.Join(store.Dir(), ".new-123")
	if err := os.MkdirAll(filepath.Join(left, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	other := startCommand(t, append([]string{"--cache", dir}, args...)...)
	other.says(t, fmt.Sprintf("waiting for process %d, which translates %s", os.Getpid(), kernel))
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
	claim.Release()
	other.ends(t)
	if r := cli(t, t.Context(), dir, args...); r.status != statusOK || r.err != "" {
		t.Errorf("it is not in the cache: status %d, %q", r.status, r.err)
	}
}

// What interrupted processes have left goes with the next command that looks into the cache.
func TestUnfinishedFilesGo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".new-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := cli(t, t.Context(), dir, "cache", "list"); r.status != statusOK || len(files(t, dir)) != 0 {
		t.Errorf("status %d, left %q", r.status, files(t, dir))
	}
}

// So does the bar, as it is drawn last.
func TestBarSaysTheTimeLeft(t *testing.T) {
	var b strings.Builder
	r := &barReporter{lineReporter: lineReporter{w: &b}}
	r.Begin([]string{"vmlinux"})
	r.Progress(20, 100)
	r.Progress(41, 100)
	drawn := strings.Split(strings.TrimSpace(b.String()), "\r")
	if last := drawn[len(drawn)-1]; !strings.Contains(last, "41%") || !strings.Contains(last, "translating, 0 s, about 1 s left") {
		t.Errorf("drawn: %q", last)
	}
	r.End()
}

// Each line but the last says how long the rest will take.
func TestTranslationSaysTheTimeLeft(t *testing.T) {
	var b strings.Builder
	r := newReporter(&b)
	r.Begin([]string{"vmlinux"})
	for done := range 101 {
		r.Progress(done, 100)
	}
	r.End()
	if n := strings.Count(b.String(), " left\n"); n != 9 || !strings.HasSuffix(b.String(), "100 %, 0 s\n") {
		t.Errorf("%d times, in\n%s", n, &b)
	}
}
