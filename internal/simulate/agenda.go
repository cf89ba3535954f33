package simulate

// agenda is what is due and when: it gives the earliest first, and what is due at one moment in the order in which it was
// put down. What is due soon is in a heap, small enough to stay in the processor's cache; the rest lies in slices of time.
type agenda[T any] struct {
	next  uint64   // numbers what is put down
	heap  []due[T] // what is due before reach
	reach int64    // Unix nanoseconds: the end of a slice
	ring  [ring][]due[T]
	far   map[int64][]due[T] // by slice, what lies beyond the ring when it is put down
	later int                // in ring and far
	spare [][]due[T]         // memory for more slices
}

// due is something that is to happen, and when.
type due[T any] struct {
	at   int64 // Unix nanoseconds
	seq  uint64
	what T
}

const (
	sliceBits = 27             // 134 ms
	slice     = 1 << sliceBits // nanoseconds: what later is cut into
	ring      = 1 << 15        // a power of two: so many slices, 73 minutes, lie in a ring
	few       = 16             // of what is due in a slice there is room from the beginning
)

// sliceOf is the slice that a time is in; times before 1970 are below 0.
func sliceOf(at int64) int64 { return at >> sliceBits }

// newAgenda makes one whose time begins at start.
func newAgenda[T any](start int64) *agenda[T] {
	return &agenda[T]{reach: sliceOf(start) * slice, far: map[int64][]due[T]{}}
}

// put puts down what is due at a time, which is not before that of anything taken.
func (a *agenda[T]) put(at int64, what T) {
	a.next++
	d := due[T]{at: at, seq: a.next, what: what}
	if at < a.reach {
		a.push(d)
		return
	}
	a.later++
	n := sliceOf(at)
	if n-sliceOf(a.reach) >= ring {
		a.far[n] = append(a.far[n], d)
		return
	}
	list := &a.ring[n&(ring-1)]
	if last := len(a.spare) - 1; *list == nil && last >= 0 {
		*list, a.spare = a.spare[last], a.spare[:last]
	} else if *list == nil {
		*list = make([]due[T], 0, few)
	}
	*list = append(*list, d)
}

// take takes the earliest, if it is due before end.
func (a *agenda[T]) take(end int64) (at int64, what T, ok bool) {
	for len(a.heap) == 0 {
		if a.later == 0 || a.reach >= end {
			return 0, what, false
		}
		a.reachOn()
	}
	if a.heap[0].at >= end {
		return 0, what, false
	}
	first := a.pop()
	return first.at, first.what, true
}

// reachOn takes the next slice into the heap.
func (a *agenda[T]) reachOn() {
	n := sliceOf(a.reach)
	a.reach += slice
	if list := &a.ring[n&(ring-1)]; *list != nil {
		a.pushAll(*list)
		clear(*list)
		*list, a.spare = nil, append(a.spare, (*list)[:0])
	}
	if list, any := a.far[n]; any {
		a.pushAll(list)
		delete(a.far, n)
	}
}

func (a *agenda[T]) pushAll(list []due[T]) {
	a.later -= len(list)
	for i := range list {
		a.push(list[i])
	}
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
