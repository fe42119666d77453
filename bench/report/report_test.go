package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"axpress/bench/measure"
	"axpress/bench/workloads"
)

// result returns a result of all workloads: host takes 1 s, the native engine native, QEMU QEMU's times that, and the Go
// back end 3.6 times.
func result(native float64, qemu map[workloads.Group]float64) *measure.Result {
	r := &measure.Result{
		Schema: measure.Schema, Machine: measure.Machine{CPU: "Some <CPU>", CPUs: 2, Memory: 4 << 30, Kernel: "Linux 6"},
		Tools: map[string]string{"gcc": "12.2.0"}, Settings: measure.Settings{Flavour: "small", Runs: 2,
			Engines: []measure.Engine{measure.Host, measure.Native, measure.Go, measure.Interp, measure.QEMU}},
	}
	for _, w := range workloads.All() {
		native := native
		if w.Group == workloads.SMP && !w.SMP { // as much faster on two CPUs as QEMU is slower
			native *= 1.85 * qemu[w.Group]
		}
		cell := func(s float64) *measure.Cell { return &measure.Cell{Seconds: []float64{s, s}, Output: "ab 2"} }
		row := measure.Row{Name: w.Name, Group: w.Group, Doc: w.Doc, Engines: map[measure.Engine]*measure.Cell{
			measure.Native: cell(native), measure.Go: cell(3.6 * native), measure.Interp: {Seconds: []float64{20 * native}}, measure.QEMU: cell(native * qemu[w.Group]),
		}}
		if w.Group != workloads.Boot {
			row.Engines[measure.Host] = cell(1)
		}
		r.Rows = append(r.Rows, row)
	}
	return r
}

// exact are the ratios that just meet the goals.
func exact() map[workloads.Group]float64 {
	return map[workloads.Group]float64{workloads.Integer: 3, workloads.Float: 10, workloads.Real: 3, workloads.Kernel: 1.5, workloads.SMP: 1, workloads.Boot: 2}
}

// find returns the goal that begins so.
func find(t *testing.T, goals []Goal, what string) Goal {
	t.Helper()
	i := slices.IndexFunc(goals, func(g Goal) bool { return strings.HasPrefix(g.What, what) })
	if i < 0 {
		t.Fatalf("there is no goal %q", what)
	}
	return goals[i]
}

func TestGoalsMet(t *testing.T) {
	ratios := exact()
	for g := range ratios {
		ratios[g] *= 1.001
	}
	r := result(1.9, ratios)
	r.Interpreter = &measure.Interpreter{Instructions: 61e6, Seconds: 1}
	r.Translator = &measure.Translator{Flavour: goalOfFlavour, Instructions: 100, HostBytes: 4500, Seconds: 480, LoadSeconds: 0.05}
	goals := Goals(r)
	if len(goals) != 17 {
		t.Errorf("%d goals", len(goals))
	}
	for _, g := range goals {
		if g.Verdict != Met {
			t.Errorf("%+v", g)
		}
	}
}

func TestGoalsMissed(t *testing.T) {
	ratios := exact()
	for g := range ratios {
		ratios[g] *= 0.99
	}
	ratios[workloads.Boot] = 1.6
	r := result(2.1, ratios)
	r.Interpreter = &measure.Interpreter{Instructions: 59e6, Seconds: 1}
	r.Translator = &measure.Translator{Flavour: goalOfFlavour, Instructions: 100, HostBytes: 4501, Seconds: 481, LoadSeconds: 0.051}
	for _, row := range r.Rows {
		row.Engines[measure.Go].Seconds = []float64{9}
	}
	r.Row("chase").Engines[measure.QEMU].Seconds = []float64{2.2, 2.2} // 1.05 times
	r.Row("pipe").Engines[measure.QEMU].Seconds = []float64{2, 2}
	for _, g := range Goals(r) {
		if g.Verdict != Missed {
			t.Errorf("%+v", g)
		}
	}
	if g := find(t, Goals(r), "computing: every row"); !strings.Contains(g.Measured, "worst 1.05 times: chase") {
		t.Errorf("%+v", g)
	}
}

// What was measured in part is not said to be met; a row that is too slow is too slow.
func TestGoalsPartly(t *testing.T) {
	r := result(1, exact())
	r.Rows = []measure.Row{*r.Row("fib"), *r.Row("pipe")}
	r.Row("pipe").Engines[measure.QEMU].Seconds = []float64{0.5}
	goals := Goals(r)
	for what, want := range map[string]Verdict{
		"computing, integer": Unknown, "computing, floating point": Unknown, "computing: every row": Unknown, "computing: slowdown": Unknown,
		"kernel: geometric": Unknown, "kernel: every row": Missed, "interpreter": Unknown, "boot": Unknown, "translating": Unknown,
	} {
		if g := find(t, goals, what); g.Verdict != want {
			t.Errorf("%+v, want %q", g, want)
		}
	}
	if g := find(t, goals, "kernel: every row"); !strings.Contains(g.Measured, "(1 of 8 rows)") {
		t.Errorf("%+v", g)
	}
}

