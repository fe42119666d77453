package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// MeasureTranslator translates the guest's kernel into an empty cache and says what that costs. load opens the artefact
// at a path.
func MeasureTranslator(ctx context.Context, c Config, load func(path string) error) (_ *Translator, err error) {
	dir, err := os.MkdirTemp("", "axpress-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, c.Axpress, "translate", "--force", "--json", "--cache", dir, c.Bench.Guest.Kernel)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop, peak := make(chan struct{}), make(chan uint64)
	go watchMemory(cmd.Process.Pid, stop, peak)
	err = cmd.Wait()
	took := time.Since(began)
	close(stop)
	t := &Translator{Flavour: string(c.Bench.Guest.Flavour), Seconds: took.Seconds(), PeakMemory: <-peak}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("translate: %w: %s", err, tail(errs.String()))
	}
	path, err := t.summary(out.String())
	if err != nil {
		return nil, err
	}
	t.LoadSeconds, err = loadTime(path, load)
	return t, err
}

// summary reads what `axpress translate --json` wrote of one file, and returns the artefact's path.
func (t *Translator) summary(text string) (string, error) {
	var s struct {
		Files []struct {
			Path         string `json:"path"`
			Instructions int    `json:"instructions"`
			Bytes        int64  `json:"host_bytes"`
		} `json:"files"`
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return "", fmt.Errorf("translate: its summary: %w", err)
	}
	if len(s.Files) != 1 {
		return "", fmt.Errorf("translate: its summary has %d files, want 1", len(s.Files))
	}
	t.Instructions, t.HostBytes = s.Files[0].Instructions, s.Files[0].Bytes
	return s.Files[0].Path, nil
}

// loadTime is the median of a few loads.
func loadTime(path string, load func(string) error) (float64, error) {
	var times []float64
	for range 7 {
		began := time.Now()
		if err := load(path); err != nil {
			return 0, err
		}
		times = append(times, time.Since(began).Seconds())
	}
	return Median(times), nil
}

// watchMemory samples the resident memory of a process group until stop is closed, then sends the peak.
func watchMemory(group int, stop <-chan struct{}, peak chan<- uint64) {
	most := uint64(0)
	defer func() { peak <- most }()
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		select {
		case <-stop:
			tick.Stop()
			return
		case <-tick.C:
			most = max(most, groupMemory(group))
		}
	}
}

// groupMemory is the resident memory of all processes of a group.
func groupMemory(group int) (sum uint64) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil { // the others have ended
			if g, pages := parseStat(string(text)); g == group {
				sum += pages * uint64(os.Getpagesize())
			}
		}
	}
	return sum
}

// parseStat reads the process group and the resident pages from a /proc/PID/stat.
func parseStat(text string) (group int, pages uint64) {
	const groupField, residentField = 2, 21 // after the name, which may hold anything
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) <= residentField {
		return 0, 0
	}
	group, _ = strconv.Atoi(fields[groupField])
	pages, _ = strconv.ParseUint(fields[residentField], 10, 64)
	return group, pages
}
