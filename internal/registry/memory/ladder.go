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
// are; finding costs one step for each 4096 ranks, and one for each 64 of which some have things.
type ladder[T interface{ spot() *spot }] struct {
	flights []*[64][]T // of rungs; nil until one of them was used
	set     []uint64   // for each flight a bit for each rung that is not empty
	some    []uint64   // a bit for each flight that has one
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
	w := rank / 64
	for len(l.set) <= w {
		l.set = append(l.set, 0)
		l.flights = append(l.flights, nil)
	}
	for len(l.some) <= w/64 {
		l.some = append(l.some, 0)
	}
	if l.flights[w] == nil {
		l.flights[w] = new([64][]T)
	}
	rung := &l.flights[w][rank%64]
	*s = spot{rank: int32(rank), pos: int32(len(*rung))}
	*rung = append(*rung, x)
	l.set[w] |= 1 << (rank % 64)
	l.some[w/64] |= 1 << (w % 64)
}

// take empties a spot; the last of its rung moves there.
func (l *ladder[T]) take(s *spot) {
	w := s.rank / 64
	rung := &l.flights[w][s.rank%64]
	last := len(*rung) - 1
	moved := (*rung)[last]
	(*rung)[s.pos] = moved
	moved.spot().pos = s.pos
	var none T
	(*rung)[last] = none
	*rung = (*rung)[:last]
	if last > 0 {
		return
	}
	if l.set[w] &^= 1 << (s.rank % 64); l.set[w] == 0 {
		l.some[w/64] &^= 1 << (w % 64)
	}
}

// flight is the first from w on that has a rung which is not empty; len(l.set) if none has.
func (l *ladder[T]) flight(w int) int {
	for i := w / 64; i < len(l.some); i++ {
		word := l.some[i]
		if i == w/64 {
			word &= ^uint64(0) << (w % 64)
		}
		if word != 0 {
			return i*64 + bits.TrailingZeros64(word)
		}
	}
	return len(l.set)
}

// from finds a thing of the lowest rank that is at least rank.
func (l *ladder[T]) from(rank int) (x T, ok bool) {
	for w := l.flight(rank / 64); w < len(l.set); w = l.flight(w + 1) {
		word := l.set[w]
		if w == rank/64 {
			word &= ^uint64(0) << (rank % 64)
		}
		if word != 0 {
			rung := l.flights[w][bits.TrailingZeros64(word)]
			return rung[len(rung)-1], true
		}
	}
	return x, false
}

// find finds, among the things whose rank's remainder by 64 is at least rest, the first of the lowest rank that is good.
func (l *ladder[T]) find(rest int, good func(T) bool) (x T, ok bool) {
	for w := l.flight(0); w < len(l.set); w = l.flight(w + 1) {
		for word := l.set[w] & (^uint64(0) << rest); word != 0; word &= word - 1 {
			rung := l.flights[w][bits.TrailingZeros64(word)]
			for i := len(rung) - 1; i >= 0; i-- {
				if good(rung[i]) {
					return rung[i], true
				}
			}
		}
	}
	return x, false
}
