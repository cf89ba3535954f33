package ws

import (
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"github.com/gobwas/ws"
)

// take carries out the records of one message.
func (c *conn) take(msg []byte) error {
	for len(msg) > 0 {
		t, body, rest, err := wire.Next(msg)
		if err != nil {
			return protocolError("%v", err)
		}
		msg = rest
		if c.link == nil {
			err = c.hello(t, body)
		} else {
			err = c.recordFrom(t, body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hello lets the connection into its room.
func (c *conn) hello(t wire.Type, body []byte) error {
	if t != wire.TypeHello {
		return protocolError("the first record must be Hello")
	}
	h, err := wire.DecodeHello(body)
	if err != nil {
		return protocolError("Hello: %v", err)
	}
	in, refusal := c.door.Gate.Admit(h.Ticket, "")
	if refusal != nil {
		return &farewell{refusal.Code, refusal.Reason}
	}
	room.Admitted(c.net)
	settings := in.Room.Settings()
	c.out.Limit(settings.MaxMemberQueueBytes)
	c.limit = max(messageBytes, 4*settings.MaxMessageBytes)
	c.idle = settings.IdleTimeout
	c.heard.Every = c.idle / pings
	c.link, err = in.Room.Join(room.Join{
		Player: in.Player, Seat: in.Seat, Conn: c, Numbered: true,
		Resume: h.Resume, Epoch: h.Epoch, Offset: h.Offset,
	})
	return c.ended(err)
}

func (c *conn) recordFrom(t wire.Type, body []byte) error {
	var m room.Message
	switch t {
	case wire.TypeSetState:
		r, err := wire.DecodeSetState(body)
		if err != nil {
			return protocolError("State: %v", err)
		}
		m = room.Message{
			Kind: room.KindState, Seq: r.Seq, Flags: r.Flags, Expect: r.Expect, TTL: r.TTL, Name: r.Key, Value: r.Value,
		}
	case wire.TypeSendEvent:
		r, err := wire.DecodeSendEvent(body)
		if err != nil {
			return protocolError("Event: %v", err)
		}
		m = room.Message{Kind: room.KindEvent, Seq: r.Seq, Name: r.Name, Value: r.Payload}
	case wire.TypeSendSignal:
		r, err := wire.DecodeSendSignal(body)
		if err != nil {
			return protocolError("Signal: %v", err)
		}
		if len(r.To) == 0 {
			return protocolError("Signal: it names no member")
		}
		m = room.Message{Kind: room.KindSignal, Seq: r.Seq, To: r.To, Name: r.Name, Value: r.Payload}
	case wire.TypeSendPosition:
		r, err := wire.DecodeSendPosition(body)
		if err != nil {
			return protocolError("Position: %v", err)
		}
		m = room.Message{Kind: room.KindPosition, Seq: r.Serial, Position: r.Position}
	case wire.TypePing:
		r, err := wire.DecodePing(body)
		if err != nil {
			return protocolError("Ping: %v", err)
		}
		return c.answer(ws.OpBinary, wire.Pong(r).Append(nil))
	case wire.TypeLeave:
		c.link.Leave()
		return errLeft
	case wire.TypeHello:
		return protocolError("Hello came twice")
	default:
		return nil
	}
	m.QoS = 1
	return c.ended(c.link.Send(c.heard.Heard, m))
}
