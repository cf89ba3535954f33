package mqtt

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

// decodeConnect decodes a CONNECT's body. A level that is not known decodes no further than the level.
func decodeConnect(body []byte) (connect, error) {
	r := reader{b: body}
	name := r.text()
	c := connect{level: r.u8()}
	if r.err == nil && (name != "MQTT" || c.level != level311 && c.level != level5) {
		if name != "MQTT" && name != "MQIsdp" {
			return c, malformed("not an MQTT client")
		}
		c.level = 0
		return c, nil
	}
	flags := r.u8()
	c.clean = flags&0x02 != 0
	c.keepAlive = r.u16()
	if c.level == level5 {
		c.properties = r.properties()
	}
	c.clientID = r.text()
	if flags&0x04 != 0 {
		c.will = &publish{qos: flags >> 3 & 3, retain: flags&0x20 != 0}
		if c.level == level5 {
			c.will.properties = r.properties()
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
	if p.qos > 0 {
		if p.id = r.u16(); p.id == 0 {
			r.fail("packet identifier 0")
		}
	}
	if level == level5 {
		p.properties = r.properties()
	}
	p.payload = r.b
	return p, r.err
}

// filter is one topic filter of a SUBSCRIBE and its options (§3.8.3.1).
type filter struct {
	topic   string
	qos     byte
	noLocal bool
	asSent  bool // retain as published
	retain  byte // retain handling: 0 send, 1 send if new, 2 do not
}

type subscribe struct {
	id      uint16
	filters []filter
	properties
}

// maxFilters bounds the topic filters of one packet and of one connection.
const maxFilters = 128

func decodeSubscribe(level byte, body []byte) (subscribe, error) {
	r := reader{b: body}
	s := subscribe{id: r.u16()}
	if level == level5 {
		s.properties = r.properties()
	}
	for len(r.b) > 0 && len(s.filters) <= maxFilters {
		f := filter{topic: r.text()}
		o := r.u8()
		f.qos = o & 3
		if level == level5 {
			f.noLocal, f.asSent, f.retain = o&4 != 0, o&8 != 0, o>>4&3
			o &^= 0x3c
		}
		if o > 2 || f.retain == 3 {
			r.fail("subscription options")
		}
		s.filters = append(s.filters, f)
	}
	return s, check(&r, s.id, len(s.filters))
}

type unsubscribe struct {
	id     uint16
	topics []string
}

func decodeUnsubscribe(level byte, body []byte) (unsubscribe, error) {
	r := reader{b: body}
	u := unsubscribe{id: r.u16()}
	if level == level5 {
		r.properties()
	}
	for len(r.b) > 0 && len(u.topics) <= maxFilters {
		u.topics = append(u.topics, r.text())
	}
	return u, check(&r, u.id, len(u.topics))
}

func check(r *reader, id uint16, n int) error {
	switch {
	case r.err != nil:
	case id == 0:
		r.fail("packet identifier 0")
	case n == 0:
		r.fail("no topic filter")
	case n > maxFilters:
		r.fail("too many topic filters")
	}
	return r.err
}

// decodeID decodes the body of PUBACK, PUBREC, PUBREL and PUBCOMP.
func decodeID(level byte, body []byte) (id uint16, reason byte, err error) {
	r := reader{b: body}
	id = r.u16()
	if level == level5 && len(r.b) > 0 {
		reason = r.u8()
		if len(r.b) > 0 {
			r.properties()
		}
	}
	if len(r.b) > 0 {
		r.fail("too long")
	}
	return id, reason, r.err
}

// decodeDisconnect decodes the body of DISCONNECT.
func decodeDisconnect(level byte, body []byte) (reason byte, err error) {
	r := reader{b: body}
	if level == level5 && len(r.b) > 0 {
		reason = r.u8()
		if len(r.b) > 0 {
			r.properties()
		}
	}
	if len(r.b) > 0 {
		r.fail("too long")
	}
	return reason, r.err
}