// The worst of the workloads decides; what the host gains is said beside it, and one that was not measured is no pass.
func TestGoalTwoCPUs(t *testing.T) {
	const what = "computing on two CPUs"
	ratios := exact()
	ratios[workloads.SMP] = 1.05
	r := result(1, ratios)
	if g := find(t, Goals(r), what); g.Verdict != Met {
		t.Errorf("%+v", g)
	}
	r.Row("smp-sort-1").Engines[measure.Native].Seconds = []float64{1.7, 1.8}
	r.Row("smp-sort-1").Engines[measure.Host].Seconds = []float64{1.9, 1.9}
	if g := find(t, Goals(r), what); g.Verdict != Missed || g.Measured != "worst 1.75 times (1.70-1.80): smp-sort; the host itself: 1.90" {
		t.Errorf("%+v", g)
	}
	r.Settings.CPU = true // processor time says nothing about it
	if g := find(t, Goals(r), what); g.Verdict != Unknown || g.Measured != "-" {
		t.Errorf("%+v", g)
	}
	r.Settings.CPU = false
	r.Row("smp-sort-1").Engines[measure.Native].Error = "wrong"
	if g := find(t, Goals(r), what); g.Verdict != Unknown || !strings.Contains(g.Measured, "smp-compute") || !strings.Contains(g.Measured, "(1 of 2 rows)") {
		t.Errorf("%+v", g)
	}
}

// Another kernel's translation says nothing about the generic one's.
func TestGoalsOfAnotherKernel(t *testing.T) {
	r := result(1, exact())
	r.Translator = &measure.Translator{Flavour: "small", Instructions: 100, HostBytes: 9000, Seconds: 60}
	if g := find(t, Goals(r), "host code"); g.Verdict != Unknown || !strings.Contains(g.Measured, "90.0 bytes (the small kernel)") {
		t.Errorf("%+v", g)
	}
}

