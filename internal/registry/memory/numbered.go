package memory

// numbered finds things by numbers that rise from one thing to the next, as generations do: those that are asked for
// together are young together, and lie together here, where the names of a map lie anywhere. It forgets: a thing takes the
// place of an older one whose number ends alike. So what it finds is to be looked at, and may have to be asked for by name.
type numbered[T any] struct{ places []*T }

// fewNumbered is for how many things there is room at first.
const fewNumbered = 64

// full tells whether there should be more room for so many things.
func (n *numbered[T]) full(things int) bool { return 2*things > len(n.places) }

// clear forgets everything and makes room for so many things and as many more.
func (n *numbered[T]) clear(things int) {
	size := fewNumbered
	for size < 4*things {
		size *= 2
	}
	n.places = make([]*T, size)
}

func (n *numbered[T]) put(number uint64, x *T) { n.places[number&uint64(len(n.places)-1)] = x }

// find finds what may be the thing of a number; nil if nothing is.
func (n *numbered[T]) find(number uint64) *T {
	if len(n.places) == 0 {
		return nil
	}
	return n.places[number&uint64(len(n.places)-1)]
}

// forget forgets a thing that had the number.
func (n *numbered[T]) forget(number uint64, x *T) {
	if x != nil && n.find(number) == x {
		n.put(number, nil)
	}
}
