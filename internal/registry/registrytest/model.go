package registrytest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/decide/place"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// checkModel runs random histories on a registry and on the plainest thing that could be one, and compares after every
// step. Which of several equally good servers or sessions is taken is the registry's choice.
func checkModel(t *testing.T, fresh func(t *testing.T, now time.Time) registry.Registry) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{
			rt: rt, w: newWorld(t, fresh(t, start)),
			servers: map[model.ServerID]*modelServer{}, sessions: map[model.SessionKey]*modelSession{},
		}
		m.addServer(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"add server": m.addServer,
			"set state":  m.setState,
			"avoid":      m.avoid,
			"join":       m.join,
			"join again": m.join, // twice as likely
			"leave":      m.leave,
			"report":     m.report,
			"end":        m.end,
			"move":       m.move,
			"kill":       m.kill,
			"wait":       func(rt *rapid.T) { m.w.later(time.Duration(rapid.IntRange(1, 40).Draw(rt, "seconds")) * time.Second) },
			"":           m.compare,
		})
	})
}

type modelServer struct {
	fleet   model.FleetName
	state   model.ServerState
	shape   shape
	avoided bool
}

// last is the rank of what is on a server: behind all others' when it is avoided.
func (s *modelServer) last(rank int) int {
	if s.avoided {
		return rank + 1<<20
	}
	return rank
}

type modelSession struct {
	server   model.ServerID // "": none
	gen      model.Generation
	capacity int
	moving   bool
	placed   bool
	used     bool
	promised time.Time // until when a ticket may open it whose seat was given back unclaimed
	seats    map[model.PlayerID]modelSeat
}

type modelSeat struct {
	id      model.SeatID
	claimed bool
	until   time.Time
}

type machine struct {
	rt       *rapid.T
	w        *world
	servers  map[model.ServerID]*modelServer
	sessions map[model.SessionKey]*modelSession
	lastSeat model.SeatID
	lastGen  model.Generation
	added    int // servers, ever
	joins    int // ever
}

func (m *machine) addServer(rt *rapid.T) {
	if len(m.servers) == 6 {
		rt.Skip("enough servers")
	}
	size := rapid.IntRange(1, 4).Draw(rt, "seats per session")
	s := shape{slots: rapid.IntRange(1, 3).Draw(rt, "slots"), size: size}
	s.seats = rapid.IntRange(size, s.slots*size).Draw(rt, "seats")
	fleet := rapid.SampledFrom([]model.FleetName{"a", "b"}).Draw(rt, "fleet")
	m.added++
	id := model.ServerID(fmt.Sprintf("%s-%d", fleet, m.added))
	m.w.open(id, fleet, s)
	m.servers[id] = &modelServer{fleet: fleet, state: model.ServerOpen, shape: s}
}

func (m *machine) setState(rt *rapid.T) {
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(m.servers))).Draw(rt, "server")
	to := rapid.SampledFrom([]model.ServerState{model.ServerOpen, model.ServerOpen, model.ServerCordoned, model.ServerDraining}).Draw(rt, "state")
	_, err := m.w.SetState(m.w.ctx, id, m.w.server(id).Generation, registry.StateChange{State: to, Now: m.w.now})
	s := m.servers[id]
	if !s.state.CanBecome(to) {
		m.want(err, registry.ErrConflict)
		return
	}
	m.want(err, nil)
	s.state = to
}

func (m *machine) avoid(rt *rapid.T) {
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(m.servers))).Draw(rt, "server")
	avoided := rapid.Bool().Draw(rt, "avoided")
	m.want(m.w.Avoid(m.w.ctx, id, m.w.server(id).Generation, avoided), nil)
	m.servers[id].avoided = avoided
}

// used counts a server's sessions and seats.
func (m *machine) used(id model.ServerID) (sessions, seats int) {
	for _, x := range m.sessions {
		if x.server == id {
			sessions++
			seats += len(x.seats)
		}
	}
	return sessions, seats
}

func (m *machine) room(id model.ServerID) place.Room {
	s := m.servers[id]
	sessions, seats := m.used(id)
	return place.Room{
		Slots: s.shape.slots - sessions, Sessions: sessions, Seats: s.shape.seats - seats, Players: seats, SeatsPerSession: s.shape.size,
	}
}

