package room

import "greenroom.dev/greenroom/internal/room/wire"

// Gate is what a door asks who may come in. It verifies the ticket, which must be player's if player is not empty,
// claims its seat and finds or makes the room.
type Gate interface {
	Admit(ticket, player string) (Admission, *Refusal)
}

// Admission is a claimed seat and its room.
type Admission struct {
	Room   *Room
	Player string
	Seat   uint64
}

// Refusal says why a ticket opens nothing.
type Refusal struct {
	Code   wire.CloseCode
	Reason string
}

// Error gives the reason.
func (r *Refusal) Error() string { return r.Reason }
