// Package handover moves sessions between servers so that nobody loses anything: from a draining server (freeze → copy →
// place → open → send players on) and off a dead one (last copy → place → open). It decides nothing: who is moved, when
// and why comes from the keeper, where to comes from the registry's placing.
package handover

import (
	"context"

	"greenroom.dev/greenroom/internal/model"
)

// Links is what a hand-over needs of the streams to the servers; link.Hub is the real one. Every call is bounded by ctx.
type Links interface {
	// HandOver freezes the session on its server and answers its state.
	HandOver(ctx context.Context, server model.ServerID, session model.SessionRef, gen model.Generation) (state []byte, err error)
	// Resume takes a HandOver back.
	Resume(ctx context.Context, server model.ServerID, session model.SessionRef, gen model.Generation) error
	// Open brings the session to a server and returns once the server has it.
	Open(ctx context.Context, server model.ServerID, open Opening) error
	// Close ends the session on a server; with a redirect its players are sent on, without they are told it ended.
	Close(ctx context.Context, server model.ServerID, session model.SessionRef, gen model.Generation, reason string, to *Redirect) error
	// LastCopy answers the newest copy a server sent of the session, whichever server that was.
	LastCopy(session model.SessionRef) (state []byte, ok bool)
}

// Opening is the input of Links.Open.
type Opening struct {
	Session    model.SessionRef
	Generation model.Generation // the new one
	Capacity   int
	State      []byte // nil: none
	Complete   bool   // all of it, by a hand-over; else a periodic copy
}

// Redirect says where a session's players go.
type Redirect struct {
	Server    model.ServerID
	Endpoints []model.Endpoint
	Tickets   []PlayerTicket
}

// PlayerTicket is a ticket for one player on the new server.
type PlayerTicket struct {
	Player       model.PlayerID
	Ticket       string
	ConnectToken string // the same seat, for model.EndpointUDP; "" if the server has none
	Seat         model.Seat
}
