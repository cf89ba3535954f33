package seatbook

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

const (
	// unknownTicketLife is how long a ticket that was never shown is remembered as refused: what it can live at most,
	// and as much again for clocks that differ.
	unknownTicketLife = 2 * model.TicketTTL
	sweepEvery        = 10 * time.Second
)

type releasedSeat struct {
	session model.SessionRef
	until   time.Time
}

type departure struct {
	gen   model.Generation
	until time.Time // of the memory
}

// sweep forgets what no unexpired ticket asks for any more.
func (b *Book) sweep(now time.Time) {
	if now.Before(b.sweepAt) {
		return
	}
	b.sweepAt = now.Add(sweepEvery)
	for id, r := range b.released {
		if now.After(r.until) {
			delete(b.released, id)
		}
	}
	forget(b.departed, now)
	forget(b.ended, now)
}

func forget(memory map[model.SessionRef]departure, now time.Time) {
	for ref, d := range memory {
		if now.After(d.until) {
			delete(memory, ref)
		}
	}
}

// releasedOf answers the released seats of a session that are remembered.
func (b *Book) releasedOf(ref model.SessionRef) (ids []model.SeatID) {
	for id, r := range b.released {
		if r.session == ref {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
