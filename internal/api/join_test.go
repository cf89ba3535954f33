package api

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/router"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/ticket"
)

func TestJoinAndLeave(t *testing.T) {
	w := newWorld(t)
	w.plaza(t, w.admin(t))
	w.openServer(t, "rooms-abcdefgh", "rooms", 4, 10)
	client := greenroomv1connect.NewJoinServiceClient(w.as(w.token(t, "game", store.ScopeJoin)))
	ctx := t.Context()

	r, err := client.Join(ctx, &greenroomv1.JoinRequest{Route: "plaza", Key: "room-7", Players: []string{"ann", "bob"}, MaxWait: durationpb.New(0)})
	if err != nil {
		t.Fatal(err)
	}
	if r.GetRoute() != "plaza" || r.GetKey() != "room-7" || r.GetFleet() != "rooms" || r.GetServer() != "rooms-abcdefgh" || !r.GetCreated() ||
		r.GetEndpoints()[0].GetUrl() != "ws://127.0.0.1:7401/room" || len(r.GetTickets()) != 2 || r.GetTickets()[1].GetPlayer() != "bob" {
		t.Errorf("answer %v", r)
	}
	if r.GetWaited() != nil {
		t.Errorf("a join that was answered at once waited %s", r.GetWaited().AsDuration())
	}
	if w.engine.waited == nil || *w.engine.waited != 0 {
		t.Errorf("max_wait of 0 s came as %v", w.engine.waited)
	}
	key := ticket.NewKeys(make([]byte, 32)).ServerKey("rooms-abcdefgh")
	claims, err := ticket.Verify(r.GetTickets()[0].GetTicket(), []ticket.Key{key}, "rooms-abcdefgh", w.now(), false)
	if err != nil || claims.Player != "ann" || claims.Session != (model.SessionRef{Route: "plaza", Key: "room-7"}) {
		t.Errorf("ticket %+v, %v", claims, err)
	}

	if _, err := client.Leave(ctx, &greenroomv1.LeaveRequest{Route: "plaza", Key: "room-7", Player: "ann"}); err != nil {
		t.Error(err)
	}
	_, err = client.Leave(ctx, &greenroomv1.LeaveRequest{Route: "plaza", Key: "room-7", Player: "ann"})
	wantCode(t, err, connect.CodeNotFound)
	if want := "[rooms-abcdefgh releases a seat of plaza/room-7: removed by game]"; fmt.Sprint(w.engine.told) != want {
		t.Errorf("a seat that nobody had claimed, whose ticket is to open nothing any more (I7): told %v", w.engine.told)
	}
	w.engine.told = nil
	w.claim(t, "rooms-abcdefgh", "room-7", claims.Generation, r.GetTickets()[1].GetTicket())
	if _, err := client.Leave(ctx, &greenroomv1.LeaveRequest{Route: "plaza", Key: "room-7", Player: "bob"}); err != nil {
		t.Error(err)
	}
	if want := "[rooms-abcdefgh releases a seat of plaza/room-7: removed by game]"; fmt.Sprint(w.engine.told) != want {
		t.Errorf("told %v", w.engine.told)
	}
	w.engine.queued = 300 * time.Millisecond
	r, err = client.Join(ctx, &greenroomv1.JoinRequest{Route: "plaza", Key: "room-7", Players: []string{"cleo"}})
	if err != nil || r.GetWaited().AsDuration() != w.engine.queued {
		t.Errorf("a join that waited %s says %s, %v", w.engine.queued, r.GetWaited().AsDuration(), err)
	}
	_, err = client.Join(ctx, &greenroomv1.JoinRequest{Route: "nowhere", Players: []string{"ann"}})
	wantCode(t, err, connect.CodeNotFound, "nowhere")
	if w.engine.waited != nil {
		t.Errorf("no max_wait came as %v", w.engine.waited)
	}
}

// claim has a server report that the player of a ticket connected.
func (w *world) claim(t *testing.T, server model.ServerID, key model.SessionKey, gen model.Generation, signed string) {
	t.Helper()
	c, err := ticket.Verify(signed, []ticket.Key{ticket.NewKeys(make([]byte, 32)).ServerKey(server)}, server, w.now(), false)
	if err != nil {
		t.Fatal(err)
	}
	err = w.registry.Report(t.Context(), registry.Report{Server: server, Stream: 1, Now: w.now(), Sessions: []registry.SessionReport{{
		Session: model.SessionRef{Route: "plaza", Key: key}, Generation: gen, Capacity: c.Capacity,
		Claimed: []model.Seat{{ID: c.Seat, Player: c.Player, State: model.SeatClaimed}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAJoinSaysWhyItFailed(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewJoinServiceClient(w.admin(t))
	good := &greenroomv1.JoinRequest{Route: "plaza", Players: []string{"ann"}}
	for _, c := range []struct {
		fault  error
		code   connect.Code
		reason string
		retry  time.Duration
	}{
		{&router.FullError{Route: "plaza", Reason: registry.ErrFull, RetryAfter: 1500 * time.Millisecond}, connect.CodeResourceExhausted, "FULL", 1500 * time.Millisecond},
		{errors.Join(errors.New("session plaza/a"), registry.ErrSessionFull), connect.CodeResourceExhausted, "SESSION_FULL", time.Second},
		{registry.ErrMoving, connect.CodeUnavailable, "MOVING", time.Second},
		{router.ErrHeld, connect.CodeUnavailable, "RECOVERING", time.Second},
		{registry.ErrTooLarge, connect.CodeInvalidArgument, "PARTY_TOO_LARGE", 0},
	} {
		w.engine.fault = c.fault
		_, err := client.Join(t.Context(), good)
		wantCode(t, err, c.code, c.fault.Error())
		if got := detail[*errdetails.ErrorInfo](t, err); got.GetReason() != c.reason {
			t.Errorf("%v: reason %v", c.fault, got)
		}
		if c.retry > 0 {
			if got := detail[*errdetails.RetryInfo](t, err).GetRetryDelay().AsDuration(); got != c.retry {
				t.Errorf("%v: retry after %s, want %s", c.fault, got, c.retry)
			}
		}
	}
}

func TestABadJoinIsAnsweredByField(t *testing.T) {
	w := newWorld(t)
	client := greenroomv1connect.NewJoinServiceClient(w.admin(t))
	_, err := client.Join(t.Context(), &greenroomv1.JoinRequest{
		Route: "plaza", Key: "a/b", Players: []string{"ann", "ann"}, MaxWait: durationpb.New(time.Hour),
	})
	wantCode(t, err, connect.CodeInvalidArgument)
	want := `key: must be letters, digits and "-._~:@", starting with a letter or a digit, not "a/b"
players: repeated value must contain unique items
max_wait: must be greater than or equal to 0s and less than or equal to 600s, not 1h0m0s`
	if got := violations(t, err); got != want {
		t.Errorf("violations\n%s\nwant\n%s", got, want)
	}
}
