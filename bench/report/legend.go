package report

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"axpress/bench/workloads"
)

// legend says which colour is which group, in rows of legendColumns. The one that a plot brings stands over its bars;
// this one has a place of its own.
type legend []plot.Legend // of one entry each

// The legend's form.
const (
	legendColumns = 3
	legendLine    = 0.55 * vg.Centimeter
	legendSize    = 10 // points, as the axes' texts
)

// newEntry returns the entry of a group, whose bars are chart.
func newEntry(g *plot.Plot, of workloads.Group, chart *plotter.BarChart) plot.Legend {
	e := plot.NewLegend()
	e.TextStyle = g.X.Tick.Label
	e.TextStyle.XAlign, e.TextStyle.YAlign = draw.XLeft, draw.YBottom
	e.TextStyle.Font.Size = vg.Points(legendSize)
	e.Top, e.Left = true, true // the colour, and then the text
	e.Add(of.Title(), chart)
	return e
}

// height is the room that it needs.
func (l legend) height() vg.Length {
	return legendLine * vg.Length((len(l)+legendColumns-1)/legendColumns)
}

// draw draws it at the top of c.
func (l legend) draw(c draw.Canvas) {
	width := c.Size().X / legendColumns
	for i := range l {
		left, top := width*vg.Length(i%legendColumns), legendLine*vg.Length(i/legendColumns)
		l[i].Draw(draw.Crop(c, left, 0, 0, -top))
	}
}
