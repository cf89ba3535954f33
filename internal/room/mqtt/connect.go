package mqtt

import (
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// connect lets the connection into its room; CONNACK is the room's (Welcome, Close).
func (c *conn) connect(h header, body []byte) error {
	if h.kind != typeConnect {
		return malformed("the first packet must be CONNECT")
	}
	p, err := decodeConnect(body)
	if err != nil {
		return err
	}
	if p.level == 0 {
		c.say(appendConnack(nil, level311, 1, nil)) // unacceptable protocol version
		c.out.Finish()
		return bye(wire.CloseProtocol, "MQTT 3.1.1 and 5 are spoken here")
	}
	c.level = p.level
	switch {
	case p.authentication:
		return &farewell{wire.CloseBadTicket, 0x8c, "bad authentication method"}
	case p.level == level311 && p.clientID == "" && !p.clean:
		c.say(appendConnack(nil, level311, 2, nil)) // identifier rejected (§3.1.3-8)
		c.out.Finish()
		return bye(wire.CloseProtocol, "an empty client identifier needs a clean session")
	}
	in, refusal := c.door.Gate.Admit(string(p.password), p.user)
	if refusal != nil {
		return bye(refusal.Code, refusal.Reason)
	}
	room.Admitted(c.net)
	c.accept(p, in)
	c.link, err = in.Room.Join(room.Join{Player: in.Player, Seat: in.Seat, Conn: c})
	return err
}

// accept takes over what CONNECT and the room say about the connection.
func (c *conn) accept(p connect, in room.Admission) {
	settings := in.Room.Settings()
	c.prefix = "r/" + string(in.Room.Session().Key) + "/"
	c.player = in.Player
	c.will = p.will
	c.limit = settings.MaxMessageBytes + packetRoom
	c.out.Limit(settings.MaxMemberQueueBytes)
	c.window.limit = settings.MaxMemberQueueBytes
	if p.receiveMax > 0 {
		c.window.max = min(c.window.max, int(p.receiveMax))
	}
	if p.maxPacket > 0 && int(p.maxPacket) < c.limit {
		c.maxPacket = int(p.maxPacket)
	}
	c.keepAlive = time.Duration(p.keepAlive) * time.Second
	c.heard.Every = idleWithout
	if c.keepAlive > 0 {
		c.heard.Every = c.keepAlive / 2
	}
	c.class = newClass(c.level, c.prefix, nil, 0, 0)
}
