package room_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"

	"pgregory.net/rapid"
)

// world is a room, its clients, and what must be so in the end.
type world struct {
	t       *rapid.T
	room    *room.Room
	now     time.Time
	cfg     room.Config
	clients map[string]*client // those with a living seat
	seats   uint64
	gone    map[uint64]bool // released seats
	want    map[string]string
	sent    map[string]int // events by sender
	witness *client        // never slow, never away
}

func newWorld(t *rapid.T) *world {
	w := &world{
		t: t, now: time.Unix(1_000_000, 0), clients: map[string]*client{}, gone: map[uint64]bool{},
		want: map[string]string{}, sent: map[string]int{},
	}
	w.cfg = room.Config{
		Session: model.SessionRef{Route: "plaza", Key: "k"}, Epoch: 7, Capacity: 10,
		Settings: model.RoomSettings{MaxMessagesPerSecond: 1 << 20},
		Hooks:    room.Hooks{Released: func(_ string, seat uint64) { w.gone[seat] = true }},
	}
	w.room = room.New(w.cfg)
	w.witness = w.enter("witness")
	w.tick(tick)
	return w
}

func (w *world) tick(d time.Duration) {
	w.now = w.now.Add(d)
	w.room.Tick(w.now)
	for player, c := range w.clients {
		if w.gone[c.seat] {
			w.forget(player)
		}
	}
}

func (w *world) enter(player string) *client {
	w.seats++
	c := newClient(w.t, player, w.seats)
	c.join(w.room)
	w.clients[player] = c
	return c
}

// forget is a released seat: what the player owned is gone.
func (w *world) forget(player string) {
	delete(w.clients, player)
	maps.DeleteFunc(w.want, func(key, _ string) bool { return strings.HasPrefix(key, player+"/") })
}

func (w *world) someone() *client {
	player := rapid.SampledFrom([]string{"ann", "bob", "eve", "joe"}).Draw(w.t, "player")
	return w.clients[player]
}

func (w *world) connected(c *client) bool {
	return c != nil && c.conn != nil && c.conn.code == 0 && c.welcomed
}

func (w *world) step() {
	switch rapid.SampledFrom([]string{
		"join", "join", "state", "state", "state", "event", "event", "delete", "stall", "resume", "lose", "leave", "tick", "tick", "tick", "wait", "move", "hold",
	}).Draw(w.t, "step") {
	case "join":
		player := rapid.SampledFrom([]string{"ann", "bob", "eve", "joe"}).Draw(w.t, "player")
		switch c := w.clients[player]; {
		case c == nil:
			w.enter(player)
		case c.conn.code != 0 || rapid.Bool().Draw(w.t, "again"):
			c.join(w.room)
		}
	case "state":
		if c := w.someone(); w.connected(c) {
			key := c.player + "/" + rapid.SampledFrom([]string{"x", "y", "z"}).Draw(w.t, "key")
			value := fmt.Sprint(rapid.IntRange(0, 1<<30).Draw(w.t, "value"))
			w.want[key] = value
			c.send(w.now, retained(key, value))
		}
	case "delete":
		if c := w.someone(); w.connected(c) {
			delete(w.want, c.player+"/x")
			c.send(w.now, room.Message{Kind: room.KindState, Flags: wire.Delete, Name: c.player + "/x"})
		}
	case "event":
		if c := w.someone(); w.connected(c) {
			w.sent[c.player]++
			c.send(w.now, event(c.player, fmt.Sprint(w.sent[c.player])))
		}
	case "stall":
		if c := w.someone(); w.connected(c) {
			c.conn.stall = true
		}
	case "resume":
		if c := w.someone(); w.connected(c) {
			c.conn.stall = false
		}
	case "lose":
		if c := w.someone(); w.connected(c) {
			c.link.Lost()
			c.conn.code = 1 // until it joins again
		}
	case "leave":
		if c := w.someone(); w.connected(c) && len(c.unacked) == 0 {
			c.link.Leave()
			w.tick(tick)
		}
	case "tick":
		w.tick(tick)
	case "wait":
		w.tick(3 * time.Second)
	case "move":
		w.move(rapid.Bool().Draw(w.t, "taken back"))
	case "hold":
		w.hold()
	}
}

