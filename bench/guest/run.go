package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// command is how the builds run other programs.
type command struct {
	dir string
	env []string  // added to a plain environment, so that the user's settings do not get into what is built
	log io.Writer // gets the whole output; nil keeps only the end of it
	// onLine is called with each complete line of output; may be nil.
	onLine func(string)
}

// run runs a program to its end. When ctx ends, the program and all that it started are killed. An error holds the
// command, its status, and the last lines it said.
func (c command) run(ctx context.Context, name string, args ...string) error {
	tail := &tailWriter{onLine: c.onLine}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.dir
	cmd.Env = append(plainEnv(), c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	var out io.Writer = tail
	if c.log != nil {
		fmt.Fprintf(c.log, "\n==> %s\n", strings.Join(cmd.Args, " "))
		out = io.MultiWriter(c.log, tail)
	}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s is not installed or not in PATH: %w", name, err)
	}
	return fmt.Errorf("%s: %w; it said last:\n%s", strings.Join(cmd.Args, " "), err, tail.last())
}

// plainEnv is the environment of every program: what is needed to find programs and mirrors, and a fixed locale.
func plainEnv() []string {
	env := []string{"LC_ALL=C", "TZ=UTC", "KCONFIG_NOTIMESTAMP=1"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "http_proxy", "https_proxy", "no_proxy",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// tailLines is how many lines of output an error message repeats.
const tailLines = 20

// tailWriter keeps the last lines written to it.
type tailWriter struct {
	onLine  func(string)
	lines   []string
	partial []byte
}

// Write implements io.Writer.
func (t *tailWriter) Write(p []byte) (int, error) {
	t.partial = append(t.partial, p...)
	for {
		i := bytes.IndexByte(t.partial, '\n')
		if i < 0 {
			return len(p), nil
		}
		t.add(string(t.partial[:i]))
		t.partial = t.partial[i+1:]
	}
}

func (t *tailWriter) add(line string) {
	if t.onLine != nil {
		t.onLine(line)
	}
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
}

// last returns the kept lines, indented.
func (t *tailWriter) last() string {
	lines := t.lines
	if len(t.partial) > 0 {
		lines = append(lines[:len(lines):len(lines)], string(t.partial))
	}
	return "\t" + strings.Join(lines, "\n\t")
}
