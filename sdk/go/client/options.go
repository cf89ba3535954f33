package client

import (
	"context"
	"net/http"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// Options say how a room is entered and listened to. The zero value is of use.
type Options struct {
	Handler Handler
	// Endpoint is how JoinRoom, and a client that joins again, enters: "ws" or "udp". "": "ws". A server without "udp" is
	// entered by "ws".
	Endpoint string
	// Rejoin asks for a seat again when the place is gone. nil: the room ends instead; JoinRoom sets the API's Join.
	Rejoin func(ctx context.Context) (*greenroomv1.JoinResponse, error)
	// RejoinFor is how long a way back in is looked for. 0: one minute.
	RejoinFor time.Duration
	// Quiet: a connection that is silent this long is pinged, and given up after as long again. 0: 5 s.
	Quiet time.Duration
	// HTTP makes the WebSocket's handshake. nil: http.DefaultClient.
	HTTP *http.Client
}

func (o Options) withDefaults() Options {
	if o.RejoinFor == 0 {
		o.RejoinFor = time.Minute
	}
	if o.Quiet == 0 {
		o.Quiet = 5 * time.Second
	}
	return o
}

// Handler is told what happens in the room, in order: its calls never overlap, and the next waits for the last. They must
// not block; they may call the room's sending methods, but not Leave or Close. Byte slices are good during the call only. A nil method is
// not called.
type Handler struct {
	State  func(StateChange)
	Event  func(Event)
	Signal func(Signal)
	// Member: a player came (present) or its seat was released. After each snapshot it is called for every member.
	Member func(member uint64, player string, present bool)
	Status func(StatusChange)
	// Missed: the room could not give this client every event: it read too slowly, or came back too late. events is how
	// many there were; 0: nobody knows, the room lost its history.
	Missed func(events uint64)
	Reject func(Rejection)
	// Position: a member stands somewhere else now, or was told of for the first time.
	Position func(MemberPosition)
	// Corrected: the room's game refused where this player said to stand, or moved it. It stands there now; false: nowhere yet.
	Corrected func(at Position, stands bool)
	// Occupancy: how many members there are, in rooms where one is told of those in sight only.
	Occupancy func(members int)
	// Staged: a message to every room of the space. What is shown to late joiners may come twice.
	Staged func(Staged)
}

// Staged is a message of the stage.
type Staged struct {
	Serial  uint64 // rises over the stage's messages; a gap says that some were lost
	Retain  bool   // the last one of its name is shown to late joiners
	Name    string
	Payload []byte
}

// StateChange is a key's new value, or its end.
type StateChange struct {
	Key     string
	Owner   uint64 // the member that wrote it last
	Version uint64
	Value   []byte
	Deleted bool
	Mine    bool // Owner is this player
	Past    bool // it came with a snapshot: it may be older than now
}

// State is one key of the room.
type State struct {
	Owner   uint64
	Version uint64 // rises with every change
	Value   []byte
}

// Event is one event; a room's client sees each (epoch, offset) once and in order.
type Event struct {
	Epoch, Offset uint64
	From          uint64 // member
	Name          string
	Payload       []byte
}

// Signal is a message to this member.
type Signal struct {
	From    uint64 // member
	Name    string
	Payload []byte
}

// Rejection is a message that the room did not take.
type Rejection struct {
	Seq      uint64 // what the sending method returned, if the connection has stayed the same since
	Code     uint64 // docs/WIRE.md lists them
	Sentence string
}

// Status is where a room's connection is.
type Status int

// A room's connection goes from Connecting to Open, then between Reconnecting and Open, and at last to Closed.
const (
	Connecting Status = iota
	Open
	Reconnecting
	Closed
)

// String gives the status in lower case.
func (s Status) String() string {
	return [...]string{"connecting", "open", "reconnecting", "closed"}[min(max(s, 0), Closed)]
}

// StatusChange is a new status.
type StatusChange struct {
	Status Status
	// Told, with Reconnecting: the room said that it moves (or its server goes); else the connection was lost or cut off.
	Told bool
	// Away, with Open after Reconnecting: since the old connection's last message other than the one that said so.
	Away time.Duration
	// Err, with Closed: why; nil after Leave or Close. With Reconnecting: what ended the connection, for logs.
	Err error
}