func (m *machine) join(rt *rapid.T) {
	m.joins++
	req := registry.Reserve{
		Key:     model.SessionKey(rapid.SampledFrom([]string{"", "k1", "k2", "k3", "k4", "k5"}).Draw(rt, "key")),
		NewKey:  model.SessionKey(fmt.Sprintf("new-%d", m.joins)),
		Fleets:  rapid.Permutation([]model.FleetName{"a", "b"}).Draw(rt, "fleets")[:rapid.IntRange(0, 2).Draw(rt, "fleets used")],
		Players: rapid.SliceOfNDistinct(rapid.SampledFrom([]model.PlayerID{"p1", "p2", "p3", "p4", "p5", "p6"}), 1, 3, rapid.ID).Draw(rt, "players"),
	}
	r, err := m.w.reserve(req)
	if x := m.sessions[req.Key]; x != nil {
		if want := m.refusal(x, req.Players); want != nil {
			m.want(err, want)
			return
		}
		m.want(err, nil)
		m.seated(req.Key, r, false, x.server)
		return
	}
	if req.Key == "" {
		if key, ok := m.fullestIs(r.Session.Key, req); ok {
			m.want(err, nil)
			m.seated(key, r, false, m.sessions[key].server)
			return
		}
		req.Key = req.NewKey
	}
	m.opened(req, r, err)
}

// refusal is why players cannot join a session by its key; nil if they can.
func (m *machine) refusal(x *modelSession, players []model.PlayerID) error {
	if x.moving || x.server == "" {
		return registry.ErrMoving
	}
	if len(players) > x.capacity {
		return registry.ErrTooLarge
	}
	more := 0
	for _, p := range players {
		if _, ok := x.seats[p]; !ok {
			more++
		}
	}
	if more > x.capacity-len(x.seats) || more > max(0, m.room(x.server).Seats) {
		return registry.ErrSessionFull
	}
	return nil
}

// fullestIs checks that no session was a better choice for players without a key than the one chosen; false if there
// was none to choose.
func (m *machine) fullestIs(chosen model.SessionKey, req registry.Reserve) (model.SessionKey, bool) {
	for _, fleet := range req.Fleets {
		best := map[model.SessionKey]int{}
		for key, x := range m.sessions {
			if x.moving || x.server == "" || m.servers[x.server].fleet != fleet || m.servers[x.server].state != model.ServerOpen {
				continue
			}
			if rank, ok := place.SessionRank(x.capacity-len(x.seats), m.room(x.server).Seats); ok && rank >= len(req.Players) {
				best[key] = m.servers[x.server].last(rank)
			}
		}
		if len(best) == 0 {
			continue
		}
		rank, ok := best[chosen]
		if !ok || rank > slices.Min(slices.Collect(maps.Values(best))) {
			m.rt.Fatalf("fleet %s: chose %q of %v", fleet, chosen, best)
		}
		return chosen, true
	}
	return "", false
}

// opened checks the answer to a join that needed a new session.
func (m *machine) opened(req registry.Reserve, r registry.Reservation, err error) {
	known := false
	for _, fleet := range req.Fleets {
		best := map[model.ServerID]int{}
		for id, s := range m.servers {
			if s.fleet != fleet {
				continue
			}
			known = known || s.shape.size >= len(req.Players)
			if rank, ok := m.room(id).Rank(); ok && s.state == model.ServerOpen && m.room(id).Fits(len(req.Players)) {
				best[id] = s.last(rank)
			}
		}
		if len(best) == 0 {
			continue
		}
		m.want(err, nil)
		if rank, ok := best[r.Server]; !ok || rank > slices.Min(slices.Collect(maps.Values(best))) {
			m.rt.Fatalf("fleet %s: chose %s of %v", fleet, r.Server, best)
		}
		if r.Generation <= m.lastGen {
			m.rt.Fatalf("generation %d after %d", r.Generation, m.lastGen)
		}
		m.lastGen = r.Generation
		m.sessions[req.Key] = &modelSession{
			server: r.Server, gen: r.Generation, capacity: m.servers[r.Server].shape.size, seats: map[model.PlayerID]modelSeat{},
		}
		m.seated(req.Key, r, true, r.Server)
		return
	}
	if !known && m.anyOf(req.Fleets) {
		m.want(err, registry.ErrTooLarge)
		return
	}
	m.want(err, registry.ErrFull)
}

