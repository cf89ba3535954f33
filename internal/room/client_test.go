package room_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// encoder is a door's that has no frames: records back to back.
type encoder struct{}

func (encoder) Key() string { return "test" }

func (encoder) Batch(t *room.Batch) *room.Shared {
	var b []byte
	for _, p := range t.Presence {
		if p.Left {
			b = wire.Left{Member: p.Member}.Append(b)
		} else {
			b = wire.Joined{Member: p.Member, Player: p.Player}.Append(b)
		}
	}
	for _, s := range t.States {
		b = s.State.Append(b)
	}
	for _, e := range t.Events {
		b = e.Event.Append(b)
	}
	b = append(b, positions(t.Positions)...)
	if t.Occupancy > 0 {
		b = wire.Occupancy{Members: uint64(t.Occupancy)}.Append(b)
	}
	b = append(b, staged(t.Staged)...)
	return &room.Shared{Bytes: b, Messages: 1}
}

// staged appends the records of the stage, each encoded once for all rooms.
func staged(all []*room.Staged) (b []byte) {
	for _, s := range all {
		b = append(b, s.Encoded("test", func() *room.Shared { return &room.Shared{Bytes: s.Append(nil)} }).Bytes...)
	}
	return b
}

func positions(all []room.MemberPosition) []byte {
	if len(all) == 0 {
		return nil
	}
	var r wire.Positions
	for _, p := range all {
		r.Entries = append(r.Entries, p.MemberPosition)
	}
	return r.Append(nil)
}

func (encoder) Snapshot(v *room.View) *room.Shared {
	s := wire.Snapshot{First: true, Last: true, Epoch: v.Epoch, Offset: v.Offset, Members: v.Members}
	for _, st := range v.States {
		s.Entries = append(s.Entries, wire.Entry{Key: st.Key, Owner: st.Owner, Version: st.Version, Flags: st.Flags, Value: st.Value})
	}
	b := append(s.Append(nil), positions(v.Positions)...)
	if v.Occupancy > 0 {
		b = wire.Occupancy{Members: uint64(v.Occupancy)}.Append(b)
	}
	b = append(b, staged(v.Staged)...)
	return &room.Shared{Bytes: b}
}

func (encoder) Scene(entities []room.Entity) room.Scene { return scene(entities) }

// scene spells everything out for each member.
type scene []room.Entity

func (c scene) For(s *room.Sight) *room.Shared {
	var b []byte
	at := func(e *room.Entity, far bool) {
		p := wire.MemberPosition{Member: e.Member, Far: far, Position: *e.Position}
		b = wire.Positions{Entries: []wire.MemberPosition{p}}.Append(b)
	}
	for _, i := range s.Gone {
		b = wire.Left{Member: c[i].Member}.Append(b)
	}
	for _, i := range s.Came {
		b = wire.Joined{Member: c[i].Member, Player: c[i].Player}.Append(b)
		if c[i].Position != nil {
			at(&c[i], false)
		}
		for _, st := range c[i].Owned {
			b = st.State.Append(b)
		}
	}
	for _, i := range s.Stayed {
		if c[i].Moved {
			at(&c[i], false)
		}
		for _, st := range c[i].Changed {
			b = st.State.Append(b)
		}
	}
	for _, i := range s.Far {
		at(&c[i], true)
	}
	return &room.Shared{Bytes: b, Messages: 1}
}

// conn is a connection with an Outbox that a test writes out itself, or not.
type conn struct {
	client *client
	queue  []queued
	limit  int
	size   int
	stall  bool
	code   wire.CloseCode
}

type queued struct {
	b       []byte
	dropped bool // may be
}

func (c *conn) Endpoint() string                    { return "test" }
func (c *conn) Encoder() room.Encoder               { return encoder{} }
func (c *conn) Welcome(w wire.Welcome)              { c.put(w) }
func (c *conn) Change(what any) room.Encoder        { c.put(what.(wire.Record)); return encoder{} }
func (c *conn) Signal(s room.Signal)                { c.put(s.Signal) }
func (c *conn) Ack(seq uint64)                      { c.put(wire.Ack{Seq: seq}) }
func (c *conn) Reject(r wire.Reject)                { c.put(r) }
func (c *conn) Resync(reason string)                { c.put(wire.Resync{Reason: reason}) }
func (c *conn) Reconnect(r wire.Reconnect)          { c.put(r) }
func (c *conn) Grant(s *room.Shared)                { c.queue = append(c.queue, queued{b: s.Bytes}) }
func (c *conn) Close(code wire.CloseCode, _ string) { c.code = code }
func (c *conn) Idle() bool                          { return len(c.queue) == 0 }
func (c *conn) put(r wire.Record)                   { c.queue = append(c.queue, queued{b: r.Append(nil)}) }

