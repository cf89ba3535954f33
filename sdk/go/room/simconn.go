package room

import (
	"time"

	core "greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/records"
	"greenroom.dev/greenroom/internal/room/wire"
)

// simConn is a simulated player's connection: records back to back, told at each flush.
type simConn struct {
	player *SimPlayer
	bytes  []byte
}

func (c *simConn) put(r wire.Record) { c.bytes = r.Append(c.bytes) }

// Endpoint implements core.Conn, as do the following.
func (c *simConn) Endpoint() string           { return "simulation" }
func (c *simConn) Encoder() core.Encoder      { return simEncoder{} }
func (c *simConn) Welcome(w wire.Welcome)     { c.put(w) }
func (c *simConn) Grant(s *core.Shared)       { c.bytes = append(c.bytes, s.Bytes...) }
func (c *simConn) Change(any) core.Encoder    { return nil }
func (c *simConn) Signal(s core.Signal)       { c.put(s.Signal) }
func (c *simConn) Ack(uint64)                 {}
func (c *simConn) Reject(r wire.Reject)       { c.put(r) }
func (c *simConn) Resync(reason string)       { c.put(wire.Resync{Reason: reason}) }
func (c *simConn) Reconnect(r wire.Reconnect) { c.put(r) }
func (c *simConn) Idle() bool                 { return true }
func (c *simConn) Drop() int                  { return 0 }
func (c *simConn) Share(s *core.Shared, _ time.Time) bool {
	c.Grant(s)
	return true
}

func (c *simConn) Close(code wire.CloseCode, reason string) {
	c.Flush()
	if c.player.conn == c {
		c.player.end(code, reason)
	}
}

// Flush tells the player what is there, unless it has another connection by now.
func (c *simConn) Flush() {
	b := c.bytes
	c.bytes = nil
	for len(b) > 0 && c.player.conn == c {
		r, rest, err := wire.Decode(b)
		if err != nil {
			panic(err) // the room's own bytes
		}
		b = rest
		c.player.told(r)
	}
}

// simEncoder writes records without frames.
type simEncoder struct{}

// Key implements core.Encoder, as do the following.
func (simEncoder) Key() string { return "simulation" }

func (simEncoder) Batch(t *core.Batch) *core.Shared {
	b := records.AppendTick(nil, t)
	b = appendPositions(b, t.Positions)
	for _, s := range t.Staged {
		b = s.Append(b)
	}
	return &core.Shared{Bytes: b, Messages: 1}
}

func appendPositions(b []byte, all []core.MemberPosition) []byte {
	if len(all) == 0 {
		return b
	}
	var r wire.Positions
	for i := range all {
		r.Entries = append(r.Entries, all[i].MemberPosition)
	}
	return r.Append(b)
}

func (e simEncoder) Snapshot(v *core.View) *core.Shared {
	s := wire.Snapshot{First: true, Last: true, Epoch: v.Epoch, Offset: v.Offset, Members: v.Members}
	for i := range v.States {
		st := &v.States[i]
		s.Entries = append(s.Entries, wire.Entry{Key: st.Key, Owner: st.Owner, Version: st.Version, Flags: st.Flags, Value: st.Value})
	}
	return &core.Shared{Bytes: appendPositions(s.Append(nil), v.Positions)}
}

func (simEncoder) Scene(entities []core.Entity) core.Scene { return simScene(entities) }

// simScene is a tick in a room with an area of interest.
type simScene []core.Entity

// For implements core.Scene.
func (s simScene) For(sight *core.Sight) *core.Shared {
	var b []byte
	for _, i := range sight.Gone {
		b = wire.Left{Member: s[i].Member}.Append(b)
	}
	for _, i := range sight.Came {
		b = wire.Joined{Member: s[i].Member, Player: s[i].Player}.Append(b)
		b = s.tell(b, i, s[i].Owned, true, false)
	}
	for _, i := range sight.Stayed {
		b = s.tell(b, i, s[i].Changed, s[i].Moved, false)
	}
	for _, i := range sight.Far {
		b = s.tell(b, i, nil, true, true)
	}
	if len(b) == 0 {
		return nil
	}
	return &core.Shared{Bytes: b, Messages: 1}
}

func (s simScene) tell(b []byte, i int, states []core.State, position, far bool) []byte {
	e := &s[i]
	if position && e.Position != nil {
		b = wire.Positions{Entries: []wire.MemberPosition{{Member: e.Member, Far: far, Position: *e.Position}}}.Append(b)
	}
	for j := range states {
		b = states[j].State.Append(b)
	}
	return b
}
