package mqtt

import "encoding/binary"

// appendPacket appends a packet whose body is given.
func appendPacket(b []byte, kind byte, body []byte) []byte {
	return append(appendVarint(append(b, kind<<4), len(body)), body...)
}

// appendConnack: flags (1: a session was present) · reason · [properties].
func appendConnack(b []byte, level byte, present bool, reason byte, props []byte) []byte {
	body := []byte{0, reason}
	if present {
		body[0] = 1
	}
	if level == level5 {
		body = append(appendVarint(body, len(props)), props...)
	}
	return appendPacket(b, typeConnack, body)
}

// appendAck: PUBACK, PUBREC, PUBREL or PUBCOMP. MQTT 5 leaves out what is 0 and empty.
func appendAck(b []byte, level, kind byte, id uint16, reason byte, props []byte) []byte {
	first := kind<<4 | wantFlags(kind)
	switch {
	case level != level5 || reason == 0:
		return append(b, first, 2, byte(id>>8), byte(id))
	case len(props) == 0:
		return append(b, first, 3, byte(id>>8), byte(id), reason)
	}
	b = appendVarint(append(b, first), 3+varintSize(len(props))+len(props))
	b = appendVarint(append(b, byte(id>>8), byte(id), reason), len(props))
	return append(b, props...)
}

// appendSuback: SUBACK, or UNSUBACK, whose 3.1.1 form has no codes.
func appendSuback(b []byte, level, kind byte, id uint16, codes, props []byte) []byte {
	body := binary.BigEndian.AppendUint16(nil, id)
	if level == level5 {
		body = append(appendVarint(body, len(props)), props...)
	}
	if level == level5 || kind == typeSuback {
		body = append(body, codes...)
	}
	return appendPacket(b, kind, body)
}

// appendDisconnect is of MQTT 5 only.
func appendDisconnect(b []byte, reason byte, props []byte) []byte {
	body := append(appendVarint([]byte{reason}, len(props)), props...)
	return appendPacket(b, typeDisconnect, body)
}

// message is a PUBLISH from the room. The properties are for MQTT 5 only.
type message struct {
	topic   []byte
	payload []byte
	qos     byte
	retain  bool
	expires bool
	expiry  uint32 // seconds, if expires
	ids     []int  // subscription identifiers
	props   []byte // what the publisher said, encoded
}

// appendPublish appends m; with QoS 1 or 2, id is where the empty packet identifier stands, else 0. The expiry is the
// first of the properties (aged counts on it).
func appendPublish(b []byte, level byte, m *message) (_ []byte, id int) {
	first := byte(typePublish<<4) | m.qos<<1
	if m.retain {
		first |= 1
	}
	b = appendVarint(append(b, first), m.body(level))
	b = appendText(b, m.topic)
	if m.qos > 0 {
		id = len(b)
		b = append(b, 0, 0)
	}
	if level == level5 {
		b = appendVarint(b, m.propertyBytes())
		if m.expires {
			b = appendU32Property(b, propExpiry, m.expiry)
		}
		for _, id := range m.ids {
			b = appendVarint(append(b, propSubscriptionID), id)
		}
		b = append(b, m.props...)
	}
	return append(b, m.payload...), id
}

func (m *message) propertyBytes() int {
	n := len(m.props)
	if m.expires {
		n += 5
	}
	for _, id := range m.ids {
		n += 1 + varintSize(id)
	}
	return n
}

// body is the packet's remaining length.
func (m *message) body(level byte) int {
	n := 2 + len(m.topic) + len(m.payload)
	if m.qos > 0 {
		n += 2
	}
	if level == level5 {
		p := m.propertyBytes()
		n += varintSize(p) + p
	}
	return n
}

// size is the whole packet's.
func (m *message) size(level byte) int {
	n := m.body(level)
	return 1 + varintSize(n) + n
}