func (m *machine) anyOf(fleets []model.FleetName) bool {
	for _, s := range m.servers {
		if slices.Contains(fleets, s.fleet) {
			return true
		}
	}
	return false
}

// seated checks and notes the seats of a good answer.
func (m *machine) seated(key model.SessionKey, r registry.Reservation, created bool, server model.ServerID) {
	x := m.sessions[key]
	if r.Session != ref(key) || r.Created != created || r.Server != server || r.Generation != x.gen || r.SessionCapacity != x.capacity {
		m.rt.Fatalf("%s on %s generation %d: %+v", key, server, x.gen, r)
	}
	for _, s := range r.Seats {
		had, ok := x.seats[s.Player]
		switch {
		case !ok && s.ID <= m.lastSeat:
			m.rt.Fatalf("seat %d after %d", s.ID, m.lastSeat)
		case !ok:
			m.lastSeat = s.ID
			x.seats[s.Player] = modelSeat{id: s.ID, until: m.w.now.Add(ttl)}
		case had.id != s.ID:
			m.rt.Fatalf("I7: %s has seat %d and now %d", s.Player, had.id, s.ID)
		case !had.claimed:
			x.seats[s.Player] = modelSeat{id: s.ID, until: m.w.now.Add(ttl)}
		}
	}
}

// pick draws a session that there is.
func (m *machine) pick(rt *rapid.T) (model.SessionKey, *modelSession) {
	if len(m.sessions) == 0 {
		rt.Skip("no session")
	}
	key := rapid.SampledFrom(slices.Sorted(maps.Keys(m.sessions))).Draw(rt, "session")
	return key, m.sessions[key]
}

func (m *machine) leave(rt *rapid.T) {
	key, x := m.pick(rt)
	player := rapid.SampledFrom([]model.PlayerID{"p1", "p2", "p3", "p4", "p5", "p6"}).Draw(rt, "player")
	seat, err := m.w.Leave(m.w.ctx, ref(key), player, m.w.now)
	had, ok := x.seats[player]
	if !ok {
		m.want(err, registry.ErrNotFound)
		return
	}
	m.want(err, nil)
	if seat.ID != had.id {
		m.rt.Fatalf("seat %d left, not %d", seat.ID, had.id)
	}
	if !had.claimed && had.until.After(x.promised) {
		x.promised = had.until
	}
	delete(x.seats, player)
	if had.claimed && x.server != "" { // its server hears of it, and says so
		rest := registry.SessionReport{Session: ref(key), Generation: x.gen, Capacity: x.capacity}
		for p, s := range x.seats {
			if s.claimed {
				rest.Claimed = append(rest.Claimed, model.Seat{ID: s.id, Player: p})
			}
		}
		m.want(m.w.Report(m.w.ctx, registry.Report{Server: x.server, Stream: 1, Sessions: []registry.SessionReport{rest}, Now: m.w.now}), nil)
	}
	m.settle(key)
}

// settle forgets a session that nobody used or can use.
func (m *machine) settle(key model.SessionKey) {
	if x := m.sessions[key]; len(x.seats) == 0 && !x.used && !x.promised.After(m.w.now) {
		delete(m.sessions, key)
	}
}

// report lets a session's server say which of its seats are claimed; old or foreign words change nothing.
func (m *machine) report(rt *rapid.T) {
	key, x := m.pick(rt)
	if x.server == "" {
		rt.Skip("no server")
	}
	said := registry.SessionReport{Session: ref(key), Generation: x.gen, Capacity: x.capacity}
	claims := map[model.PlayerID]bool{}
	for _, p := range slices.Sorted(maps.Keys(x.seats)) {
		if claims[p] = rapid.Bool().Draw(rt, "claimed"); claims[p] {
			said.Claimed = append(said.Claimed, model.Seat{ID: x.seats[p].id, Player: p})
		}
	}
	server := x.server
	if rapid.IntRange(0, 4).Draw(rt, "late") == 0 {
		said.Generation--
		claims = nil
	}
	m.want(m.w.Report(m.w.ctx, registry.Report{Server: server, Stream: 1, Sessions: []registry.SessionReport{said}, Now: m.w.now}), nil)
	if claims == nil {
		return
	}
	x.used = true // it is open there
	for p, seat := range x.seats {
		switch {
		case claims[p]:
			x.seats[p] = modelSeat{id: seat.id, claimed: true}
		case seat.claimed:
			delete(x.seats, p)
		}
	}
	m.settle(key)
}

