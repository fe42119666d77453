package measure

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
	"syscall"
	"time"

	"axpress/bench/workloads"
)

// What the boot row boots to, and the line that says that it got there.
const (
	bootCmdline = console + " axpress.run=shutdown"
	bootLine    = "axpress: shutdown: exit status 0"
)

// boot runs the guest of the demo to its userland and to the power-off, and takes the time of the whole process.
func (b *bench) boot(ctx context.Context, e Engine, _ workloads.Workload) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, b.Limit)
	defer cancel()
	out, took, cpu, err := output(ctx, b.guest(e, 1, b.Bench.Guest.Initrd, bootCmdline))
	switch {
	case err != nil:
		return sample{}, err
	case !strings.Contains(out, bootLine):
		return sample{}, fmt.Errorf("the guest did not say %q; it said last: %s", bootLine, tail(out))
	}
	return sample{host: took, cpu: cpu, output: bootLine}, nil
}

// output runs a command to its end and returns its standard output, and how long that took in elapsed and processor
// time. Its standard error is part of the error.
func output(ctx context.Context, command []string) (_ string, took, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	err = cmd.Run()
	took = time.Since(began)
	if ctx.Err() != nil {
		return "", 0, 0, ctx.Err()
	}
	if err != nil {
		return "", 0, 0, fmt.Errorf("%s: %w: %s", filepath.Base(command[0]), err, tail(errs.String()))
	}
	return out.String(), took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// tail is the end of a text, in one line.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "\r", "")), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " / ")
}

// speedWorkloads are what the interpreter's speed is measured with.
var speedWorkloads = []string{"qsort", "dispatch"}

// MeasureInterpreter boots a guest in the interpreter and lets it run two workloads: few of its instructions are then
// the kernel's, and it never waits.
func MeasureInterpreter(ctx context.Context, c Config) (_ *Interpreter, err error) {
	file, err := os.CreateTemp("", "axpress-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	cmdline := console + " axbench=" + strings.Join(speedWorkloads, ",")
	command := c.axpress(Interp, c.Bench.Guest.Kernel, c.Bench.Initrd, cmdline, "--stats", file.Name())
	if _, _, _, err := output(ctx, command); err != nil {
		return nil, err
	}
	var counters struct {
		Instructions uint64  `json:"instructions"`
		Seconds      float64 `json:"host_seconds"`
	}
	if err := json.NewDecoder(file).Decode(&counters); err != nil {
		return nil, fmt.Errorf("counters of the interpreter: %w", err)
	}
	return &Interpreter{Workloads: speedWorkloads, Instructions: counters.Instructions, Seconds: counters.Seconds}, nil
}
