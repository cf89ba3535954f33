package model

import "time"

// ServerState is where a server is in its life. The numbers are those of greenroom.v1.ServerState.
type ServerState uint8

// A server's states, in the order of its life; see docs/GLOSSARY.md.
const (
	ServerStateUnknown ServerState = iota
	ServerStarting
	ServerReady
	ServerOpen
	ServerCordoned
	ServerDraining
	ServerEmpty
	ServerStopped
	ServerUnhealthy
)

var serverStateNames = [...]string{"unknown", "starting", "ready", "open", "cordoned", "draining", "empty", "stopped", "unhealthy"}

// String gives the state's lower-case name.
func (s ServerState) String() string {
	if int(s) < len(serverStateNames) {
		return serverStateNames[s]
	}
	return "invalid"
}

// Terminal tells whether nothing follows this state but the server's removal.
func (s ServerState) Terminal() bool { return s == ServerStopped || s == ServerUnhealthy }

// CanBecome tells whether a server may go from s to next. States move forward only; Open and Cordoned alternate, a
// drain may be taken back to Open, and every living state may become Stopped or Unhealthy. (A registry has an Empty server drain again whose Hello brings sessions.)
func (s ServerState) CanBecome(next ServerState) bool {
	switch {
	case s == next:
		return true
	case s.Terminal():
		return false
	case next.Terminal():
		return true
	case s == ServerDraining && next == ServerOpen, s == ServerCordoned && next == ServerOpen:
		return true
	default:
		return next > s
	}
}

// Server is what is known of one server.
type Server struct {
	ID         ServerID
	Fleet      FleetName
	State      ServerState
	Reason     string     // why it is in State, in a sentence
	Generation Generation // raised with every change of State by the control plane

	FleetRevision uint64 // the fleet's template that it was started from; 0: not known
	Avoided       bool   // sessions come to it only when no other open server of the fleet has room

	Endpoints   []Endpoint
	Version     string            // the server's own
	ProviderRef string            // such as "pid 4711"
	Node        string            // the machine it is on; "": not known
	Labels      map[string]string // set through the Agones SDK
	Annotations map[string]string

	SessionCapacity int
	SeatCapacity    int // on the whole server
	SeatsPerSession int

	// Linked: the server has a live stream to the control plane. One without never claims seats itself: its
	// reservations count as claimed at once (an Agones SDK server).
	Linked     bool
	Linkless   bool      // it is not expected to have one: it speaks the Agones SDK, or runs at a static address
	Found      bool      // it ran before this control plane began, and a keeper made it known again
	ReportedAt time.Time // last report; zero for none

	CreatedAt  time.Time
	StateSince time.Time
	Drain      *Drain    // nil unless Draining or Empty by a drain
	FilledAt   time.Time // a session last began on it or moved to it; zero: none did

	// Counts, kept by the registry.
	Sessions       int
	SessionsActive int // of them with a seat, reserved or claimed
	SeatsReserved  int
	SeatsClaimed   int
	Departing      int       // sessions that moved off it and whose players may still wait on it
	DepartedAt     time.Time // players of such a session were last sent on; zero: never

	Load *Load // what its process used when it last said so; nil when it never did. Shared: not to be changed

	Revision uint64 // of the registry, at this server's last change
}

// FreeSlots is how many more sessions the server can take, whatever its state. One that moved off it takes its place until its
// players were sent on: they are on the server still.
func (s *Server) FreeSlots() int { return max(0, s.SessionCapacity-s.Sessions-s.Departing) }

// Drain is the plan of one drain, in the control plane's time.
type Drain struct {
	StartedAt  time.Time
	HandOverAt time.Time // natural ends are waited for until then
	DeadlineAt time.Time // what is left is ended then
	Reason     string
	Cause      DrainCause
	// Before is the drain that its machine's notice shortened, which goes on when the notice is taken back; nil: none.
	Before *Drain
}

// DrainCause is who drains, where that decides who may take the drain back.
type DrainCause string

// Causes of drains.
const (
	DrainAsked         DrainCause = ""                  // somebody asked for it, or whatever else
	DrainConsolidation DrainCause = ReasonConsolidation // so that the server becomes free; it never ends a session
	DrainNode          DrainCause = "node"              // its machine goes away
	DrainUpgrade       DrainCause = ReasonUpgrade       // servers of another template replace it
	DrainUnknown       DrainCause = "unknown"           // it drained when it was found again after a restart of the control plane
)
