package plot

import (
	"image/color"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// Colours of what is not data.
var (
	paper    = color.NRGBA{255, 255, 255, 255}
	ink      = color.NRGBA{34, 38, 43, 255}
	faint    = color.NRGBA{104, 112, 121, 255}
	grid     = color.NRGBA{228, 231, 235, 255}
	axisLine = color.NRGBA{150, 157, 165, 255}
)

// band is what a Band is filled with, and bandEdge its upper edge.
var (
	band     = color.NRGBA{203, 213, 225, 255}
	bandEdge = color.NRGBA{148, 163, 184, 255}
)

// palette is for series, in order: colours that people who see some of them alike can still tell apart (Okabe and Ito,
// 2008), the darker ones first.
func palette() []color.NRGBA {
	return []color.NRGBA{
		{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255}, {230, 159, 0, 255}, {86, 180, 233, 255}, {34, 38, 43, 255}, {166, 118, 29, 255},
	}
}

// fonts are the two that pictures are written in.
type fonts struct{ regular, bold *opentype.Font }

func newFonts() (f fonts, err error) {
	if f.regular, err = opentype.Parse(liberationsansregular.TTF); err != nil {
		return f, err
	}
	f.bold, err = opentype.Parse(liberationsansbold.TTF)
	return f, err
}

// style is how a text looks.
type style struct {
	face  font.Face
	color color.Color
}

// width is how wide a text is in the style.
func (s style) width(text string) vg.Length { return s.face.Width(text) }

func (f fonts) style(size vg.Length, c color.Color) style {
	return style{font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Face: f.regular}, c}
}

func (f fonts) heavy(size vg.Length, c color.Color) style {
	return style{font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Weight: 2, Size: size}, Face: f.bold}, c}
}

// pen draws on a canvas.
type pen struct{ vg.Canvas }

// Where a text's x is: at its left end, middle or right end.
const (
	left   = 0
	middle = 0.5
	right  = 1
)

func (p pen) text(s style, x, y, align vg.Length, text string) {
	p.SetColor(s.color)
	p.FillString(s.face, vg.Point{X: x - s.width(text)*align, Y: y}, text)
}

func (p pen) line(c color.Color, w vg.Length, points ...vg.Point) {
	if len(points) < 2 {
		return
	}
	p.SetColor(c)
	p.SetLineWidth(w)
	p.Stroke(path(points))
}

func (p pen) dashed(c color.Color, w vg.Length, points ...vg.Point) {
	p.SetLineDash([]vg.Length{3, 3}, 0)
	p.line(c, w, points...)
	p.SetLineDash(nil, 0)
}

func (p pen) fill(c color.Color, points ...vg.Point) {
	if len(points) < 3 {
		return
	}
	p.SetColor(c)
	outline := path(points)
	outline.Close()
	p.Fill(outline)
}

func path(points []vg.Point) vg.Path {
	var out vg.Path
	out.Move(points[0])
	for _, pt := range points[1:] {
		out.Line(pt)
	}
	return out
}
