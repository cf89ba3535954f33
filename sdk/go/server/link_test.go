package server

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func refTo(key string, gen uint64) *greenroomv1.SessionRef {
	return &greenroomv1.SessionRef{Route: "plaza", Key: key, Generation: gen}
}

func seatsOf(r *greenroomv1.SessionReport) (players []string) {
	for _, s := range r.GetSeats() {
		players = append(players, s.GetPlayer())
	}
	return players
}

func TestClaimsAndReleasesAreReported(t *testing.T) {
	p := newPlane(t)
	srv, _, _ := p.serve(Handler{})
	st := p.next()
	if st.hello.GetServer() != testServer || st.hello.GetVersion() != "v1" || len(st.hello.GetSessions()) != 0 {
		t.Fatalf("hello: %v", st.hello)
	}
	ann := p.claim(srv, "ann", "room-1", 1, 1)
	p.claim(srv, "bob", "room-1", 2, 1)
	st.until(t, "ann and bob are in room-1", func(m *greenroomv1.LinkRequest) bool {
		return slices.ContainsFunc(m.GetReport().GetSessions(), func(r *greenroomv1.SessionReport) bool {
			return slices.Equal(seatsOf(r), []string{"ann", "bob"}) && r.GetSeatCapacity() == 2
		})
	})
	srv.Release(ann)
	st.until(t, "ann left", func(m *greenroomv1.LinkRequest) bool {
		return slices.ContainsFunc(m.GetReport().GetSessions(), func(r *greenroomv1.SessionReport) bool {
			return slices.Equal(seatsOf(r), []string{"bob"}) && slices.Equal(r.GetReleased(), []uint64{1})
		})
	})
	st.until(t, "a heartbeat", func(m *greenroomv1.LinkRequest) bool {
		return m.GetReport() != nil && len(m.GetReport().GetSessions()) == 0
	})
}

