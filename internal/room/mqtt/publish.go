package mqtt

import (
	"time"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// publish puts a client's message into the room. QoS 1 is acknowledged when the room has taken or rejected it, QoS 2
// likewise with PUBREC, its identifier being remembered until PUBREL.
func (c *conn) publish(p publish) error {
	if p.topicAlias {
		return &farewell{wire.CloseProtocol, 0x94, "topic aliases are not taken"}
	}
	if p.qos == 2 {
		if _, again := c.exactly[p.id]; again {
			c.say(appendAck(nil, c.level, typePubrec, p.id, reasonSuccess))
			return nil
		}
		if len(c.exactly) >= maxUnacked {
			return bye(wire.CloseFlooding, "too many QoS 2 messages are not released")
		}
		c.exactly[p.id] = struct{}{}
	}
	c.seq++
	m, reason := c.message(p)
	m.Seq = c.seq
	if p.qos > 0 {
		kind := byte(typePuback)
		if p.qos == 2 {
			kind = typePubrec
		}
		c.mu.Lock()
		c.acks = append(c.acks, ack{c.seq, kind, p.id, reason})
		c.mu.Unlock()
	}
	if reason != 0 {
		if _, err := c.link.Allow(c.heard.Heard); err != nil {
			return err
		}
		return c.link.Refuse(m, wire.RejectBadName, "not a topic to publish to")
	}
	return c.link.Send(c.heard.Heard, m)
}

// message reads the topic; reason is not 0 if it cannot be published to.
func (c *conn) message(p publish) (m room.Message, reason byte) {
	at, ours, legal := parseTopic(c.prefix, p.topic)
	switch {
	case !legal:
		return m, reasonBadTopic
	case !ours:
		return m, reasonNotAuthorised
	}
	m = room.Message{QoS: min(p.qos, 1), Name: at.name, Value: p.payload, TTL: time.Duration(p.expiry) * time.Second}
	switch at.class {
	case 's':
		if p.retain {
			m.Flags = wire.Retain
			if len(p.payload) == 0 {
				m.Flags = wire.Delete
			}
		}
	case 'e':
		m.Kind = room.KindEvent
	case 'm':
		m.Kind, m.ToPlayer = room.KindSignal, at.player
	}
	return m, 0
}

// release is PUBREL: the client has PUBREC.
func (c *conn) release(body []byte) error {
	id, _, err := decodeID(c.level, body)
	if err != nil {
		return err
	}
	delete(c.exactly, id)
	c.say(appendAck(nil, c.level, typePubcomp, id, reasonSuccess))
	return nil
}

// sendWill publishes the will as if the client had.
func (c *conn) sendWill() {
	if c.will == nil {
		return
	}
	if m, reason := c.message(*c.will); reason == 0 {
		c.seq++
		m.Seq = c.seq
		_ = c.link.Send(time.Now(), m)
	}
}
