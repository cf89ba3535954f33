package main

import (
	"math"
	"strconv"
	"strings"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// sparkWidth is how many bars a course has at most.
const sparkWidth = 60

// sparkline draws values from 0 to the largest as bars; what is not known is left empty.
func sparkline(values []float64, known []bool) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	most := 0.0
	for i, v := range values {
		if known[i] {
			most = max(most, v)
		}
	}
	var out strings.Builder
	for i, v := range values {
		switch {
		case !known[i]:
			out.WriteByte(' ')
		case most == 0:
			out.WriteRune(bars[0])
		default:
			out.WriteRune(bars[min(len(bars)-1, int(math.Round(v/most*float64(len(bars)-1))))])
		}
	}
	return out.String()
}

// spread brings the points to at most sparkWidth bars of equal time: the most of each.
func spread(points []*greenroomv1.HistoryPoint, step time.Duration, value func(*greenroomv1.HistoryPoint) float64) (values []float64, known []bool) {
	first := points[0].GetAt().AsTime()
	steps := int(points[len(points)-1].GetAt().AsTime().Sub(first)/step) + 1
	width := min(steps, sparkWidth)
	values, known = make([]float64, width), make([]bool, width)
	for _, p := range points {
		i := int(p.GetAt().AsTime().Sub(first)/step) * width / steps
		values[i], known[i] = max(values[i], value(p)), true
	}
	return values, known
}

// spanOf is the least, the mean and the most of the points.
func spanOf(points []*greenroomv1.HistoryPoint, value func(*greenroomv1.HistoryPoint) float64) (least, mean, most float64) {
	least = math.Inf(1)
	for _, p := range points {
		v := value(p)
		least, most = min(least, v), max(most, v)
		mean += v / float64(len(points))
	}
	return least, mean, most
}

// number prints a mean as people read it: 0.25, 12.5, 1234.
func number(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	case v < 0.1:
		return strconv.FormatFloat(v, 'g', 2, 64)
	default:
		return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 2, 64), "0"), ".")
	}
}

// money prints an amount with its currency.
func money(currency string, v float64) string {
	digits := 2
	if v != 0 && math.Abs(v) < 1 {
		digits = 5
	}
	return currency + " " + strconv.FormatFloat(v, 'f', digits, 64)
}