// move hands the room over, with messages sent meanwhile, or takes the hand-over back.
func (w *world) move(back bool) {
	var state []byte
	_ = w.room.Freeze(func(b []byte) { state = b })
	w.tick(tick)
	w.hold()
	w.tick(tick)
	if back {
		_ = w.room.Resume()
		w.tick(tick)
		return
	}
	_ = w.room.Close(wire.CloseMoved, "drain", &room.Redirect{})
	w.tick(tick)
	cfg := w.cfg
	cfg.Epoch = 1000 // must not be used
	next, err := room.Restore(cfg, state, true, w.now)
	if err != nil {
		w.t.Fatalf("restore: %v", err)
	}
	w.room = next
	for _, player := range slices.Sorted(maps.Keys(w.clients)) {
		c := w.clients[player]
		w.seats++
		c.seat = w.seats
		c.join(w.room)
	}
	w.tick(tick)
}

// hold sends states from everybody without a tick.
func (w *world) hold() {
	for _, player := range slices.Sorted(maps.Keys(w.clients)) {
		if c := w.clients[player]; w.connected(c) {
			w.want[player+"/held"] = fmt.Sprint(w.now.UnixNano())
			c.send(w.now, retained(player+"/held", w.want[player+"/held"]))
		}
	}
}

// settle brings everybody back and lets everything arrive.
func (w *world) settle() {
	for _, c := range w.clients {
		c.conn.stall = false
	}
	for range 4 {
		w.tick(tick)
		for _, player := range slices.Sorted(maps.Keys(w.clients)) {
			if c := w.clients[player]; c.conn.code != 0 {
				c.join(w.room)
			}
		}
	}
	w.tick(tick)
	w.tick(tick)
}

// Safety, checked all along by client.take: no gap and no duplicate that the client was not told of. Liveness: in the end
// everybody sees the state that was sent last, and who never was away has had every event once, in order.
func TestAnyInterleaving(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			w.step()
		}
		w.settle()
		for player, c := range w.clients {
			if !maps.Equal(c.state, w.want) {
				t.Fatalf("%s sees %v, sent was %v", player, c.state, w.want)
			}
			if len(c.unacked) > 0 || len(c.rejected) > 0 {
				t.Fatalf("%s: %d messages unacknowledged, rejected %v", player, len(c.unacked), c.rejected)
			}
			if len(c.members) != len(w.clients) {
				t.Fatalf("%s sees members %v, there are %d", player, c.members, len(w.clients))
			}
		}
		seen := map[string]int{}
		for _, e := range w.witness.events {
			sender, n, _ := strings.Cut(e, "=")
			if seen[sender]++; fmt.Sprint(seen[sender]) != n {
				t.Fatalf("the witness saw %s, expected number %d", e, seen[sender])
			}
		}
		if w.witness.lost > 0 {
			t.Fatalf("the witness lost events")
		}
	})
}

func FuzzRestore(f *testing.F) {
	r := room.New(room.Config{Epoch: 5})
	c := &client{t: f, player: "ann", seat: 1}
	c.join(r)
	now := time.Unix(1000, 0)
	r.Tick(now)
	m := retained("pos/ann", "1")
	m.TTL = time.Minute
	c.send(now, m)
	c.send(now, event("shout", "hey"))
	_ = r.Freeze(func(b []byte) { f.Add(b, true) })
	r.Tick(now)
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0}, false)
	f.Fuzz(func(t *testing.T, state []byte, complete bool) {
		r, err := room.Restore(room.Config{Epoch: 9}, state, complete, now)
		if err != nil {
			return
		}
		var again []byte
		_ = r.Freeze(func(b []byte) { again = b })
		r.Tick(now)
		if _, err := room.Restore(room.Config{Epoch: 9}, again, complete, now); err != nil {
			t.Fatalf("what was restored cannot be restored again: %v", err)
		}
	})
}
