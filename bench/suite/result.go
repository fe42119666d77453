package suite

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Schema is the version of the JSON file.
const Schema = 1

// State is how a check went.
type State string

// The states, from good to bad.
const (
	Same    State = "same"    // every engine says the same, and that it is well
	Excused State = "known"   // but for engines of which it is known that they do not
	Failed  State = "failed"  // an engine says that it failed
	Differs State = "differs" // all say that it is well, with different results; or one says nothing
)

// Row is one check in one variant.
type Row struct {
	Variant string            `json:"variant"`
	Check   string            `json:"check"`
	State   State             `json:"state"`
	Reason  string            `json:"reason,omitempty"` // of Excused
	Lines   map[Engine]string `json:"lines"`            // "ok", "ok: RESULT", "FAIL: WHAT"; what has no line is missing
}

// Result is what the engines said. It has no names of machines, people or folders.
type Result struct {
	Schema  int               `json:"schema"`
	Engines []Engine          `json:"engines"`
	Errors  map[Engine]string `json:"errors,omitempty"` // of engines that did not come to the end
	Rows    []Row             `json:"rows"`

	lines map[Engine]map[string]string
	order []string
}

// compare makes the rows.
func (r *Result) compare() {
	for _, key := range r.order {
		variant, check, _ := strings.Cut(key, "/")
		row := Row{Variant: variant, Check: check, Lines: map[Engine]string{}}
		for _, e := range r.Engines {
			if line, ok := r.lines[e][key]; ok {
				row.Lines[e] = line
			}
		}
		row.State, row.Reason = judge(check, r.Engines, row.Lines)
		r.Rows = append(r.Rows, row)
	}
}

// judge compares the lines of a check.
func judge(check string, engines []Engine, lines map[Engine]string) (state State, reason string) {
	state = Same
	first := "" // the line that the others must have
	for _, e := range engines {
		line := lines[e]
		why, excused := knownFor(check, e)
		switch {
		case excused && strings.HasPrefix(line, "FAIL"):
			reason = why
		case strings.HasPrefix(line, "FAIL"):
			return Failed, ""
		case line == "" || (first != "" && line != first):
			state = Differs
		default:
			first = line
		}
	}
	if state == Same && reason != "" {
		return Excused, reason
	}
	return state, ""
}

// Bad returns the number of rows that are neither Same nor Excused, and of engines that did not come to the end.
func (r *Result) Bad() int {
	n := len(r.Errors)
	for _, row := range r.Rows {
		if row.State == Failed || row.State == Differs {
			n++
		}
	}
	return n
}

// JSON returns the result as a file.
func (r *Result) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// Text writes the table of the result and what is not as it should be.
func (r *Result) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := "variant\tchecks\t"
	for _, e := range r.Engines {
		head += string(e) + "\t"
	}
	fmt.Fprintln(t, head+"the same\tknown\t")
	for _, v := range r.variants() {
		var all, same, excused int
		ok := map[Engine]int{}
		for _, row := range r.Rows {
			if row.Variant != v {
				continue
			}
			all++
			if row.State == Same {
				same++
			}
			if row.State == Excused {
				excused++
			}
			for e, line := range row.Lines {
				if strings.HasPrefix(line, "ok") {
					ok[e]++
				}
			}
		}
		fmt.Fprintf(t, "%s\t%d\t", v, all)
		for _, e := range r.Engines {
			fmt.Fprintf(t, "%d\t", ok[e])
		}
		fmt.Fprintf(t, "%d\t%d\t\n", same, excused)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	reasons := map[string]bool{}
	for _, row := range r.Rows {
		if row.State == Excused && !reasons[row.Check] {
			reasons[row.Check] = true
			fmt.Fprintf(w, "known  %s: %s\n", row.Check, row.Reason)
		}
	}
	for _, e := range r.Engines {
		if text, ok := r.Errors[e]; ok {
			fmt.Fprintf(w, "ERROR  %s: %s\n", e, text)
		}
	}
	for _, row := range r.Rows {
		if row.State != Failed && row.State != Differs {
			continue
		}
		fmt.Fprintf(w, "%s  %s/%s\n", strings.ToUpper(string(row.State)), row.Variant, row.Check)
		for _, e := range r.Engines {
			line, ok := row.Lines[e]
			if !ok {
				line = "says nothing"
			}
			fmt.Fprintf(w, "       %-7s %s\n", e, line)
		}
	}
	return nil
}

// variants returns the rows' variants, in their order.
func (r *Result) variants() (list []string) {
	for _, row := range r.Rows {
		if len(list) == 0 || list[len(list)-1] != row.Variant {
			list = append(list, row.Variant)
		}
	}
	return list
}
