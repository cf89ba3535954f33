package plot

import (
	"gonum.org/v1/plot/vg"
)

// draw draws the figure from top to bottom.
func (l *layout) draw(c vg.Canvas) {
	p := pen{c}
	p.fill(paper, vg.Point{}, vg.Point{X: width}, vg.Point{X: width, Y: l.height}, vg.Point{Y: l.height})
	y := l.height - 19
	p.text(l.heavy(14, ink), 14, y, left, fit(l.heavy(14, ink), l.Title, width-28))
	if l.Subtitle != "" {
		y -= subHeight
		p.text(l.style(10, faint), 14, y, left, fit(l.style(10, faint), l.Subtitle, width-28))
	}
	top := l.height - l.head()
	l.panelHead(p, l.Panels[0], top-14)
	top -= l.markRows()
	for i := range l.Panels {
		if i > 0 {
			l.panelHead(p, l.Panels[i], top-14)
		}
		l.panel(p, i, top-panelHead)
		top -= panelHead + plotHeight + panelGap
	}
	l.markLabels(p)
	l.timeAxis(p, top+panelGap)
}

// panel draws a panel below its ceiling.
func (l *layout) panel(p pen, i int, ceiling vg.Length) {
	panel, axis := l.Panels[i], l.ranges[i]
	floor := ceiling - plotHeight
	f := frame{l, axis, floor}
	for _, t := range axis.ticks {
		y := f.up(t.at)
		p.line(grid, 0.7, vg.Point{X: l.left, Y: y}, vg.Point{X: width - rightMargin, Y: y})
		p.text(l.style(9, faint), l.left-6, y-3, right, t.label)
	}
	for _, t := range timeTicks(l.x, l.zone) {
		x := l.across(t.at)
		p.line(grid, 0.5, vg.Point{X: x, Y: floor}, vg.Point{X: x, Y: ceiling})
	}
	for _, s := range panel.Series {
		f.series(p, s)
	}
	for _, m := range l.shownMarks() {
		p.dashed(faint, 0.8, vg.Point{X: l.at(m.At), Y: ceiling}, vg.Point{X: l.at(m.At), Y: floor})
	}
	p.line(axisLine, 0.8, vg.Point{X: l.left, Y: floor}, vg.Point{X: width - rightMargin, Y: floor})
}

// panelHead writes the title, its note and, at the right, the legend.
func (l *layout) panelHead(p pen, panel Panel, y vg.Length) {
	legend, legendWidth := l.legend(panel)
	most := width - rightMargin - legendWidth - 16 // where the rest must end
	x := vg.Length(14)
	heavy, small := l.heavy(10.5, ink), l.style(9.5, faint)
	title := fit(heavy, panel.Title, most-x)
	p.text(heavy, x, y, left, title)
	x += heavy.width(title) + 8
	note := panel.Unit
	if panel.Note != "" {
		note = panel.Unit + " · " + panel.Note
	}
	p.text(small, x, y, left, fit(small, note, most-x))
	x = width - rightMargin - legendWidth
	for i, name := range legend {
		l.swatch(p, panel.Series[i], x, y)
		p.text(l.style(9.5, ink), x+swatchWidth, y, left, name)
		x += swatchWidth + l.style(9.5, ink).width(name) + legendGap
	}
}

// legend is what the legend calls the series, and how wide it is: together at most three fifths of the picture.
func (l *layout) legend(panel Panel) (names []string, w vg.Length) {
	style, n := l.style(9.5, ink), vg.Length(len(panel.Series))
	for _, s := range panel.Series {
		name := fit(style, s.Name, width*3/5/n-swatchWidth-legendGap)
		names = append(names, name)
		w += swatchWidth + style.width(name) + legendGap
	}
	return names, max(0, w-legendGap)
}

// swatch shows what a series looks like.
func (l *layout) swatch(p pen, s Series, x, y vg.Length) {
	if s.Kind == Band {
		p.fill(band, vg.Point{X: x, Y: y - 1}, vg.Point{X: x + 14, Y: y - 1}, vg.Point{X: x + 14, Y: y + 7}, vg.Point{X: x, Y: y + 7})
		return
	}
	p.line(l.colors[s.Name], 2.2, vg.Point{X: x, Y: y + 3}, vg.Point{X: x + 14, Y: y + 3})
}

// timeAxis writes the hours under the last panel, whose floor is given.
func (l *layout) timeAxis(p pen, floor vg.Length) {
	small := l.style(9, faint)
	for _, t := range timeTicks(l.x, l.zone) {
		x := l.across(t.at)
		p.line(axisLine, 0.8, vg.Point{X: x, Y: floor}, vg.Point{X: x, Y: floor - 3})
		p.text(small, x, floor-12, middle, t.label)
	}
	p.text(small, width-rightMargin, floor-26, right, zoneLabel(l.x, l.zone))
}

// markLabels writes the marks' labels between the first panel and its head.
func (l *layout) markLabels(p pen) {
	ceiling, small := l.height-l.head()-l.markRows()-panelHead, l.style(9, ink)
	for i, m := range l.shownMarks() {
		y := ceiling + 3 + vg.Length(l.rows[i])*markHeight
		p.dashed(faint, 0.8, vg.Point{X: l.at(m.At), Y: y + 8}, vg.Point{X: l.at(m.At), Y: ceiling})
		begin, _ := l.markLabel(small, m)
		p.text(small, begin, y, left, fit(small, m.Label, labelMost))
	}
}

// fit shortens a text to a width.
func fit(s style, text string, w vg.Length) string {
	if s.width(text) <= w {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && s.width(string(runes)+"…") > w {
		runes = runes[:len(runes)-1]
	}
	if len(runes) == 0 {
		return ""
	}
	return string(runes) + "…"
}