func (c *conn) Share(s *room.Shared, now time.Time) bool {
	if c.size > 0 && c.size+len(s.Bytes) > c.limit {
		return false
	}
	c.size += len(s.Bytes)
	c.queue = append(c.queue, queued{s.Bytes, true})
	return true
}

// Drop leaves the first item, which the writer is at.
func (c *conn) Drop() int {
	n := c.size
	if len(c.queue) > 0 {
		c.queue = append(c.queue[:1], slices.DeleteFunc(c.queue[1:], func(q queued) bool { return q.dropped })...)
	}
	c.size = 0
	return n
}

// Flush lets the client have everything, unless the connection is stalled.
func (c *conn) Flush() {
	if c.stall {
		return
	}
	queue := c.queue
	c.queue, c.size = nil, 0
	for _, q := range queue {
		for b := q.b; len(b) > 0; {
			r, rest, err := wire.Decode(b)
			if err != nil {
				panic(err)
			}
			b = rest
			c.client.take(c, r)
		}
	}
}

// client keeps what a client of docs/WIRE.md keeps, and checks what it is told.
type client struct {
	t      failer
	player string
	seat   uint64
	conn   *conn
	link   *room.Link

	member       uint64
	epoch        uint64
	offset       uint64
	state        map[string]string
	members      map[uint64]string
	positions    map[uint64]wire.Position
	far          map[uint64]wire.Position // as told since the far were last forgotten by a test
	owners       map[string]uint64        // of owned states
	occupancy    uint64
	interest     bool
	greeting     wire.Welcome
	serial       uint64
	events       []string // name=payload
	lost         int      // times events were lost
	seq          uint64
	unacked      []room.Message
	rejected     []wire.RejectCode
	signals      []string
	staged       []string // serial name=payload
	reconnect    *wire.Reconnect
	resync       bool
	welcomed     bool
	lastSnapshot wire.Snapshot
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newClient(t failer, player string, seat uint64) *client {
	return &client{t: t, player: player, seat: seat}
}

// join connects to r, resuming if it was connected before.
func (c *client) join(r *room.Room) {
	c.t.Helper()
	c.conn = &conn{client: c, limit: 400}
	c.welcomed = false
	link, err := r.Join(room.Join{
		Player: c.player, Seat: c.seat, Conn: c.conn, Numbered: true,
		Resume: c.epoch != 0, Epoch: c.epoch, Offset: c.offset,
	})
	if err != nil {
		c.t.Fatalf("%s joins: %v", c.player, err)
	}
	c.link = link
}

func (c *client) send(now time.Time, m room.Message) {
	c.seq++
	m.Seq = c.seq
	c.unacked = append(c.unacked, m)
	if err := c.link.Send(now, m); err != nil {
		c.t.Fatalf("%s sends: %v", c.player, err)
	}
}

// stand sends a position on the ground.
func (c *client) stand(now time.Time, x, y int16) {
	c.serial++
	err := c.link.Send(now, room.Message{Kind: room.KindPosition, Seq: c.serial, Position: wire.Position{X: x, Y: y}})
	if err != nil {
		c.t.Fatalf("%s stands: %v", c.player, err)
	}
}

func (c *client) take(from *conn, r wire.Record) {
	if from != c.conn {
		return // an older connection's last words
	}
	switch r := r.(type) {
	case wire.Welcome:
		c.welcome(r)
	case wire.Snapshot:
		c.state, c.members, c.positions = map[string]string{}, map[uint64]string{}, map[uint64]wire.Position{}
		c.far, c.owners = map[uint64]wire.Position{}, map[string]uint64{}
		for _, m := range r.Members {
			c.members[m.Member] = m.Player
		}
		for _, e := range r.Entries {
			c.keep(e.Key, e.Owner, e.Flags, e.Value)
		}
		c.lastSnapshot = r
		if c.resync {
			c.lost++
			c.offset, c.resync = r.Offset, false
		}
	case wire.Resync:
		c.resync = true
	case wire.State:
		if r.Flags&wire.Delete != 0 {
			delete(c.state, r.Key)
			delete(c.owners, r.Key)
		} else if r.Flags&wire.Retain != 0 {
			c.keep(r.Key, r.Owner, r.Flags, r.Value)
		}
	case wire.Event:
		if r.Offset != c.offset+1 {
			c.t.Fatalf("%s: event %d after %d", c.player, r.Offset, c.offset)
		}
		c.offset = r.Offset
		c.events = append(c.events, fmt.Sprintf("%s=%s", r.Name, r.Payload))
	case wire.Joined:
		if c.members[r.Member] != "" {
			c.t.Fatalf("%s: member %d joined twice", c.player, r.Member)
		}
		c.members[r.Member] = r.Player
		delete(c.far, r.Member)
	case wire.Left:
		if c.members[r.Member] == "" || r.Member == c.member {
			c.t.Fatalf("%s: member %d left, who is not here or itself", c.player, r.Member)
		}
		c.forget(r.Member)
	case wire.Occupancy:
		c.occupancy = r.Members
	case wire.Positions:
		for _, e := range r.Entries {
			if (c.members[e.Member] == "") != e.Far {
				c.t.Fatalf("%s: the position of member %d, here: %q, far: %v", c.player, e.Member, c.members[e.Member], e.Far)
			}
			if e.Far {
				c.far[e.Member] = e.Position
			} else {
				c.positions[e.Member] = e.Position
			}
		}
	case wire.Ack:
		c.acked(r.Seq)
	case wire.Reject:
		c.rejected = append(c.rejected, r.Code)
	case wire.Signal:
		c.signals = append(c.signals, fmt.Sprintf("%d %s=%s", r.From, r.Name, r.Payload))
	case wire.Staged:
		c.staged = append(c.staged, fmt.Sprintf("%d %s=%s", r.Serial, r.Name, r.Payload))
	case wire.Reconnect:
		c.reconnect = &r
	}
}

// keep takes a kept state. In a room with an area of interest its owner is here, if it has one.
func (c *client) keep(key string, owner uint64, flags wire.StateFlags, value []byte) {
	c.state[key] = string(value)
	delete(c.owners, key)
	if flags&wire.Owned != 0 {
		c.owners[key] = owner
		if c.interest && c.members[owner] == "" {
			c.t.Fatalf("%s: state %s of member %d, who is not here", c.player, key, owner)
		}
	}
}

// forget is a member that left, in a room with an area of interest with all it owned.
func (c *client) forget(member uint64) {
	delete(c.members, member)
	delete(c.positions, member)
	if c.interest {
		maps.DeleteFunc(c.state, func(key, _ string) bool { return c.owners[key] == member && member != 0 })
		maps.DeleteFunc(c.owners, func(_ string, owner uint64) bool { return owner == member })
	}
}

// welcome sends again all that was not acknowledged, even what the room says it has.
func (c *client) welcome(w wire.Welcome) {
	if c.epoch != 0 && !w.Recovered {
		c.lost++
	}
	if w.Recovered && w.Offset != c.offset {
		c.t.Fatalf("%s: recovered at %d, asked for %d", c.player, w.Offset, c.offset)
	}
	c.member, c.epoch, c.offset, c.welcomed = w.Member, w.Epoch, w.Offset, true
	c.greeting, c.interest = w, w.Interest
	c.seq = max(c.seq, w.LastSeq)
	for _, m := range c.unacked {
		if err := c.link.Send(time.Time{}, m); err != nil {
			c.t.Fatalf("%s sends again: %v", c.player, err)
		}
	}
}

func (c *client) acked(seq uint64) {
	c.unacked = slices.DeleteFunc(c.unacked, func(m room.Message) bool { return m.Seq <= seq })
}

// table is a room with a clock.
type table struct {
	t        *testing.T
	room     *room.Room
	now      time.Time
	released []uint64
	lost     []uint64
	refused  []uint64
	ended    bool
	copies   [][]byte
}

func newTable(t *testing.T, change func(*room.Config)) *table {
	tb := &table{t: t, now: time.Unix(1_000_000, 0)}
	cfg := room.Config{
		Session: model.SessionRef{Route: "plaza", Key: "room-7"}, Epoch: 77, Capacity: 5,
		Hooks: room.Hooks{
			Released: func(_ string, seat uint64) { tb.released = append(tb.released, seat) },
			Lost:     func(_ string, seat uint64) { tb.lost = append(tb.lost, seat) },
			Refused:  func(_ string, seat uint64) { tb.refused = append(tb.refused, seat) },
			Ended:    func() { tb.ended = true },
			Copy:     func(b []byte) { tb.copies = append(tb.copies, b) },
		},
	}
	if change != nil {
		change(&cfg)
	}
	tb.room = room.New(cfg)
	return tb
}

// tick lets d pass and ticks.
func (tb *table) tick(d time.Duration) {
	tb.now = tb.now.Add(d)
	tb.room.Tick(tb.now)
}

// enter joins a new player and lets the room take it.
func (tb *table) enter(player string, seat uint64) *client {
	c := newClient(tb.t, player, seat)
	c.join(tb.room)
	tb.tick(room.ReconnectSpread)
	return c
}

func retained(key, value string) room.Message {
	return room.Message{Kind: room.KindState, Flags: wire.Retain | wire.Owned, Name: key, Value: []byte(value)}
}

func event(name, payload string) room.Message {
	return room.Message{Kind: room.KindEvent, Name: name, Value: []byte(payload)}
}
