package report

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// fontFamily is the font of the page and of its plots: the one that plots are laid out with, those with letters of the same
// widths, and, where there are none of them, whatever has no serifs.
const fontFamily = "Liberation Sans, Arial, Helvetica, sans-serif"

// plotFamily is what the plot's SVG says of its font.
const plotFamily = "font-family:Liberation Sans;"

// sans makes all texts of a plot such without serifs.
func sans(g *plot.Plot) {
	for _, s := range []*draw.TextStyle{&g.Title.TextStyle, &g.X.Label.TextStyle, &g.X.Tick.Label, &g.Y.Label.TextStyle, &g.Y.Tick.Label} {
		s.Font.Variant = "Sans"
	}
}

// texts are the texts of an SVG: what comes before the style, the style, the size, and the text.
var texts = regexp.MustCompile(`<text ([^>]*)(style="[^">]*font-size:([0-9.]+)px[^">]*")>([^<]*)</text>`)

// letter gives the texts of an SVG the page's font. Each text says how long it is, so that another font than of's, which
// the plot was laid out with, does not run into the bars.
func letter(svg []byte, of font.Font) []byte {
	return texts.ReplaceAllFunc(svg, func(whole []byte) []byte {
		m := texts.FindSubmatch(whole)
		size, err := strconv.ParseFloat(string(m[3]), 64)
		if err != nil {
			return whole // the expression takes no such number
		}
		face := plot.DefaultTextHandler.Cache().Lookup(of, vg.Points(size))
		long := face.Width(html.UnescapeString(string(m[4]))).Points()
		style := bytes.Replace(m[2], []byte(plotFamily), []byte("font-family:"+fontFamily+";"), 1)
		return fmt.Appendf(nil, `<text %stextLength="%.4g" lengthAdjust="spacingAndGlyphs" %s>%s</text>`, m[1], long, style, m[4])
	})
}
