package mqtt

import (
	"errors"
	"slices"

	"greenroom.dev/greenroom/internal/room"
)

// change asks the room to carry out a SUBSCRIBE or UNSUBSCRIBE.
func (c *conn) change(kind byte, body []byte) error {
	if ok, err := c.link.Allow(c.heard.Heard); err != nil || !ok {
		return errors.Join(err, room.ErrFlooding) // there is no answer that means "later"
	}
	if kind == typeSubscribe {
		s, err := decodeSubscribe(c.level, body)
		if err != nil {
			return err
		}
		return c.link.Change(s)
	}
	u, err := decodeUnsubscribe(c.level, body)
	if err != nil {
		return err
	}
	return c.link.Change(u)
}

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
	var why string
	codes := make([]byte, 0, len(s.filters))
	for _, f := range s.filters {
		reason, sentence := c.refusal(f)
		if reason != 0 {
			c.counters.BadFilters.Add(1)
			why = sentence
			if c.level != level5 {
				reason = 0x80
			}
			codes = append(codes, reason)
			continue
		}
		if c.add(f) {
			fresh = append(fresh, f)
		}
		codes = append(codes, f.qos)
	}
	c.classify()
	c.out.Push(appendSuback(nil, c.level, typeSuback, s.id, codes, c.problem(why)))
	if len(fresh) == 0 {
		return nil
	}
	return newClass(c.speech, fresh, c.member)
}

// refusal says why a filter is not taken; 0: it is.
func (c *conn) refusal(f filter) (reason byte, sentence string) {
	known := slices.ContainsFunc(c.session.filters, func(o filter) bool { return o.name == f.name })
	switch {
	case len(f.name) > maxFilterBytes:
		return reasonQuota, "a filter is longer than 512 bytes"
	case !validFilter(f.topic):
		return reasonBadFilter, "a filter is not valid"
	case !reachable(f.topic, c.prefix, c.player):
		return reasonNotAuthorised, "a filter matches no topic of this session"
	case !known && len(c.session.filters) >= maxFilters:
		return reasonQuota, "more than 128 subscriptions"
	case c.session.owed() > c.session.limit:
		return reasonQuota, "the messages of earlier subscriptions were not taken yet"
	}
	return 0, ""
}

// add takes one filter and tells whether its retained messages are due.
func (c *conn) add(f filter) (send bool) {
	s := c.session
	i := slices.IndexFunc(s.filters, func(o filter) bool { return o.name == f.name })
	if i >= 0 {
		s.filters[i] = f
	} else {
		s.filters = append(s.filters, f)
	}
	if f.shared {
		c.shares().join(s, f)
		return false
	}
	return f.retain == 0 || f.retain == 1 && i < 0
}

func (c *conn) unsubscribe(u unsubscribe) {
	s := c.session
	codes := make([]byte, 0, len(u.topics))
	for _, t := range u.topics {
		i := slices.IndexFunc(s.filters, func(f filter) bool { return f.name == t })
		if i < 0 {
			codes = append(codes, reasonNotExisted)
			continue
		}
		if s.filters[i].shared {
			c.shares().leave(s, t)
		}
		s.filters = slices.Delete(s.filters, i, i+1)
		codes = append(codes, reasonSuccess)
	}
	c.classify()
	c.out.Push(appendSuback(nil, c.level, typeUnsuback, u.id, codes, nil))
}

// classify makes the class that the session's subscriptions ask for.
func (c *conn) classify() {
	c.class = newClass(c.speech, c.session.filters, c.member)
	if slices.ContainsFunc(c.session.filters, func(f filter) bool { return f.shared }) {
		c.class.sharing(c.session, c.shares(), c.member)
	}
}

func (c *conn) shares() *shares { return sharesOf(c.room) }
