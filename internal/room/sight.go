package room

import "greenroom.dev/greenroom/internal/model"

// reach is a room's model.Interest, counted in steps of its positions.
type reach struct {
	radius  float64 // who is nearer is seen
	keep    float64 // times as far may be who is seen already, on either count
	nearest int
	far     float64 // 0: no far ring
	farMost int
}

func reachOf(s *model.RoomSettings) reach {
	i := &s.Interest
	return reach{
		radius: i.Radius / s.PositionStep, keep: 1 + i.Hysteresis, nearest: i.Nearest,
		far: i.FarRadius / s.PositionStep, farMost: i.FarNearest,
	}
}

// candidate is somebody who might be seen: the smaller rank is, the rather.
type candidate struct {
	id   int32
	rank float64 // the square of the distance; that of who is seen already is divided by keep
}

func (c candidate) before(d candidate) bool {
	return c.rank < d.rank || c.rank == d.rank && c.id < d.id
}

// sighted makes candidates of those near: all who are seen within radius × keep, all others within radius. Those seen stand
// first: most of them stay, so first has the best early.
func (s *reach) sighted(dst []candidate, near []neighbour, self int32, seen func(id int32) bool) []candidate {
	r2, kept, start := s.radius*s.radius, 1/(s.keep*s.keep), len(dst)
	for _, n := range near {
		c, known := candidate{n.id, float64(n.d2)}, seen(n.id)
		if known {
			c.rank *= kept
		}
		if c.rank >= r2 || n.id == self {
			continue
		}
		dst = append(dst, c)
		if known {
			dst[start], dst[len(dst)-1] = c, dst[start]
			start++
		}
	}
	return dst
}

// first keeps the k candidates that come before all others, in no order. all is overwritten. It takes at most
// len(all) × log k steps, whatever the order they come in: a heap of the best so far, the last of them on top.
func first(all []candidate, k int) []candidate {
	if len(all) <= k {
		return all
	}
	heap := all[:k]
	for i := k/2 - 1; i >= 0; i-- {
		sink(heap, i)
	}
	for _, c := range all[k:] {
		if k > 0 && c.before(heap[0]) {
			heap[0] = c
			sink(heap, 0)
		}
	}
	return heap
}

func sink(heap []candidate, i int) {
	for {
		last, child := i, 2*i+1
		for c := child; c < min(child+2, len(heap)); c++ {
			if heap[last].before(heap[c]) {
				last = c
			}
		}
		if last == i {
			return
		}
		heap[i], heap[last] = heap[last], heap[i]
		i = last
	}
}
