// Package registry owns the interface to the live facts: which servers there are, which sessions live where, who holds
// which seat. Every verb is one atomic step, every write is conditional (rule I8), and no verb waits for anything
// outside the registry. Implementations live in the folders below and all pass registrytest.
package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// What a verb can say no with. Implementations wrap them with the names involved.
var (
	// ErrFull: no open server of the named fleets has room, or the session has too few free seats.
	ErrFull = errors.New("full")
	// ErrSessionFull is an ErrFull of the keyed session alone: room elsewhere would not help.
	ErrSessionFull = fmt.Errorf("session is %w", ErrFull)
	// ErrTooLarge: no session of the fleets could ever hold the party; waiting does not help.
	ErrTooLarge = errors.New("party is larger than a session")
	// ErrMoving: the session is between servers, or was ended and its server not told yet; try again after the next Watch signal.
	ErrMoving = errors.New("session is moving")
	// ErrNotFound: no such server, session or seat.
	ErrNotFound = errors.New("not found")
	// ErrStale: the generation given is not the present one; nothing was changed.
	ErrStale = errors.New("stale generation")
	// ErrConflict: the change is not possible in the present state, such as stopping a server with sessions.
	ErrConflict = errors.New("conflict")
)

// HearsWithin is how long a linked server is given to hear that one of its sessions was ended, or the seat of a player who is
// there was freed. Whoever was to tell it may have died before, and its stream live on.
const HearsWithin = 10 * time.Second

// Registry is the live facts. All methods are safe for concurrent use; times are the caller's `now`.
type Registry interface {
	Joins
	Servers
	Sessions

	// Tally answers what fleets and routes have seen since this registry began.
	Tally(ctx context.Context) (Tally, error)
	// Begun answers how many sessions have begun on a fleet, by its Tally.
	Begun(ctx context.Context, fleet model.FleetName) (uint64, error)
	// Count answers the live facts in numbers. It costs the same however many servers and sessions there are.
	Count(ctx context.Context) (Count, error)
	// Watch gives a channel that receives after changes, coalesced (capacity 1: a slow reader misses signals, never
	// the last one). The channel is closed when ctx ends.
	Watch(ctx context.Context) <-chan struct{}
	// Acquire takes or prolongs the lease called name for holder until now+ttl. It answers whether holder has it, and
	// the lease's fencing generation, raised each time it changes hands.
	Acquire(ctx context.Context, name, holder string, ttl time.Duration, now time.Time) (held bool, fence model.Generation, err error)
}

// Tally is counters that only rise. The caller owns it.
type Tally struct {
	Fleets map[model.FleetName]Counters
	Routes map[model.RouteName]Counters
}

// Counters count what began and ended. A session that moves counts once, on the fleet it began on.
type Counters struct {
	SessionsBegun uint64 // by joins: not those that servers brought back after a restart
	SeatsTaken    uint64 // reserved for the first time in their session
	SeatsFreed    uint64
	SeatsExpired  uint64 // of them those whose reservation nobody claimed
	// What servers say of their connections (see model.Connections), summed over them, those that are gone too. Of a server
	// that is found again what came before is not in it. Fleets only.
	Connections model.Connections
	// Servers that became Unhealthy: their end was not asked for. Fleets only.
	Crashes uint64
}

// Joins is what the router needs.
type Joins interface {
	// Reserve seats a party, all or nobody, in this order: the answer already given to the same RequestID; the seats
	// players already hold in the keyed session; the keyed session; for an empty key, the fullest session of the
	// fleets in order that has room (only sessions of this route); a new session on the best server (decide/place) of
	// the first fleet in order that has room. Without fleets, only a session that is there, and of one that a server brought back only if
	// somebody is in it: it may have moved to a server that was not heard of yet. Errors: ErrFull, ErrSessionFull, ErrTooLarge, ErrMoving, and ErrConflict
	// for a RequestID that was used for another join.
	Reserve(ctx context.Context, req Reserve) (Reservation, error)
	// Leave gives a player's seat back. ErrNotFound if there is none. A session whose last seat is given back unclaimed stays
	// until that seat's reservation would have ended: its ticket may open the session there before its server hears of it.
	Leave(ctx context.Context, session model.SessionRef, player model.PlayerID, now time.Time) (model.Seat, error)
}

// Reserve is the input of Joins.Reserve.
type Reserve struct {
	Route     model.RouteName
	Key       model.SessionKey // "": any session
	NewKey    model.SessionKey // used for a new session when Key is ""; the router makes it up
	Fleets    []model.FleetName
	Players   []model.PlayerID // 1 to model.MaxParty, all different
	RequestID string           // "" for none
	Now       time.Time
	ExpiresAt time.Time // of the reservations
}

// Reservation is the answer of Joins.Reserve. The caller owns Seats; Endpoints is shared and must not be changed.
type Reservation struct {
	Session         model.SessionRef
	Generation      model.Generation
	SessionCapacity int
	Fleet           model.FleetName
	Server          model.ServerID
	Endpoints       []model.Endpoint
	Seats           []model.Seat // in the order of Reserve.Players
	Created         bool
	Linkless        bool // of the server
}

