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

	"axpress/cmd/axpress/size"
	"axpress/translator/cache"
	"axpress/translator/gobuild"
)

// goFolder is where programs of the Go back end are, in the cache.
const goFolder = "go"

// runGo runs the guest by a program of the Go back end, which is made first unless the
// cache has it. Counters and profiles of the run are written where they are wanted.
func (b *boot) runGo(ctx context.Context, module string, prof *profiling, statsFile string, s streams) (err error) {
	b.readPrograms()
	start := time.Now()
	program, err := b.goProgram(ctx, module)
	if err != nil {
		return b.late(err)
	}
	b.translating = time.Since(start)
	args := []string{"--append", b.append, "--memory", size.String(b.memory), "--timeout", left(ctx).String(), "--log-tail", strconv.Itoa(b.logTail), "--pv-clock", cmp.Or(b.pvClock, "on")}
	if b.initrdFile != "" {
		args = append(args, "--initrd", b.initrdFile)
	}
	if b.deterministic {
		args = append(args, "--deterministic")
	}
	if !b.reboots {
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
	cmd.Stdout, cmd.Stderr = s.out, &stderr
	if err := input(cmd, s.in); err != nil {
		return err
	}
	err = cmd.Run()
	if run != "" {
		if err := b.record(run, prof, statsFile); err != nil {
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
		return fail(status(exit.ExitCode()), "%s", strings.TrimPrefix(said[i:], program+": "))
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
// does not hold itself.
func (b *boot) goProgram(ctx context.Context, module string) (program string, err error) {
	root := b.prepare.CacheDir
	if root == "" {
		if root, err = cache.DefaultDir(); err != nil {
			return "", err
		}
	}
	key, err := b.goKey()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, goFolder, key)
	program = filepath.Join(dir, goModule)
	if _, err := os.Stat(program); err == nil && !b.prepare.Force {
		return program, nil
	}
	m, err := gobuild.Find(ctx, module)
	if err != nil {
		return "", fail(statusInput, "%w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "new-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if _, err := b.emitGo(ctx, m, work, false); err != nil {
		return "", err
	}
	if err := m.Build(ctx, work, filepath.Join(work, goModule)); err != nil {
		return "", err
	}
	if b.prepare.Force {
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	if err := os.Rename(work, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return program, nil
}

// goKey identifies what the program depends on: this executable, the kernel and the
// options.
func (b *boot) goKey() (string, error) {
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
	p := b.prepare.Pipeline
	var off []string
	for name, disabled := range p.Disable {
		if disabled {
			off = append(off, name)
		}
	}
	slices.Sort(off)
	fmt.Fprintf(h, "%x", b.kernel.Hash)
	for _, p := range b.programs {
		fmt.Fprintf(h, " %x", p.Hash)
	}
	fmt.Fprintln(h, off, p.Hints, p.Only, p.Model.Or().Name)
	if b.prepare.Profile != nil {
		if err := b.prepare.Profile.Write(h); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}
