package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"axpress/runtime/standalone/size"
	"axpress/runtime/standalone/stdout"
	"axpress/translator/cache"
	"axpress/translator/gobuild"
)

// goFolder is where programs of the Go back end are, in the cache.
const goFolder = "go"

// runGo runs the guest by a program of the Go back end, which is made first unless the
// cache has it. Counters and profiles of the run are written where they are wanted.
func (g *loaded) runGo(ctx context.Context, module string, ports []string, prof *profiling, statsFile string, s streams) (err error) {
	if g.initrdFile == "" && len(g.initrd) > 0 {
		return fail(statusInput, "%s holds an initrd, which --engine go cannot take from there; give it by --initrd", g.kernelFile)
	}
	g.programs() // what is said of them comes before the rest
	start := time.Now()
	program, discard, err := g.goProgram(ctx, module)
	defer func() { err = errors.Join(err, discard()) }()
	if err != nil {
		return g.late(err)
	}
	t := newTranslated(g, nil, nil, time.Since(start))
	args := []string{"--append", g.append, "--memory", size.String(g.memory), "--timeout", left(ctx).String(), "--log-tail", strconv.Itoa(g.logTail), "--pv-clock", cmp.Or(g.pvClock, "on")}
	args = append(args, ports...)
	if g.initrdFile != "" {
		args = append(args, "--initrd", g.initrdFile)
	}
	if g.deterministic {
		args = append(args, "--deterministic")
	}
	if g.interrupts != "" {
		args = append(args, "--"+flagIRQs, g.interrupts)
	}
	if !g.reboots {
		args = append(args, "--no-reboot")
	}
	var run string // what the program says of its run
	if prof.wanted() || statsFile != "" {
		dir, failed := os.MkdirTemp("", "axpress-")
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		run = filepath.Join(dir, "run.json")
		args = append(args, "--stats", run, fmt.Sprintf("--samples=%t", prof.wanted()))
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = stdout.Direct(s.out), &stderr
	if err := input(cmd, s.in); err != nil {
		return err
	}
	err = cmd.Run()
	if run != "" {
		if err := t.record(run, prof, statsFile); err != nil {
			return err
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		said := strings.TrimSpace(stderr.String())
		i := strings.LastIndex(said, "\n") + 1 // the last line says why it has ended
		if _, err := io.WriteString(s.err, said[:i]); err != nil {
			return err
		}
		return named(g.names(), fail(status(exit.ExitCode()), "%s", strings.TrimPrefix(said[i:], program+": ")))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}

// input makes in the standard input of cmd. The end of cmd does not wait for that of in.
func input(cmd *exec.Cmd, in io.Reader) error {
	if _, ok := in.(*os.File); ok || in == nil {
		cmd.Stdin = in
		return nil
	}
	to, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(to, in) // fails when the program has ended
		_ = to.Close()
	}()
	return nil
}

// goProgram returns the program for the kernel and the programs of the initramfs, which it
// does not hold itself. It is there until discard is called.
func (g *loaded) goProgram(ctx context.Context, module string) (program string, discard func() error, err error) {
	keep := func() error { return nil }
	key, err := g.goKey()
	if err != nil {
		return "", keep, err
	}
	store, storeless := g.goStore()
	if storeless == nil {
		program = filepath.Join(store.Folder(key), goModule)
		if isFile(program) && !g.prepare.Force {
			return program, keep, nil
		}
	}
	m, err := gobuild.Find(ctx, module)
	if err != nil {
		return "", keep, fail(statusInput, "%w", err)
	}
	build := func(dir string) error {
		if _, err := g.emitGo(ctx, m, dir, false); err != nil {
			return err
		}
		return m.Build(ctx, dir, filepath.Join(dir, goModule))
	}
	if storeless == nil {
		storeless = store.Room(1)
	}
	if storeless != nil && !g.partly {
		return "", keep, storeless
	}
	if storeless != nil {
		g.note(fmt.Sprintf("the program is made for this run alone, in a temporary folder: %v", storeless))
		dir, err := os.MkdirTemp("", "axpress-")
		if err != nil {
			return "", keep, err
		}
		return filepath.Join(dir, goModule), func() error { return os.RemoveAll(dir) }, build(dir)
	}
	claim, err := store.Claim(ctx, []string{key}, cache.Others{
		Made:    func(string) bool { return isFile(program) && !g.prepare.Force },
		Waiting: func(pid int, _ []string) { g.prepare.Report.Wait(pid, []string{g.kernel.Name}) },
	})
	if err != nil {
		return "", keep, err
	}
	defer claim.Release()
	if claim.Has(key) {
		err = store.PutFolder(key, build)
	}
	return program, keep, err
}

// goStore is the part of the cache with the programs of the Go back end, each in a folder with its source.
func (g *loaded) goStore() (*cache.Cache, error) {
	root := g.prepare.CacheDir
	if root == "" {
		var err error
		if root, err = cache.DefaultDir(); err != nil {
			return nil, err
		}
	}
	return cache.Open(filepath.Join(root, goFolder)), nil
}

// isFile says whether there is a file at path.
func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

// goKey identifies what the program depends on: this executable, the kernel and the
// options.
func (g *loaded) goKey() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(self)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	p := g.prepare.Pipeline
	var off []string
	for name, disabled := range p.Disable {
		if disabled {
			off = append(off, name)
		}
	}
	slices.Sort(off)
	fmt.Fprintf(h, "%x", g.kernel.Hash)
	for _, p := range g.programs() {
		fmt.Fprintf(h, " %x", p.Hash)
	}
	fmt.Fprintln(h, off, p.Hints, p.Only, p.Model.Or().Name)
	if g.prepare.Profile != nil {
		if err := g.prepare.Profile.Write(h); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}
