package observe

import (
	"math"
	"strconv"
)

// MaxSeries bounds the series of a page that grow in number with fleets, routes and signals: about what a Prometheus takes
// from one target without being noticed, and 20 ms to write. Families come in the order of their worth; what comes after
// the last that fits is left out and counted in greenroom_metrics_series_dropped.
const MaxSeries = 50_000

// page is metrics in Prometheus' text format in the making.
type page struct {
	text    []byte
	left    int // series that still fit
	dropped int
	name    string // of the present family
}

// newPage makes a page of at most so many series, with room for about so many bytes.
func newPage(most, bytes int) *page { return &page{text: make([]byte, 0, bytes), left: most} }

// family begins a metric: what follows is its series.
func (p *page) family(name, kind string) {
	p.name = name
	p.text = append(p.text, "# TYPE "...)
	p.text = append(p.text, name...)
	p.text = append(p.text, ' ')
	p.text = append(p.text, kind...)
	p.text = append(p.text, '\n')
}

// take asks for the room of n series, all or none.
func (p *page) take(n int) bool {
	if n > p.left {
		p.left = 0 // a later, smaller one must not look as if the larger were 0
		p.dropped += n
		return false
	}
	p.left -= n
	return true
}

// add writes a series of the family; labels are the inner part of the braces, "" for none.
func (p *page) add(labels string, v float64) {
	if p.take(1) {
		p.line("", labels, "", v)
	}
}

func (p *page) line(suffix, labels, more string, v float64) {
	p.text = append(p.text, p.name...)
	p.text = append(p.text, suffix...)
	if labels != "" || more != "" {
		p.text = append(p.text, '{')
		p.text = append(p.text, labels...)
		if labels != "" && more != "" {
			p.text = append(p.text, ',')
		}
		p.text = append(p.text, more...)
		p.text = append(p.text, '}')
	}
	p.text = append(p.text, ' ')
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		p.text = strconv.AppendInt(p.text, int64(v), 10)
	} else {
		p.text = strconv.AppendFloat(p.text, v, 'g', -1, 64)
	}
	p.text = append(p.text, '\n')
}

// label is name="value".
func label(name, value string) string { return name + "=" + strconv.Quote(value) }
