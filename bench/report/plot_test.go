package report

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"axpress/bench/measure"
	"axpress/bench/workloads"
)

// drawing is the part of a plot's SVG that these tests look at. Its y axis points up, but for texts.
type drawing struct {
	Paths []struct {
		D     string `xml:"d,attr"`
		Style string `xml:"style,attr"`
	} `xml:"g>path"`
	Texts []struct {
		X     float64 `xml:"x,attr"`
		Y     float64 `xml:"y,attr"`
		Long  float64 `xml:"textLength,attr"`
		Style string  `xml:"style,attr"`
		Text  string  `xml:",chardata"`
	} `xml:"g>text"`
}

// box is a rectangle of a drawing.
type box struct{ left, right, low, high float64 }

func (b box) meets(c box) bool {
	return b.left < c.right && c.left < b.right && b.low < c.high && c.low < b.high
}

func (b box) with(c box) box {
	return box{math.Min(b.left, c.left), math.Max(b.right, c.right), math.Min(b.low, c.low), math.Max(b.high, c.high)}
}

var number = regexp.MustCompile(`[-0-9.]+`)

// around is the box of a path.
func around(t *testing.T, d string) box {
	t.Helper()
	var n []float64
	for _, text := range number.FindAllString(d, -1) {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		n = append(n, v)
	}
	b := box{n[0], n[0], n[1], n[1]}
	for i := 0; i+1 < len(n); i += 2 {
		b = b.with(box{n[i], n[i], n[i+1], n[i+1]})
	}
	return b
}

// draws returns the plots of a result.
func draws(t *testing.T, r *measure.Result) map[string]*drawing {
	t.Helper()
	all := map[string]*drawing{}
	for _, p := range Plots() {
		svg, err := p.SVG(r)
		if err != nil {
			t.Fatal(err)
		}
		d := &drawing{}
		if err := xml.Unmarshal(svg, d); err != nil {
			t.Fatal(err)
		}
		all[p.File] = d
	}
	return all
}

// The legend has a place of its own, whatever bars there are: nothing of it lies on a bar or on a row's name, and its
// texts do not lie on its colours.
func TestLegendBesideBars(t *testing.T) {
	titles := map[string]bool{}
	fills := map[string]bool{}
	for _, g := range workloads.Groups() {
		titles[g.Title()] = true
		c := colors[g].(color.RGBA)
		fills[fmt.Sprintf("fill:#%02X%02X%02X", c.R, c.G, c.B)] = true
	}
	for file, d := range draws(t, result(2, exact())) {
		var bars, key, names []box
		for _, p := range d.Paths {
			if !fills[p.Style] {
				continue
			}
			b := around(t, p.D)
			if tall := float64(barHeight) * 0.7; math.Abs(b.high-b.low-tall) < 0.1 {
				bars = append(bars, b)
			} else {
				key = append(key, b)
			}
		}
		colours := slices.Clone(key)
		for _, x := range d.Texts {
			const size = 10
			long := x.Long
			if long == 0 {
				long = size / 2 * float64(len(x.Text))
			}
			b := box{x.X, x.X + long, -x.Y, -x.Y + size}
			switch {
			case titles[x.Text]:
				key = append(key, b)
				for _, c := range colours {
					if b.meets(c) {
						t.Errorf("%s: the legend's %q lies on a colour of it", file, x.Text)
					}
				}
			case strings.HasPrefix(x.Text, "smp-") || x.Text == "sieve":
				names = append(names, b)
			}
		}
		if len(bars) < 30 || len(key) < 10 || len(names) == 0 {
			t.Fatalf("%s: %d bars, %d parts of the legend, %d names: the test does not know the plot", file, len(bars), len(key), len(names))
		}
		whole := key[0]
		for _, k := range key {
			whole = whole.with(k)
		}
		for _, b := range append(bars, names...) {
			if whole.meets(b) {
				t.Errorf("%s: the legend, %.0f, lies on %.0f", file, whole, b)
			}
		}
	}
}

// Page and plots have one font.
func TestFontOfPageAndPlots(t *testing.T) {
	r := result(2, exact())
	files, err := Files(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	font := regexp.MustCompile(`body { font: 15px/1.5 ([^;]*);`).FindSubmatch(files[filePage])
	if font == nil {
		t.Fatal("the page says no font")
	}
	for file, d := range draws(t, r) {
		if len(d.Texts) < 40 {
			t.Fatalf("%s: only %d texts", file, len(d.Texts))
		}
		for _, x := range d.Texts {
			if want := "font-family:" + string(font[1]) + ";"; !strings.Contains(x.Style, want) {
				t.Fatalf("%s: %q: %s; the page's is %s", file, x.Text, x.Style, want)
			}
		}
	}
}
