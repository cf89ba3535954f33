// Package plot owns pictures for people: what happened over some hours, in panels one under the other with one time
// axis, as SVG or PNG. It needs no font of the machine's.
package plot

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Formats that Time writes.
const (
	SVG = "svg"
	PNG = "png"
)

// Bounds of a figure.
const (
	MaxPanels = 24
	MaxSeries = 8 // in a panel
)

// Figure is one picture: panels one under the other, all over the same time.
type Figure struct {
	Title    string
	Subtitle string         // a line of numbers; "": none
	Zone     *time.Location // of the hours on the time axis; nil: UTC
	Panels   []Panel        // 1 to MaxPanels
	SameY    bool           // all panels reach equally high, so that they can be compared
	Marks    []Mark         // by time
}

// Panel is one plot of the figure.
type Panel struct {
	Title  string   // what one sees
	Note   string   // its numbers, beside the title; "": none
	Unit   string   // of the y axis, such as "servers"
	Series []Series // up to MaxSeries, drawn in this order, each over those before it
}

// Kind is how a series is drawn.
type Kind uint8

// Kinds of series.
const (
	Steps Kind = iota // a value holds until the next one
	Line              // straight from one to the next
	Band              // steps, filled down to 0, pale: what lies behind the others
)

// Series is a number over time. Series of one name have one colour in all panels.
type Series struct {
	Name   string
	Kind   Kind
	Points []Point // by time; where there are more than a picture can show, the highest and lowest are kept
}

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64 // finite
}

// Mark is a moment that is named, such as "doors": a line through all panels.
type Mark struct {
	At    time.Time
	Label string
}

// Time draws a figure in a format and writes it. A figure that cannot be drawn is an error that says why, and nothing is
// written.
func Time(w io.Writer, format string, f Figure) error {
	span, err := f.check()
	if err != nil {
		return err
	}
	l, err := newLayout(f, span)
	if err != nil {
		return err
	}
	switch format {
	case SVG:
		canvas := vgsvg.New(width, l.height)
		l.draw(canvas)
		var file bytes.Buffer
		if _, err := canvas.WriteTo(&file); err != nil {
			return err
		}
		_, err = w.Write(withFallback(file.Bytes()))
	case PNG:
		canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, l.height), vgimg.UseDPI(144))}
		l.draw(canvas)
		_, err = canvas.WriteTo(w)
	default:
		err = fmt.Errorf("no picture format %q: there are svg and png", format)
	}
	return err
}

// span is what an axis shows.
type span struct{ from, to float64 }

// check finds the span of time, in seconds since 1970.
func (f *Figure) check() (span, error) {
	if len(f.Panels) == 0 || len(f.Panels) > MaxPanels {
		return span{}, fmt.Errorf("a figure of %d panels: it has 1 to %d", len(f.Panels), MaxPanels)
	}
	all := span{math.Inf(1), math.Inf(-1)}
	for _, p := range f.Panels {
		if len(p.Series) > MaxSeries {
			return span{}, fmt.Errorf("panel %q has %d series: at most %d can be told apart", p.Title, len(p.Series), MaxSeries)
		}
		for _, s := range p.Series {
			for i, point := range s.Points {
				if math.IsNaN(point.Value) || math.IsInf(point.Value, 0) {
					return span{}, fmt.Errorf("panel %q, %s: %v at %s", p.Title, s.Name, point.Value, point.At)
				}
				if i > 0 && point.At.Before(s.Points[i-1].At) {
					return span{}, fmt.Errorf("panel %q, %s: %s comes after %s", p.Title, s.Name, point.At, s.Points[i-1].At)
				}
				x := seconds(point.At)
				all.from, all.to = min(all.from, x), max(all.to, x)
			}
		}
	}
	if !(all.from < all.to) {
		return span{}, fmt.Errorf("figure %q: nothing to draw, there are no two times", f.Title)
	}
	return all, nil
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// withFallback names fonts that look the same for viewers that have not got the one that was measured with.
func withFallback(svg []byte) []byte {
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
}

// Sizes, in points (1/72 inch).
const (
	width        vg.Length = 900
	plotHeight   vg.Length = 150 // of a panel
	panelHead    vg.Length = 22  // title, note and legend above it
	panelGap     vg.Length = 14
	leftMargin   vg.Length = 46 // y labels, or more where they need it
	swatchWidth  vg.Length = 18
	legendGap    vg.Length = 14
	labelMost    vg.Length = 160 // of a mark's label
	rightMargin  vg.Length = 24
	titleHeight  vg.Length = 26
	subHeight    vg.Length = 16
	markHeight   vg.Length = 13 // of each row of marks' labels
	bottomMargin vg.Length = 34 // time labels
)
