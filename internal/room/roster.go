package room

import (
	"slices"
	"time"
)

// member is one player's place in the room, for as long as the seat lives.
type member struct {
	id         uint64
	player     string
	seat       uint64
	lastSeq    uint64
	link       *Link     // nil: away
	awayUntil  time.Time // while away; zero: restored, not looked at yet
	returnedAt time.Time // when it was last granted ReturnMessages
	at         standing
	gone       bool // no longer in the room

	// In a room with an area of interest.
	slot    int32
	changed []State // owned ones, in this tick
}

// roster are the members.
type roster struct {
	all      []*member // by number
	byID     map[uint64]*member
	byPlayer map[string]*member
	last     uint64 // the highest number given
	away     int
}

func newRoster() roster {
	return roster{byID: map[uint64]*member{}, byPlayer: map[string]*member{}}
}

func (s *roster) len() int { return len(s.all) }

// add puts m, who is away, behind the others; m.id must be higher than theirs.
func (s *roster) add(m *member) {
	s.all = append(s.all, m)
	s.byID[m.id], s.byPlayer[m.player] = m, m
	s.last = max(s.last, m.id)
	s.away++
}

func (s *roster) remove(m *member) {
	m.gone = true
	if m.link == nil {
		s.away--
	}
	delete(s.byID, m.id)
	delete(s.byPlayer, m.player)
	s.all = slices.DeleteFunc(s.all, func(o *member) bool { return o == m })
}

func (s *roster) attach(m *member, l *Link) {
	if m.link == nil {
		s.away--
	}
	m.link, l.member = l, m
}

func (s *roster) detach(m *member, until time.Time) {
	if m.link != nil {
		m.link = nil
		s.away++
	}
	m.awayUntil = until
}

// overdue lists the away whose time is over; those restored start waiting for restored.
func (s *roster) overdue(now time.Time, restored time.Duration) []*member {
	var late []*member
	for _, m := range s.all {
		switch {
		case m.link != nil:
		case m.awayUntil.IsZero():
			m.awayUntil = now.Add(restored)
		case !now.Before(m.awayUntil):
			late = append(late, m)
		}
	}
	return late
}
