package mqtt

import (
	"fmt"
	"math"
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// connect lets the connection into its room; CONNACK is the room's (Welcome, Close). It returns when that was said.
func (c *conn) connect(h header, body []byte) error {
	if h.kind != typeConnect {
		return malformed("the first packet must be CONNECT")
	}
	p, err := decodeConnect(body)
	c.level = p.level
	c.largest = int(p.maxPacket)
	switch {
	case err != nil:
		if p.level == level311 {
			c.level = 0 // which has no answer for it
		}
		return err
	case p.level == 0:
		return c.turnAway(returnBadVersion, "MQTT 3.1.1 and 5 are spoken here")
	case p.has(propAuthMethod):
		return &farewell{wire.CloseBadTicket, reasonBadMethod, "no authentication method is known here; the ticket is the password"}
	case p.level == level311 && p.clientID == "" && !p.clean:
		return c.turnAway(returnBadIdentifier, "an empty client identifier needs a clean session") // §3.1.3-8
	}
	in, refusal := c.door.Gate.Admit(string(p.password), p.user)
	if refusal != nil {
		return bye(refusal.Code, refusal.Reason)
	}
	room.Admitted(c.net)
	c.accept(&p, in)
	will, no := c.will(p.will)
	if no.reason != 0 {
		_ = in.Room.Decline(in.Player, in.Seat)
		return &farewell{wire.CloseEnded, no.reason, "the will is refused: " + no.sentence}
	}
	if c.link, err = in.Room.Join(room.Join{Player: in.Player, Seat: in.Seat, Conn: c, Will: will}); err != nil {
		return err
	}
	<-c.greeted
	return nil
}

// turnAway answers with a return code of 3.1.1.
func (c *conn) turnAway(code byte, reason string) error {
	c.say(appendConnack(nil, level311, false, code, nil))
	c.level = 0
	return bye(wire.CloseProtocol, reason)
}

// accept takes over what CONNECT and the room say about the connection, and makes CONNACK's properties.
func (c *conn) accept(p *connect, in room.Admission) {
	settings := in.Room.Settings()
	c.room = in.Room
	c.prefix = "r/" + string(in.Room.Session().Key) + "/"
	c.player = in.Player
	c.step = uint64(math.Round(settings.PositionStep * millionths))
	c.limit = settings.MaxMessageBytes + packetRoom
	c.ordinary = ordinary(settings.MaxMessageBytes)
	c.clean, c.noProblems = p.clean, p.noProblems
	c.receiveMax = maxFlights
	if p.has(propReceiveMax) {
		c.receiveMax = min(maxFlights, int(p.receiveMax))
	}
	if p.aliasMax > 0 {
		c.outAliases = &aliases{max: min(maxAliases, int(p.aliasMax)), largest: c.largest, given: map[string]uint16{}}
	}
	c.expiry = c.sessionExpiry(p)
	c.keepAlive = time.Duration(p.keepAlive) * time.Second
	c.heard.Every = idleWithout
	if p.level == level5 {
		c.connack = c.properties(p, in)
	}
	if c.keepAlive > 0 {
		c.heard.Every = c.keepAlive * 3 / 2
	}
	c.out.Limit(settings.MaxMemberQueueBytes)
	c.out.Age(settings.MaxMemberQueueAge)
	c.session = &session{
		counters: c.counters, keep: c.expiry > 0, limit: settings.MaxMemberQueueBytes, owner: c, level: c.level,
	}
	c.class = newClass(c.speech, nil, 0)
}

// stageBytes is the longest payload of a message of the stage (stage.proto).
const stageBytes = 16 << 10

// ordinary is longer than any packet of a room that takes messages of so many bytes, r/{room}/batch apart.
func ordinary(maxMessageBytes int) int { return max(maxMessageBytes, stageBytes) + 2*packetRoom }

// never is a session expiry without end.
const never = time.Duration(math.MaxInt64)

// sessionExpiry is how long a session outlives its connection: no longer than a seat does. 3.1.1 knows not at all and for
// ever.
func (c *conn) sessionExpiry(p *connect) time.Duration {
	asked := never
	switch {
	case p.level == level5:
		asked = expiryOf(p.sessionExpiry)
	case p.clean:
		asked = 0
	}
	return c.capped(asked)
}

func expiryOf(s uint32) time.Duration {
	if s == math.MaxUint32 {
		return never
	}
	return time.Duration(s) * time.Second
}

// capped is the session expiry that the room grants, in whole seconds.
func (c *conn) capped(asked time.Duration) time.Duration {
	return min(asked, max(c.room.Settings().ResumeWindow, time.Second)).Truncate(time.Second)
}

// properties are CONNACK's, and what they announce is so from here on.
func (c *conn) properties(p *connect, in room.Admission) []byte {
	var props []byte
	if asked := expiryOf(p.sessionExpiry); asked != c.expiry {
		props = appendU32Property(props, propSessionExpiry, uint32(c.expiry/time.Second))
	}
	props = appendU16Property(props, propReceiveMax, maxUnanswered)
	props = appendU32Property(props, propMaxPacket, uint32(c.limit))
	props = appendU16Property(props, propTopicAliasMax, maxAliases)
	if p.clientID == "" {
		props = appendTextProperty(props, propAssignedID, fmt.Sprintf("%s-%d", in.Player, in.Seat))
	}
	if idle := in.Room.Settings().IdleTimeout.Truncate(time.Second); idle > 0 && (c.keepAlive == 0 || c.keepAlive > idle) {
		c.keepAlive = min(idle, math.MaxUint16*time.Second)
		props = appendU16Property(props, propServerKeepAlive, uint16(c.keepAlive/time.Second))
	}
	if p.wantResponse {
		props = appendTextProperty(props, propResponseInfo, c.prefix+topicSignal+c.player+"/")
	}
	return props
}

// will is what the room is to do when the connection ends. It is held to what a PUBLISH is.
func (c *conn) will(p *publish) (*room.Will, refused) {
	if p == nil {
		return nil, refused{}
	}
	m, no := c.message(p)
	switch {
	case no.reason != 0:
		return nil, no
	case m.Kind == room.KindPosition:
		return nil, refused{reasonNotAuthorised, "not a topic of a will"}
	case len(m.Value)+len(m.Props) > c.room.Settings().MaxMessageBytes:
		return nil, refused{reasonTooLarge, fmt.Sprintf("more than %d bytes", c.room.Settings().MaxMessageBytes)}
	}
	return &room.Will{Message: m, After: time.Duration(p.willDelay) * time.Second}, refused{}
}
