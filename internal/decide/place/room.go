package place

import (
	"slices"

	"greenroom.dev/greenroom/internal/model"
)

// Room is what placing looks at in a server that takes new sessions.
type Room struct {
	Slots           int // sessions it can still take
	Sessions        int // it has
	Seats           int // seats it can still give, on all its sessions together
	Players         int // seats that are taken
	SeatsPerSession int // seats a new session of it has
}

// Fits tells whether a new session for n players has room.
func (r Room) Fits(n int) bool { return r.Slots > 0 && r.Party() >= n }

// Holds tells whether a session that n players are in already has room, although new ones here may have fewer seats.
func (r Room) Holds(n int) bool { return r.Slots > 0 && r.Seats >= n }

// Outgrown tells whether no server of the templates could ever hold a session of n players.
func Outgrown(n int, templates []model.Capacity) bool {
	return !slices.ContainsFunc(templates, func(c model.Capacity) bool { return c.Seats >= n })
}

// Party is the largest party a new session could take now.
func (r Room) Party() int {
	if r.Slots <= 0 {
		return 0
	}
	return max(0, min(r.Seats, r.SeatsPerSession))
}

// Rank orders servers that fit: the lower is the better. The fullest comes first, that is the one with the fewest free
// slots, so that the others empty out and can be taken away. Among those comes first the most crowded: a server is needed
// until the last of its players goes, and a session that comes to many of them keeps it up for the least time beyond that.
// Among those comes first the one whose seats are scarcest, counted up to a full party. A rank's quotient by
// model.MaxParty is the free slots and the crowd, its remainder the largest party less one. ok is false for a server that
// fits nobody.
func (r Room) Rank() (rank int, ok bool) {
	party := min(r.Party(), model.MaxParty)
	if party == 0 {
		return 0, false
	}
	return ((r.Slots+1)*crowds-1-r.crowd())*model.MaxParty + party - 1, true
}

// crowds is how many steps of crowds there are; the last has no end.
const crowds = 16

// crowdFrom is where each step but the first begins: 16 × 2^(i/4), in sixteenths of a player for each session.
var crowdFrom = [crowds - 1]int{16, 19, 23, 27, 32, 38, 45, 54, 64, 76, 91, 108, 128, 152, 181}

// crowd is how many players there are for each session, in steps of a quarter of an octave: finer ones save nothing, and
// cost a rank each.
func (r Room) crowd() (step int) {
	if r.Players <= 0 {
		return 0
	}
	for step < len(crowdFrom) && 16*r.Players >= crowdFrom[step]*r.Sessions {
		step++
	}
	return step
}

// SessionRank orders sessions that players without a key may join: the lower is the better. The fullest comes first,
// that is the one with the fewest seats that can still be given: free of its own capacity and of its server's. ok is
// false for a session that is full.
func SessionRank(free, serverFree int) (rank int, ok bool) {
	rank = min(free, serverFree)
	return rank, rank > 0
}
