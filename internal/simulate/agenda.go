package simulate

import "slices"

// agenda is what is due and when: it gives the earliest first, and what is due at one moment in the order in which it was
// put down. What is due at once is in a queue, the earliest at its end: what is put down then is mostly due next, so that few
// have to move up for it, and to take one costs nothing. What finds no room there is in a heap. The rest lies in slices of
// time, in shorter ones when it is due soon. There are so few of them that the ends of all, where things are put down, stay in
// the processor's cache.
type agenda[T any] struct {
	next  uint64                                // numbers what is put down
	queue []due[T]                              // what is due before reach, the latest first; no more than queueBound
	heap  []due[T]                              // likewise
	reach int64                                 // Unix nanoseconds: the end of a slice
	soon  [1 << (longBits - sliceBits)][]due[T] // the slices of the long slice that reach is in
	ring  [ring][]due[T]                        // the long slices after that
	far   map[int64][]due[T]                    // by long slice, what lies beyond the ring when it is put down
	later int                                   // in soon, ring and far
}

// due is something that is to happen, and when.
type due[T any] struct {
	at   int64 // Unix nanoseconds
	seq  uint64
	what T
}

const (
	queueBound = 256            // at most; more are a heap, in which fewer have to move
	together   = 64             // so many of a slice have their place from the beginning
	sliceBits  = 27             // 134 ms
	longBits   = 33             // 8.6 s: a long slice
	slice      = 1 << sliceBits // nanoseconds
	ring       = 1 << 9         // a power of two: so many long slices, 73 minutes, lie in a ring
)

// newAgenda makes one whose time begins at start, which may be before 1970.
func newAgenda[T any](start int64) *agenda[T] {
	a := &agenda[T]{reach: start >> sliceBits << sliceBits, far: map[int64][]due[T]{}}
	room := make([]due[T], together*len(a.soon))
	for i := range a.soon {
		a.soon[i], room = room[:0:together], room[together:]
	}
	return a
}

// put puts down what is due at a time, which is not before that of anything taken.
func (a *agenda[T]) put(at int64, what T) {
	a.next++
	d := due[T]{at: at, seq: a.next, what: what}
	if at < a.reach {
		a.putNow(d)
		return
	}
	a.later++
	switch long, now := at>>longBits, a.reach>>longBits; {
	case long == now:
		a.putSoon(d)
	case long-now < ring:
		list := &a.ring[long&(ring-1)]
		*list = append(*list, d)
	default:
		a.far[long] = append(a.far[long], d)
	}
}

// putNow puts down what is due before reach, behind what is due at the same moment.
func (a *agenda[T]) putNow(d due[T]) {
	q := a.queue
	if len(q) == queueBound {
		a.push(d)
		return
	}
	i := len(q)
	for i > 0 && q[i-1].at <= d.at {
		i--
	}
	q = append(q, d)
	if i < len(q)-1 {
		copy(q[i+1:], q[i:])
		q[i] = d
	}
	a.queue = q
}

// putSoon puts down what is due in the long slice that reach is in.
func (a *agenda[T]) putSoon(d due[T]) {
	list := &a.soon[d.at>>sliceBits&int64(len(a.soon)-1)]
	*list = append(*list, d)
}

// take takes the earliest, if it is due before end.
func (a *agenda[T]) take(end int64) (at int64, what T, ok bool) {
	for len(a.queue)+len(a.heap) == 0 {
		if a.later == 0 || a.reach >= end {
			return 0, what, false
		}
		a.reachOn()
	}
	last := len(a.queue) - 1
	if last < 0 || len(a.heap) > 0 && before(&a.heap[0], &a.queue[last]) {
		if a.heap[0].at >= end {
			return 0, what, false
		}
		first := a.pop()
		return first.at, first.what, true
	}
	first := &a.queue[last]
	if first.at >= end {
		return 0, what, false
	}
	at, what = first.at, first.what
	*first = due[T]{}
	a.queue = a.queue[:last]
	return at, what, true
}

// reachOn takes the next slice into the queue, or the heap. Behind the last of a long slice the next long one is cut into slices.
func (a *agenda[T]) reachOn() {
	list := &a.soon[a.reach>>sliceBits&int64(len(a.soon)-1)]
	a.later -= len(*list)
	if len(*list) <= queueBound {
		a.queue = append(a.queue, *list...)
		slices.SortFunc(a.queue, latestFirst)
	} else {
		for i := range *list {
			a.push((*list)[i])
		}
	}
	empty(list)
	was := a.reach >> longBits
	if a.reach += slice; a.reach>>longBits != was {
		a.cut(a.reach >> longBits)
	}
}

// cut puts what is due in a long slice into slices.
func (a *agenda[T]) cut(long int64) {
	list := &a.ring[long&(ring-1)]
	for i := range *list {
		a.putSoon((*list)[i])
	}
	empty(list)
	a.handOn(long)
	for _, d := range a.far[long] {
		a.putSoon(d)
	}
	delete(a.far, long)
}

// handOn gives the memory of a long slice, which is over, to the next one that has none.
func (a *agenda[T]) handOn(long int64) {
	over := &a.ring[long&(ring-1)]
	for ahead := long + 1; ahead < long+ring; ahead++ {
		if next := &a.ring[ahead&(ring-1)]; *next == nil {
			*next, *over = *over, nil
			return
		}
	}
}

// empty empties a list and keeps its memory.
func empty[T any](list *[]T) {
	clear(*list)
	*list = (*list)[:0]
}

// push and pop keep a heap of four children a node: flatter than a binary one, and so with fewer misses of the cache.
func (a *agenda[T]) push(d due[T]) {
	a.heap = append(a.heap, d)
	h, i := a.heap, len(a.heap)-1
	for i > 0 {
		up := (i - 1) / 4
		if !before(&d, &h[up]) {
			break
		}
		h[i], i = h[up], up
	}
	h[i] = d
}

func (a *agenda[T]) pop() due[T] {
	h := a.heap
	first, last := h[0], h[len(h)-1]
	h[len(h)-1] = due[T]{}
	h = h[:len(h)-1]
	a.heap = h
	if len(h) == 0 {
		return first
	}
	i := 0
	for {
		least := 4*i + 1
		if least >= len(h) {
			break
		}
		for c := least + 1; c < min(4*i+5, len(h)); c++ {
			if before(&h[c], &h[least]) {
				least = c
			}
		}
		if !before(&h[least], &last) {
			break
		}
		h[i], i = h[least], least
	}
	h[i] = last
	return first
}

func before[T any](a, b *due[T]) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

func latestFirst[T any](a, b due[T]) int {
	if before(&b, &a) {
		return -1
	}
	return 1 // no two are the same
}
