package handover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/ticket"
)

var (
	start  = time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)
	room   = model.SessionRef{Route: "plaza", Key: "room-7"}
	fleets = []model.FleetName{"plaza"}
)

// plainSigner writes tickets that a test can read.
type plainSigner struct{}

func (plainSigner) Sign(c ticket.Claims) string {
	return fmt.Sprintf("%s@%s/%d#%d", c.Player, c.Server, c.Generation, c.Seat)
}

func (s plainSigner) Seal(c ticket.Claims) string { return "sealed " + s.Sign(c) }

// stage is three open servers (a, b, c) with room-7 live on a, two players in it.
type stage struct {
	reg   *memory.Memory
	links *fakeLinks
	mover *Mover
	first model.Session
	now   time.Time
}

type fataler interface{ Fatalf(string, ...any) }

func must(t fataler, err error) {
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func newStage(t fataler) *stage {
	ctx := context.Background()
	st := &stage{reg: memory.New(start), links: newFakeLinks(), now: start}
	for _, id := range []model.ServerID{"plaza-a", "plaza-b", "plaza-c"} {
		s, err := st.reg.AddServer(ctx, model.Server{
			ID: id, Fleet: "plaza", State: model.ServerStarting, SessionCapacity: 4, SeatsPerSession: 8, SeatCapacity: 32, CreatedAt: start,
		})
		must(t, err)
		g, err := st.reg.Greet(ctx, registry.Hello{
			Server: s.ID, Stream: 1, Now: start, Endpoints: []model.Endpoint{{Name: "ws", URL: "ws://" + string(id)}},
		})
		must(t, err)
		if id == "plaza-a" {
			st.open(t, g.Server)
		}
	}
	r, err := st.reg.Reserve(ctx, registry.Reserve{
		Route: room.Route, Key: room.Key, Fleets: fleets, Players: []model.PlayerID{"ann", "bob"},
		Now: start, ExpiresAt: start.Add(time.Minute),
	})
	must(t, err)
	must(t, st.reg.Report(ctx, registry.Report{Server: "plaza-a", Stream: 1, Now: start, Sessions: []registry.SessionReport{
		{Session: room, Generation: r.Generation, Capacity: 8, Claimed: r.Seats},
	}}))
	for _, id := range []model.ServerID{"plaza-b", "plaza-c"} {
		s, err := st.reg.GetServer(ctx, id)
		must(t, err)
		st.open(t, s)
	}
	st.links.put("plaza-a", room, &held{gen: r.Generation, state: "cake on the table"})
	st.mover = New(Config{
		Registry: faultyRegistry{st.reg, st.links}, Links: st.links, Signer: plainSigner{},
		Now: func() time.Time { return st.now }, Logger: slog.New(slog.DiscardHandler),
	})
	st.first = st.session(t)
	return st
}

// opensUDP gives every server an endpoint "udp" besides.
func (st *stage) opensUDP(t fataler) {
	for _, id := range []model.ServerID{"plaza-a", "plaza-b", "plaza-c"} {
		_, err := st.reg.Greet(context.Background(), registry.Hello{
			Server: id, Stream: 2, Now: start, State: model.ServerOpen,
			Endpoints: []model.Endpoint{{Name: "ws", URL: "ws://" + string(id)}, {Name: "udp", URL: "udp://" + string(id)}},
			Sessions:  st.sessionsOf(t, id),
		})
		must(t, err)
	}
}

func (st *stage) sessionsOf(t fataler, id model.ServerID) []registry.SessionReport {
	s := st.session(t)
	if s.Server != id {
		return nil
	}
	return []registry.SessionReport{{Session: room, Generation: s.Generation, Capacity: s.Capacity, Claimed: s.Seats}}
}

func (st *stage) open(t fataler, s model.Server) {
	_, err := st.reg.SetState(context.Background(), s.ID, s.Generation, registry.StateChange{State: model.ServerOpen, Now: start})
	must(t, err)
}

func (st *stage) session(t fataler) model.Session {
	s, err := st.reg.GetSession(context.Background(), room)
	must(t, err)
	return s
}

func (st *stage) origin() Origin { return Origin{"plaza-a", st.first.Generation} }

// kill makes a server unhealthy and orphans its sessions, as the keeper does.
func (st *stage) kill(t fataler, id model.ServerID) {
	ctx := context.Background()
	s, err := st.reg.GetServer(ctx, id)
	must(t, err)
	_, err = st.reg.SetState(ctx, id, s.Generation, registry.StateChange{State: model.ServerUnhealthy, Now: start})
	must(t, err)
	_, err = st.reg.Orphan(ctx, id, start)
	must(t, err)
	st.links.mu.Lock()
	defer st.links.mu.Unlock()
	delete(st.links.held, id)
}

// Players are sent on with connect tokens too where the new server has the endpoint for them, and only there.
func TestMoveWithConnectTokens(t *testing.T) {
	for _, udp := range []bool{false, true} {
		st := newStage(t)
		if udp {
			st.opensUDP(t)
		}
		source := st.links.held["plaza-a"][room]
		must(t, st.mover.Move(context.Background(), room, st.origin(), fleets))
		if source.redirects == nil || len(source.redirects.Tickets) != 2 {
			t.Fatalf("players were sent on by %+v", source.redirects)
		}
		for _, got := range source.redirects.Tickets {
			want := ""
			if udp {
				want = "sealed " + got.Ticket
			}
			if got.ConnectToken != want {
				t.Errorf("udp %v: %s has the connect token %q beside the ticket %q", udp, got.Player, got.ConnectToken, got.Ticket)
			}
		}
	}
}

func TestMove(t *testing.T) {
	st := newStage(t)
	source := st.links.held["plaza-a"][room]
	must(t, st.mover.Move(context.Background(), room, st.origin(), fleets))

	s := st.session(t)
	if s.State != model.SessionLive || s.Server == "plaza-a" || s.Generation <= st.first.Generation {
		t.Fatalf("session is %s on %s at %d", s.State, s.Server, s.Generation)
	}
	there := st.links.held[s.Server][room]
	if there == nil || there.state != "cake on the table" || !there.complete || there.gen != s.Generation {
		t.Fatalf("the new server has %+v", there)
	}
	to := source.redirects
	if to == nil || to.Server != s.Server || len(to.Endpoints) != 1 || len(to.Tickets) != 2 {
		t.Fatalf("players were sent on by %+v", to)
	}
	for i, seat := range s.Seats {
		want := fmt.Sprintf("%s@%s/%d#%d", seat.Player, s.Server, s.Generation, seat.ID)
		if to.Tickets[i].Ticket != want || seat.ID == st.first.Seats[i].ID {
			t.Errorf("ticket %q, want %q; the seat was %d before", to.Tickets[i].Ticket, want, st.first.Seats[i].ID)
		}
	}
}

// TestMoveFails: a failure at any step before the commit leaves the session live and unfrozen where it was.
func TestMoveFails(t *testing.T) {
	t.Run("the source does not freeze it", func(t *testing.T) {
		st := newStage(t)
		st.links.fault = failOn("hand over", true)
		if err := st.mover.Move(context.Background(), room, st.origin(), fleets); !errors.Is(err, errFault) {
			t.Fatalf("got %v", err)
		}
		st.asBefore(t)
	})
	t.Run("there is no other server", func(t *testing.T) {
		st := newStage(t)
		if err := st.mover.Move(context.Background(), room, st.origin(), []model.FleetName{"elsewhere"}); !errors.Is(err, registry.ErrFull) {
			t.Fatalf("got %v", err)
		}
		st.asBefore(t)
	})
	t.Run("an old generation", func(t *testing.T) {
		st := newStage(t)
		err := st.mover.Move(context.Background(), room, Origin{"plaza-a", st.first.Generation - 1}, fleets)
		if !errors.Is(err, registry.ErrStale) || len(st.links.calls) > 0 {
			t.Fatalf("got %v after %v", err, st.links.calls)
		}
		st.asBefore(t)
	})
	t.Run("called off", func(t *testing.T) {
		st := newStage(t)
		ctx, cancel := context.WithCancel(context.Background())
		st.links.fault = func(call string) (error, bool) {
			if call == "hand over" {
				cancel()
				return ctx.Err(), true
			}
			return nil, false
		}
		if err := st.mover.Move(ctx, room, st.origin(), fleets); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		st.asBefore(t)
	})
}

func (st *stage) asBefore(t *testing.T) {
	t.Helper()
	s := st.session(t)
	h := st.links.held["plaza-a"][room]
	if s.State != model.SessionLive || s.Server != "plaza-a" || s.Generation != st.first.Generation || h == nil || h.frozen {
		t.Fatalf("session is %s on %s at %d; its server has %+v", s.State, s.Server, s.Generation, h)
	}
}

func failOn(call string, late bool) func(string) (error, bool) {
	return func(c string) (error, bool) {
		if c == call {
			return errFault, late
		}
		return nil, false
	}
}

// TestMoveTriesAnotherTarget: a target that does not answer costs nothing but time, and is told later that what it may
// have opened lives elsewhere.
func TestMoveTriesAnotherTarget(t *testing.T) {
	st := newStage(t)
	opens := 0
	st.links.fault = func(call string) (error, bool) {
		if call == "open" {
			if opens++; opens == 1 {
				return errFault, true
			}
		}
		return nil, false
	}
	must(t, st.mover.Move(context.Background(), room, st.origin(), fleets))
	s := st.session(t)
	holders := st.holders()
	if s.State != model.SessionLive || len(holders) != 1 || holders[0] != s.Server {
		t.Fatalf("session is %s on %s; held by %v; calls %s", s.State, s.Server, holders, strings.Join(st.links.calls, ", "))
	}
}

func (st *stage) holders() (ids []model.ServerID) {
	for id, sessions := range st.links.held {
		if sessions[room] != nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestReplaceAfterCrash: the session is back with its last copy, under its own name, and its seats are kept.
func TestReplaceAfterCrash(t *testing.T) {
	st := newStage(t)
	st.links.copies[room] = []byte("a cake, a second ago")
	st.kill(t, "plaza-a")
	must(t, st.mover.Replace(context.Background(), room, Origin{}, fleets))
	s := st.session(t)
	there := st.links.held[s.Server][room]
	if s.State != model.SessionLive || there == nil || there.state != "a cake, a second ago" || there.complete || len(s.Seats) != 2 {
		t.Fatalf("session is %s with %d seats; %s has %+v", s.State, len(s.Seats), s.Server, there)
	}
	must(t, st.mover.Replace(context.Background(), room, Origin{}, fleets)) // again: nothing to do
	if again := st.session(t); again.Generation != s.Generation {
		t.Errorf("a live session was moved again")
	}
}

// TestReplaceSendsPlayersOn: a move whose every target failed is finished later, and its players are still waiting.
func TestReplaceSendsPlayersOn(t *testing.T) {
	st := newStage(t)
	source := st.links.held["plaza-a"][room]
	st.links.fault = failOn("open", false)
	if err := st.mover.Move(context.Background(), room, st.origin(), fleets); !errors.Is(err, errFault) {
		t.Fatalf("got %v", err)
	}
	if s := st.session(t); s.State != model.SessionMoving {
		t.Fatalf("session is %s", s.State)
	}
	st.links.fault = nil
	must(t, st.mover.Replace(context.Background(), room, st.origin(), fleets))
	s := st.session(t)
	if s.State != model.SessionLive || source.redirects == nil || source.redirects.Server != s.Server {
		t.Fatalf("session is %s on %s, players sent to %+v", s.State, s.Server, source.redirects)
	}
	if got := st.links.held[s.Server][room].state; got != "cake on the table" {
		t.Errorf("state %q", got)
	}
}

// TestReplaceKnowsWhereItsPlayersWait: whoever goes on with the move of a control plane that is no more finds out where the players
// are, also when the session has come to rest and they alone were not told.
func TestReplaceKnowsWhereItsPlayersWait(t *testing.T) {
	for _, fails := range []string{"open", "finish", "close", "sent on"} {
		t.Run(fails, func(t *testing.T) {
			st := newStage(t)
			source := st.links.held["plaza-a"][room]
			server, err := st.reg.GetServer(t.Context(), "plaza-a")
			must(t, err)
			_, err = st.reg.SetState(t.Context(), "plaza-a", server.Generation, registry.StateChange{State: model.ServerDraining, Now: st.now})
			must(t, err)
			st.links.fault = failOn(fails, false)
			if err := st.mover.Move(context.Background(), room, st.origin(), fleets); !errors.Is(err, errFault) {
				t.Fatalf("got %v", err)
			}
			if s := st.session(t); len(s.Left) != 1 || s.Left[0].Server != "plaza-a" || s.Left[0].Generation != st.first.Generation {
				t.Fatalf("its players wait on %+v", s.Left)
			}
			st.links.fault = nil
			must(t, st.mover.Replace(context.Background(), room, Origin{}, fleets))
			s := st.session(t)
			if s.State != model.SessionLive || len(s.Left) > 0 || source.redirects == nil || source.redirects.Server != s.Server {
				t.Errorf("session is %s on %s and left %v, players sent to %+v", s.State, s.Server, s.Left, source.redirects)
			}
		})
	}
}

// TestMoveThatSlept: a control plane that sleeps with a frozen session's state in its hand, while another lets the session go on and
// begins to move it, neither places the old state anywhere nor calls the other's move off.
func TestMoveThatSlept(t *testing.T) {
	st := newStage(t)
	var second model.Generation
	st.links.fault = func(call string) (error, bool) {
		if call == "commit" && second == 0 {
			s, err := st.reg.GetSession(t.Context(), room)
			must(t, err)
			must(t, st.reg.AbortMove(t.Context(), room, s.Generation, s.Move, st.now))
			second, err = st.reg.BeginMove(t.Context(), room, s.Generation, st.now)
			must(t, err)
		}
		return nil, false
	}
	if err := st.mover.Move(t.Context(), room, st.origin(), fleets); !errors.Is(err, registry.ErrStale) {
		t.Errorf("answered %v", err)
	}
	if s := st.session(t); s.Server != "plaza-a" || s.State != model.SessionMoving || s.Move != second {
		t.Errorf("the session is %+v", s)
	}
	if calls := fmt.Sprint(st.links.calls); calls != "[hand over plaza-a]" {
		t.Errorf("servers were told %s", calls)
	}
}

// TestReplaceTellsLate: a move that could not tell the players where to go is no success, and Replace tells them; whoever still
// waits in a session that is over by then joins again, and nobody is told on a server that has ended.
func TestReplaceTellsLate(t *testing.T) {
	for _, tc := range []struct {
		name    string
		between func(t *testing.T, st *stage)
		told    bool
		server  func(st *stage) model.ServerID
	}{
		{"the session is live elsewhere", func(*testing.T, *stage) {}, true, func(st *stage) model.ServerID { return st.session(t).Server }},
		{"the session is over", func(t *testing.T, st *stage) {
			must(t, st.reg.EndSession(context.Background(), room, st.session(t).Generation, 0, st.now))
		}, true, func(*stage) model.ServerID { return "" }},
		{"its last server has ended", func(t *testing.T, st *stage) { st.kill(t, "plaza-a") }, false, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newStage(t)
			source, from := st.links.held["plaza-a"][room], st.origin()
			st.links.fault = failOn("close", false)
			if err := st.mover.Move(context.Background(), room, from, fleets); !errors.Is(err, errFault) {
				t.Fatalf("the move that told nobody: %v", err)
			}
			tc.between(t, st)
			st.links.fault = nil
			must(t, st.mover.Replace(context.Background(), room, from, fleets))
			if (source.redirects != nil) != tc.told {
				t.Fatalf("players are sent to %+v", source.redirects)
			}
			if tc.told && source.redirects.Server != tc.server(st) {
				t.Errorf("players are sent to %q", source.redirects.Server)
			}
		})
	}
}

// TestSafetyMove: whichever steps fail, at a server or at the registry, before or after they were carried out, and
// whichever server dies: once a Replace says that all is well, the session is live on one server that has it unfrozen;
// and when the faults stop, one Replace is enough. Nothing of its state is lost while no server dies.
func TestSafetyMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := newStage(t)
		st.links.fault = func(call string) (error, bool) {
			if call != "resume" && rapid.IntRange(0, 2).Draw(t, call) == 0 {
				return errFault, rapid.Bool().Draw(t, "late")
			}
			return nil, false
		}
		origin := st.origin()
		err := st.mover.Move(context.Background(), room, origin, fleets)
		dies := rapid.SampledFrom([]model.ServerID{"", "plaza-a", "plaza-b", "plaza-c"}).Draw(t, "dies")
		if dies != "" {
			st.kill(t, dies)
			if dies == "plaza-a" {
				origin = Origin{}
			}
		}
		if s := st.session(t); (s.State == model.SessionMoving || len(s.Left) > 0) && rapid.Bool().Draw(t, "another control plane") {
			origin = Origin{}
		}
		for range rapid.IntRange(0, 3).Draw(t, "tries") {
			if st.mover.Replace(context.Background(), room, origin, fleets) == nil {
				st.oneHome(t)
			}
		}
		st.links.fault = nil
		must(t, st.mover.Replace(context.Background(), room, origin, fleets))
		st.oneHome(t)
		s := st.session(t)
		if s.State != model.SessionLive {
			t.Fatalf("session is %s after %v", s.State, err)
		}
		first := st.links.held["plaza-a"][room] // what came there since has no players
		if len(s.Left) > 0 || s.Server != "plaza-a" && dies != "plaza-a" && first != nil && first.gen == st.first.Generation {
			t.Fatalf("players wait on %v, and on plaza-a in %+v; after %v", s.Left, first, err)
		}
		if h := st.links.held[s.Server][room]; dies == "" && h.state != "cake on the table" {
			t.Fatalf("%s has %+v after %v", s.Server, h, err)
		}
	})
}

