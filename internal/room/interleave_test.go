package room_test

import (
	"fmt"
	"maps"
	"math"
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
	stands  map[string]wire.Position
	witness *client // never slow, never away
}

func newWorld(t *rapid.T, interest model.Interest) *world {
	w := &world{
		t: t, now: time.Unix(1_000_000, 0), clients: map[string]*client{}, gone: map[uint64]bool{},
		want: map[string]string{}, sent: map[string]int{}, stands: map[string]wire.Position{},
	}
	w.cfg = room.Config{
		Session: model.SessionRef{Route: "plaza", Key: "k"}, Epoch: 7, Capacity: 10,
		Settings: model.RoomSettings{MaxMessagesPerSecond: 1 << 20, PositionStep: 1, Interest: interest},
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
	delete(w.stands, player)
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
		"join", "join", "state", "state", "state", "event", "event", "delete", "stand", "stand", "stand", "stall", "resume", "lose", "leave", "tick", "tick", "tick", "wait", "move", "hold",
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
	case "stand":
		if c := w.someone(); w.connected(c) {
			axis := rapid.IntRange(-150, 150)
			p := wire.Position{X: int16(axis.Draw(w.t, "x")), Y: int16(axis.Draw(w.t, "y"))}
			w.stands[c.player] = p
			c.stand(w.now, p.X, p.Y)
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
	for player, p := range w.stands { // the last one may have been lost with a room or a connection
		w.clients[player].stand(w.now, p.X, p.Y)
	}
	for range 30 { // everybody looks; it is told how many there are
		w.tick(tick)
	}
	for _, c := range w.clients {
		clear(c.far)
	}
	for range 12 { // the far are told once more
		w.tick(tick)
	}
}

// Safety, checked all along by client.take: no gap and no duplicate that the client was not told of. Liveness: in the end
// everybody sees the state that was sent last and where the others stand, as far as it may see them, and who never was away
// has had every event once, in order.
func TestAnyInterleaving(t *testing.T) {
	t.Run("everybody sees everybody", func(t *testing.T) { interleave(t, model.Interest{}) })
	t.Run("area of interest", func(t *testing.T) {
		interleave(t, model.Interest{Radius: 100, Nearest: 2, Hysteresis: 0.25, FarRadius: 200, FarNearest: 1, FarEvery: 6 * tick})
	})
}

func interleave(t *testing.T, interest model.Interest) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, interest)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			w.step()
		}
		w.settle()
		for player, c := range w.clients {
			if len(c.unacked) > 0 || len(c.rejected) > 0 {
				t.Fatalf("%s: %d messages unacknowledged, rejected %v", player, len(c.unacked), c.rejected)
			}
			w.checkView(c)
			if interest.Radius > 0 {
				w.checkSight(c, interest)
			} else if len(c.members) != len(w.clients) {
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

// checkView: of those a client sees it knows what they own and where they stand, and of nobody else.
func (w *world) checkView(c *client) {
	want, stands := map[string]string{}, map[uint64]wire.Position{}
	for _, player := range c.members {
		for key, value := range w.want {
			if strings.HasPrefix(key, player+"/") {
				want[key] = value
			}
		}
		if p, ok := w.stands[player]; ok {
			stands[w.clients[player].member] = p
		}
	}
	if !maps.Equal(c.state, want) {
		w.t.Fatalf("%s sees %v, sent was %v", c.player, c.state, want)
	}
	if !maps.EqualFunc(c.positions, stands, wire.Position.Equal) {
		w.t.Fatalf("%s sees members at %v, they stand at %v", c.player, c.positions, stands)
	}
}

// checkSight: a client sees itself and the nearest within reach, give or take the hysteresis, and is told the nearest others as
// far. It is held against the rules, not against how the room finds them.
func (w *world) checkSight(c *client, i model.Interest) {
	if c.members[c.member] != c.player || c.occupancy != uint64(len(w.clients)) {
		w.t.Fatalf("%s sees %v; it knows of %d members, there are %d", c.player, c.members, c.occupancy, len(w.clients))
	}
	from, wide := w.stands[c.player], 1+i.Hysteresis
	unseen, furthest, farthest := []float64{}, 0.0, 0.0
	for player, p := range w.stands {
		d := math.Hypot(float64(p.X)-float64(from.X), float64(p.Y)-float64(from.Y))
		member := w.clients[player].member
		_, far := c.far[member]
		switch {
		case member == c.member:
		case c.members[member] != "":
			furthest = max(furthest, d)
		case far:
			farthest = max(farthest, d)
			fallthrough
		default:
			unseen = append(unseen, d)
		}
	}
	slices.Sort(unseen)
	seen := len(c.members) - 1
	if seen > i.Nearest || furthest >= i.Radius*wide {
		w.t.Fatalf("%s sees %d, the furthest at %v", c.player, seen, furthest)
	}
	if len(unseen) > 0 && unseen[0] < i.Radius && (seen < i.Nearest || unseen[0]*wide < furthest*(1-1e-9)) {
		w.t.Fatalf("%s sees %d up to %v, and not one at %v", c.player, seen, furthest, unseen[0])
	}
	told := min(i.FarNearest, len(unseen))
	for told > 0 && unseen[told-1] >= i.FarRadius {
		told--
	}
	if len(c.far) != told || told > 0 && farthest > unseen[told-1]*(1+1e-9) {
		w.t.Fatalf("%s is told %d far ones up to %v, want %d of %v", c.player, len(c.far), farthest, told, unseen)
	}
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
	c.stand(now, 1, 2)
	_ = r.Freeze(func(b []byte) { f.Add(b, true) })
	r.Tick(now)
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0}, false)
	sighted := model.RoomSettings{Interest: model.Interest{Radius: 1, FarRadius: 2}}
	f.Fuzz(func(t *testing.T, state []byte, complete bool) {
		for _, cfg := range []room.Config{{Epoch: 9}, {Epoch: 9, Settings: sighted}} {
			r, err := room.Restore(cfg, state, complete, now)
			if err != nil {
				return
			}
			c := newClient(t, "ann", 1)
			c.join(r)
			var again []byte
			_ = r.Freeze(func(b []byte) { again = b })
			r.Tick(now)
			if _, err := room.Restore(cfg, again, complete, now); err != nil {
				t.Fatalf("what was restored cannot be restored again: %v", err)
			}
		}
	})
}
