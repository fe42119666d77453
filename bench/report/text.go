package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"axpress/bench/measure"
	"axpress/bench/workloads"
)

// Text writes the tables of a result; before is an earlier one, or nil.
func Text(w io.Writer, r, before *measure.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range rows(r) {
		fmt.Fprintln(t, strings.Join(line, "\t")+"\t")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nSeconds are medians%s. speed: QEMU's time / ours (smallest and largest of runs beside each other); slowdown: ours / the\nhost's; gain: the interpreter's / ours%s. Runs %d%s; the interpreter 1.\n", clockWord(r), goWord(r), r.Settings.Runs, coldWord(r))
	for _, f := range r.Failed() {
		fmt.Fprintf(w, "ERROR  %s\n", f)
	}
	for _, d := range r.Drifts() {
		fmt.Fprintf(w, "clocks differ  %s\n", d)
	}
	if x := r.Translator; x != nil {
		fmt.Fprintf(w, "\n%s\n", translatorText(x))
	}
	if slices.Contains(r.Settings.Engines, measure.Before) {
		if err := besideText(w, r); err != nil {
			return err
		}
	}
	if before != nil {
		if err := againstText(w, r, before); err != nil {
			return err
		}
	}
	return goalsText(w, r)
}

func clockWord(r *measure.Result) string {
	if r.Settings.CPU {
		return " of processor time"
	}
	return " of elapsed time"
}

// goWord explains the columns about the Go back end.
func goWord(r *measure.Result) string {
	if !hasGo(r) {
		return ""
	}
	return "; go speed, go gain: the same of the Go back end"
}

// hasGo says whether the Go back end was measured.
func hasGo(r *measure.Result) bool { return slices.Contains(r.Settings.Engines, measure.Go) }

func coldWord(r *measure.Result) string {
	if r.Settings.Cold {
		return ", without a warm-up"
	}
	return " after a warm-up"
}

// translatorText is the section about the translator.
func translatorText(t *measure.Translator) string {
	return fmt.Sprintf("translator: %s kernel, %d instructions in %.1f s: %.0f a second; %.1f host bytes an instruction; peak memory %d MB; its artefact loads in %.1f ms",
		t.Flavour, t.Instructions, t.Seconds, t.PerSecond(), t.PerInstruction(), t.PeakMemory>>20, t.LoadSeconds*1e3)
}

// rows are the table's lines: the head, and for each group its rows and its mean.
func rows(r *measure.Result) [][]string {
	head := []string{"workload"}
	for _, e := range r.Settings.Engines {
		head = append(head, string(e))
	}
	head = append(head, "speed", "(spread)", "slowdown", "gain")
	if hasGo(r) {
		head = append(head, "go speed", "go gain")
	}
	lines := [][]string{head}
	for _, g := range workloads.Groups() {
		of, _ := group(r, g)
		for i := range of {
			lines = append(lines, rowLine(r, &of[i]))
		}
		if len(of) > 1 {
			lines = append(lines, meanLine(r, g, of))
		}
	}
	return lines
}

// meanLine has the means of a group's ratios.
func meanLine(r *measure.Result, g workloads.Group, rows []measure.Row) []string {
	line := make([]string, 1+len(r.Settings.Engines))
	line[0] = "mean, " + g.Title()
	line = append(line, mean(rows, measure.QEMU, measure.Native), "", mean(rows, measure.Native, measure.Host), mean(rows, measure.Interp, measure.Native))
	if hasGo(r) {
		line = append(line, mean(rows, measure.QEMU, measure.Go), mean(rows, measure.Interp, measure.Go))
	}
	return line
}

func rowLine(r *measure.Result, row *measure.Row) []string {
	line := []string{row.Name}
	for _, e := range r.Settings.Engines {
		line = append(line, seconds(row.Engines[e]))
	}
	speed, spread := "-", ""
	if q, ok := row.Ratio(measure.QEMU, measure.Native); ok {
		speed, spread = fmt.Sprintf("%.2f", q.Value), fmt.Sprintf("(%.2f-%.2f)", q.Min, q.Max)
	}
	line = append(line, speed, spread, ratio(row, measure.Native, measure.Host), ratio(row, measure.Interp, measure.Native))
	if hasGo(r) {
		line = append(line, ratio(row, measure.QEMU, measure.Go), ratio(row, measure.Interp, measure.Go))
	}
	return line
}

// seconds is a cell of times.
func seconds(c *measure.Cell) string {
	switch {
	case c == nil:
		return ""
	case !c.Good():
		return "ERROR"
	}
	return fmt.Sprintf("%.3f", c.Median())
}

func ratio(row *measure.Row, slow, fast measure.Engine) string {
	if q, ok := row.Ratio(slow, fast); ok {
		return fmt.Sprintf("%.2f", q.Value)
	}
	return "-"
}

func mean(rows []measure.Row, slow, fast measure.Engine) string {
	m, n := measure.MeanRatio(rows, slow, fast)
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", m)
}

// goalsText writes the table of goals.
func goalsText(w io.Writer, r *measure.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nwhat\tmust reach\tmeasured\tmet?")
	for _, g := range Goals(r) {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", g.What, g.Must, g.Measured, g.Verdict)
	}
	return t.Flush()
}

// againstText writes the comparison with an earlier result.
func againstText(w io.Writer, r, before *measure.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nagainst the earlier result\tthen\tnow\tspeed\tof QEMU's then\tnow\t")
	for _, c := range Changes(before, r) {
		fmt.Fprintf(t, "%s\t%.3f\t%.3f\t%.2f\t%.2f\t%.2f\t%s\n", c.Name, c.Before, c.After, c.Speed, c.Ratio[0], c.Ratio[1], c.Word())
	}
	for _, d := range Differences(before, r) {
		fmt.Fprintf(t, "beware: %s\n", d)
	}
	return t.Flush()
}
