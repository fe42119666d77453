package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"axpress/bench/pace"
	"axpress/runtime/device/platforms"
)

// Engine is a way to run the guest.
type Engine string

// The engines.
const (
	Native Engine = "native" // our translated code
	Go     Engine = "go"     // the same by way of Go source
	Interp Engine = "interp" // our interpreter
	QEMU   Engine = "qemu"   // qemu-system-alpha
)

// Engines returns every engine, in the order of the tables.
func Engines() []Engine { return []Engine{Native, Go, Interp, QEMU} }

// Default says whether the suite runs on e if nobody says on what: building the program of the Go back end takes minutes,
// or a profile.
func Default(e Engine) bool { return e != Go }

// Peer is the program of the engine QEMU.
const Peer = "qemu-system-alpha"

// Config says what to run.
type Config struct {
	Kernel, Initrd string
	Engines        []Engine
	Only           string   // a regular expression of VARIANT/NAME; "" is all
	Parameters     []string // more of the kernel's
	Axpress        string   // path of the command
	Options        []string // of every `axpress run`
	CPUs           int      // of the guest; 0 is 1
	Limit          time.Duration
	Checks         int // how many there are, for progress alone; 0 if that is not known
	Note           func(line string)
}

// maxOnly is what the kernel's command line has room for.
const maxOnly = 150

// CheckOnly says whether an expression can be Config.Only: it has to pass through the kernel's command line.
func CheckOnly(only string) error {
	if _, err := regexp.CompilePOSIX(only); err != nil {
		return err
	}
	if len(only) > maxOnly || strings.ContainsAny(only, " \t\n\"'\\") {
		return fmt.Errorf("%q: want at most %d characters, and no space, quote or backslash among them", only, maxOnly)
	}
	return nil
}

// command is what boots the guest on an engine.
func (c *Config) command(e Engine) []string {
	const memory = "512M"
	cmdline := strings.Join(append([]string{"console=ttyS0", "quiet"}, c.Parameters...), " ")
	if c.Only != "" {
		cmdline += " only=" + c.Only
	}
	cpus := strconv.Itoa(max(c.CPUs, 1))
	if e == QEMU {
		return []string{Peer, "-M", platforms.Default().QEMU, "-vga", "none", "-nographic", "-no-reboot", "-smp", cpus, "-m", memory,
			"-kernel", c.Kernel, "-initrd", c.Initrd, "-append", cmdline}
	}
	args := []string{c.Axpress, "run", "--no-reboot", "--engine", string(e), "--smp", cpus, "--memory", memory, "--kernel", c.Kernel, "--initrd", c.Initrd, "--append", cmdline}
	return append(args, c.Options...)
}

// Run boots the guest on every engine, one after the other. An engine that does not come to the end of its checks is
// no error here: the Result has it.
func Run(ctx context.Context, c Config) (*Result, error) {
	r := &Result{Schema: Schema, Engines: c.Engines, Errors: map[Engine]string{}, lines: map[Engine]map[string]string{}}
	for i, e := range c.Engines {
		c.Note(fmt.Sprintf("running on %s (%d of %d)", e, i+1, len(c.Engines)))
		text, err := c.boot(ctx, e)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		lines, order, incomplete := parse(text)
		switch {
		case err != nil:
			r.Errors[e] = err.Error()
		case incomplete != nil:
			r.Errors[e] = incomplete.Error()
		}
		r.lines[e] = lines
		for _, key := range order {
			if !slices.Contains(r.order, key) {
				r.order = append(r.order, key)
			}
		}
	}
	r.compare()
	return r, nil
}

// boot runs the guest on an engine to its power-off and returns what the console said.
func (c *Config) boot(ctx context.Context, e Engine) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	args := c.command(e)
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, pace.NewLines(newProgress(e, c).line)), &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us
	err := cmd.Run()
	text := strings.ReplaceAll(out.String(), "\r", "")
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return text, fmt.Errorf("not finished after %s; the console said last: %s", c.Limit, lastLine(text))
	case err != nil:
		return text, fmt.Errorf("%w: %s; the console said last: %s", err, lastLine(errs.String()), lastLine(text))
	}
	return text, nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

var (
	checkLine = regexp.MustCompile(`(?m)(?:^|[^ ])((ok|FAIL) ([a-z0-9]+-[A-Za-z0-9]+/[a-z0-9_]+)(:.*)?)$`)
	endLine   = regexp.MustCompile(`(?m)suite: (\d+) checks, (\d+) failed$`)
)

// parse returns the checks' lines by their names, without those, and the names in their order. err says that not all
// of them are there.
func parse(console string) (lines map[string]string, order []string, err error) {
	lines = map[string]string{}
	for _, m := range checkLine.FindAllStringSubmatch(console, -1) {
		lines[m[3]] = m[2] + m[4]
		order = append(order, m[3])
	}
	end := endLine.FindStringSubmatch(console)
	if end == nil {
		return lines, order, fmt.Errorf("the guest did not come to the end of its checks; the console said last: %s", lastLine(console))
	}
	if n, _ := strconv.Atoi(end[1]); n != len(lines) || n == 0 {
		return lines, order, fmt.Errorf("the guest ran %s checks, and %d of their lines arrived", end[1], len(lines))
	}
	return lines, order, nil
}
