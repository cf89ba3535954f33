package mqtt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/room"
)

// speech is how a connection is spoken to.
type speech struct {
	level    byte
	prefix   string // "r/{room}/"
	step     uint64 // of positions, in millionths of the unit of length
	largest  int    // the client's maximum packet size; 0: no limit
	ordinary int    // no message but r/{room}/batch makes a packet longer than that
	counters *Counters
}

// class makes the packets of all connections with the same speech and subscriptions. Nothing but known is ever changed.
type class struct {
	speech
	key       string
	filters   []filter // without shared ones
	batch     bool     // r/{room}/batch is subscribed to
	self      uint64   // the member, if a filter says "no local"
	maxPacket int      // 0: no limit that could matter
	retained  bool     // the messages answer a SUBSCRIBE
	known     map[string]known

	// Of a session with shared subscriptions, whose class is its own.
	session *session
	shares  *shares
}

// newClass makes the class of a connection of member.
func newClass(as speech, filters []filter, member uint64) *class {
	c := &class{speech: as}
	for _, f := range filters {
		if !f.shared {
			c.filters = append(c.filters, f)
			c.batch = c.batch || f.topic == as.prefix+topicBatch
		}
	}
	if as.largest > 0 && (as.largest < as.ordinary || c.batch) {
		c.maxPacket = as.largest
	}
	slices.SortFunc(c.filters, func(a, b filter) int { return strings.Compare(a.topic, b.topic) })
	var key strings.Builder
	fmt.Fprintf(&key, "mqtt %d %d", as.level, c.maxPacket)
	for _, f := range c.filters {
		fmt.Fprintf(&key, "\n%d %t %t %d %s", f.qos, f.noLocal, f.asSent, f.id, f.topic)
		if f.noLocal {
			c.self = member
		}
	}
	if c.self != 0 {
		fmt.Fprintf(&key, "\nself %d", c.self)
	}
	c.key = key.String()
	return c
}

// sharing is the class of a session with shared subscriptions: what it gets depends on whose turn it is.
func (c *class) sharing(s *session, all *shares, member uint64) *class {
	c.session, c.shares = s, all
	c.key = fmt.Sprintf("%s\nshares %d", c.key, member)
	return c
}

// Key implements room.Encoder, as do the following.
func (c *class) Key() string { return c.key }

func (c *class) Batch(t *room.Batch) *room.Shared {
	if s := t.Alone(); s != nil && c.shares == nil && !c.batch {
		return c.staged(s)
	}
	e := encoding{class: c, now: t.Now}
	each(t, e.add)
	if c.shares != nil {
		for _, d := range c.shares.deal(c.prefix, t)[c.session] {
			e.topic = d.item.topic(e.topic[:0], c.prefix)
			e.put(&d.item, d.grant)
		}
	}
	if c.batch {
		e.records(batchRecords(t, c.part()))
	}
	return e.shared()
}

func (c *class) Snapshot(v *room.View) *room.Shared {
	e := encoding{class: c.forSnapshot(), now: v.Now}
	for _, m := range v.Members {
		it := presenceItem(&room.Presence{Member: m.Member, Player: m.Player})
		e.add(&it)
	}
	each(&room.Batch{States: v.States, Positions: v.Positions, Staged: v.Staged, Occupancy: v.Occupancy}, e.add)
	if c.batch {
		e.records(snapshotRecords(v, c.part()))
	}
	return e.shared()
}

// forSnapshot is the class whose messages carry RETAIN and leave out nobody's.
func (c *class) forSnapshot() *class {
	s := *c
	s.retained, s.self = true, 0
	return &s
}

// grant is what the subscriptions say about a message.
type grant struct {
	qos    byte
	asSent bool
	ids    []int
}

// Classes of more than fewFilters remember what they say about topics, at most maxKnown of them, so that a member with many
// filters costs the room little more than one with few.
const (
	fewFilters = 8
	maxKnown   = 512
)

type known struct {
	grant grant
	ok    bool
}

// match finds what all subscriptions that match a topic of member from say. ids may be used for the answer's.
func (c *class) match(topic []byte, from uint64, ids []int) (g grant, ok bool) {
	if len(c.filters) <= fewFilters || from == c.self && from != 0 {
		return c.search(topic, from, ids)
	}
	if k, there := c.known[string(topic)]; there {
		return k.grant, k.ok
	}
	g, ok = c.search(topic, from, nil)
	if c.known == nil || len(c.known) >= maxKnown {
		c.known = map[string]known{}
	}
	c.known[string(topic)] = known{g, ok}
	return g, ok
}

// search goes through the filters.
func (c *class) search(topic []byte, from uint64, ids []int) (g grant, ok bool) {
	g.ids = ids
	for i := range c.filters {
		f := &c.filters[i]
		if f.noLocal && from == c.self && c.self != 0 || !matches(f.topic, topic) {
			continue
		}
		g.qos, g.asSent, ok = max(g.qos, f.qos), g.asSent || f.asSent, true
		if f.id != 0 {
			g.ids = append(g.ids, f.id)
		}
	}
	return g, ok
}

// encoding is a Shared being made.
type encoding struct {
	class *class
	now   time.Time
	room.Shared
	topic   []byte
	payload []byte
	ids     [4]int
}

// add puts the item in if somebody of the class has subscribed to it.
func (e *encoding) add(it *item) {
	e.topic = it.topic(e.topic[:0], e.class.prefix)
	if g, ok := e.class.match(e.topic, it.from, e.ids[:0]); ok {
		e.put(it, g)
	}
}

// put puts the item in, as g says, under e.topic.
func (e *encoding) put(it *item, g grant) {
	c := e.class
	m := message{
		topic: e.topic, payload: it.payload, qos: min(it.qos, g.qos), retain: it.retain && (c.retained || g.asSent),
		ids: g.ids, props: it.props,
	}
	if it.position != nil || it.member != 0 {
		e.payload = it.content(e.payload[:0], c.step)
		m.payload = e.payload
	}
	if !it.expires.IsZero() {
		left := it.expires.Sub(e.now)
		if left <= 0 {
			c.counters.Expired.Add(1)
			return
		}
		m.expires, m.expiry = true, seconds(left)
	}
	if c.maxPacket > 0 && m.size(c.level) > c.maxPacket {
		c.counters.TooLarge.Add(1)
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
