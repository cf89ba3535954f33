package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/store"
)

func TestServersAreDrainedAndUndrained(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	w.plaza(t, admin)
	w.openServer(t, "rooms-abcdefgh", "rooms", 4, 10)
	client := greenroomv1connect.NewServerServiceClient(admin)
	ctx := t.Context()

	r, err := client.DrainServer(ctx, &greenroomv1.DrainServerRequest{
		Name: "rooms-abcdefgh", Policy: &greenroomv1.DrainPolicy{Wait: durationpb.New(time.Minute)}, Reason: "upgrade",
	})
	if err != nil || r.GetServer().GetState() != greenroomv1.ServerState_SERVER_STATE_DRAINING || r.GetServer().GetDrain().GetPhase() != "waiting" {
		t.Fatalf("%v, %v", r, err)
	}
	if p := w.engine.drained; p.Wait == nil || *p.Wait != time.Minute || p.Deadline != nil {
		t.Errorf("drained with %+v", p)
	}
	if r, err := client.UndrainServer(ctx, &greenroomv1.UndrainServerRequest{Name: "rooms-abcdefgh"}); err != nil || r.GetServer().GetDrain() != nil {
		t.Errorf("%v, %v", r, err)
	}
	_, err = client.DrainServer(ctx, &greenroomv1.DrainServerRequest{Name: "nobody"})
	wantCode(t, err, connect.CodeNotFound)
	_, err = client.GetServer(ctx, &greenroomv1.GetServerRequest{Name: "nobody"})
	wantCode(t, err, connect.CodeNotFound)
	list, err := client.ListServers(ctx, &greenroomv1.ListServersRequest{Fleet: "rooms"})
	if err != nil || len(list.GetServers()) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := client.ListServers(ctx, &greenroomv1.ListServersRequest{Fleet: "others"}); err != nil || len(list.GetServers()) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestServersComeInPages(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"rooms-c", "rooms-a", "rooms-b", "voice-a", "rooms-d", "rooms-e"} {
		fleet, _, _ := strings.Cut(name, "-")
		w.openServer(t, name, fleet, 4, 10)
	}
	client := greenroomv1connect.NewServerServiceClient(w.admin(t))
	pages, token := []string{}, ""
	for range 9 {
		r, err := client.ListServers(t.Context(), &greenroomv1.ListServersRequest{Fleet: "rooms", PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		page := ""
		for _, s := range r.GetServers() {
			page += strings.TrimPrefix(s.GetName(), "rooms-")
		}
		pages = append(pages, page)
		if token = r.GetNextPageToken(); token == "" {
			break
		}
	}
	if fmt.Sprint(pages) != "[ab cd e]" {
		t.Errorf("pages %v", pages)
	}
	_, err := client.ListServers(t.Context(), &greenroomv1.ListServersRequest{PageToken: "made up"})
	wantCode(t, err, connect.CodeInvalidArgument, "page_token")
}

func TestLogsComeInWholeLines(t *testing.T) {
	w := newWorld(t)
	w.openServer(t, "rooms-abcdefgh", "rooms", 4, 10)
	client := greenroomv1connect.NewServerServiceClient(w.admin(t))
	stream, err := client.ReadServerLogs(t.Context(), &greenroomv1.ReadServerLogsRequest{Name: "rooms-abcdefgh"})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for {
		r, err := stream.Receive()
		if err != nil {
			if !strings.Contains(err.Error(), "EOF") {
				t.Fatal(err)
			}
			break
		}
		lines = append(lines, r.GetLines()...)
	}
	want := []string{"one", "two", "bad � byte", strings.Repeat("x", maxLine), strings.Repeat("x", 10), "last without end"}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("lines %.200q", lines)
	}
	stream, err = client.ReadServerLogs(t.Context(), &greenroomv1.ReadServerLogsRequest{Name: "nobody"})
	if err == nil {
		_, err = stream.Receive()
	}
	wantCode(t, err, connect.CodeNotFound)
}

func (w *world) join(t *testing.T, client *connect.Client, key string, players ...string) {
	t.Helper()
	_, err := greenroomv1connect.NewJoinServiceClient(client).Join(context.Background(), &greenroomv1.JoinRequest{Route: "plaza", Key: key, Players: players})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSessionsAreListedInPagesAndEnded(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	w.plaza(t, admin)
	w.openServer(t, "rooms-abcdefgh", "rooms", 10, 10)
	for _, key := range []string{"b", "e", "a", "d", "c"} {
		w.join(t, admin, key, "ann-"+key)
	}
	client := greenroomv1connect.NewSessionServiceClient(admin)
	ctx := t.Context()
	var pages []string
	for token := ""; ; {
		r, err := client.ListSessions(ctx, &greenroomv1.ListSessionsRequest{Route: "plaza", PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		page := ""
		for _, s := range r.GetSessions() {
			page += s.GetKey()
		}
		pages = append(pages, page)
		if token = r.GetNextPageToken(); token == "" {
			break
		}
	}
	if fmt.Sprint(pages) != "[ab cd e]" {
		t.Errorf("pages %v", pages)
	}
	_, err := client.ListSessions(ctx, &greenroomv1.ListSessionsRequest{PageToken: "made up"})
	wantCode(t, err, connect.CodeInvalidArgument, "page_token")

	got, err := client.GetSession(ctx, &greenroomv1.GetSessionRequest{Route: "plaza", Key: "c"})
	if err != nil || len(got.GetSession().GetSeats()) != 1 || got.GetSession().GetSeats()[0].GetPlayer() != "ann-c" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := client.EndSession(ctx, &greenroomv1.EndSessionRequest{Route: "plaza", Key: "c", Reason: "over"}); err != nil || fmt.Sprint(w.engine.told) != "[rooms-abcdefgh closes plaza/c: over]" {
		t.Errorf("told %q, %v", w.engine.told, err)
	}
	_, err = client.GetSession(ctx, &greenroomv1.GetSessionRequest{Route: "plaza", Key: "c"})
	wantCode(t, err, connect.CodeNotFound)

	for range 2 { // it is known that its server was told
		report := registry.Report{Server: "rooms-abcdefgh", Stream: 1, Now: w.now()}
		if err := w.registry.Report(ctx, report); err != nil {
			t.Error(err)
		}
		w.pass(registry.HearsWithin)
	}

	w.engine.unheard = errors.New("server is not linked")
	if _, err := client.EndSession(ctx, &greenroomv1.EndSessionRequest{Route: "plaza", Key: "d"}); err != nil {
		t.Error(err)
	}
	if !strings.Contains(w.log.String(), "not linked") {
		t.Error("that the server was not told is not logged")
	}
}

// seen reads changes as "added b", "synced", … until it has n of them.
func seen(t *testing.T, n int, receive func() (greenroomv1.ChangeType, string, error)) []string {
	t.Helper()
	var out []string
	for len(out) < n {
		change, name, err := receive()
		if err != nil {
			t.Fatalf("after %v: %v", out, err)
		}
		out = append(out, strings.TrimSpace(strings.ToLower(strings.TrimPrefix(change.String(), "CHANGE_TYPE_"))+" "+name))
	}
	return out
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("saw %q, want %q", got, want)
	}
}

func TestSessionsAreWatched(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	w.plaza(t, admin)
	w.openServer(t, "rooms-abcdefgh", "rooms", 10, 10)
	w.join(t, admin, "a", "ann")
	w.join(t, admin, "b", "bob")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := greenroomv1connect.NewSessionServiceClient(admin)
	stream, err := client.WatchSessions(ctx, &greenroomv1.WatchSessionsRequest{Route: "plaza"})
	if err != nil {
		t.Fatal(err)
	}
	receive := func() (greenroomv1.ChangeType, string, error) {
		r, err := stream.Receive()
		return r.GetType(), r.GetSession().GetKey(), err
	}
	want(t, seen(t, 3, receive), "added a", "added b", "synced")
	w.join(t, admin, "b", "cat")
	want(t, seen(t, 1, receive), "modified b")
	if _, err := client.EndSession(ctx, &greenroomv1.EndSessionRequest{Route: "plaza", Key: "a"}); err != nil {
		t.Fatal(err)
	}
	want(t, seen(t, 1, receive), "deleted a")

	// Many changes while the client looks away arrive as the newest state, not as a queue: two sessions a round, and no more
	// rounds than there was time for.
	began := time.Now()
	for i := range 100 {
		w.join(t, admin, "b", fmt.Sprintf("x%d", i%5))
		w.join(t, admin, "c", fmt.Sprintf("y%d", i%5))
	}
	players := map[string]uint32{}
	for n := 1; players["b"] != 7 || players["c"] != 5; n++ {
		r, err := stream.Receive()
		if rounds := int(time.Since(began)/watchEvery) + 2; err != nil || n > 2*rounds {
			t.Fatalf("%d changes in %d rounds, and %v: %v", n, rounds, players, err)
		}
		players[r.GetSession().GetKey()] = r.GetSession().GetSeatsReserved()
	}
	cancel()
	for { // what was under way may still come
		if _, _, err := receive(); err != nil {
			return
		}
	}
}

func TestFleetsAndServersAreWatched(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	w.plaza(t, admin)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fleetClient := greenroomv1connect.NewFleetServiceClient(admin)
	fleetStream, err := fleetClient.WatchFleets(ctx, &greenroomv1.WatchFleetsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	wanted := uint32(0)
	fleets := func() (greenroomv1.ChangeType, string, error) {
		r, err := fleetStream.Receive()
		wanted = r.GetFleet().GetStatus().GetServersWanted()
		return r.GetType(), r.GetFleet().GetName(), err
	}
	routeStream, err := greenroomv1connect.NewRouteServiceClient(admin).WatchRoutes(ctx, &greenroomv1.WatchRoutesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	routes := func() (greenroomv1.ChangeType, string, error) {
		r, err := routeStream.Receive()
		return r.GetType(), r.GetRoute().GetName(), err
	}
	serverStream, err := greenroomv1connect.NewServerServiceClient(admin).WatchServers(ctx, &greenroomv1.WatchServersRequest{Fleet: "rooms"})
	if err != nil {
		t.Fatal(err)
	}
	servers := func() (greenroomv1.ChangeType, string, error) {
		r, err := serverStream.Receive()
		return r.GetType(), r.GetServer().GetName(), err
	}
	want(t, seen(t, 2, fleets), "added rooms", "synced")
	want(t, seen(t, 2, routes), "added plaza", "synced")
	want(t, seen(t, 1, servers), "synced")

	w.engine.size = plan.Size{Known: true, Wanted: 3}
	w.openServer(t, "rooms-abcdefgh", "rooms", 10, 10)
	w.openServer(t, "others-abcdefgh", "others", 10, 10)
	want(t, seen(t, 1, servers), "added rooms-abcdefgh")
	if err := w.cfg.Census.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	want(t, seen(t, 1, fleets), "modified rooms") // its status counts the server
	if wanted != 3 {
		t.Errorf("%d servers wanted, by the fleet's status", wanted)
	}
	if _, err := fleetClient.ApplyFleet(ctx, &greenroomv1.ApplyFleetRequest{Fleet: fleetMessage("arena", 0)}); err != nil {
		t.Fatal(err)
	}
	want(t, seen(t, 1, fleets), "added arena")
	if _, err := greenroomv1connect.NewRouteServiceClient(admin).DeleteRoute(ctx, &greenroomv1.DeleteRouteRequest{Name: "plaza"}); err != nil {
		t.Fatal(err)
	}
	want(t, seen(t, 1, routes), "deleted plaza")
}

func TestRevokingATokenEndsWhatItWatches(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	viewer := w.as(w.token(t, "viewer", store.ScopeView))
	stream, err := greenroomv1connect.NewServerServiceClient(viewer).WatchServers(t.Context(), &greenroomv1.WatchServersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Receive(); err != nil {
		t.Fatal(err)
	}
	if _, err := greenroomv1connect.NewSystemServiceClient(admin).RevokeToken(t.Context(), &greenroomv1.RevokeTokenRequest{Name: "viewer"}); err != nil {
		t.Fatal(err)
	}
	w.pass(tokenMemory)
	w.openServer(t, "rooms-abcdefgh", "rooms", 10, 10)
	_, err = stream.Receive()
	wantCode(t, err, connect.CodeUnauthenticated)
}

func FuzzPageToken(f *testing.F) {
	f.Add(pageToken(sessionRef("plaza", "room-7")))
	f.Add("")
	f.Add("cGxhemE")
	f.Fuzz(func(t *testing.T, token string) {
		after, ok := parsePageToken(token)
		if !ok || token == "" {
			return
		}
		if again, ok := parsePageToken(pageToken(after)); !ok || again != after {
			t.Fatalf("%q is after %v, which reads as %v", token, after, again)
		}
	})
}
