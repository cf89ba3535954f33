package room

import (
	"greenroom.dev/greenroom/internal/room/wire"
	"greenroom.dev/greenroom/internal/ticket"
)

// Gate is what a door asks who may come in. It verifies the ticket, which must be player's if player is not empty,
// claims its seat and finds or makes the room.
type Gate interface {
	Admit(ticket, player string) (Admission, *Refusal)
}

// ConnectGate is the gate of a door whose players show connect tokens.
type ConnectGate interface {
	Gate // Admit takes ticket.ShownText of the shown part
	// OpenConnect answers the keys of a connect token's shown part. It takes no seat and does not wait.
	OpenConnect(part []byte) (ticket.DirectionKeys, *Refusal)
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
