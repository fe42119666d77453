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
	titleGap   = 0.25 * vg.Centimeter // above and below the legend
)

// SVG draws the plot of a result; nil if no row has its ratio.
func (p Plot) SVG(r *measure.Result) ([]byte, error) {
	bars := p.bars(r)
	if len(bars) == 0 {
		return nil, nil
	}
	g, key, err := p.draw(bars)
	if err != nil {
		return nil, err
	}
	return encode(g, key, len(bars))
}

// draw draws bars. The axis is logarithmic, and the bars begin at 1: those to the left of it are slower, those to the
// right faster. A line across the end of a bar is its spread. Between title and bars there is room for the legend, which
// is returned beside the plot.
func (p Plot) draw(bars []bar) (*plot.Plot, legend, error) {
	g := plot.New()
	sans(g)
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
	var key legend
	for _, of := range workloads.Groups() {
		chart, err := newGroup(bars, of)
		if err != nil {
			return nil, nil, err
		}
		if chart != nil {
			g.Add(chart)
			key = append(key, newEntry(g, of, chart))
		}
	}
	spread, err := newSpread(bars)
	if err != nil {
		return nil, nil, err
	}
	g.Add(spread)
	g.NominalY(names...)
	g.X.Min, g.X.Max = low, high
	g.X.Tick.Marker = plot.ConstantTicks(powers(low, high))
	g.Y.Min, g.Y.Max = -0.8, float64(len(bars))-0.2
	g.Title.Padding = key.height() + 2*titleGap
	return g, key, nil
}

// newGroup returns the bars of one group; nil if it has none.
func newGroup(bars []bar, of workloads.Group) (*plotter.BarChart, error) {
	values := make(plotter.Values, len(bars))
	found := false
	for i, b := range bars {
		if b.group == of {
			values[i] = math.Log2(b.Value)
			found = true
		}
	}
	if !found {
		return nil, nil
	}
	chart, err := plotter.NewBarChart(values, barHeight*7/10)
	if err != nil {
		return nil, fmt.Errorf("plot: %w", err)
	}
	chart.Horizontal = true
	chart.LineStyle.Width = 0
	chart.Color = colors[of]
	return chart, nil
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

// encode draws a plot of n bars, and its legend.
func encode(g *plot.Plot, key legend, n int) ([]byte, error) {
	canvas := vgsvg.New(plotWidth, plotExtra+key.height()+barHeight*vg.Length(n))
	all := draw.Crop(draw.New(canvas), plotMargin, -plotMargin, plotMargin, -plotMargin)
	g.Draw(all)
	title := g.Title.TextStyle.Rectangle(g.Title.Text).Size().Y
	key.draw(draw.Crop(all, 0, 0, 0, -title-titleGap))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("plot: %w", err)
	}
	return letter(b.Bytes(), g.X.Tick.Label.Font), nil
}
