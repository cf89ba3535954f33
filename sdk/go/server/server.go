// Package server is for authors of session servers: it keeps the link to Greenroom, checks tickets, keeps seats, and
// passes on what is wanted of the server. A server that Greenroom started finds everything it needs in its environment:
//
//	GREENROOM_SERVER        its name
//	GREENROOM_FLEET         its fleet
//	GREENROOM_LINK          the control plane's address, such as http://127.0.0.1:7350
//	GREENROOM_LINK_FILE     a file that holds its address now, for the case that it moves; optional
//	GREENROOM_SERVER_TOKEN  proves to the control plane who it is
//	GREENROOM_HOST          the host players reach it by
//	GREENROOM_PORT_<NAME>   each port it was given
//
// The link may be down for any time: tickets are checked without it, and what changed is said when it is back.
package server

import (
	"context"
	"log/slog"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// Session names one session on this server. The value stays the same for as long as the session stays here.
type Session struct {
	Route      string
	Key        string
	Generation uint64
}

// Seat is one claimed seat.
type Seat struct {
	ID      uint64
	Player  string
	Session Session
	// Capacity is the session's, in seats.
	Capacity int
}

// Redirect says where a session went. Without a Server (and for a player without a ticket) players join again.
type Redirect struct {
	Server    string
	Endpoints []*greenroomv1.Endpoint
	// Tickets by player, good for the new server.
	Tickets map[string]string
	// ConnectTokens by player, for the new server's endpoint "udp"; empty if it has none.
	ConnectTokens map[string]string
}

// Handler is what a session server does when Greenroom asks. Calls for one session never overlap; calls for different
// sessions may. A nil method is "nothing to do".
type Handler struct {
	// Open: the session comes to this server with state (nil for none). complete tells whether state is all of it (a
	// hand-over) or a periodic copy from before a crash. An error refuses the session.
	Open func(ctx context.Context, s Session, capacity int, state []byte, complete bool) error
	// HandOver: freeze the session and return its state; its players will be sent on by Close. After an error it goes on.
	HandOver func(ctx context.Context, s Session) (state []byte, err error)
	// Resume: the hand-over was called off; go on.
	Resume func(s Session)
	// Close: the session is over here. With a redirect, send every player to the new server; without, tell them it ended.
	Close func(s Session, reason string, to *Redirect)
	// Kick: the player was removed; close the connection. The seat is already released.
	Kick func(seat Seat, reason string)
	// Stage: messages for every session of a space of a route (StageMessage says which), in the order of their serials.
	// With all they are every message that late joiners are to be shown, as at each connection: what is not among them is
	// shown no more, and what is may have been heard before.
	Stage func(messages []*greenroomv1.StageMessage, all bool)
	// Want: the state that is wanted of the server changed; for information, the rest is called anyway.
	Want func(w *greenroomv1.Want)
	// Welcome: the control plane's settings, at each connection.
	Welcome func(w *greenroomv1.Welcome)
}

// Config says how to reach Greenroom; FromEnv fills it.
type Config struct {
	Server    string
	Fleet     string
	Link      string
	LinkFile  string // read before each connection; Link counts while it cannot be read. "": Link alone
	Token     string
	Host      string
	Ports     map[string]int // by lower-case name
	Version   string
	Endpoints []*greenroomv1.Endpoint
	Handler   Handler
	Logger    *slog.Logger // nil: slog.Default
	// ResumeWindow is how long the seat of a lost connection is kept. 0: the fleet's setting.
	ResumeWindow time.Duration
	// Traffic tells how many bytes the server's own connections have received and sent so far, for the load that is reported
	// with heartbeats. nil: what all network interfaces that the process sees carried, loopback apart, which is the
	// machine's where the process has no container of its own.
	Traffic func() (received, sent uint64)
	// Transport carries the link. nil: HTTP/2 to Link, without TLS for http://.
	Transport connect.Transport
}
