package api

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
	"greenroom.dev/greenroom/internal/trace"
)

// record lets time pass while the history is recorded.
func (w *world) record(t testing.TB, d time.Duration) {
	t.Helper()
	for range d / time.Second {
		if err := w.cfg.Census.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.history.Tick(t.Context(), w.now()); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
	}
}

// playedFor is a world in which two players were in a session with a key, on one of two open servers, and one was refused.
func playedFor(t *testing.T, d time.Duration) (*world, greenroomv1connect.HistoryServiceClient) {
	t.Helper()
	w := newWorld(t)
	admin := w.admin(t)
	w.plaza(t, admin)
	fleet := fleetMessage("rooms", 1)
	fleet.Spec.Price = &greenroomv1.Price{PerServerHour: 0.6, Currency: "EUR", InstanceType: "c7g.large", Spot: true, Architecture: "arm64"}
	if _, err := greenroomv1connect.NewFleetServiceClient(admin).ApplyFleet(t.Context(), &greenroomv1.ApplyFleetRequest{Fleet: fleet}); err != nil {
		t.Fatal(err)
	}
	w.openServer(t, "rooms-abcdefgh", "rooms", 4, 2)
	w.openServer(t, "rooms-bbbbbbbb", "rooms", 4, 2)
	w.record(t, 2*time.Second)
	client := greenroomv1connect.NewJoinServiceClient(w.as(w.token(t, "game", store.ScopeJoin)))
	join := func(players ...string) error {
		_, err := client.Join(t.Context(), &greenroomv1.JoinRequest{Route: "plaza", Key: "room-7", Players: players, MaxWait: durationpb.New(0)})
		return err
	}
	if err := join("ann", "bob"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, join("late"), connect.CodeResourceExhausted)
	w.record(t, d-2*time.Second)
	return w, greenroomv1connect.NewHistoryServiceClient(w.as(w.token(t, "looker", store.ScopeView)))
}

func TestHistoryOfAFleetARouteAndAll(t *testing.T) {
	w, client := playedFor(t, 150*time.Second)
	for _, r := range []*greenroomv1.GetHistoryRequest{{Fleet: "rooms"}, {Route: "plaza"}, {}} {
		got, err := client.GetHistory(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		points := got.GetPoints()
		if len(points) != 3 || got.GetStep().AsDuration() != time.Minute || !points[0].GetAt().AsTime().Equal(w.now().Truncate(time.Minute).Add(-2*time.Minute)) {
			t.Fatalf("%v: %v", r, got)
		}
		first, second := points[0], points[1]
		if first.GetJoins() != 2 || first.GetRefusals() != 1 || first.GetSessionsBegun() != 1 || first.GetPlayersMax() != 2 || second.GetJoins() != 0 {
			t.Errorf("%v: %v", r, first)
		}
		if second.GetPlayers() != 2 || second.GetSessions() != 1 || second.GetSessionsActive() != 1 {
			t.Errorf("%v: %v", r, second)
		}
		if r.GetRoute() != "" {
			continue
		}
		if second.GetServersOpen() != 2 || second.GetSessionSlots() != 8 || second.GetSeats() != 16 ||
			math.Abs(second.GetServerHours()-2.0/60) > 1e-9 || math.Abs(second.GetIdleServerHours()-1.0/60) > 1e-9 {
			t.Errorf("%v: %v", r, second)
		}
		if got.GetCurrency() != "EUR" || math.Abs(second.GetCost()-0.02) > 1e-9 {
			t.Errorf("%v costs %s %v", r, got.GetCurrency(), second.GetCost())
		}
	}
	few, err := client.GetHistory(t.Context(), &greenroomv1.GetHistoryRequest{Fleet: "rooms", MaxPoints: 2})
	if err != nil || len(few.GetPoints()) > 2 || few.GetPoints()[0].GetJoins() != 2 {
		t.Errorf("in two points: %v, %v", few, err)
	}
}

func TestCostsOfAFleet(t *testing.T) {
	_, client := playedFor(t, 120*time.Second)
	got, err := client.GetCosts(t.Context(), &greenroomv1.GetCostsRequest{})
	if err != nil || len(got.GetFleets()) != 1 {
		t.Fatal(got, err)
	}
	c := got.GetFleets()[0]
	if c.GetFleet() != "rooms" || c.GetCurrency() != "EUR" || c.GetInstanceType() != "c7g.large" || !c.GetSpot() || c.GetArchitecture() != "arm64" {
		t.Errorf("%v", c)
	}
	seen := got.GetRecorded().AsDuration().Hours()
	if math.Abs(c.GetCost()-2*seen*0.6) > 1e-9 || c.GetIdleCost() < c.GetCost()/2 || c.GetCostPerPlayerHour() < 0.6 || seen < 118.0/3600 {
		t.Errorf("%v of %v", c, got.GetRecorded())
	}
}

func TestATraceIsExported(t *testing.T) {
	_, client := playedFor(t, 120*time.Second)
	stream, err := client.ExportTrace(t.Context(), &greenroomv1.ExportTraceRequest{Routes: []string{"plaza"}})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	for {
		part, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		file.Write(part.GetCsv())
	}
	got, err := trace.Read(&file)
	if err != nil || got.Rows[0].Joins != 2 || got.Rows[0].Sessions != 1 || got.Rows[0].Stay < time.Minute || got.Rows[0].Route != "plaza" {
		t.Errorf("%+v, %v", got, err)
	}
	stream, err = client.ExportTrace(t.Context(), &greenroomv1.ExportTraceRequest{Routes: []string{"moon"}})
	if err == nil {
		_, err = stream.Receive()
	}
	wantCode(t, err, connect.CodeNotFound, "nothing was recorded", "try a longer time")
}

func TestSpansOfThePastAreChecked(t *testing.T) {
	w, client := playedFor(t, 10*time.Second)
	at := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(w.now().Add(d)) }
	for _, c := range []struct {
		r     *greenroomv1.GetHistoryRequest
		code  connect.Code
		words []string
	}{
		{&greenroomv1.GetHistoryRequest{Since: at(-time.Hour), Until: at(-2 * time.Hour)}, connect.CodeInvalidArgument, []string{"since", "before until"}},
		{&greenroomv1.GetHistoryRequest{Since: at(time.Hour)}, connect.CodeInvalidArgument, []string{"since", "to come"}},
		{&greenroomv1.GetHistoryRequest{Since: at(-800 * 24 * time.Hour)}, connect.CodeInvalidArgument, []string{"800 days", "at most 730 days"}},
		{&greenroomv1.GetHistoryRequest{Since: &timestamppb.Timestamp{Nanos: -1}}, connect.CodeInvalidArgument, []string{"since"}},
		{&greenroomv1.GetHistoryRequest{Fleet: "rooms", Route: "plaza"}, connect.CodeInvalidArgument, []string{"not for both"}},
		{&greenroomv1.GetHistoryRequest{Fleet: "moon"}, connect.CodeNotFound, []string{"fleet moon"}},
		{&greenroomv1.GetHistoryRequest{Route: "moon"}, connect.CodeNotFound, []string{"route moon"}},
	} {
		_, err := client.GetHistory(t.Context(), c.r)
		wantCode(t, err, c.code, c.words...)
	}
	for _, r := range []*greenroomv1.GetHistoryRequest{
		{Until: at(time.Hour)}, // what is to come is left out
		{Since: at(-730 * 24 * time.Hour), MaxPoints: 1},
		{Fleet: "rooms", Until: at(-100 * time.Hour)}, // nothing was recorded yet
	} {
		if _, err := client.GetHistory(t.Context(), r); err != nil {
			t.Errorf("%v: %v", r, err)
		}
	}
}

