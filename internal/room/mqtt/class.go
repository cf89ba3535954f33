package mqtt

import (
	"fmt"
	"slices"
	"strings"

	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// class makes the packets of all connections with the same protocol level, subscriptions and limits. It is never changed.
type class struct {
	key       string
	level     byte
	prefix    string // "r/{room}/"
	filters   []filter
	self      uint64 // the member, if a filter says "no local"
	maxPacket int    // 0: no limit
	retained  bool   // the messages answer a SUBSCRIBE
}

// newClass makes the class of a connection of member.
func newClass(level byte, prefix string, filters []filter, member uint64, maxPacket int) *class {
	c := &class{level: level, prefix: prefix, filters: slices.Clone(filters), maxPacket: maxPacket}
	slices.SortFunc(c.filters, func(a, b filter) int { return strings.Compare(a.topic, b.topic) })
	var key strings.Builder
	fmt.Fprintf(&key, "mqtt %d %d", level, maxPacket)
	for _, f := range c.filters {
		fmt.Fprintf(&key, "\n%d %t %t %s", f.qos, f.noLocal, f.asSent, f.topic)
		if f.noLocal {
			c.self = member
		}
	}
	if c.self != 0 {
		fmt.Fprintf(&key, "\n%d", c.self)
	}
	c.key = key.String()
	return c
}

// Key implements room.Encoder, as do the following.
func (c *class) Key() string { return c.key }

func (c *class) Batch(t *room.Batch) *room.Shared {
	e := encoding{class: c}
	for i := range t.Presence {
		e.presence(&t.Presence[i])
	}
	for i := range t.States {
		e.state(&t.States[i])
	}
	for i := range t.Events {
		v := &t.Events[i]
		e.add('e', v.Name, v.Payload, v.QoS, false, v.From)
	}
	return e.shared()
}

func (c *class) Snapshot(v *room.View) *room.Shared {
	e := encoding{class: c.forSnapshot()}
	for _, m := range v.Members {
		e.presence(&room.Presence{Member: m.Member, Player: m.Player})
	}
	for i := range v.States {
		e.state(&v.States[i])
	}
	return e.shared()
}

// Scene implements room.Encoder.
func (c *class) Scene([]room.Entity) room.Scene { return nil }

// forSnapshot is the class whose messages carry RETAIN and leave out nobody's.
func (c *class) forSnapshot() *class {
	s := *c
	s.retained, s.self = true, 0
	return &s
}

// match finds the best subscription for a topic of member from.
func (c *class) match(topic []byte, from uint64) (qos byte, asSent, ok bool) {
	for i := range c.filters {
		f := &c.filters[i]
		if f.noLocal && from == c.self && c.self != 0 || !matches(f.topic, topic) {
			continue
		}
		qos, asSent, ok = max(qos, f.qos), asSent || f.asSent, true
	}
	return qos, asSent, ok
}

// encoding is a Shared being made.
type encoding struct {
	class *class
	room.Shared
	topic []byte
}

func (e *encoding) presence(p *room.Presence) {
	var payload []byte
	if !p.Left {
		payload = fmt.Appendf(nil, `{"member":%d}`, p.Member)
	}
	e.add('p', p.Player, payload, 1, true, 0)
}

func (e *encoding) state(s *room.State) {
	e.add('s', s.Key, s.Value, s.QoS, s.Flags&(wire.Retain|wire.Delete) != 0, s.Owner)
}

func (e *encoding) add(kind byte, name string, payload []byte, qos byte, retain bool, from uint64) {
	c := e.class
	e.topic = append(append(append(e.topic[:0], c.prefix...), kind, '/'), name...)
	granted, asSent, ok := c.match(e.topic, from)
	if !ok {
		return
	}
	m := message{topic: e.topic, payload: payload, qos: min(qos, granted), retain: retain && (c.retained || asSent)}
	if c.maxPacket > 0 && publishSize(c.level, &m) > c.maxPacket {
		return // the client's own limit (§3.1.2.11.4)
	}
	start := len(e.Bytes)
	var id int
	e.Bytes, id = appendPublish(e.Bytes, c.level, &m)
	if id > 0 {
		e.Holes = append(e.Holes, room.Hole{Start: start, ID: id, End: len(e.Bytes)})
	}
	e.Messages++
}

func (e *encoding) shared() *room.Shared {
	if e.Messages == 0 {
		return nil
	}
	return &e.Shared
}
