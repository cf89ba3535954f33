package room

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"greenroom.dev/greenroom/internal/room/wire"
)

// Why a room takes nothing.
var (
	ErrOver = errors.New("the room is over")
	ErrBusy = errors.New("the room has more to do than it may hold")
	// ErrFlooding: the connection goes on sending what is refused; close it.
	ErrFlooding = errors.New("too many messages")
)

// Kind is a message's class.
type Kind byte

// The classes of message.
const (
	KindState Kind = iota
	KindEvent
	KindSignal
	KindPosition // Value is not used, Seq is the serial; neither acknowledged nor rejected
)

// Message is one message of a member. The room keeps Value; nobody may change it after Send.
type Message struct {
	Kind     Kind
	QoS      byte
	Flags    wire.StateFlags // of a state
	Seq      uint64          // rises over the connection's messages
	Expect   uint64
	TTL      time.Duration // of a state how long it is kept, else how long it is of use; 0: for ever
	Name     string
	Value    []byte
	To       []uint64 // of a signal
	ToPlayer string   // of a signal without To
	Props    []byte   // see State.Props
	Position wire.Position
}

// size is what of a message counts in the room's limits.
func (m *Message) size() int { return len(m.Value) + len(m.Props) }

// Join is a connection that asks to be a member.
type Join struct {
	Player string
	Seat   uint64
	Conn   Conn
	// Numbered: Seq counts over the player's connections, and what was taken once is not taken again. Else it counts
	// over this connection.
	Numbered bool
	// Resume: the member has everything up to (Epoch, Offset).
	Resume        bool
	Epoch, Offset uint64
	Will          *Will // nil: none
}

// Link is a door's handle on one connection in a room. Its methods are for the one goroutine that reads the connection.
type Link struct {
	room     *Room
	join     Join
	messages Limiter
	bytes    Limiter
	serial   uint64      // of the last position
	waiting  place       // of a position in the inbox; the inbox's
	returned atomic.Bool // the member came back: grant what its client has held; set by the room, taken by the reader

	// The room's.
	member     *member
	joining    bool // has no snapshot yet
	early      []func(Conn)
	ack        bool
	acked      uint64
	lagging    bool
	lagSince   time.Time
	overflowAt time.Time
	parked     parked
	heir       bool // its Conn goes on with an earlier one's; it takes the tick's bytes though it is not welcomed yet
	sight      sightline
}

// Join puts a connection into the room; it is welcomed at the next tick. ErrOver: there is no room any more.
func (r *Room) Join(j Join) (*Link, error) {
	l := &Link{
		room: r, join: j,
		messages: NewLimiter(r.cfg.Settings.MaxMessagesPerSecond), bytes: NewLimiter(r.cfg.Settings.MaxBytesPerSecond),
	}
	if err := r.in.put(input{kind: inputJoin, link: l}); err != nil {
		return nil, err
	}
	return l, nil
}

// Send puts a message into the room. What the limits refuse is answered by Conn.Reject and is no error. ErrFlooding,
// ErrBusy: close the connection. ErrOver: it is being closed. A position that is refused is only counted.
func (l *Link) Send(now time.Time, m Message) error {
	if m.Kind == KindPosition {
		return l.sendPosition(now, &m)
	}
	limits, counted := &l.room.cfg.Settings, l.room.cfg.Counters
	if verdict := l.take(now, &l.messages, 1); verdict != Pass {
		return l.above(verdict, m, &counted.RejectedRate, fmt.Sprintf("more than %d messages a second", limits.MaxMessagesPerSecond))
	}
	if limit := limits.MaxMessageBytes; m.size() > limit {
		return l.Refuse(m, wire.RejectTooLarge, fmt.Sprintf("%d bytes, at most %d are taken", m.size(), limit))
	}
	if verdict := l.take(now, &l.bytes, m.size()); verdict != Pass {
		return l.above(verdict, m, &counted.RejectedBytes, fmt.Sprintf("more than %d bytes a second", limits.MaxBytesPerSecond))
	}
	if !wire.ValidName(m.Name) {
		return l.Refuse(m, wire.RejectBadName, "a key or name is 1 to 128 bytes without +, # and control characters")
	}
	err := l.room.in.put(input{kind: inputMessage, link: l, msg: m})
	if errors.Is(err, ErrBusy) {
		counted.RejectedBusy.Add(1)
		return l.Refuse(m, wire.RejectTooMany, "the room is busy")
	}
	return err
}

// take asks a limiter. A member that came back may first send what its client has held for it, so that a pause in the
// connection loses nothing.
func (l *Link) take(now time.Time, from *Limiter, n int) Verdict {
	if l.returned.Load() && l.returned.CompareAndSwap(true, false) {
		l.messages.Give(ReturnMessages)
		l.bytes.Give(ReturnBytes)
	}
	verdict := from.TakeN(now, n)
	if verdict == Flood {
		l.room.cfg.Counters.Floods.Add(1)
	}
	return verdict
}

// above refuses what a limiter did not let pass, or ends a flood.
func (l *Link) above(verdict Verdict, m Message, counter *atomic.Uint64, sentence string) error {
	if verdict == Flood {
		return ErrFlooding
	}
	counter.Add(1)
	return l.Refuse(m, wire.RejectTooMany, sentence)
}

// Refuse has m rejected in its turn.
func (l *Link) Refuse(m Message, code wire.RejectCode, sentence string) error {
	return l.room.in.put(input{kind: inputReject, link: l, msg: Message{Seq: m.Seq}, code: uint64(code), sentence: sentence})
}

// Allow takes a token for something the door answers by itself. False: it does not answer.
func (l *Link) Allow(now time.Time) (ok bool, err error) {
	switch l.take(now, &l.messages, 1) {
	case Flood:
		return false, ErrFlooding
	case Refuse:
		l.room.cfg.Counters.Unanswered.Add(1)
		return false, nil
	}
	return true, nil
}

// Change has Conn.Change(change) called between two ticks' bytes.
func (l *Link) Change(change any) error {
	return l.room.in.put(input{kind: inputChange, link: l, change: change})
}

// Leave gives the seat back at once.
func (l *Link) Leave() { _ = l.room.in.put(input{kind: inputLeave, link: l}) }

// Lost says that the connection is gone. The seat is kept for the resume window.
func (l *Link) Lost() { l.Lose(Loss{Will: true}) }

// live tells whether the link is still its member's.
func (l *Link) live() bool { return l.member != nil && l.member.link == l }

// tell calls f now, or after the welcome.
func (l *Link) tell(f func(Conn)) {
	if l.joining {
		l.early = append(l.early, f)
		return
	}
	f(l.join.Conn)
}