func TestDecisionsAreListed(t *testing.T) {
	w := newWorld(t)
	for i, fleet := range []model.FleetName{"rooms", "voice", "rooms"} {
		err := w.store.AppendDecisions(t.Context(), model.Decision{
			At: w.now().Add(time.Duration(i) * time.Second), Fleet: fleet, Verb: "start", Servers: []model.ServerID{"rooms-abcdefgh"},
			Reason: "0 free", Sentence: "started 1 server: 0 free", Result: "ok",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	client := greenroomv1connect.NewFleetServiceClient(w.as(w.token(t, "looker", store.ScopeView)))
	list := func(r *greenroomv1.ListDecisionsRequest) []*greenroomv1.Decision {
		t.Helper()
		got, err := client.ListDecisions(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return got.GetDecisions()
	}
	all := list(&greenroomv1.ListDecisionsRequest{})
	if len(all) != 3 || all[0].GetFleet() != "rooms" || all[1].GetFleet() != "voice" || all[0].GetId() <= all[1].GetId() ||
		all[0].GetSentence() != "started 1 server: 0 free" || all[0].GetServers()[0] != "rooms-abcdefgh" || all[0].GetResult() != "ok" {
		t.Errorf("%v", all)
	}
	for _, c := range []struct {
		r    *greenroomv1.ListDecisionsRequest
		want int
	}{
		{&greenroomv1.ListDecisionsRequest{Fleet: "rooms"}, 2},
		{&greenroomv1.ListDecisionsRequest{Fleet: "moon"}, 0},
		{&greenroomv1.ListDecisionsRequest{Limit: 1}, 1},
		{&greenroomv1.ListDecisionsRequest{AfterId: all[1].GetId()}, 1},
		{&greenroomv1.ListDecisionsRequest{Since: timestamppb.New(w.now().Add(time.Second))}, 2},
		{&greenroomv1.ListDecisionsRequest{Until: timestamppb.New(w.now().Add(time.Second))}, 1},
	} {
		if got := list(c.r); len(got) != c.want {
			t.Errorf("%v: %v", c.r, got)
		}
	}
	_, err := client.ListDecisions(t.Context(), &greenroomv1.ListDecisionsRequest{Since: timestamppb.New(w.now()), Until: timestamppb.New(w.now())})
	wantCode(t, err, connect.CodeInvalidArgument, "since", "before until")
}
