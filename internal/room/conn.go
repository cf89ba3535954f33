package room

import (
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Conn is one member's connection, as its door gives it to the room. All methods are called by the room's goroutine;
// none may block. Bytes leave in the order of the calls.
type Conn interface {
	// Endpoint is the door's name in a server's endpoints, such as "ws".
	Endpoint() string
	// Encoder makes the bytes for this connection; it may be another one after Change.
	Encoder() Encoder
	// Welcome comes before everything but Close.
	Welcome(w wire.Welcome)
	// Share queues a tick's bytes. False: they do not fit, nothing was queued, the connection is too slow.
	Share(s *Shared, now time.Time) bool
	// Grant queues a snapshot or missed events, which do not count against the queue's limit.
	Grant(s *Shared)
	// Change carries out a door's own change (Link.Change) between two ticks' bytes and answers the encoder of the
	// snapshot that is then due, or nil.
	Change(change any) Encoder
	// Signal, Ack, Reject, Resync, Reconnect queue one message to this member alone.
	Signal(s Signal)
	Ack(seq uint64)
	Reject(r wire.Reject)
	Resync(reason string)
	Reconnect(r wire.Reconnect)
	// Close says why, after what is queued, and ends the connection.
	Close(code wire.CloseCode, reason string)
	// Flush ends the calls of a tick: the writer may go.
	Flush()
	// Idle tells whether everything was written.
	Idle() bool
	// Drop forgets the queued bytes of Share that no writer has taken yet, and tells how many they were.
	Drop() int
}

// Encoder turns what happened into one door's bytes, once for all connections whose encoders have an equal Key.
type Encoder interface {
	Key() string
	// Batch encodes a tick; nil: nothing in it is for this class.
	Batch(b *Batch) *Shared
	// Snapshot encodes the room as it is; nil likewise. In a room with an area of interest it is one member's view.
	Snapshot(v *View) *Shared
	// Scene begins the encoding of a tick's entities in a room with an area of interest. Both are good until the end of
	// the tick. Neither encodes anything before it is asked for.
	Scene(entities []Entity) Scene
}

// Scene encodes each entity at most once in each of the ways a Sight names it, and puts together from these pieces what
// one member sees. It belongs to the room's goroutine.
type Scene interface {
	// For answers one member's bytes, in this order: who left its sight, who came into it with all they own, what changed of
	// those it sees, who is far. nil: nothing.
	For(s *Sight) *Shared
}

// Entity is one member as others see it in a tick: one that moved, changed what it owns, came, left, or that somebody
// sees anew.
type Entity struct {
	Member   uint64
	Player   string
	Left     bool           // the member is no longer in the room
	Position *wire.Position // nil: it has not said
	Moved    bool           // the position changed in this tick
	Changed  []State        // owned states that changed in this tick, deleted ones too
	Owned    []State        // kept owned states, by key, as they are after the tick; only of who came into somebody's sight
}

// Sight is what one member sees of a tick's entities, as indexes into them.
type Sight struct {
	Member uint64
	Came   []int // came into sight: player, position, Owned
	Stayed []int // in sight before and after: position if Moved, Changed
	Far    []int // position only, marked as far
	Gone   []int // left the sight or the room: what the member knew of them is no longer so
}

// Shared is what an encoder made. It is never changed after.
type Shared struct {
	Bytes    []byte // whole frames or packets
	Messages int    // how many deliveries that is
	Holes    []Hole // parts to be filled in for each member; nil: none
	Latest   []Latest
}

// Latest is a position that is worth sending only until there is a later one of the same member. Only doors that may
// lose messages have them; they are not in Shared.Bytes.
type Latest = wire.Latest

// Hole is a packet within Shared.Bytes whose two-byte identifier each connection fills in on a copy of its own.
type Hole struct{ Start, ID, End int }

// Batch is what happened in one tick, for everybody.
type Batch struct {
	Now       time.Time // of the tick
	Presence  []Presence
	States    []State // the last value of each key
	Events    []Event // in order of their offsets
	Positions []MemberPosition
	Staged    []*Staged
	Occupancy int // members of a room with an area of interest, when it is told; 0: not now
}

// MemberPosition is where a member stands.
type MemberPosition struct {
	wire.MemberPosition
	Player string
}

// Presence is a member that came or went.
type Presence struct {
	Member uint64
	Player string
	Left   bool
}

// State is a change of a key, or a kept value.
type State struct {
	wire.State
	QoS     byte      // asked for by the sender: 0 at most once, 1 at least once, 2 exactly once
	Props   []byte    // MQTT 5 properties that are passed on, encoded; only that door reads them. nil: none
	Expires time.Time // a kept one is deleted then, a passing one is of no use after; zero: never
}

// Event is one event.
type Event struct {
	wire.Event
	QoS     byte
	Props   []byte    // as a State's
	Expires time.Time // of no use after; zero: never
}

// Signal is a signal to one member.
type Signal struct {
	wire.Signal
	FromPlayer string
	QoS        byte
	Props      []byte        // as a State's
	TTL        time.Duration // of no use after, from now; 0: for ever
}

// View is the room as it is between two ticks.
type View struct {
	Now       time.Time
	Epoch     uint64
	Offset    uint64
	Members   []wire.Member // by number
	States    []State       // by key
	Positions []MemberPosition
	Staged    []*Staged // what the stage shows to late joiners
	Occupancy int       // as a Batch's
}

// batch collects a Batch; a key's later value takes the earlier one's place.
type batch struct {
	Batch
	at map[string]int // key → index in States
}

func newBatch() batch { return batch{at: map[string]int{}} }

func (b *batch) empty() bool {
	return len(b.Presence) == 0 && len(b.States) == 0 && len(b.Events) == 0 && len(b.Positions) == 0 &&
		len(b.Staged) == 0 && b.Occupancy == 0
}

// state adds a change. A passing value and a kept one of the same key are both told, in order.
func (b *batch) state(s State) {
	const kept = wire.Retain | wire.Delete
	if i, ok := b.at[s.Key]; ok && (b.States[i].Flags&kept == 0) == (s.Flags&kept == 0) {
		b.States[i] = s
		return
	}
	b.at[s.Key] = len(b.States)
	b.States = append(b.States, s)
}

func (b *batch) reset() {
	clear(b.Presence)
	clear(b.States)
	clear(b.Events)
	clear(b.Positions)
	clear(b.Staged)
	b.Batch = Batch{
		Presence: b.Presence[:0], States: b.States[:0], Events: b.Events[:0], Positions: b.Positions[:0], Staged: b.Staged[:0],
	}
	clear(b.at)
}
