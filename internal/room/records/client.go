// Package records owns what the doors share whose connections carry greenroom.v1 records, however they carry them: taking
// what a client says, Hello first, and saying what the room says to one member alone.
package records

import (
	"errors"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// Farewell is why the reader ends a connection, to be told to the peer.
type Farewell struct {
	Code   wire.CloseCode
	Reason string
}

// Error implements error.
func (f *Farewell) Error() string { return fmt.Sprintf("close %d: %s", f.Code, f.Reason) }

// Bye is a Farewell.
func Bye(code wire.CloseCode, reason string) error { return &Farewell{code, reason} }

// Protocol is the Farewell of those who do not keep to the protocol.
func Protocol(format string, args ...any) error {
	return Bye(wire.CloseProtocol, fmt.Sprintf(format, args...))
}

// ErrLeft: the client gave its seat back, or closed.
var ErrLeft = errors.New("client left")

// How much a client may say at once.
const (
	HelloBytes   = 8 << 10  // before its room is known
	messageBytes = 64 << 10 // after, or more if the room's messages are longer
)

// MessageBytes is the longest message, of any number of records, in a room of these settings.
func MessageBytes(s model.RoomSettings) int { return max(messageBytes, 4*s.MaxMessageBytes) }

// Client is what one connection's client says. Its methods are for the goroutine that reads the connection.
type Client struct {
	Gate room.Gate
	Conn room.Conn
	// Admitted is told the room's settings once the client's ticket was taken, before the room has the connection.
	Admitted func(settings model.RoomSettings)
	// Answer says what the client asked for, at once.
	Answer func(r wire.Record)

	link *room.Link
}

// Joined tells whether a room has the connection.
func (c *Client) Joined() bool { return c.link != nil }

// Lost says that the connection is gone. The seat is kept for the resume window.
func (c *Client) Lost() {
	if c.link != nil {
		c.link.Lost()
	}
}

// Take carries out the records of msg, heard at now, and keeps msg. An error ends the connection: a *Farewell is told to
// the peer, ErrLeft is none.
func (c *Client) Take(now time.Time, msg []byte) error {
	for len(msg) > 0 {
		t, body, rest, err := wire.Next(msg)
		if err != nil {
			return Protocol("%v", err)
		}
		msg = rest
		if err := c.Record(now, t, body); err != nil {
			return err
		}
	}
	return nil
}

// Record carries out one record, as Take does.
func (c *Client) Record(now time.Time, t wire.Type, body []byte) error {
	if c.link == nil {
		return c.hello(t, body)
	}
	switch t {
	case wire.TypePing:
		r, err := wire.DecodePing(body)
		if err != nil {
			return Protocol("Ping: %v", err)
		}
		if ok, err := c.Allow(now); err != nil || !ok {
			return err
		}
		c.Answer(wire.Pong(r))
		return nil
	case wire.TypeLeave:
		c.link.Leave()
		return ErrLeft
	case wire.TypeHello:
		return Protocol("Hello came twice")
	}
	m, ok, err := message(t, body)
	if err != nil || !ok {
		return err
	}
	return c.ended(c.link.Send(now, m))
}

// Allow takes a token for something that the door answers by itself. False: it does not answer. Before a room is known
// nothing is answered.
func (c *Client) Allow(now time.Time) (bool, error) {
	if c.link == nil {
		return false, nil
	}
	ok, err := c.link.Allow(now)
	return ok, c.ended(err)
}

// hello lets the connection into its room.
func (c *Client) hello(t wire.Type, body []byte) error {
	if t != wire.TypeHello {
		return Protocol("the first record must be Hello")
	}
	h, err := wire.DecodeHello(body)
	if err != nil {
		return Protocol("Hello: %v", err)
	}
	in, refusal := c.Gate.Admit(h.Ticket, "")
	if refusal != nil {
		return Bye(refusal.Code, refusal.Reason)
	}
	c.Admitted(in.Room.Settings())
	c.link, err = in.Room.Join(room.Join{
		Player: in.Player, Seat: in.Seat, Conn: c.Conn, Numbered: true,
		Resume: h.Resume, Epoch: h.Epoch, Offset: h.Offset,
	})
	return c.ended(err)
}

// ended says what a room's error means to the peer.
func (c *Client) ended(err error) error {
	switch {
	case errors.Is(err, room.ErrOver) && c.link != nil:
		return nil // the room says goodbye itself
	case errors.Is(err, room.ErrFlooding):
		return Bye(wire.CloseFlooding, "far more messages than the limit, for seconds")
	case errors.Is(err, room.ErrBusy):
		return Bye(wire.CloseGoingAway, "the room has more to do than it can; join again later")
	case errors.Is(err, room.ErrOver):
		return Bye(wire.CloseGoingAway, "the room is over; join again")
	}
	return err
}

// message makes a room's message of a record; false: its type is none that is known.
func message(t wire.Type, body []byte) (m room.Message, ok bool, err error) {
	switch t {
	case wire.TypeSetState:
		r, err := wire.DecodeSetState(body)
		if err != nil {
			return m, false, Protocol("State: %v", err)
		}
		m = room.Message{
			Kind: room.KindState, Seq: r.Seq, Flags: r.Flags, Expect: r.Expect, TTL: r.TTL, Name: r.Key, Value: r.Value,
		}
	case wire.TypeSendEvent:
		r, err := wire.DecodeSendEvent(body)
		if err != nil {
			return m, false, Protocol("Event: %v", err)
		}
		m = room.Message{Kind: room.KindEvent, Seq: r.Seq, Name: r.Name, Value: r.Payload}
	case wire.TypeSendSignal:
		r, err := wire.DecodeSendSignal(body)
		if err != nil {
			return m, false, Protocol("Signal: %v", err)
		}
		if len(r.To) == 0 {
			return m, false, Protocol("Signal: it names no member")
		}
		m = room.Message{Kind: room.KindSignal, Seq: r.Seq, To: r.To, Name: r.Name, Value: r.Payload}
	case wire.TypeSendPosition:
		r, err := wire.DecodeSendPosition(body)
		if err != nil {
			return m, false, Protocol("Position: %v", err)
		}
		m = room.Message{Kind: room.KindPosition, Seq: r.Serial, Position: r.Position}
	default:
		return m, false, nil
	}
	m.QoS = 1
	return m, true, nil
}