func (m *machine) end(rt *rapid.T) {
	key, x := m.pick(rt)
	m.want(m.w.EndSession(m.w.ctx, ref(key), x.gen+1, 0, m.w.now), registry.ErrStale)
	m.want(m.w.EndSession(m.w.ctx, ref(key), x.gen, 0, m.w.now), nil)
	m.want(m.w.SentOn(m.w.ctx, ref(key), x.server, x.gen, m.w.now), registry.ErrNotFound)
	delete(m.sessions, key)
}

// move takes a session's move one step on.
func (m *machine) move(rt *rapid.T) {
	key, x := m.pick(rt)
	switch {
	case !x.moving:
		m.want(m.w.begin(ref(key), x.gen), nil)
		x.moving = true
	case x.placed:
		m.want(m.w.FinishMove(m.w.ctx, ref(key), x.gen, m.w.now), nil)
		x.moving, x.placed = false, false
	case x.server != "" && rapid.Bool().Draw(rt, "abort"):
		m.want(m.w.abort(ref(key), x.gen), nil)
		x.moving = false
	default:
		m.commit(key, x)
	}
}

func (m *machine) commit(key model.SessionKey, x *modelSession) {
	n := max(1, len(x.seats))
	fits, holds, unavoided, want := false, false, false, error(nil)
	for id, s := range m.servers {
		if s.fleet == "a" && want != registry.ErrFull {
			if want = registry.ErrTooLarge; s.shape.seats >= n {
				want = registry.ErrFull
			}
		}
		if id == x.server || s.fleet != "a" || s.state != model.ServerOpen || !m.room(id).Holds(n) {
			continue
		}
		switch fit := m.room(id).Fits(n); {
		case fit && !fits:
			fits, holds, unavoided = true, true, !s.avoided
		case fit == fits:
			holds, unavoided = true, unavoided || !s.avoided
		}
	}
	r, err := m.w.tryCommit(key, x.gen, x.server)
	if !holds {
		m.want(err, cmp.Or(want, registry.ErrFull))
		return
	}
	m.want(err, nil)
	if unavoided && m.servers[r.Server].avoided {
		m.rt.Fatalf("move of %s to %s, which is avoided", key, r.Server)
	}
	if room := m.room(r.Server); r.Server == x.server || !room.Holds(n) || fits && !room.Fits(n) || r.Generation <= max(x.gen, m.lastGen) || len(r.Seats) != len(x.seats) {
		m.rt.Fatalf("move of %s from %s: %+v", key, x.server, r)
	}
	if x.server != "" {
		m.want(m.w.SentOn(m.w.ctx, ref(key), x.server, x.gen, m.w.now), nil)
	}
	x.capacity = max(m.servers[r.Server].shape.size, len(x.seats))
	x.server, x.gen, x.placed, m.lastGen = r.Server, r.Generation, true, r.Generation
	for _, s := range r.Seats {
		if _, ok := x.seats[s.Player]; !ok || s.ID <= m.lastSeat {
			m.rt.Fatalf("seat %+v after %d", s, m.lastSeat)
		}
		m.lastSeat = s.ID
		x.seats[s.Player] = modelSeat{id: s.ID, until: m.w.now.Add(ttl)}
	}
}

