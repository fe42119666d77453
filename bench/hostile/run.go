package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"axpress/bench/pace"
)

// Config says what to run.
type Config struct {
	Axpress string        // path of the command
	Options []string      // of every `axpress run` and `axpress translate`
	Engines []string      // of `axpress run --engine`
	Seed    uint64        // of the first kernel; the others follow
	Count   uint64        // how many
	Limit   time.Duration // --timeout of each run
	Dir     string        // a folder for the kernels
	Note    func(line string)
}

// grace is how long a command may take beyond the guest's time before it counts as hung: on a busy machine, translating the
// kernel takes as long as it takes.
const grace = 10 * time.Minute

// Result is what happened.
type Result struct {
	Statuses map[string]map[int]int // engine, exit status, count
	Bad      []string               // what must not happen
	// Instructions is how many were executed by guests that ended before their time limit.
	Instructions uint64
}

func (r *Result) bad(c Config, seed uint64, why string) {
	text := fmt.Sprintf("seed %d, %s", seed, why)
	r.Bad = append(r.Bad, text)
	c.Note(text)
}

// end is where a guest ended, in a --stats file. Guest time is the number of instructions: all engines must agree.
type end struct {
	Stop         string `json:"stop"`
	PC           string `json:"stop_pc"`
	Instructions uint64 `json:"instructions"`
}

func (c *Config) stats() string { return filepath.Join(c.Dir, "stats.json") }

func readEnd(path string) (at end, err error) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &at)
	}
	return at, err
}

// Run runs kernels until ctx ends or all have run.
func Run(ctx context.Context, c Config) (*Result, error) {
	r := &Result{Statuses: map[string]map[int]int{}}
	for _, e := range c.Engines {
		r.Statuses[e] = map[int]int{}
	}
	start := time.Now()
	for n := range c.Count {
		seed := c.Seed + n
		kernel := filepath.Join(c.Dir, fmt.Sprintf("hostile-%d", seed))
		if err := os.WriteFile(kernel, Kernel(seed), 0o600); err != nil {
			return nil, err
		}
		var ends []end
		for _, e := range c.Engines {
			status, text := c.boot(ctx, e, kernel)
			if ctx.Err() != nil {
				return r, ctx.Err()
			}
			r.Statuses[e][status]++
			if why := Judge(status, text); why != "" {
				r.bad(c, seed, fmt.Sprintf("%s: %s", e, why))
			}
			if status == timedOut {
				continue // where it was then is chance
			}
			at, err := readEnd(c.stats())
			if err == nil {
				ends = append(ends, at)
			}
			r.Instructions += at.Instructions
		}
		if Coherent(seed) && len(ends) == len(c.Engines) && len(slices.Compact(ends)) > 1 {
			r.bad(c, seed, fmt.Sprintf("the engines end differently: %+v", ends))
		}
		if err := os.Remove(kernel); err != nil {
			return nil, err
		}
		if done := n + 1; done%newsEvery(c.Count) == 0 && done < c.Count {
			c.Note(fmt.Sprintf("%d of %d kernels, %s", done, c.Count, pace.Text(float64(done), float64(c.Count), time.Since(start))))
		}
	}
	return r, nil
}

// newsEvery is after how many of count kernels a line says how far it is: a tenth, or 50, which takes a minute or two.
func newsEvery(count uint64) uint64 { return max(1, min(50, count/10)) }

// boot runs a kernel and returns the exit status, and what was written to standard error.
func (c *Config) boot(ctx context.Context, engine, kernel string) (int, string) {
	_ = os.Remove(c.stats()) // there may be none yet
	if engine == native {    // --timeout counts translating too, and Limit is the guest's
		if status, text := c.command(ctx, "translate", kernel); status != 0 {
			return status, text
		}
	}
	return c.command(ctx, "run", "--no-reboot", "--engine", engine, "--kernel", kernel, "--memory", "64M", "--timeout", c.Limit.String(),
		"--deterministic", "--stats", c.stats())
}

// native is the engine whose kernels are translated.
const native = "native"

// command runs one of ours with the Options, as boot does. A process that a signal ended has the status -1.
func (c *Config) command(ctx context.Context, args ...string) (int, string) {
	ctx, cancel := context.WithTimeout(ctx, c.Limit+grace)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Axpress, append(args, c.Options...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err := cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return -1, "hangs"
	}
	if err != nil && cmd.ProcessState == nil {
		return -1, err.Error()
	}
	text := errs.String()
	if cmd.ProcessState.ExitCode() < 0 {
		text = cmd.ProcessState.String() + ": " + text
	}
	return cmd.ProcessState.ExitCode(), text
}

// timedOut is the status of a guest that --timeout ended.
const timedOut = 4

// allowed are the statuses of a guest that ends by itself, or by its time limit: power-off, panic, halt, time-out.
var allowed = map[int]bool{0: true, 1: true, 3: true, timedOut: true}

// Judge says what is wrong with the end of a run, "" if nothing is.
func Judge(status int, stderr string) string {
	last := strings.TrimSpace(stderr)
	last = last[strings.LastIndexByte(last, '\n')+1:]
	if !allowed[status] {
		return fmt.Sprintf("status %d: %s", status, last)
	}
	return ""
}
