package memory

import (
	"math/bits"

	"greenroom.dev/greenroom/internal/model"
)

// A ladder's words have a bit for each size of a party: place.Room.Rank counts in model.MaxParty, words have 64 bits.
// One of these two does not compile when they differ.
const (
	_ = uint(64 - model.MaxParty)
	_ = uint(model.MaxParty - 64)
)

// spot is where a thing stands on its ladder. Rank 0: nowhere.
type spot struct{ rank, pos int32 }

// ladder keeps things by rank, which is 1 or more and the lower the better. Putting costs the same however many there
// are; finding costs one step for each 64 ranks.
type ladder[T interface{ spot() *spot }] struct {
	rungs [][]T
	set   []uint64 // a bit for each rung that is not empty
}

// put moves x to a rank; 0 takes it off.
func (l *ladder[T]) put(x T, rank int) {
	s := x.spot()
	if int(s.rank) == rank {
		return
	}
	if s.rank != 0 {
		l.take(s)
	}
	*s = spot{}
	if rank == 0 {
		return
	}
	for len(l.set) <= rank/64 {
		l.set = append(l.set, 0)
		l.rungs = append(l.rungs, make([][]T, 64)...)
	}
	*s = spot{rank: int32(rank), pos: int32(len(l.rungs[rank]))}
	l.rungs[rank] = append(l.rungs[rank], x)
	l.set[rank/64] |= 1 << (rank % 64)
}

// take empties a spot; the last of its rung moves there.
func (l *ladder[T]) take(s *spot) {
	rung := l.rungs[s.rank]
	last := len(rung) - 1
	moved := rung[last]
	rung[s.pos] = moved
	moved.spot().pos = s.pos
	var none T
	rung[last] = none
	l.rungs[s.rank] = rung[:last]
	if last == 0 {
		l.set[s.rank/64] &^= 1 << (s.rank % 64)
	}
}

// from finds a thing of the lowest rank that is at least rank.
func (l *ladder[T]) from(rank int) (x T, ok bool) {
	for w := rank / 64; w < len(l.set); w++ {
		word := l.set[w]
		if w == rank/64 {
			word &= ^uint64(0) << (rank % 64)
		}
		if word != 0 {
			rung := l.rungs[w*64+bits.TrailingZeros64(word)]
			return rung[len(rung)-1], true
		}
	}
	return x, false
}

// find finds, among the things whose rank's remainder by 64 is at least rest, the first of the lowest rank that is good.
func (l *ladder[T]) find(rest int, good func(T) bool) (x T, ok bool) {
	for w, word := range l.set {
		for word &= ^uint64(0) << rest; word != 0; word &= word - 1 {
			rung := l.rungs[w*64+bits.TrailingZeros64(word)]
			for i := len(rung) - 1; i >= 0; i-- {
				if good(rung[i]) {
					return rung[i], true
				}
			}
		}
	}
	return x, false
}