// Servers is what the keeper, the link and the API need of servers.
type Servers interface {
	// AddServer makes a server known, in the state given (Starting, or whatever a found-again one is in). Adding one
	// that is known changes nothing and answers what is known.
	AddServer(ctx context.Context, s model.Server) (model.Server, error)
	// SetState moves a server to a state (checked by model.ServerState.CanBecome) if its generation is still gen;
	// drain is kept for Draining and cleared for Open. A server with sessions, or with players of some that moved off it
	// (model.Server.Departing), does not become Empty, unless they are to be abandoned and it has no link, and one with
	// sessions nothing for a change that is for an Unused one (ErrConflict). The sessions of a Linkless server end with it, or when it becomes Ready again, which it may from Open and
	// Cordoned.
	// ErrStale, ErrConflict, ErrNotFound.
	SetState(ctx context.Context, id model.ServerID, gen model.Generation, change StateChange) (model.Server, error)
	// RemoveServer forgets a server that is Stopped or Unhealthy and has no sessions. ErrConflict otherwise.
	RemoveServer(ctx context.Context, id model.ServerID, gen model.Generation) error
	// Greet takes a server's Hello: marks it linked, brings sessions it reports and the registry does not know back
	// to life, and names those that live elsewhere by now (Stale). A server that was Starting becomes Ready, or what it
	// was last told to be (a Starting one is what a restarted control plane finds again), and an Empty one that has sessions
	// after all drains again. A stream's Hello is taken once:
	// what was reported on it since counts. ErrNotFound, ErrStale.
	Greet(ctx context.Context, hello Hello) (Greeting, error)
	// Report takes changes of a linked server's sessions, and its load, which Watch tells only when it differs from the
	// last that it told. Reports about an older generation of a session, or by a
	// server that does not have the session, change nothing (I8); one that nobody has comes back to life by its claimed seats. ErrStale: the stream is not the server's newest, a newer
	// report came before, or the server has not heard within HearsWithin of what it lost: it is to greet again.
	Report(ctx context.Context, report Report) error
	// Unlink marks a server's stream as lost, if stream is still its newest.
	Unlink(ctx context.Context, id model.ServerID, stream uint64, now time.Time) error
	// Annotate sets labels and annotations (nil leaves them as they are; keys are merged).
	Annotate(ctx context.Context, id model.ServerID, labels, annotations map[string]string) error

	// Attach notes what the provider says of a server once it has started it, and whenever it says something else: its
	// reference, its node, its capacity, and its endpoints unless the server has named its own already. ErrNotFound.
	Attach(ctx context.Context, id model.ServerID, a Attachment) error

	// Avoid says whether sessions shall come to a server only when no other open one of its fleet has room, joins and
	// moves alike; players without a key come to its sessions only when those of no other one of the fleet have. It is no
	// change of state: the generation stays. ErrStale, ErrNotFound.
	Avoid(ctx context.Context, id model.ServerID, gen model.Generation, avoided bool) error

	// GetServer answers a copy. ErrNotFound.
	GetServer(ctx context.Context, id model.ServerID) (model.Server, error)
	// ListServers answers copies of the servers of a fleet ("" for all), by ID.
	ListServers(ctx context.Context, fleet model.FleetName) ([]model.Server, error)
	// AppendServers is ListServers into the caller's memory, for those who list often: the servers are appended to `to`.
	AppendServers(ctx context.Context, to []model.Server, fleet model.FleetName) ([]model.Server, error)
}

// Attachment is what a provider says of a server that it has started.
type Attachment struct {
	Ref       string
	Node      string // "": not known
	Endpoints []model.Endpoint
	// Fixed: the endpoints are what they are, whatever the server names.
	Fixed bool
	// Capacity is what it can hold; zero: as it was.
	Capacity model.Capacity
}

// StateChange is what SetState changes.
type StateChange struct {
	State  model.ServerState
	Reason string
	Drain  *model.Drain // for Draining
	Unused bool         // only while the server has no session; else ErrConflict
	// Abandon lets a server become Empty although players of sessions that moved off it may wait on it, if it has no link.
	Abandon bool
	Now     time.Time
}

// Hello is a server's whole truth at the start of a stream.
type Hello struct {
	Server    model.ServerID
	Stream    uint64 // numbers the server's streams in this control plane; larger is newer
	Version   string
	Endpoints []model.Endpoint
	State     model.ServerState // the state it was last told; unknown for a fresh one
	Drain     *model.Drain      // it was last told, if it was told to drain; nil: not known
	Sessions  []SessionReport
	Now       time.Time
	// Linkless: there is no stream; the registry marks the server Linkless until it links. Endpoints and Version are kept as
	// they were where the Hello has none, and the Sessions of one that was Starting are brought back.
	Linkless bool
}

