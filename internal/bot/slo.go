package bot

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SLOExample is what a service level objective looks like.
const SLOExample = "p99<80ms,cpu<30%"

// Metric is what an objective bounds.
type Metric string

// The metrics. Latencies are from an update's sending to its arrival.
const (
	P50  Metric = "p50"
	P95  Metric = "p95"
	P99  Metric = "p99"
	Max  Metric = "max"
	CPU  Metric = "cpu"  // the room server's, in percent of one core
	Loss Metric = "loss" // updates that did not come, in percent
	Gaps Metric = "gaps" // events that did not come though nobody said so
)

// unit is what a metric's values are given in.
type unit byte

const (
	milliseconds unit = iota
	percent
	count
)

func (m Metric) unit() (unit, bool) {
	switch m {
	case P50, P95, P99, Max:
		return milliseconds, true
	case CPU, Loss:
		return percent, true
	case Gaps:
		return count, true
	}
	return 0, false
}

// Objective is one bound, such as p99<80ms.
type Objective struct {
	Metric  Metric
	OrEqual bool    // <=
	Limit   float64 // in ms, percent, or events
}

// SLO is a service level objective: all of them must hold.
type SLO []Objective

// Holds tells whether a value is within the bound.
func (o Objective) Holds(value float64) bool { return value < o.Limit || o.OrEqual && value == o.Limit }

// String is the objective as it is written.
func (o Objective) String() string {
	op := "<"
	if o.OrEqual {
		op = "<="
	}
	return string(o.Metric) + op + o.Metric.format(o.Limit)
}

func (m Metric) format(value float64) string {
	switch u, _ := m.unit(); u {
	case milliseconds:
		return strconv.FormatFloat(value, 'f', -1, 64) + "ms"
	case percent:
		return strconv.FormatFloat(value, 'f', -1, 64) + "%"
	default:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
}

// String is the objectives as they are written.
func (s SLO) String() string {
	words := make([]string, len(s))
	for i, o := range s {
		words[i] = o.String()
	}
	return strings.Join(words, ",")
}

// has tells whether a metric is bounded.
func (s SLO) has(m Metric) bool {
	for _, o := range s {
		if o.Metric == m {
			return true
		}
	}
	return false
}

// ParseSLO reads objectives with commas between them:
//
//	objective = metric ("<" | "<=") value
//	metric    = p50 | p95 | p99 | max (a duration: 80ms, 0.1s) | cpu | loss (30%) | gaps (a number)
//
// The error names the place, and what would do.
func ParseSLO(text string) (SLO, error) {
	var slo SLO
	at := 0
	for _, part := range strings.Split(text, ",") {
		place := at + len(part) - len(strings.TrimLeft(part, " "))
		o, err := parseObjective(strings.TrimSpace(part))
		if err == nil && slo.has(o.Metric) {
			err = fmt.Errorf("%s is bounded twice", o.Metric)
		}
		if err != nil {
			return nil, fmt.Errorf("objective %q, at character %d of %q: %w; an example: %s", strings.TrimSpace(part), place+1, text, err, SLOExample)
		}
		slo = append(slo, o)
		at += len(part) + 1
	}
	return slo, nil
}

func parseObjective(text string) (o Objective, err error) {
	name, rest, found := strings.Cut(text, "<")
	switch {
	case text == "":
		return o, fmt.Errorf("nothing is here")
	case !found:
		return o, fmt.Errorf("there is no < or <= in it")
	}
	o.Metric = Metric(strings.TrimSpace(name))
	if rest, o.OrEqual = strings.CutPrefix(rest, "="); o.OrEqual {
		rest = strings.TrimSpace(rest)
	}
	u, known := o.Metric.unit()
	if !known {
		return o, fmt.Errorf("%q is none of p50, p95, p99, max, cpu, loss and gaps", string(o.Metric))
	}
	if o.Limit, err = parseLimit(u, strings.TrimSpace(rest)); err != nil {
		return o, err
	}
	if o.Limit < 0 || o.Limit == 0 && !o.OrEqual {
		return o, fmt.Errorf("nothing is below %s", strings.TrimSpace(rest))
	}
	return o, nil
}

func parseLimit(u unit, text string) (float64, error) {
	switch u {
	case milliseconds:
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("%q is no duration such as 80ms", text)
		}
		return float64(d) / float64(time.Millisecond), nil
	case percent:
		number, isPercent := strings.CutSuffix(text, "%")
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if !isPercent || err != nil || v != v || v > 1e6 {
			return 0, fmt.Errorf("%q is no percentage such as 30%%", text)
		}
		return v, nil
	default:
		v, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is no number of events such as 0", text)
		}
		return float64(v), nil
	}
}