// oneHome checks that a live session is on the server that the registry says, at its generation, and not frozen.
func (st *stage) oneHome(t fataler) {
	s := st.session(t)
	if s.State != model.SessionLive {
		return
	}
	if h := st.links.held[s.Server][room]; h == nil || h.gen != s.Generation || h.frozen {
		t.Fatalf("session is live on %q at %d, which has %+v; calls %v", s.Server, s.Generation, h, st.links.calls)
	}
}

// TestDismiss: the session is gone, and its players are sent to join again; after End they are told that it is over.
func TestDismiss(t *testing.T) {
	for again, end := range map[bool]func(*Mover, Origin) error{
		true:  func(m *Mover, at Origin) error { return m.Dismiss(t.Context(), room, at, 0, "the machine goes") },
		false: func(m *Mover, at Origin) error { return m.End(t.Context(), room, at, 0, "over") },
	} {
		st := newStage(t)
		held := st.links.held["plaza-a"][room]
		must(t, end(st.mover, Origin{st.first.Server, st.first.Generation}))
		_, err := st.reg.GetSession(t.Context(), room)
		if !errors.Is(err, registry.ErrNotFound) || st.links.held["plaza-a"][room] != nil {
			t.Errorf("the session is still there: %v", err)
		}
		if to := held.redirects; (to != nil) != again || again && (to.Server != "" || len(to.Tickets) > 0) {
			t.Errorf("players were sent to %+v; to join again: %t", to, again)
		}
	}
}

