package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"axpress/bench/measure"
	"axpress/bench/workloads"
	"axpress/runtime/standalone/outfile"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// The files of a report beside its plots.
const (
	filePage = "index.html"
	fileJSON = "bench.json"
)

// page is what the template sees.
type page struct {
	Font        template.CSS
	Result      *measure.Result
	Memory      string
	Cold        string
	Clock       string
	Goals       []pageGoal
	Failed      []string
	Plots       []Plot
	Groups      []pageGroup
	Columns     int
	Go          bool // it was measured
	Translator  string
	Against     []Change
	Differences []string
}

type pageGoal struct {
	Goal
	Class string
}

type pageGroup struct {
	Title string
	Rows  []pageRow
	Mean  []string
}

type pageRow struct {
	Doc   string
	Cells []string
}

// Files returns the report's files: the page, its plots, the JSON of the result. before is an earlier result, or nil.
func Files(r, before *measure.Result) (map[string][]byte, error) {
	files := map[string][]byte{}
	p := newPage(r, before)
	for _, plot := range Plots() {
		svg, err := plot.SVG(r)
		if err != nil {
			return nil, err
		}
		if svg != nil {
			files[plot.File] = svg
			p.Plots = append(p.Plots, plot)
		}
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	files[filePage] = b.Bytes()
	var err error
	files[fileJSON], err = r.JSON()
	return files, err
}

func newPage(r, before *measure.Result) *page {
	p := &page{
		Font: fontFamily, Result: r, Memory: fmt.Sprintf("%.1f GB", float64(r.Machine.Memory)/(1<<30)), Cold: coldWord(r), Clock: clockWord(r), Failed: r.Failed(),
		Columns: len(rows(r)[0]), Go: hasGo(r),
	}
	for _, g := range Goals(r) {
		class := map[Verdict]string{Met: "yes", Missed: "no", Unknown: "quiet"}[g.Verdict]
		p.Goals = append(p.Goals, pageGoal{g, class})
	}
	for _, g := range workloads.Groups() {
		if rows, _ := group(r, g); len(rows) > 0 {
			p.Groups = append(p.Groups, newPageGroup(r, g, rows))
		}
	}
	if r.Translator != nil {
		p.Translator = translatorText(r.Translator)
	}
	if before != nil {
		p.Against, p.Differences = Changes(before, r), Differences(before, r)
	}
	return p
}

func newPageGroup(r *measure.Result, g workloads.Group, rows []measure.Row) pageGroup {
	pg := pageGroup{Title: g.Title()}
	for i := range rows {
		pg.Rows = append(pg.Rows, pageRow{rows[i].Doc, rowLine(r, &rows[i])})
	}
	if len(rows) > 1 {
		pg.Mean = meanLine(r, g, rows)
	}
	return pg
}

// Write writes the report into a folder, which it makes. Every file is whole or not there.
func Write(dir string, r, before *measure.Result) error {
	files, err := Files(r, before)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := outfile.Write(filepath.Join(dir, name), outfile.Bytes(files[name])); err != nil {
			return err
		}
	}
	return nil
}