// kill loses a server, takes its sessions off and forgets it.
func (m *machine) kill(rt *rapid.T) {
	if len(m.servers) < 4 {
		rt.Skip("few servers")
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(m.servers))).Draw(rt, "server")
	s := m.w.become(id, model.ServerUnhealthy)
	orphans, err := m.w.Orphan(m.w.ctx, id, m.w.now)
	m.want(err, nil)
	for _, o := range orphans {
		x := m.sessions[o.Key]
		if x == nil || x.server != id || len(o.Seats) != len(x.seats) {
			m.rt.Fatalf("orphan %+v of %s, not %+v", o, id, x)
		}
		x.server, x.moving, x.placed = "", true, false
	}
	if left, _ := m.used(id); left > 0 {
		m.rt.Fatalf("%d sessions stayed on %s", left, id)
	}
	m.want(m.w.RemoveServer(m.w.ctx, id, s.Generation), nil)
	delete(m.servers, id)
}

// compare lets time have its way with both and compares everything.
func (m *machine) compare(*rapid.T) {
	expired := 0
	for key, x := range m.sessions {
		for p, s := range x.seats {
			if !s.claimed && !s.until.After(m.w.now) {
				delete(x.seats, p)
				expired++
			}
		}
		m.settle(key)
	}
	n, err := m.w.Expire(m.w.ctx, m.w.now)
	m.want(err, nil)
	// Joins expire on their way, so that fewer may be left for Expire.
	if n > expired {
		m.rt.Fatalf("%d seats expired, not %d", n, expired)
	}
	list := must(m.w.ListSessions(m.w.ctx, registry.SessionFilter{}))
	if len(list) != len(m.sessions) {
		m.rt.Fatalf("%d sessions, not %d", len(list), len(m.sessions))
	}
	for _, got := range list {
		m.compareSession(got)
	}
	m.compareCount(list)
	for id, s := range m.servers {
		got := must(m.w.GetServer(m.w.ctx, id))
		sessions, seats := m.used(id)
		if got.State != s.state || got.Sessions != sessions || got.SeatsReserved+got.SeatsClaimed != seats {
			m.rt.Fatalf("%s is %+v; want %s, %d sessions, %d seats", id, got, s.state, sessions, seats)
		}
		if sessions > s.shape.slots || seats > s.shape.seats {
			m.rt.Fatalf("I2: %s has %d sessions and %d seats of %+v", id, sessions, seats, s.shape)
		}
	}
}

// compareCount counts servers and sessions one by one.
func (m *machine) compareCount(sessions []model.Session) {
	got := must(m.w.Count(m.w.ctx))
	fleets, active := map[model.FleetName]registry.FleetCount{}, map[model.ServerID]int{}
	var route registry.RouteCount
	for _, x := range sessions {
		players := x.SeatsReserved + x.SeatsClaimed
		route.Sessions++
		route.SessionsActive += min(1, players)
		route.Players += players
		active[x.Server] += min(1, players)
	}
	for _, s := range must(m.w.ListServers(m.w.ctx, "")) {
		f, one := fleets[s.Fleet], registry.CountServer(&s)
		one.SessionsActive = active[s.ID]
		f.Add(&one, 1)
		fleets[s.Fleet] = f
	}
	if !maps.Equal(got.Fleets, fleets) || got.Routes["plaza"] != route {
		m.rt.Fatalf("the count is %+v; want %+v, plaza %+v", got, fleets, route)
	}
}

func (m *machine) compareSession(got model.Session) {
	x := m.sessions[got.Key]
	if x == nil || got.Server != x.server || got.Generation != x.gen || (got.State == model.SessionMoving) != x.moving || got.Capacity != x.capacity {
		m.rt.Fatalf("%+v; want %+v", got, x)
	}
	seats := must(m.w.GetSession(m.w.ctx, got.SessionRef)).Seats
	if len(seats) != len(x.seats) || len(seats) > x.capacity {
		m.rt.Fatalf("I2: %s has %v; want %v of %d", got.SessionRef, seats, x.seats, x.capacity)
	}
	for _, s := range seats {
		want, ok := x.seats[s.Player]
		if !ok || s.ID != want.id || (s.State == model.SeatClaimed) != want.claimed || !want.claimed && !s.ExpiresAt.Equal(want.until) {
			m.rt.Fatalf("%s: seat %+v; want %+v", got.SessionRef, s, want)
		}
	}
}

func (m *machine) want(err, want error) {
	m.rt.Helper()
	if !errors.Is(err, want) {
		m.rt.Fatalf("got error %v, want %v", err, want)
	}
}
