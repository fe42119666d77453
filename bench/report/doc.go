// Package report shows what bench/measure found out: as a text table, as a page with plots, beside an earlier result,
// and beside the goals.
//
// In: one or two measure.Results. Out: text, HTML, SVG. It measures nothing and starts nothing; whatever it says can be
// made again from the JSON files.
package report
