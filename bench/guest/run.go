package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// run runs a program to its end. When ctx ends, the program and all that it started are killed. A program that fails
// is a *failure.
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
	return &failure{name: filepath.Base(name), err: err, lines: tail.last(), reason: tail.reason()}
}

// failure says that a program ended badly. Its text is one short line; what else the program said is in the log.
type failure struct {
	name  string
	err   error
	lines []string // the last that it said
	// reason is the line that says best why.
	reason string
}

// maxReason is how much of a program's own words an error repeats, in bytes.
const maxReason = 240

// reasons tell the lines that say why a program failed, the best kind first: apt's, a compiler's. The first line of a
// kind counts: others follow from it.
var reasons = []*regexp.Regexp{regexp.MustCompile(`^E: `), regexp.MustCompile(`(?i)\berror: `)}

// Error implements error.
func (f *failure) Error() string {
	reason := strings.Join(strings.Fields(f.reason), " ")
	if reason == "" {
		return fmt.Sprintf("%s: %v", f.name, f.err)
	}
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "..."
	}
	return fmt.Sprintf("%s: %v: %s", f.name, f.err, reason)
}

// Unwrap returns the status that the program ended with.
func (f *failure) Unwrap() error { return f.err }

// said returns whether err is a program's failure, and it said something that matches.
func said(err error, what *regexp.Regexp) bool {
	var f *failure
	return errors.As(err, &f) && slices.ContainsFunc(f.lines, what.MatchString)
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

// tailLines is how many lines of output a failure keeps.
const tailLines = 20

// tailWriter keeps the last lines written to it, and those that say why a program fails.
type tailWriter struct {
	onLine  func(string)
	lines   []string
	partial []byte
	why     [2]string // the first line of each kind of reasons
}

// Write implements io.Writer.
func (t *tailWriter) Write(p []byte) (int, error) {
	t.partial = append(t.partial, p...)
	for {
		i := bytes.IndexAny(t.partial, "\r\n") // apt ends lines that it writes over with \r
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
	for i, kind := range reasons {
		if t.why[i] == "" && kind.MatchString(line) {
			t.why[i] = line
		}
	}
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
}

// last returns the kept lines.
func (t *tailWriter) last() []string {
	if len(t.partial) > 0 {
		return append(slices.Clone(t.lines), string(t.partial))
	}
	return slices.Clone(t.lines)
}

// reason returns the line that says best why the program failed: if none stands out, its last words.
func (t *tailWriter) reason() string {
	lines := t.last()
	slices.Reverse(lines)
	for _, line := range slices.Concat(t.why[:], lines) {
		if strings.TrimSpace(line) != "" {
			return line
		}
	}
	return ""
}