func TestLinkComesBackWithEverything(t *testing.T) {
	p := newPlane(t)
	opened := make(chan struct{})
	srv, cancel, done := p.serve(Handler{Want: func(w *greenroomv1.Want) {
		if w.GetState() == greenroomv1.ServerState_SERVER_STATE_OPEN {
			close(opened)
		}
	}})
	st := p.next()
	st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Want{
		Want: &greenroomv1.Want{State: greenroomv1.ServerState_SERVER_STATE_OPEN},
	}})
	<-opened // the link breaks below, and what was said on it must have been heard
	one := p.claim(srv, "ann", "room-1", 1, 1)
	two := p.claim(srv, "eve", "room-2", 3, 1)
	srv.Copy(one.Session, []byte("state of room-1"))
	isCopy := func(m *greenroomv1.LinkRequest) bool { return string(m.GetCopy().GetState()) == "state of room-1" }
	if got := st.until(t, "the copy", isCopy); got.GetCopy().GetFinal() || got.GetCopy().GetVersion() != 1 {
		t.Errorf("copy: %v", got)
	}

	addr := p.http.Listener.Addr().String()
	p.stop()
	bob := p.claim(srv, "bob", "room-1", 2, 1) // nobody else is needed for that
	srv.Release(bob)
	srv.Ended(two.Session)
	p.start(addr)

	st = p.next()
	if st.hello.GetState() != greenroomv1.ServerState_SERVER_STATE_OPEN {
		t.Errorf("hello's state: %v", st.hello.GetState())
	}
	if s := st.hello.GetSessions(); len(s) != 1 || !slices.Equal(seatsOf(s[0]), []string{"ann"}) ||
		!slices.Equal(s[0].GetReleased(), []uint64{2}) {
		t.Errorf("hello's sessions: %v", s)
	}
	st.until(t, "room-2 ended", func(m *greenroomv1.LinkRequest) bool {
		return len(m.GetReport().GetEnded()) == 1 && m.GetReport().GetEnded()[0].GetKey() == "room-2"
	})
	st.until(t, "the copy again", isCopy)

	srv.Ended(one.Session)
	cancel()
	st.until(t, "room-1 ended, before goodbye", func(m *greenroomv1.LinkRequest) bool {
		return len(m.GetReport().GetEnded()) == 1
	})
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestHandOver(t *testing.T) {
	p := newPlane(t)
	type call struct {
		what string
		s    Session
		to   *Redirect
	}
	calls := make(chan call, 16)
	srv, _, _ := p.serve(Handler{
		Open: func(_ context.Context, s Session, capacity int, state []byte, complete bool) error {
			if string(state) == "bad" {
				return errors.New("state is from another game")
			}
			calls <- call{"open " + string(state), s, nil}
			return nil
		},
		HandOver: func(_ context.Context, s Session) ([]byte, error) {
			calls <- call{"hand over", s, nil}
			return []byte("everything"), nil
		},
		Resume: func(s Session) { calls <- call{"resume", s, nil} },
		Close:  func(s Session, reason string, to *Redirect) { calls <- call{"close: " + reason, s, to} },
		Kick: func(seat Seat, reason string) {
			calls <- call{"kick " + seat.Player + ": " + reason, seat.Session, nil}
		},
	})
	st := p.next()
	expect := func(what string) call {
		t.Helper()
		select {
		case c := <-calls:
			if c.what != what {
				t.Fatalf("handler was called with %q, not %q", c.what, what)
			}
			return c
		case <-time.After(10 * time.Second):
			t.Fatalf("handler was not called with %q", what)
			return call{}
		}
	}
	open := func(key string, gen uint64, state string) *greenroomv1.SessionOpened {
		st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Open{
			Open: &greenroomv1.OpenSession{Session: refTo(key, gen), SeatCapacity: 2, State: []byte(state), Complete: true},
		}})
		return st.until(t, "opened", func(m *greenroomv1.LinkRequest) bool { return m.GetOpened() != nil }).GetOpened()
	}
	handOver := func(key string, gen uint64) *greenroomv1.SessionCopy {
		st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_HandOver{HandOver: &greenroomv1.HandOver{Session: refTo(key, gen)}}})
		return st.until(t, "final copy", func(m *greenroomv1.LinkRequest) bool { return m.GetCopy().GetFinal() }).GetCopy()
	}

	if got := open("room-1", 4, "old"); got.GetError() != "" || got.GetSession().GetGeneration() != 4 {
		t.Errorf("opened: %v", got)
	}
	expect("open old")
	if got := open("room-9", 4, "bad"); got.GetError() != "state is from another game" {
		t.Errorf("opened: %v", got)
	}
	if got := open("room-1", 4, "old"); got.GetError() != "" { // asked again: it is here
		t.Errorf("opened: %v", got)
	}
	p.claim(srv, "ann", "room-1", 1, 4)
	p.claim(srv, "bob", "room-1", 2, 4)

	for range 2 { // the second answer needs no second call
		if got := handOver("room-1", 4); string(got.GetState()) != "everything" || got.GetError() != "" {
			t.Errorf("copy: %v", got)
		}
	}
	expect("hand over")
	st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Resume{Resume: &greenroomv1.Resume{Session: refTo("room-1", 4)}}})
	expect("resume")
	st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Release{Release: &greenroomv1.Release{
		Session: refTo("room-1", 4), Seat: 2, Reason: "rude",
	}}})
	expect("kick bob: rude")

	st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Close{Close: &greenroomv1.CloseSession{
		Session: refTo("room-1", 3), Reason: "late",
	}}}) // an older generation: nothing
	st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Close{Close: &greenroomv1.CloseSession{
		Session: refTo("room-1", 4), Reason: "drain", Redirect: &greenroomv1.Redirect{
			Server: "rooms-2", Tickets: []*greenroomv1.PlayerTicket{{Player: "ann", Ticket: "T"}},
		},
	}}})
	if c := expect("close: drain"); c.to.Server != "rooms-2" || c.to.Tickets["ann"] != "T" {
		t.Errorf("redirect: %v", c.to)
	}
	if _, err := srv.Claim(sign("ann", "room-1", 1, 4, 2, time.Now().Add(time.Minute))); !errors.Is(err, ErrGone) {
		t.Errorf("claim after the move: %v", err)
	}
	if got := handOver("room-77", 1); len(got.GetState()) != 0 || got.GetError() != "" {
		t.Errorf("nobody was in room-77: %v", got)
	}
}

