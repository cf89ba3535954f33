package dgram

import "slices"

// span is the stream bytes from at up to end.
type span struct{ at, end uint64 }

// spans are apart from each other and in order.
type spans []span

// add joins s to what is there.
func (l *spans) add(s span) {
	if s.at >= s.end {
		return
	}
	i, _ := slices.BinarySearchFunc(*l, s.at, func(x span, at uint64) int {
		if x.end < at {
			return -1
		}
		return 1
	})
	j := i
	for j < len(*l) && (*l)[j].at <= s.end {
		s.at, s.end = min(s.at, (*l)[j].at), max(s.end, (*l)[j].end)
		j++
	}
	*l = slices.Replace(*l, i, j, s)
}

// remove takes s out.
func (l *spans) remove(s span) {
	if s.at >= s.end {
		return
	}
	var kept [2]span
	for i := 0; i < len(*l); {
		x := (*l)[i]
		if x.end <= s.at || x.at >= s.end {
			i++
			continue
		}
		n := 0
		if x.at < s.at {
			kept[n], n = span{x.at, s.at}, n+1
		}
		if x.end > s.end {
			kept[n], n = span{s.end, x.end}, n+1
		}
		*l = slices.Replace(*l, i, i+1, kept[:n]...)
		i += n
	}
}