// Greeting is the registry's answer to a Hello.
type Greeting struct {
	Server model.Server
	Stale  []model.SessionRef // of those that the Hello names
	// Ended are sessions that ended there, that the Hello does not name, and of which the server may not have heard: it must not open
	// them by a ticket that is still about.
	Ended []EndedSession
	// FirstSeat is the first that this registry gave: a ticket of an older seat must not open a session that is not on its server,
	// as this registry may have placed it elsewhere.
	FirstSeat model.SeatID
}

// SessionReport is what a server says of one session.
type SessionReport struct {
	Session    model.SessionRef
	Generation model.Generation
	Capacity   int
	Claimed    []model.Seat   // ID and Player of every claimed seat
	Released   []model.SeatID // since the last report on this stream
	Frozen     bool           // it waits for the end of a hand-over: who is in it does not play
}

// Report is a batch of changes.
type Report struct {
	Server model.ServerID
	Stream uint64
	// Serial numbers the stream's reports from 1; 0: not said. One that comes after a newer one is ErrStale.
	Serial   uint64
	Sessions []SessionReport
	Ended    []EndedSession
	Load     *model.Load // nil: not said
	// Connections are counts since the server's process began; nil: not said.
	Connections *model.Connections
	Now         time.Time
}

// EndedSession names a session that ended on its own.
type EndedSession struct {
	Session    model.SessionRef
	Generation model.Generation
}

// Sessions is what hand-overs, the keeper and the API need of sessions.
type Sessions interface {
	// GetSession answers a copy with its seats. ErrNotFound.
	GetSession(ctx context.Context, ref model.SessionRef) (model.Session, error)
	// ListSessions answers copies without seats, ordered by route and key, after `After`, at most Limit (0: all).
	ListSessions(ctx context.Context, filter SessionFilter) ([]model.Session, error)
	// BeginMove marks a live session Moving, so that joins wait, and answers the number of the move. ErrStale if gen is not
	// the present one.
	BeginMove(ctx context.Context, ref model.SessionRef, gen model.Generation, now time.Time) (move model.Generation, err error)
	// CommitMove puts a Moving session on the best open server of the fleets in order (never on `from`), with a new
	// generation, the capacity that server's sessions have, and a fresh reservation until expires for every seat (seat IDs
	// are new). Where no server that has room has sessions of so many seats, it comes to one with enough seats on all of them
	// together, with as many seats as are taken in it. The session stays Moving until FinishMove. ErrFull, and ErrTooLarge where
	// no server of the fleets could ever hold it, leave it as it was; ErrStale if another move was begun since. A Moving session
	// whose new server dies is orphaned again.
	CommitMove(ctx context.Context, move Move) (Reservation, error)
	// The players wait where it was: that server counts it in model.Server.Departing until SentOn, or until the
	// server has ended or does not name it in its Hello.
	// After SentOn it counts it again if its stream breaks within HearsWithin, until its next Hello: the stream may not have
	// delivered the word. A session that ended and whose players may not have been told is counted likewise.
	// FinishMove makes a session that CommitMove placed Live on its new server.
	FinishMove(ctx context.Context, ref model.SessionRef, gen model.Generation, now time.Time) error
	// SentOn notes that the players of a session that moved off a server, where it had generation gen, were told where
	// to go, or that the server was told of a session that EndSession ended there. One that did not is no error. ErrNotFound.
	SentOn(ctx context.Context, ref model.SessionRef, from model.ServerID, gen model.Generation, now time.Time) error
	// AbortMove takes the BeginMove that answered move back: Live where it was. After CommitMove it answers ErrConflict.
	// ErrStale if another move was begun since.
	AbortMove(ctx context.Context, ref model.SessionRef, gen, move model.Generation, now time.Time) error
	// EndSession removes a session and frees its seats. Its server is to be told, and SentOn that it was; in every Hello in which it
	// names the session it learns that it is stale. Whoever ends it because of what its server is to do names the server's generation too, so that a drain that
	// was taken back ends nothing; serverGen 0: whatever its server does. ErrStale, ErrNotFound.
	EndSession(ctx context.Context, ref model.SessionRef, gen, serverGen model.Generation, now time.Time) error
	// Orphan takes all sessions off a server that is Unhealthy or Stopped: they are Moving, without a server.
	// It answers them with their seats.
	Orphan(ctx context.Context, id model.ServerID, now time.Time) ([]model.Session, error)
	// Expire frees reservations that were not claimed in time and ends sessions that never had a claimed seat, have none
	// reserved any more and are opened by no ticket. It answers how many seats it freed.
	Expire(ctx context.Context, now time.Time) (int, error)
}

// SessionFilter chooses sessions; zero fields choose all.
type SessionFilter struct {
	Route  model.RouteName
	Server model.ServerID
	Moving bool // only those that are between servers, or left one on which their players wait: it costs as much as there are of them
	After  model.SessionRef
	Limit  int
}

// Move is the input of CommitMove.
type Move struct {
	Session   model.SessionRef
	Gen       model.Generation
	Number    model.Generation // by BeginMove, or model.Session.Move
	Fleets    []model.FleetName
	From      model.ServerID
	Now       time.Time
	ExpiresAt time.Time
}
