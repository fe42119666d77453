package report

import (
	"fmt"
	"io"
	"text/tabwriter"

	"axpress/bench/measure"
	"axpress/bench/workloads"
)

// besideText writes the comparison with another build that was measured in the same run: how many times as long this one takes, by
// row and as the geometric mean of each group, with the interval of 95 %.
func besideText(w io.Writer, r *measure.Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nbeside the other build\tthat\tthis\ttime, this / that\t95 %% interval\t\n")
	for _, g := range workloads.Groups() {
		of, _ := group(r, g)
		for i := range of {
			row := &of[i]
			if v, ok := measure.Paired(row.Engines[measure.Native], row.Engines[measure.Before]); ok {
				fmt.Fprintf(t, "%s\t%.3f\t%.3f\t%s\n", row.Name, row.Engines[measure.Before].Median(), row.Engines[measure.Native].Median(), intervalText(v))
			}
		}
		if v, n := measure.PairedMean(of, measure.Native, measure.Before); n > 1 {
			fmt.Fprintf(t, "mean, %s (%d rows)\t\t\t%s\n", g.Title(), n, intervalText(v))
		}
	}
	return t.Flush()
}

// intervalText is two cells.
func intervalText(v measure.Interval) string {
	word := ""
	switch {
	case v.Low > 1:
		word = "SLOWER"
	case v.High < 1:
		word = "faster"
	}
	return fmt.Sprintf("%.3f\t%.3f to %.3f\t%s", v.Value, v.Low, v.High, word)
}
