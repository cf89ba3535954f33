package mqtt

import "strings"

// connect is a CONNECT packet (MQTT 5 §3.1, 3.1.1 §3.1).
type connect struct {
	level     byte
	clean     bool
	keepAlive uint16 // seconds; 0: none
	clientID  string
	user      string
	password  []byte
	will      *publish
	properties
}

// decodeConnect decodes a CONNECT's body. A level that is not known decodes no further than the level. The level is
// answered beside an error, so that the error can be told.
func decodeConnect(body []byte) (connect, error) {
	r := reader{b: body}
	name := r.text()
	c := connect{level: r.u8()}
	if r.err == nil && (name != "MQTT" || c.level != level311 && c.level != level5) {
		if name != "MQTT" && name != "MQIsdp" {
			return connect{}, malformed("not an MQTT client")
		}
		c.level = 0
		return c, nil
	}
	flags := r.u8()
	c.clean = flags&0x02 != 0
	c.keepAlive = r.u16()
	if c.level == level5 {
		c.properties = r.properties(typeConnect)
	}
	c.clientID = r.text()
	if flags&0x04 != 0 {
		c.will = &publish{qos: flags >> 3 & 3, retain: flags&0x20 != 0}
		if c.level == level5 {
			c.will.properties = r.properties(typeWill)
		}
		c.will.topic, c.will.payload = r.text(), r.binary()
	}
	if flags&0x80 != 0 {
		c.user = r.text()
	}
	if flags&0x40 != 0 {
		c.password = r.binary()
	}
	switch {
	case flags&0x01 != 0, flags&0x04 == 0 && flags&0x38 != 0, flags>>3&3 == 3:
		r.fail("connect flags")
	case c.level == level311 && flags&0xc0 == 0x40:
		r.fail("a password without a user name")
	case len(r.b) > 0:
		r.fail("too long")
	case c.has(propAuthData) && !c.has(propAuthMethod):
		r.breach("authentication data without a method")
	}
	return c, r.err
}

// publish is a PUBLISH packet (§3.3).
type publish struct {
	qos     byte
	retain  bool
	dup     bool
	topic   string
	id      uint16 // of QoS 1 and 2
	payload []byte // the packet's memory
	properties
}

func decodePublish(level, flags byte, body []byte) (publish, error) {
	r := reader{b: body}
	p := publish{qos: flags >> 1 & 3, retain: flags&1 != 0, dup: flags&8 != 0, topic: r.text()}
	if p.qos == 3 {
		r.fail("QoS 3")
	}
	if p.dup && p.qos == 0 {
		r.fail("QoS 0 sent again")
	}
	if p.qos > 0 {
		if p.id = r.u16(); p.id == 0 {
			r.breach("packet identifier 0")
		}
	}
	if level == level5 {
		p.properties = r.properties(typePublish)
	}
	if p.subscriptionID != 0 {
		r.breach("a subscription identifier from a client")
	}
	p.payload = r.b
	return p, r.err
}

// filter is one topic filter of a SUBSCRIBE and its options (§3.8.3.1).
type filter struct {
	name    string // as the client gave it
	topic   string // without the share name
	shared  bool
	qos     byte
	noLocal bool
	asSent  bool // retain as published
	retain  byte // retain handling: 0 send, 1 send if new, 2 do not
	id      int  // subscription identifier; 0: none
}

type subscribe struct {
	id      uint16
	filters []filter
	properties
}

// Bounds of topic filters: in a session, where each costs something for every message of the room; in one packet, beyond
// which it is a protocol error; of each one's bytes.
const (
	maxFilters       = 128
	maxPacketFilters = 256
	maxFilterBytes   = 512
)

func decodeSubscribe(level byte, body []byte) (subscribe, error) {
	r := reader{b: body}
	s := subscribe{id: r.u16()}
	if level == level5 {
		s.properties = r.properties(typeSubscribe)
	}
	for len(r.b) > 0 && len(s.filters) <= maxPacketFilters {
		f := filter{name: r.text(), id: s.subscriptionID}
		f.topic, f.shared = cutShare(f.name)
		o := r.u8()
		f.qos = o & 3
		if level == level5 {
			f.noLocal, f.asSent, f.retain = o&4 != 0, o&8 != 0, o>>4&3
			o &^= 0x3c
		}
		switch {
		case o > 3:
			r.fail("reserved subscription options")
		case o > 2, f.retain == 3:
			r.breach("subscription options")
		case f.shared && f.noLocal:
			r.breach("no local on a shared subscription")
		}
		s.filters = append(s.filters, f)
	}
	return s, check(&r, s.id, len(s.filters))
}

// cutShare takes "$share/group/" off a filter; a share without a group or filter leaves none.
func cutShare(name string) (topic string, shared bool) {
	rest, ok := strings.CutPrefix(name, "$share/")
	if !ok {
		return name, false
	}
	group, topic, _ := strings.Cut(rest, "/")
	if group == "" || strings.ContainsAny(group, "+#") {
		return "", true
	}
	return topic, true
}

type unsubscribe struct {
	id     uint16
	topics []string
}

func decodeUnsubscribe(level byte, body []byte) (unsubscribe, error) {
	r := reader{b: body}
	u := unsubscribe{id: r.u16()}
	if level == level5 {
		r.properties(typeUnsubscribe)
	}
	for len(r.b) > 0 && len(u.topics) <= maxPacketFilters {
		u.topics = append(u.topics, r.text())
	}
	return u, check(&r, u.id, len(u.topics))
}

func check(r *reader, id uint16, n int) error {
	switch {
	case r.err != nil:
	case id == 0:
		r.breach("packet identifier 0")
	case n == 0:
		r.breach("no topic filter")
	case n > maxPacketFilters:
		r.breach("too many topic filters")
	}
	return r.err
}

// decodeID decodes the body of PUBACK, PUBREC, PUBREL and PUBCOMP, of which kind tells.
func decodeID(level, kind byte, body []byte) (id uint16, reason byte, err error) {
	r := reader{b: body}
	if id = r.u16(); id == 0 {
		r.breach("packet identifier 0")
	}
	reason = r.ending(level, kind, nil)
	return id, reason, r.err
}

// goodbye is a DISCONNECT.
type goodbye struct {
	reason byte
	properties
}

func decodeDisconnect(level byte, body []byte) (goodbye, error) {
	r := reader{b: body}
	var g goodbye
	g.reason = r.ending(level, typeDisconnect, &g.properties)
	return g, r.err
}

// ending reads what stands at the end of some packets: in MQTT 5 a reason and properties, each of which may be left out.
func (r *reader) ending(level, kind byte, props *properties) (reason byte) {
	if level == level5 && len(r.b) > 0 {
		reason = r.u8()
		if len(r.b) > 0 {
			p := r.properties(kind)
			if props != nil {
				*props = p
			}
		}
	}
	if len(r.b) > 0 {
		r.fail("too long")
	}
	return reason
}
