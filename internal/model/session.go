package model

import "time"

// SessionState is where a session is. The numbers are those of greenroom.v1.SessionState.
type SessionState uint8

// A session's states.
const (
	SessionStateUnknown SessionState = iota
	// SessionLive: on its server.
	SessionLive
	// SessionMoving: between servers, by a hand-over or after a crash; joins wait for its end.
	SessionMoving
)

// String gives the state's lower-case name.
func (s SessionState) String() string { return [...]string{"unknown", "live", "moving"}[min(s, 2)] }

// Session is what is known of one session.
type Session struct {
	SessionRef
	Fleet      FleetName
	Server     ServerID // "" while it has none after a crash
	State      SessionState
	Generation Generation // raised by every move
	Move       Generation // the number of the move that was begun last; 0: none was
	Seats      []Seat     // nil in lists, which only count
	Capacity   int        // seats

	// Left are the servers that it moved off and on which its players may still wait to be sent on, the earliest first.
	// Shared: not to be changed.
	Left []Departure

	SeatsReserved int
	SeatsClaimed  int
	CreatedAt     time.Time
	JoinedAt      time.Time // the last join's; zero for one that its server brought
	Revision      uint64
}

// Departure is a server that a session moved off, and the generation that it had there.
type Departure struct {
	Server     ServerID
	Fleet      FleetName // the server's
	Generation Generation
}

// SeatState is where a seat is. The numbers are those of greenroom.v1.SeatState.
type SeatState uint8

// A seat's states.
const (
	SeatStateUnknown SeatState = iota
	SeatReserved
	SeatClaimed
)

// Seat is one player's place in a session.
type Seat struct {
	ID        SeatID
	Player    PlayerID
	State     SeatState
	ExpiresAt time.Time // of a reservation; zero once claimed
}