func TestClaimBeforeWelcome(t *testing.T) {
	t.Parallel()
	srv, err := New(Config{Server: testServer, Link: "http://127.0.0.1:1", Token: testToken})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Claim("any"); !errors.Is(err, ErrNotReady) {
		t.Errorf("claim: %v", err)
	}
}

func TestClaimWaitsForTheEndOfAHandOver(t *testing.T) {
	p := newPlane(t)
	srv, _, _ := p.serve(Handler{})
	st := p.next()
	p.claim(srv, "ann", "room-1", 1, 1)
	st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_HandOver{HandOver: &greenroomv1.HandOver{Session: refTo("room-1", 1)}}})
	st.until(t, "final copy", func(m *greenroomv1.LinkRequest) bool { return m.GetCopy().GetFinal() })
	claimed := make(chan error, 1)
	go func() {
		_, err := srv.Claim(sign("bob", "room-1", 2, 1, 2, time.Now().Add(time.Minute)))
		claimed <- err
	}()
	select {
	case err := <-claimed:
		t.Fatalf("claim in a frozen session did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Resume{Resume: &greenroomv1.Resume{Session: refTo("room-1", 1)}}})
	if err := <-claimed; err != nil {
		t.Error(err)
	}
}

// TestClaimWaitsWhileASessionThatNobodyEnteredMoves: a ticket does not open the session here that has just been placed elsewhere.
func TestClaimWaitsWhileASessionThatNobodyEnteredMoves(t *testing.T) {
	ref := refTo("room-1", 1)
	for name, tc := range map[string]struct {
		then *greenroomv1.LinkResponse
		want error
	}{
		"it moved": {&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Close{
			Close: &greenroomv1.CloseSession{Session: ref, Redirect: &greenroomv1.Redirect{Server: "rooms-2"}},
		}}, ErrGone},
		"the move is called off": {&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_Resume{Resume: &greenroomv1.Resume{Session: ref}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlane(t)
			srv, _, _ := p.serve(Handler{
				Close:  func(Session, string, *Redirect) { t.Error("a session that never was here was closed") },
				Resume: func(Session) { t.Error("a session that never was here went on") },
			})
			st := p.next()
			for range 2 {
				st.ask(&greenroomv1.LinkResponse{Message: &greenroomv1.LinkResponse_HandOver{HandOver: &greenroomv1.HandOver{Session: ref}}})
				st.until(t, "final copy", func(m *greenroomv1.LinkRequest) bool { return m.GetCopy().GetFinal() })
			}
			claimed := make(chan error, 1)
			go func() {
				_, err := srv.Claim(sign("bob", "room-1", 2, 1, 2, time.Now().Add(time.Minute)))
				claimed <- err
			}()
			select {
			case err := <-claimed:
				t.Fatalf("claim in a session on its way did not wait: %v", err)
			case <-time.After(50 * time.Millisecond):
			}
			st.ask(tc.then)
			if err := <-claimed; !errors.Is(err, tc.want) {
				t.Errorf("answered %v", err)
			}
		})
	}
}

func TestStaleSessionsAreClosed(t *testing.T) {
	p := newPlane(t)
	closed := make(chan *Redirect, 1)
	srv, _, _ := p.serve(Handler{Close: func(_ Session, _ string, to *Redirect) { closed <- to }})
	st := p.next()
	p.claim(srv, "ann", "room-1", 1, 1)
	p.welcome.Stale = []*greenroomv1.SessionRef{refTo("room-1", 1)}
	st.drop()
	if st = p.next(); len(st.hello.GetSessions()) != 1 {
		t.Errorf("hello: %v", st.hello)
	}
	if to := <-closed; to == nil || to.Server != "" {
		t.Errorf("players are to join again, not to be told it ended: %v", to)
	}
}
