package memory

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// indexFrom is the number of seats from which a session keeps maps to find them; below, looking through is faster and
// smaller.
const indexFrom = 48

// seat is a model.Seat in 32 bytes.
type seat struct {
	id      model.SeatID
	player  model.PlayerID
	expires int64 // of a reservation, in Unix nanoseconds; 0: claimed
}

func (s *seat) model() model.Seat {
	if s.expires == 0 {
		return model.Seat{ID: s.id, Player: s.player, State: model.SeatClaimed}
	}
	return model.Seat{ID: s.id, Player: s.player, State: model.SeatReserved, ExpiresAt: time.Unix(0, s.expires)}
}

// seats is the seats of one session, in no order. A player has at most one.
type seats struct {
	list     []seat
	claimed  int
	byID     map[model.SeatID]int32 // nil for a small session
	byPlayer map[model.PlayerID]int32
}

func (s *seats) reserved() int { return len(s.list) - s.claimed }

// of finds a player's seat; -1 for none.
func (s *seats) of(p model.PlayerID) int {
	if s.byPlayer != nil {
		if i, ok := s.byPlayer[p]; ok {
			return int(i)
		}
		return -1
	}
	for i := range s.list {
		if s.list[i].player == p {
			return i
		}
	}
	return -1
}

// numbered finds a seat by its number; -1 for none.
func (s *seats) numbered(id model.SeatID) int {
	if s.byID != nil {
		if i, ok := s.byID[id]; ok {
			return int(i)
		}
		return -1
	}
	for i := range s.list {
		if s.list[i].id == id {
			return i
		}
	}
	return -1
}

// add adds a seat to a session of this capacity.
func (s *seats) add(x seat, capacity int) {
	if len(s.list) == cap(s.list) {
		s.list = slices.Grow(s.list, max(1, min(capacity-len(s.list), max(4, len(s.list)))))
	}
	s.list = append(s.list, x)
	if x.expires == 0 {
		s.claimed++
	}
	if len(s.list) == indexFrom {
		s.byID = make(map[model.SeatID]int32, 2*indexFrom)
		s.byPlayer = make(map[model.PlayerID]int32, 2*indexFrom)
		for i := range s.list {
			s.note(i)
		}
	} else if s.byID != nil {
		s.note(len(s.list) - 1)
	}
}

// remove removes the i-th seat; the last takes its place.
func (s *seats) remove(i int) {
	gone, last := s.list[i], len(s.list)-1
	if gone.expires == 0 {
		s.claimed--
	}
	if s.byID != nil {
		delete(s.byID, gone.id)
		delete(s.byPlayer, gone.player)
	}
	s.list[i] = s.list[last]
	s.list[last] = seat{}
	s.list = s.list[:last]
	if s.byID != nil && i < last {
		s.note(i)
	}
}

// claim makes the i-th seat a claimed one with this number.
func (s *seats) claim(i int, id model.SeatID) {
	x := &s.list[i]
	if x.expires != 0 {
		x.expires = 0
		s.claimed++
	}
	s.renumber(i, id)
}

// reserve makes the i-th seat a reserved one with this number.
func (s *seats) reserve(i int, id model.SeatID, expires int64) {
	x := &s.list[i]
	if x.expires == 0 {
		s.claimed--
	}
	x.expires = expires
	s.renumber(i, id)
}

func (s *seats) renumber(i int, id model.SeatID) {
	if s.list[i].id == id {
		return
	}
	if s.byID != nil {
		delete(s.byID, s.list[i].id)
		s.byID[id] = int32(i)
	}
	s.list[i].id = id
}

func (s *seats) note(i int) {
	s.byID[s.list[i].id], s.byPlayer[s.list[i].player] = int32(i), int32(i)
}

// models answers copies in the order in which the seats were given.
func (s *seats) models() []model.Seat {
	out := make([]model.Seat, len(s.list))
	for i := range s.list {
		out[i] = s.list[i].model()
	}
	slices.SortFunc(out, func(a, b model.Seat) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}
