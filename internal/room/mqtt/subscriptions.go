package mqtt

import (
	"slices"

	"greenroom.dev/greenroom/internal/room"
)

// Change carries out a SUBSCRIBE or UNSUBSCRIBE between two ticks' bytes, so that nothing is missed or sent twice.
func (c *conn) Change(what any) room.Encoder {
	switch p := what.(type) {
	case subscribe:
		return c.subscribe(p)
	case unsubscribe:
		c.unsubscribe(p)
	}
	return nil
}

func (c *conn) subscribe(s subscribe) room.Encoder {
	var fresh []filter
	codes := make([]byte, 0, len(s.filters))
	for _, f := range s.filters {
		code, send := c.add(f)
		if send {
			f.qos = code
			fresh = append(fresh, f)
		}
		codes = append(codes, code)
	}
	c.class = newClass(c.level, c.prefix, c.filters, c.member, c.maxPacket)
	c.out.Push(appendSuback(nil, c.level, typeSuback, s.id, codes))
	if len(fresh) == 0 {
		return nil
	}
	return newClass(c.level, c.prefix, fresh, c.member, c.maxPacket)
}

// add takes one filter; send: its retained messages are due.
func (c *conn) add(f filter) (code byte, send bool) {
	refused := func(reason byte) (byte, bool) {
		if c.level != level5 {
			return 0x80, false
		}
		return reason, false
	}
	i := slices.IndexFunc(c.filters, func(o filter) bool { return o.topic == f.topic })
	switch {
	case len(f.topic) > 7 && f.topic[:7] == "$share/":
		return refused(reasonNoShared)
	case !validFilter(f.topic):
		return refused(reasonBadFilter)
	case i < 0 && len(c.filters) >= maxFilters:
		return refused(reasonQuota)
	}
	f.qos = min(f.qos, 1)
	if i >= 0 {
		c.filters[i] = f
	} else {
		c.filters = append(c.filters, f)
	}
	return f.qos, f.retain == 0 || f.retain == 1 && i < 0
}

func (c *conn) unsubscribe(u unsubscribe) {
	codes := make([]byte, 0, len(u.topics))
	for _, t := range u.topics {
		before := len(c.filters)
		c.filters = slices.DeleteFunc(c.filters, func(f filter) bool { return f.topic == t })
		if len(c.filters) == before {
			codes = append(codes, reasonNotExisted)
		} else {
			codes = append(codes, reasonSuccess)
		}
	}
	c.class = newClass(c.level, c.prefix, c.filters, c.member, c.maxPacket)
	c.out.Push(appendSuback(nil, c.level, typeUnsuback, u.id, codes))
}
