package place

import "greenroom.dev/greenroom/internal/model"

// Room is what placing looks at in a server that takes new sessions.
type Room struct {
	Slots           int // sessions it can still take
	Seats           int // seats it can still give, on all its sessions together
	SeatsPerSession int // seats a new session of it has
}

// Fits tells whether a new session for n players has room.
func (r Room) Fits(n int) bool { return r.Slots > 0 && r.Party() >= n }

// Party is the largest party a new session could take now.
func (r Room) Party() int {
	if r.Slots <= 0 {
		return 0
	}
	return max(0, min(r.Seats, r.SeatsPerSession))
}

// Rank orders servers that fit: the lower is the better. The fullest comes first, that is the one with the fewest free
// slots, so that the others empty out and can be taken away; among those the one whose seats are scarcest, counted up to
// a full party. A rank's quotient by model.MaxParty is the free slots, its remainder the largest party less one.
// ok is false for a server that fits nobody.
func (r Room) Rank() (rank int, ok bool) {
	party := min(r.Party(), model.MaxParty)
	if party == 0 {
		return 0, false
	}
	return r.Slots*model.MaxParty + party - 1, true
}

// SessionRank orders sessions that players without a key may join: the lower is the better. The fullest comes first,
// that is the one with the fewest seats that can still be given: free of its own capacity and of its server's. ok is
// false for a session that is full.
func SessionRank(free, serverFree int) (rank int, ok bool) {
	rank = min(free, serverFree)
	return rank, rank > 0
}
