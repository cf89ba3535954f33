package mqtt

import "encoding/binary"

// appendPacket appends a packet whose body is given.
func appendPacket(b []byte, kind byte, body []byte) []byte {
	return append(appendVarint(append(b, kind<<4), len(body)), body...)
}

// appendConnack: flags (no session) · reason · [properties].
func appendConnack(b []byte, level, reason byte, props []byte) []byte {
	body := []byte{0, reason}
	if level == level5 {
		body = append(appendVarint(body, len(props)), props...)
	}
	return appendPacket(b, typeConnack, body)
}

// appendAck: PUBACK, PUBREC, PUBREL or PUBCOMP.
func appendAck(b []byte, level, kind byte, id uint16, reason byte) []byte {
	first := kind<<4 | wantFlags(kind)
	if level == level5 && reason != 0 {
		return append(b, first, 3, byte(id>>8), byte(id), reason)
	}
	return append(b, first, 2, byte(id>>8), byte(id))
}

// appendSuback: SUBACK, or UNSUBACK, whose 3.1.1 form has no codes.
func appendSuback(b []byte, level, kind byte, id uint16, codes []byte) []byte {
	body := binary.BigEndian.AppendUint16(nil, id)
	if level == level5 {
		body = append(body, 0)
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

// message is a PUBLISH from the room.
type message struct {
	topic   []byte
	payload []byte
	qos     byte
	retain  bool
}

// appendPublish appends m; with QoS 1, id is where the empty packet identifier stands, else 0.
func appendPublish(b []byte, level byte, m *message) (_ []byte, id int) {
	size := publishBody(level, m)
	first := byte(typePublish<<4) | m.qos<<1
	if m.retain {
		first |= 1
	}
	b = appendVarint(append(b, first), size)
	b = appendText(b, m.topic)
	if m.qos > 0 {
		id = len(b)
		b = append(b, 0, 0)
	}
	if level == level5 {
		b = append(b, 0)
	}
	return append(b, m.payload...), id
}

func publishBody(level byte, m *message) int {
	n := 2 + len(m.topic) + len(m.payload)
	if m.qos > 0 {
		n += 2
	}
	if level == level5 {
		n++
	}
	return n
}

// publishSize is the whole packet's.
func publishSize(level byte, m *message) int {
	n := publishBody(level, m)
	return 1 + varintSize(n) + n
}
