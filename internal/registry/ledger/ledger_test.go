package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/registry/memory"
	"greenroom.dev/greenroom/internal/registry/registrytest"
)

// TestLedgerIsARegistry: what it keeps changes nothing about what it is.
func TestLedgerIsARegistry(t *testing.T) {
	registrytest.Run(t, func(t *testing.T, now time.Time) registry.Registry {
		return openOver(t, memory.New(now), filepath.Join(t.TempDir(), "book"))
	})
}

type tester interface {
	Helper()
	Fatal(...any)
	Cleanup(func())
}

func open(t tester, path string) *Ledger {
	t.Helper()
	return openOver(t, memory.New(time.Now()), path)
}

func openOver(t tester, inner registry.Registry, path string) *Ledger {
	t.Helper()
	l, err := Open(inner, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

const rack = model.ServerID("arena.rack-7")

// plane is one control plane's registry, with rack-7 as its keeper makes it known.
type plane struct {
	*rapid.T
	*Ledger
	now time.Time
}

func start(t *rapid.T, path string, now time.Time) *plane {
	p := &plane{T: t, Ledger: open(t, path), now: now}
	ctx := t.Context()
	s, err := p.AddServer(ctx, model.Server{
		ID: rack, Fleet: "arena", State: model.ServerStarting, Linkless: true, SessionCapacity: 8, SeatsPerSession: 4, SeatCapacity: 32,
	})
	p.ok(err)
	if hello, known := p.Recall(rack); known {
		hello.Now = now
		_, err := p.Greet(ctx, hello)
		p.ok(err)
		return p
	}
	_, err = p.SetState(ctx, rack, s.Generation, registry.StateChange{State: model.ServerOpen, Now: now})
	p.ok(err)
	return p
}

func (p *plane) ok(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// told is everything that players could tell a difference by.
func (p *plane) told() (out []string) {
	server, err := p.GetServer(p.Context(), rack)
	p.ok(err)
	out = append(out, server.State.String())
	sessions, err := p.ListSessions(p.Context(), registry.SessionFilter{Server: rack})
	p.ok(err)
	for _, x := range sessions {
		whole, err := p.GetSession(p.Context(), x.SessionRef)
		p.ok(err)
		line := fmt.Sprintf("%s at %d of %d:", x.SessionRef, x.Generation, x.Capacity)
		slices.SortFunc(whole.Seats, func(a, b model.Seat) int { return int(a.ID) - int(b.ID) })
		for _, s := range whole.Seats {
			line += fmt.Sprintf(" %d %s", s.ID, s.Player)
		}
		out = append(out, line)
	}
	return out
}

// TestNothingIsLostOverARestart: whatever happens to the sessions of a server without a link, a control plane that begins
// at any moment knows the same sessions, seats and state as the one before.
func TestNothingIsLostOverARestart(t *testing.T) {
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		path := filepath.Join(dir, fmt.Sprint(runs))
		now := time.Unix(1_800_000_000, 0)
		p := start(t, path, now)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			p.now = p.now.Add(time.Second)
			ref := model.SessionRef{Route: "plaza", Key: model.SessionKey(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"))}
			player := model.PlayerID(rapid.SampledFrom([]string{"ann", "bob", "cid"}).Draw(t, "player"))
			p.step(rapid.SampledFrom([]string{"join", "join", "join", "leave", "end", "cordon", "open", "drain", "restart", "kill"}).Draw(t, "what"), ref, player)
			if p.Failed() {
				return
			}
			before := p.told()
			again := start(t, path, p.now)
			if after := again.told(); !slices.Equal(before, after) {
				t.Fatalf("before %q\nafter  %q", before, after)
			}
			p = again
		}
	})
}

func (p *plane) step(what string, ref model.SessionRef, player model.PlayerID) {
	ctx := p.Context()
	become := func(to model.ServerState) {
		s, err := p.GetServer(ctx, rack)
		p.ok(err)
		_, _ = p.SetState(ctx, rack, s.Generation, registry.StateChange{State: to, Now: p.now, Drain: &model.Drain{DeadlineAt: p.now}})
	}
	switch what {
	case "join":
		_, _ = p.Reserve(ctx, registry.Reserve{
			Route: ref.Route, Key: ref.Key, Fleets: []model.FleetName{"arena"}, Players: []model.PlayerID{player}, Now: p.now, ExpiresAt: p.now.Add(time.Minute),
		})
	case "leave":
		_, _ = p.Leave(ctx, ref, player, p.now)
	case "end":
		if x, err := p.GetSession(ctx, ref); err == nil {
			p.ok(p.EndSession(ctx, ref, x.Generation, 0, p.now))
		}
	case "cordon":
		become(model.ServerCordoned)
	case "open":
		become(model.ServerOpen)
	case "drain":
		become(model.ServerDraining)
	}
}

// A kill in the middle of a line loses that line alone; a book that is damaged elsewhere is not guessed at.
// TestDrainsAreRemembered: for whom a server drains, and until when, is known after a restart, and after a book is written anew.
func TestDrainsAreRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book")
	now := time.Now().Round(0)
	told := model.Drain{
		StartedAt: now, HandOverAt: now.Add(time.Minute), DeadlineAt: now.Add(time.Hour), Reason: "node rack-7 leaves: disk", Cause: model.DrainNode,
		Before: &model.Drain{StartedAt: now, HandOverAt: now, DeadlineAt: now.Add(2 * time.Hour), Reason: "by hand"},
	}
	l := open(t, path)
	s, err := l.AddServer(t.Context(), model.Server{ID: rack, Fleet: "arena", State: model.ServerOpen, Linkless: true, SessionCapacity: 8})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.SetState(t.Context(), rack, s.Generation, registry.StateChange{State: model.ServerDraining, Drain: &told, Now: now}); err != nil {
		t.Fatal(err)
	}
	if err := l.book.rewrite(l.all()); err != nil {
		t.Fatal(err)
	}
	hello, known := open(t, path).Recall(rack)
	if !known || hello.State != model.ServerDraining {
		t.Fatalf("recalled %v %+v", known, hello)
	}
	if d, before := hello.Drain, hello.Drain.Before; d.Cause != told.Cause || d.Reason != told.Reason || !d.DeadlineAt.Equal(told.DeadlineAt) ||
		before == nil || before.Cause != model.DrainAsked || !before.DeadlineAt.Equal(told.Before.DeadlineAt) {
		t.Errorf("recalled %+v before %+v", d, before)
	}
}

func TestHalfALineIsDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book")
	const whole = `{"s":"arena.rack-7","is":3}` + "\n" + `{"s":"arena.rack-7","r":"plaza","k":"a","g":9,"c":4,"p":[{"i":1,"n":"ann"}]}` + "\n"
	if err := os.WriteFile(path, []byte(whole+`{"s":"arena.rack-7","r":"pla`), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, path)
	hello, ok := l.Recall(rack)
	if !ok || hello.State != model.ServerOpen || len(hello.Sessions) != 1 || hello.Sessions[0].Claimed[0].Player != "ann" {
		t.Errorf("recalled %+v, %v", hello, ok)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != whole {
		t.Errorf("the file is %q: %v", text, err)
	}
	if err := os.WriteFile(path, []byte("{}\nnonsense\n"+whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(memory.New(time.Now()), path, nil); err == nil || !strings.Contains(err.Error(), "at byte 3") {
		t.Errorf("a damaged book: %v", err)
	}
}

// A long book is written anew with what is true, and nothing else.
func TestLongBooksAreWrittenAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book")
	l := open(t, path)
	l.book.limit = 100
	for i := range 1000 {
		l.note(entry{Server: rack, Route: "plaza", Key: "a", Generation: 9, Capacity: 4, Seats: []seat{{model.SeatID(i + 1), "ann"}}})
		l.note(entry{Route: "plaza", Key: "a", Left: model.SeatID(i)})
	}
	if l.book.limit != rewriteAfter {
		t.Fatal("it was never written anew")
	}
	l.book.limit = 0
	l.note(entry{Server: rack, State: model.ServerOpen})
	again := open(t, path)
	hello, ok := again.Recall(rack)
	if again.book.lines != 2 || !ok || len(hello.Sessions) != 1 || len(hello.Sessions[0].Claimed) != 1 || hello.Sessions[0].Claimed[0].ID != 1000 {
		t.Errorf("%d lines, recalled %+v", again.book.lines, hello)
	}
}
