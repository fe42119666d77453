package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"axpress/bench/pace"
	"axpress/runtime/standalone/terminal"
	"axpress/translator/prepare"
)

// newReporter returns what tells a person about translations: a bar on a terminal,
// lines elsewhere.
func newReporter(w io.Writer) prepare.Reporter {
	if terminal.IsTerminal(w) {
		return &barReporter{lineReporter: lineReporter{w: w}}
	}
	return &lineReporter{w: w}
}

// lineReporter writes a line every tenth of the way.
type lineReporter struct {
	w     io.Writer
	start time.Time
	tenth int
}

// Note implements prepare.Reporter.
func (r *lineReporter) Note(line string) { fmt.Fprintln(r.w, "axpress:", line) }

// Wait implements prepare.Reporter.
func (r *lineReporter) Wait(pid int, names []string) {
	who := "another process"
	if pid > 0 {
		who = fmt.Sprintf("process %d", pid)
	}
	r.Note(fmt.Sprintf("waiting for %s, which translates %s", who, prepare.Enumerate(names)))
}

// Begin implements prepare.Reporter.
func (r *lineReporter) Begin(names []string) {
	r.start, r.tenth = time.Now(), 0
	r.Note("translating " + prepare.Enumerate(names) + ": not in the cache")
}

// Progress implements prepare.Reporter.
func (r *lineReporter) Progress(done, total int) {
	if tenth := 10 * done / max(total, 1); tenth > r.tenth {
		r.tenth = tenth
		took := time.Since(r.start)
		r.Note(fmt.Sprintf("translating: %d %%, %.0f s%s", 10*tenth, took.Seconds(), pace.Suffix(float64(done), float64(total), took)))
	}
}

// End implements prepare.Reporter.
func (r *lineReporter) End() {}

// barReporter draws a bar.
type barReporter struct {
	lineReporter
	bar *progressbar.ProgressBar
}

// newBar draws a bar of total steps.
func newBar(w io.Writer, total int, what string, more ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions(total, append([]progressbar.Option{
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(40),
		progressbar.OptionShowElapsedTimeOnFinish(), progressbar.OptionSetPredictTime(true)}, more...)...)
}

// Note implements prepare.Reporter. The bar comes back with the next Progress.
func (r *barReporter) Note(line string) {
	if r.bar != nil {
		_ = r.bar.Clear()
	}
	r.lineReporter.Note(line)
}

// Begin implements prepare.Reporter.
func (r *barReporter) Begin(names []string) {
	r.lineReporter.Begin(names)
	// The bar's own clock and prediction go by the last steps, which come in bursts, some seconds apart: each is drawn.
	r.bar = newBar(r.w, 1, "translating", progressbar.OptionSetPredictTime(false), progressbar.OptionThrottle(0))
}

// Progress implements prepare.Reporter.
func (r *barReporter) Progress(done, total int) {
	r.bar.ChangeMax(total)
	took := time.Since(r.start)
	r.bar.Describe(fmt.Sprintf("%-36s", fmt.Sprintf("translating, %.0f s%s", took.Seconds(), pace.Suffix(float64(done), float64(total), took))))
	_ = r.bar.Set(done) // a bar that cannot be drawn is no failure
}

// End implements prepare.Reporter.
func (r *barReporter) End() { _ = r.bar.Clear() }

// benchReporter tells a person about a bench, as a barReporter or a lineReporter does
// about translations.
type benchReporter struct {
	lineReporter
	bar         *progressbar.ProgressBar // nil if there is no terminal
	done, total int
}

func newBenchReporter(w io.Writer) *benchReporter {
	return &benchReporter{lineReporter: lineReporter{w: w}}
}

// Note implements measure.Reporter.
func (r *benchReporter) Note(line string) {
	if r.bar != nil {
		_ = r.bar.Clear()
	}
	r.lineReporter.Note(line)
}

// Begin implements measure.Reporter.
func (r *benchReporter) Begin(total int) {
	r.start, r.total, r.done, r.tenth = time.Now(), total, 0, 0 // the profile is measured first
	if terminal.IsTerminal(r.w) {
		r.bar = newBar(r.w, total, "measuring")
	}
	r.Note(fmt.Sprintf("measuring: %d runs", total))
}

// Step implements measure.Reporter.
func (r *benchReporter) Step(what string) {
	if r.bar != nil {
		r.bar.Describe(fmt.Sprintf("%-24s", what))
		_ = r.bar.Set(r.done)
	} else if tenth := 10 * r.done / max(r.total, 1); tenth > r.tenth {
		r.tenth = tenth
		r.Note("measuring: " + pace.Text(float64(r.done), float64(r.total), time.Since(r.start)))
	}
	r.done++
}

// End implements measure.Reporter.
func (r *benchReporter) End() {
	if r.bar != nil {
		_ = r.bar.Clear()
		r.bar = nil
	}
}
