package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"axpress/bench/measure"
	"axpress/bench/workloads"
)

// Plot is one of the page's plots.
type Plot struct {
	File  string // its name in the report's folder
	Title string
	Axis  string
	slow  measure.Engine
	fast  measure.Engine
}

// Plots returns the page's plots.
func Plots() []Plot {
	return []Plot{
		{"qemu.svg", "Speed against qemu-system-alpha", "times QEMU's speed (more is better)", measure.QEMU, measure.Native},
		{"host.svg", "Slowdown against the same C compiled for the host", "times the host's time (less is better)", measure.Native, measure.Host},
		{"interp.svg", "Gain against our interpreter", "times the interpreter's speed (more is better)", measure.Interp, measure.Native},
		{"go.svg", "Go back end: speed against qemu-system-alpha", "times QEMU's speed (more is better)", measure.QEMU, measure.Go},
	}
}

// bar is one row of a plot.
type bar struct {
	name  string
	group workloads.Group
	measure.Ratio
}

// bars are the rows that have the plot's ratio, the first at the top, which is where a plot ends.
func (p Plot) bars(r *measure.Result) (list []bar) {
	for i := len(r.Rows) - 1; i >= 0; i-- {
		row := &r.Rows[i]
		if q, ok := row.Ratio(p.slow, p.fast); ok {
			list = append(list, bar{row.Name, row.Group, q})
		}
	}
	return list
}

// colors are the groups' colours.
var colors = map[workloads.Group]color.Color{
	workloads.Integer: color.RGBA{0x2b, 0x6c, 0xb0, 0xff},
	workloads.Float:   color.RGBA{0x2f, 0x85, 0x5a, 0xff},
	workloads.Real:    color.RGBA{0x97, 0x26, 0x6d, 0xff},
	workloads.Kernel:  color.RGBA{0xc0, 0x56, 0x21, 0xff},
	workloads.SMP:     color.RGBA{0xb7, 0x79, 0x1f, 0xff},
	workloads.Boot:    color.RGBA{0x4a, 0x55, 0x68, 0xff},
}

// The size of a plot.
const (
	plotWidth  = 20 * vg.Centimeter
	barHeight  = 0.5 * vg.Centimeter
	plotExtra  = 3 * vg.Centimeter // title and axis
	plotMargin = 0.3 * vg.Centimeter
)

// SVG draws the plot of a result; nil if no row has its ratio.
func (p Plot) SVG(r *measure.Result) ([]byte, error) {
	bars := p.bars(r)
	if len(bars) == 0 {
		return nil, nil
	}
	g, err := p.draw(bars)
	if err != nil {
		return nil, err
	}
	return encode(g, len(bars))
}

// draw draws bars. The axis is logarithmic, and the bars begin at 1: those to the left of it are slower, those to the
// right faster. A line across the end of a bar is its spread.
func (p Plot) draw(bars []bar) (*plot.Plot, error) {
	g := plot.New()
	g.Title.Text = p.Title
	g.X.Label.Text = p.Axis
	g.Add(plotter.NewGrid())
	names := make([]string, len(bars))
	low, high := -1.0, 1.0
	for i, b := range bars {
		names[i] = b.name
		low, high = math.Min(low, math.Floor(math.Log2(b.Min))), math.Max(high, math.Ceil(math.Log2(b.Max)))
	}
	// A chart for each group, with the others' rows empty, gives each its colour and its place in the legend.
	for _, of := range workloads.Groups() {
		if err := addGroup(g, bars, of); err != nil {
			return nil, err
		}
	}
	spread, err := newSpread(bars)
	if err != nil {
		return nil, err
	}
	g.Add(spread)
	g.NominalY(names...)
	g.X.Min, g.X.Max = low, high
	g.X.Tick.Marker = plot.ConstantTicks(powers(low, high))
	g.Y.Min, g.Y.Max = -0.8, float64(len(bars))-0.2
	g.Title.Padding = vg.Points(8)
	g.Legend.Top = true // the first rows are those with the shortest bars
	g.Legend.Padding = vg.Points(3)
	g.Legend.YOffs = -vg.Points(4)
	return g, nil
}

// addGroup adds the bars of one group.
func addGroup(g *plot.Plot, bars []bar, of workloads.Group) error {
	values := make(plotter.Values, len(bars))
	found := false
	for i, b := range bars {
		if b.group == of {
			values[i] = math.Log2(b.Value)
			found = true
		}
	}
	if !found {
		return nil
	}
	chart, err := plotter.NewBarChart(values, barHeight*7/10)
	if err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	chart.Horizontal = true
	chart.LineStyle.Width = 0
	chart.Color = colors[of]
	g.Add(chart)
	g.Legend.Add(of.Title(), chart)
	return nil
}

// spreads are the error bars of the rows.
type spreads []bar

func (s spreads) Len() int                    { return len(s) }
func (s spreads) XY(i int) (float64, float64) { return math.Log2(s[i].Value), float64(i) }
func (s spreads) XError(i int) (float64, float64) {
	middle := math.Log2(s[i].Value)
	return middle - math.Log2(s[i].Min), math.Log2(s[i].Max) - middle
}

func newSpread(bars []bar) (plot.Plotter, error) {
	e, err := plotter.NewXErrorBars(spreads(bars))
	if err != nil {
		return nil, fmt.Errorf("plot: %w", err)
	}
	e.CapWidth = vg.Points(4)
	return e, nil
}

// powers are the ticks of the axis, powers of two.
func powers(low, high float64) (ticks []plot.Tick) {
	for k := low; k <= high; k++ {
		label := fmt.Sprintf("%g", math.Exp2(k))
		if k < 0 {
			label = fmt.Sprintf("1/%g", math.Exp2(-k))
		}
		ticks = append(ticks, plot.Tick{Value: k, Label: label})
	}
	return ticks
}

// encode draws a plot of n bars.
func encode(g *plot.Plot, n int) ([]byte, error) {
	canvas := vgsvg.New(plotWidth, plotExtra+barHeight*vg.Length(n))
	g.Draw(draw.Crop(draw.New(canvas), plotMargin, -plotMargin, plotMargin, -plotMargin))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("plot: %w", err)
	}
	return b.Bytes(), nil
}
