package plot

import (
	"image/color"
	"time"

	"gonum.org/v1/plot/vg"
)

// layout is a figure with everything placed.
type layout struct {
	Figure
	fonts
	x      span
	zone   *time.Location
	height vg.Length
	left   vg.Length              // of the plots: beside the widest label
	colors map[string]color.NRGBA // of series
	rows   []int                  // of marks: in which row of labels each stands
	marks  int                    // rows of marks
	ranges []yRange               // of panels
}

// yRange is a panel's y axis.
type yRange struct {
	span
	ticks []tick
}

func newLayout(f Figure, x span) (*layout, error) {
	text, err := newFonts()
	if err != nil {
		return nil, err
	}
	l := &layout{Figure: f, fonts: text, x: x, zone: f.Zone}
	if l.zone == nil {
		l.zone = time.UTC
	}
	l.colorSeries()
	l.scale()
	l.placeMarks()
	panels := vg.Length(len(f.Panels))
	l.height = l.head() + l.markRows() + panels*(panelHead+plotHeight) + (panels-1)*panelGap + bottomMargin
	return l, nil
}

// head is the height above the first panel.
func (l *layout) head() vg.Length {
	h := titleHeight
	if l.Subtitle != "" {
		h += subHeight
	}
	return h + 6
}

// colorSeries gives each name a colour, bands aside.
func (l *layout) colorSeries() {
	l.colors = map[string]color.NRGBA{}
	all := palette()
	for _, p := range l.Panels {
		for _, s := range p.Series {
			if _, has := l.colors[s.Name]; !has && s.Kind != Band {
				l.colors[s.Name] = all[len(l.colors)%len(all)]
			}
		}
	}
}

// scale finds the panels' y axes. They begin at 0, or below it where a value does.
func (l *layout) scale() {
	lowest, highest := make([]float64, len(l.Panels)), make([]float64, len(l.Panels))
	for i, p := range l.Panels {
		for _, s := range p.Series {
			for _, point := range s.Points {
				lowest[i], highest[i] = min(lowest[i], point.Value), max(highest[i], point.Value)
			}
		}
		if l.SameY && i > 0 {
			lowest[0], highest[0] = min(lowest[0], lowest[i]), max(highest[0], highest[i])
		}
	}
	l.ranges = make([]yRange, len(l.Panels))
	for i := range l.Panels {
		from := i
		if l.SameY {
			from = 0
		}
		ticks, s := valueTicks(lowest[from], highest[from])
		l.ranges[i] = yRange{s, ticks}
		for _, t := range ticks {
			l.left = max(l.left, leftMargin, l.style(9, faint).width(t.label)+12)
		}
	}
}

// markRows is the height of the marks' labels.
func (l *layout) markRows() vg.Length { return vg.Length(l.marks) * markHeight }

// shownMarks are the marks within the time that is drawn.
func (l *layout) shownMarks() (out []Mark) {
	for _, m := range l.Marks {
		if x := seconds(m.At); x >= l.x.from && x <= l.x.to {
			out = append(out, m)
		}
	}
	return out
}

// placeMarks gives each mark's label a row in which it covers neither a label nor a line: of two that are close the
// earlier stands above.
func (l *layout) placeMarks() {
	var taken []vg.Length // where each row's first label begins
	small, marks := l.style(9, ink), l.shownMarks()
	l.rows = make([]int, len(marks))
	for i := len(marks) - 1; i >= 0; i-- {
		begin, end := l.markLabel(small, marks[i])
		row := 0
		for row < len(taken) && taken[row] < end+6 {
			row++
		}
		if row == len(taken) {
			taken = append(taken, 0)
		}
		taken[row] = min(begin, l.at(marks[i].At))
		l.rows[i] = row
	}
	l.marks = len(taken)
}

// markLabel is from where to where a mark's label goes: to the right of its line, or to the left where there is no room.
// A label is at most labelMost wide.
func (l *layout) markLabel(s style, m Mark) (begin, end vg.Length) {
	begin, w := l.at(m.At)+3, s.width(fit(s, m.Label, labelMost))
	if begin+w > width-2 {
		begin -= w + 6
	}
	return begin, begin + w
}

// at is where a time is on the picture.
func (l *layout) at(t time.Time) vg.Length { return l.across(seconds(t)) }

func (l *layout) across(x float64) vg.Length {
	return l.left + vg.Length((x-l.x.from)/(l.x.to-l.x.from))*(width-l.left-rightMargin)
}
