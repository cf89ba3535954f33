package mqtt

import (
	"time"
	"unicode/utf8"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// maxUnanswered bounds the messages of QoS 1 and 2 that a client may have sent before they are answered: our receive maximum.
const maxUnanswered = 1024

// publish puts a client's message into the room. QoS 1 is acknowledged when the room has taken or rejected it, QoS 2
// likewise with PUBREC, its identifier being remembered until PUBREL.
func (c *conn) publish(p publish) error {
	if err := c.resolve(&p); err != nil {
		return err
	}
	if again, err := c.admit(&p); again || err != nil {
		return err
	}
	m, refused := c.message(&p)
	if refused.reason != 0 || m.Kind == room.KindPosition {
		return c.aside(&p, m, refused)
	}
	c.seq++
	m.Seq = c.seq
	if p.qos > 0 {
		c.expect(ack{seq: c.seq, kind: answerTo(p.qos), id: p.id})
	}
	return c.link.Send(c.heard.Heard, m)
}

// admit holds a message against the receive maximum; again: it is here already, and is answered.
func (c *conn) admit(p *publish) (again bool, err error) {
	full := false
	switch p.qos {
	case 0:
		return false, nil
	case 1:
		full = c.session.unreleased()+c.unanswered() >= maxUnanswered
	case 2:
		again, full = c.session.begin(c, p.id, c.unanswered())
	}
	if full {
		return false, &farewell{wire.CloseFlooding, reasonReceiveMax, "more than 1,024 messages before the first was answered"}
	}
	if !again {
		return false, nil
	}
	if !c.awaits(p.id) {
		c.say(appendAck(nil, c.level, typePubrec, p.id, reasonSuccess, nil))
	}
	return true, c.count()
}

func answerTo(qos byte) byte {
	if qos == 2 {
		return typePubrec
	}
	return typePuback
}

// refused is why a message does not reach the room; reason 0: it does.
type refused struct {
	reason   byte
	sentence string
}

// message reads what a PUBLISH means.
func (c *conn) message(p *publish) (m room.Message, no refused) {
	at, ours, legal := parseTopic(c.prefix, p.topic)
	switch {
	case !legal:
		return m, refused{reasonBadTopic, "not a topic name, or not a key of 1 to 128 bytes without control characters"}
	case !ours, at.class == topicPosition && at.player != c.player:
		return m, refused{reasonNotAuthorised, "not a topic to publish to"}
	case p.format && !utf8.Valid(p.payload):
		c.counters.BadPayloads.Add(1)
		return m, refused{reasonBadPayload, "the payload is not UTF-8"}
	}
	m = room.Message{QoS: p.qos, Name: at.name, Value: p.payload, Props: p.pass}
	if p.has(propExpiry) {
		m.TTL = min(max(time.Duration(p.expiry)*time.Second, time.Nanosecond), wire.MaxTTL)
	}
	switch at.class {
	case topicState:
		return m, stateFlags(p, &m)
	case topicEvent:
		m.Kind = room.KindEvent
	case topicSignal:
		m.Kind, m.ToPlayer = room.KindSignal, at.player
	case topicPosition:
		at, err := parsePosition(p.payload, c.step)
		if err != nil {
			c.counters.BadPayloads.Add(1)
			return m, refused{reasonBadPayload, err.Error()}
		}
		m = room.Message{Kind: room.KindPosition, Position: at}
	}
	return m, refused{}
}

// stateFlags says what is done with a state: RETAIN keeps it or, without a payload, deletes it; the user properties owned
// and check are flags 2 and 8 of greenroom.v1.
func stateFlags(p *publish, m *room.Message) refused {
	if !p.retain {
		return refused{}
	}
	m.Flags = wire.Retain
	if p.owned {
		m.Flags |= wire.Owned
	}
	if len(p.payload) == 0 {
		m.Flags = wire.Delete
	}
	if p.check != "" {
		version, err := p.version()
		if err != nil {
			return refused{reasonBadPayload, "the user property check is not a number"}
		}
		m.Flags |= wire.Check
		m.Expect = version
	}
	return refused{}
}

// aside does what is not numbered: positions, and messages that never reach the room. Their answers keep their turn.
func (c *conn) aside(p *publish, m room.Message, no refused) error {
	var err error
	switch {
	case no.reason == 0:
		c.serial++
		m.Seq = c.serial
		err = c.link.Send(c.heard.Heard, m)
	default:
		c.counters.Refused.Add(1)
		_, err = c.link.Allow(c.heard.Heard)
	}
	if err != nil || p.qos == 0 {
		return err
	}
	c.expect(ack{seq: c.seq, kind: answerTo(p.qos), id: p.id, reason: no.reason, sentence: no.sentence})
	return nil
}

// release is PUBREL: the client has PUBREC.
func (c *conn) release(body []byte) error {
	id, _, err := decodeID(c.level, typePubrel, body)
	if err != nil {
		return err
	}
	if c.session.finish(c, id) {
		c.say(appendAck(nil, c.level, typePubcomp, id, reasonSuccess, nil))
		return nil
	}
	c.say(appendAck(nil, c.level, typePubcomp, id, reasonNoIdentifier, nil))
	return c.count()
}