// TestEndNotTold: a server that could not be told of an end, or of which that is not known, is to greet again.
func TestEndNotTold(t *testing.T) {
	for call, knows := range map[string]bool{"none": true, "close": false, "sent on": false} {
		st := newStage(t)
		st.links.fault = func(c string) (error, bool) {
			if c == call {
				return errFault, false
			}
			return nil, false
		}
		must(t, st.mover.End(t.Context(), room, Origin{st.first.Server, st.first.Generation}, 0, "over"))
		report := registry.Report{Server: "plaza-a", Stream: 1, Now: time.Now()}
		must(t, st.reg.Report(t.Context(), report))
		report.Now = report.Now.Add(registry.HearsWithin)
		if err := st.reg.Report(t.Context(), report); knows != (err == nil) || err != nil && !errors.Is(err, registry.ErrStale) {
			t.Errorf("%s failed: the next report was answered with %v", call, err)
		}
	}
}

// TestEndTooLate: what was decided for a server that has been told something else since ends nothing (I8).
func TestEndTooLate(t *testing.T) {
	st := newStage(t)
	server, err := st.reg.GetServer(t.Context(), "plaza-a")
	must(t, err)
	at := Origin{st.first.Server, st.first.Generation}
	for _, err := range []error{
		st.mover.End(t.Context(), room, at, server.Generation-1, "over"),
		st.mover.Dismiss(t.Context(), room, at, server.Generation-1, "the machine goes"),
	} {
		if !errors.Is(err, registry.ErrStale) || len(st.links.calls) > 0 {
			t.Errorf("answered %v, and told %v", err, st.links.calls)
		}
	}
	if s := st.session(t); s.Server != "plaza-a" || s.State != model.SessionLive {
		t.Errorf("the session is %+v", s)
	}
	must(t, st.mover.End(t.Context(), room, at, server.Generation, "over"))
}