func TestChanges(t *testing.T) {
	before, after := result(2, exact()), result(1, exact())
	for i := range after.Rows {
		after.Rows[i].Engines[measure.QEMU] = before.Rows[i].Engines[measure.QEMU]
	}
	after.Row("fib").Engines[measure.Native].Seconds = []float64{1, 3}
	after.Row("chase").Engines[measure.Native].Seconds = []float64{4, 4}
	after.Row("hash").Engines[measure.QEMU] = &measure.Cell{Seconds: []float64{3, 3}} // QEMU is faster as much: the machine is
	delete(after.Row("qsort").Engines, measure.QEMU)
	after.Row("pipe").Engines[measure.Native].Error = "wrong"
	changes := Changes(before, after)
	words := map[string]Change{}
	for _, c := range changes {
		words[c.Name] = c
	}
	for name, want := range map[string]string{"sieve": "faster", "qsort": "faster", "hash": "within the noise", "fib": "within the noise", "chase": "SLOWER"} {
		if got := words[name].Word(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if c := words["sieve"]; c.Speed != 2 || c.Before != 2 || c.After != 1 || c.Ratio != [2]float64{3, 6} {
		t.Errorf("sieve: %+v", c)
	}
	if _, ok := words["pipe"]; ok || len(changes) != len(after.Rows)-1 {
		t.Errorf("%d changes of %d rows", len(changes), len(after.Rows))
	}
}

func TestDifferences(t *testing.T) {
	before, after := result(1, exact()), result(1, exact())
	if d := Differences(before, after); len(d) != 0 {
		t.Errorf("equal results differ: %q", d)
	}
	after.Machine.CPUs = 8
	after.Tools["gcc"] = "13.1.0"
	after.Row("fib").Engines[measure.Native].Output = "cd 3"
	want := []string{"fib: another output: it was another workload", "gcc: 12.2.0 then, 13.1.0 now", "processors: 2 then, 8 now"}
	if d := Differences(before, after); !slices.Equal(d, want) {
		t.Errorf("%q", d)
	}
}

func TestText(t *testing.T) {
	r := result(2, exact())
	r.Row("fib").Engines[measure.Native].Error = "exit status 9"
	r.Row("sieve").Engines[measure.QEMU].Seconds = []float64{4, 10}
	var b bytes.Buffer
	if err := Text(&b, r, result(1, exact())); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"workload host native go interp qemu speed (spread) slowdown gain go speed go gain",
		"intloop 1.000 2.000 7.200 40.000 6.000 3.00 (3.00-3.00) 2.00 20.00 0.83 5.56",
		"sieve 1.000 2.000 7.200 40.000 7.000 3.50 (2.00-5.00)",
		"fib 1.000 ERROR 7.200 40.000 6.000 - - - 0.83 5.56",
		"ERROR fib, native: exit status 9",
		"mean, kernel 1.50 2.00 20.00 0.42 5.56",
		"boot 2.000 7.200 40.000 4.000 2.00 (2.00-2.00) - 20.00",
		"qsort 1.000 2.000 0.50 3.00 3.00 within the noise",
		"what must reach measured met?",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
}

// Without the Go back end nothing speaks of it.
func TestTextWithoutGo(t *testing.T) {
	r := result(2, exact())
	r.Settings.Engines = []measure.Engine{measure.Native, measure.QEMU}
	var b bytes.Buffer
	if err := Text(&b, r, nil); err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(b.String(), "\nwhat")
	if text := strings.Join(strings.Fields(table), " "); !strings.Contains(text, "workload native qemu speed (spread) slowdown gain intloop") || strings.Contains(text, "go speed") {
		t.Errorf("%s", table)
	}
}

func TestFiles(t *testing.T) {
	r := result(2, exact())
	r.Rows[0].Engines[measure.Native].Error, r.Rows[0].Engines[measure.Go].Error = "a <bad> thing", "another"
	files, err := Files(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	page := string(files[filePage])
	for _, p := range Plots() {
		if !strings.Contains(page, `<img src="`+p.File+`"`) {
			t.Errorf("the page does not show %s", p.File)
		}
		svg := files[p.File]
		if names := text(t, svg); !slices.Contains(names, "sieve") || !slices.Contains(names, p.Title) || slices.Contains(names, "intloop") {
			t.Errorf("%s: its texts are %q; intloop does not count", p.File, names)
		}
	}
	for _, want := range []string{"Some &lt;CPU&gt;, 2 CPUs", "a &lt;bad&gt; thing", "4.0 GB", `<td class="yes">yes</td>`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if strings.Contains(page, "Against the earlier") {
		t.Error("there is no earlier result")
	}
	again, err := Files(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if !bytes.Equal(files[name], again[name]) {
			t.Errorf("%s is another the second time", name)
		}
	}
	if files, err = Files(r, result(1, exact())); err != nil || !strings.Contains(string(files[filePage]), "Against the earlier") {
		t.Errorf("no comparison: %v", err)
	}
}

// text returns the texts of an SVG, which must be well-formed.
func text(t *testing.T, svg []byte) (all []string) {
	t.Helper()
	for d, in := xml.NewDecoder(bytes.NewReader(svg)), false; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			in = x.Name.Local == "text"
		case xml.CharData:
			if in {
				all = append(all, strings.TrimSpace(string(x)))
			}
		}
	}
}

// A plot without rows is left out.
func TestNoPlot(t *testing.T) {
	r := result(1, exact())
	for i := range r.Rows {
		delete(r.Rows[i].Engines, measure.QEMU)
	}
	files, err := Files(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := files["qemu.svg"]; ok || strings.Contains(string(files[filePage]), "qemu.svg") {
		t.Error("an empty plot is there")
	}
}

func TestPowers(t *testing.T) {
	var labels []string
	for _, tick := range powers(-2, 3) {
		labels = append(labels, tick.Label)
	}
	if want := []string{"1/4", "1/2", "1", "2", "4", "8"}; !slices.Equal(labels, want) {
		t.Errorf("%q", labels)
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := Write(dir, result(1, exact()), nil); err != nil {
		t.Fatal(err)
	}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"bench.json", "go.svg", "host.svg", "index.html", "interp.svg", "qemu.svg"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
	if r, err := measure.Read(filepath.Join(dir, fileJSON)); err != nil || len(r.Rows) != len(workloads.All()) {
		t.Errorf("the JSON cannot be read back: %v", err)
	}
}

// Another build that was measured beside this one is compared with it row by row, group by group.
func TestBeside(t *testing.T) {
	r := result(1, exact())
	r.Settings.Engines = append(r.Settings.Engines, measure.Before)
	for i := range r.Rows {
		r.Rows[i].Engines[measure.Before] = &measure.Cell{Seconds: []float64{0.5, 0.5}, Output: "ab 2"}
	}
	var out bytes.Buffer
	if err := Text(&out, r, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`fib +0\.500 +1\.000 +2\.000 +2\.000 to 2\.000 +SLOWER`, `mean, .* \(\d+ rows\) +2\.000 +2\.000 to 2\.000 +SLOWER`} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no line %s in\n%s", want, out.String())
		}
	}
}
