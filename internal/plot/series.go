package plot

import (
	"gonum.org/v1/plot/vg"
)

// columns are how many places a picture can show apart.
const columns = 1600

// frame is a panel's place on the picture.
type frame struct {
	*layout
	axis  yRange
	floor vg.Length
}

// up is where a value is.
func (f frame) up(v float64) vg.Length {
	return f.floor + vg.Length((v-f.axis.from)/(f.axis.to-f.axis.from))*plotHeight
}

// series draws a series.
func (f frame) series(p pen, s Series) {
	var points []vg.Point
	for _, point := range thin(s.Points, f.x) {
		at := vg.Point{X: f.at(point.At), Y: f.up(point.Value)}
		if n := len(points); n > 0 && s.Kind != Line && at.Y != points[n-1].Y {
			points = append(points, vg.Point{X: at.X, Y: points[n-1].Y})
		}
		points = append(points, at)
	}
	if len(points) == 0 {
		return
	}
	if s.Kind == Band {
		zero := f.up(max(0, f.axis.from))
		first, last := points[0], points[len(points)-1]
		p.fill(band, append([]vg.Point{{X: first.X, Y: zero}}, append(points, vg.Point{X: last.X, Y: zero})...)...)
		p.line(bandEdge, 0.8, points...)
		return
	}
	p.line(f.colors[s.Name], 1.6, points...)
}

// thin keeps, where there are more points than the picture has columns, each column's first, lowest, highest and last,
// by time.
func thin(points []Point, x span) []Point {
	if len(points) <= columns {
		return points
	}
	var out []Point
	width := (x.to - x.from) / columns
	for begin := 0; begin < len(points); {
		column := int((seconds(points[begin].At) - x.from) / width)
		end, low, high := begin, begin, begin
		for ; end < len(points) && int((seconds(points[end].At)-x.from)/width) == column; end++ {
			if points[end].Value < points[low].Value {
				low = end
			}
			if points[end].Value > points[high].Value {
				high = end
			}
		}
		last := begin - 1
		for _, i := range []int{begin, min(low, high), max(low, high), end - 1} {
			if i > last {
				out = append(out, points[i])
				last = i
			}
		}
		begin = end
	}
	return out
}
