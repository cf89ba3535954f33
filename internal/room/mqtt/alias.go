package mqtt

import (
	"encoding/binary"

	"greenroom.dev/greenroom/internal/room/wire"
)

// maxAliases bounds the topic aliases of a connection, in each direction.
const maxAliases = 64

// aliases are those this side gave to topics, for a client that takes some. They belong to one connection: an alias means
// something only to who has seen the topic with it. So what is encoded for a class has none; the copies for clients that
// asked for aliases are made from it.
type aliases struct {
	max     int
	largest int // the client's maximum packet size; 0: no limit
	given   map[string]uint16
}

// rewrite answers whole packets with their topics left out where the client knows the alias, and with the alias told
// where it gets one.
func (a *aliases) rewrite(b []byte) []byte {
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		size, n := binary.Uvarint(b[1:]) // MQTT's variable byte integer is LEB128 too
		end := 1 + n + int(size)
		if b[0]>>4 == typePublish {
			out = a.publish(out, b[0], b[1+n:end])
		} else {
			out = append(out, b[:end]...)
		}
		b = b[end:]
	}
	return out
}

// publish appends one PUBLISH of MQTT 5.
func (a *aliases) publish(out []byte, first byte, body []byte) []byte {
	length := int(binary.BigEndian.Uint16(body))
	topic, rest := body[2:2+length], body[2+length:]
	alias, known := a.given[string(topic)]
	switch {
	case known:
		topic = nil
	case len(a.given) < a.max && a.fits(len(body)):
		alias = uint16(len(a.given) + 1)
		a.given[string(topic)] = alias
	}
	head := 0
	if first&0x06 != 0 {
		head = 2
	}
	props, n := binary.Uvarint(rest[head:])
	after := rest[head+n:]
	if alias != 0 {
		props += 3
	}
	size := 2 + len(topic) + head + varintSize(int(props)) + len(after)
	if alias != 0 {
		size += 3
	}
	out = appendVarint(append(out, first), size)
	out = append(appendText(out, topic), rest[:head]...)
	out = appendVarint(out, int(props))
	if alias != 0 {
		out = appendU16Property(out, propTopicAlias, alias)
	}
	return append(out, after...)
}

// fits tells whether the client takes a packet with an alias told in it: three bytes, and one more in each of its lengths.
func (a *aliases) fits(body int) bool {
	return a.largest == 0 || 1+varintSize(body)+body+5 <= a.largest
}

// forget begins anew, because packets that told an alias were never sent.
func (a *aliases) forget() { clear(a.given) }

// resolve gives a PUBLISH its topic, by what the client said about its alias.
func (c *conn) resolve(p *publish) error {
	switch {
	case !p.has(propTopicAlias):
		if p.topic == "" && c.level == level5 {
			return breach("a PUBLISH without topic and alias")
		}
	case p.alias == 0 || p.alias > maxAliases:
		return &farewell{wire.CloseProtocol, reasonBadAlias, "a topic alias is 1 to 64"}
	case p.topic != "":
		if c.aliases == nil {
			c.aliases = map[uint16]string{}
		}
		c.aliases[p.alias] = p.topic
	default:
		if p.topic = c.aliases[p.alias]; p.topic == "" {
			return breach("a topic alias that was not told")
		}
	}
	return nil
}
