package bot

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/plot"
	"greenroom.dev/greenroom/sdk/go/client"
)

// evening is 100 players within two seconds, some by keys.
const evening = `# step 1s
time,route,joins,sessions,stay_seconds
0,plaza,30,6,0.8
1,plaza,40,4,0.8
1,hall,30,,0.8
2,plaza,0,,0
`

// curveConfig plays a trace on a plane with the routes plaza and hall.
func (p *plane) curveConfig(text string) CurveConfig {
	conn := connect.NewClient(connecthttp.NewTransport(p.web, p.api.URL))
	return CurveConfig{
		API:    client.Config{URL: p.api.URL, HTTP: p.web},
		Fleets: greenroomv1connect.NewFleetServiceClient(conn), Routes: greenroomv1connect.NewRouteServiceClient(conn),
		Events: greenroomv1connect.NewEventServiceClient(conn),
		Trace:  readTrace(p.t, text), Seed: 1, Hz: 5, Every: 200 * time.Millisecond, Windows: []Window{{0, time.Second}},
		Logger: slog.New(slog.NewTextHandler(p.t.Output(), nil)),
	}
}

func playCurve(t *testing.T, ctx context.Context, cfg CurveConfig) CurveReport {
	t.Helper()
	r, err := PlayCurve(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := r.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	return r
}

func TestACurveIsPlayed(t *testing.T) {
	t.Parallel()
	p := newPlane(t, 2)
	r := playCurve(t, t.Context(), p.curveConfig(evening))
	if r.Joined != 100 || r.Visits != 100 || r.JoinMS.Count != 100 || r.CallMS.Count != 100 || r.LateMS.Count != 100 || r.Fault() != "" {
		t.Errorf("report %+v", r)
	}
	if first := r.Windows[0].Joined; first < 30 || first >= 100 {
		t.Errorf("%d joined in the first second: 30 of the row, and some of those whose session began late in it came after it", first)
	}
	if r.JoinMS.P50 < r.CallMS.P50 || r.CallMS.P50 <= 0 {
		t.Errorf("join %+v, of it the call %+v", r.JoinMS, r.CallMS)
	}
	if r.Seconds < 3 || r.Sent < 100 || r.Delivered < r.Sent {
		t.Errorf("%.1f s, %d sent, %d delivered", r.Seconds, r.Sent, r.Delivered)
	}
	p.emptied()
	if len(r.Marks) != 1 || r.Marks[0].Label != "gala: doors" || r.Marks[0].At < 500*time.Millisecond || r.Marks[0].At > 2*time.Second {
		t.Errorf("marks %v: gala on plaza opens after a second and lasts for an hour, fete is elsewhere", r.Marks)
	}
	checkTimeline(t, &r)
}

func checkTimeline(t *testing.T, r *CurveReport) {
	t.Helper()
	if n := len(r.Timeline); n < 5 || float64(n) > 5*r.Seconds+3 {
		t.Errorf("%d samples in %.1f s", n, r.Seconds)
	}
	joins, most := uint64(0), 0
	for _, s := range r.Timeline {
		joins += s.Joins
		most = max(most, s.In)
		if s.Wanted != 3 || s.Open != 2 || s.FreeSlots != 5 || s.Sessions != 14 { // 7 by each of two routes
			t.Errorf("sample %+v", s)
		}
	}
	if last := r.Timeline[len(r.Timeline)-1]; joins != r.Joined || last.In != 0 || last.Due != 0 && last.Due > most {
		t.Errorf("%d joins in the timeline, %+v at the end", joins, last)
	}
	var csv, picture bytes.Buffer
	if err := WriteTimeline(&csv, r.Timeline); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(csv.String()), "\n")
	if !strings.HasPrefix(lines[0], "seconds,servers_wanted,") || len(lines) != len(r.Timeline)+1 || !strings.HasPrefix(lines[1], "0.0,3,0,0,2,") {
		t.Errorf("timeline:\n%s", csv.String())
	}
	if err := plot.Time(&picture, plot.SVG, r.Figure("evening")); err != nil || !strings.Contains(picture.String(), "slots on open servers") {
		t.Errorf("picture of %d bytes, %v", picture.Len(), err)
	}
}

func TestACurveIsPlayedFaster(t *testing.T) {
	t.Parallel()
	p := newPlane(t, 1)
	cfg := p.curveConfig("# step 60s\ntime,route,joins,sessions,stay_seconds\n0,voice,10,2,20\n")
	cfg.Speed, cfg.Route = 60, "plaza"
	r := playCurve(t, t.Context(), cfg)
	if r.Joined != 10 || r.Seconds > 5 || r.Routes[0] != "plaza" || r.Fault() != "" {
		t.Errorf("report %+v", r)
	}
}

// stayers are 20 players who all stay until the end.
const stayers = "# step 1s\ntime,route,joins,sessions,stay_seconds,stay_spread\n0,plaza,20,4,600,0.01\n600,plaza,0,,0,\n"

// during plays the stayers until all are in and for a while after meanwhile was called.
func during(t *testing.T, p *plane, meanwhile func(), until func(*tally) bool) CurveReport {
	t.Helper()
	cfg := p.curveConfig(stayers)
	cfg, err := cfg.check()
	if err != nil {
		t.Fatal(err)
	}
	c := newCurve(cfg, map[model.RouteName]int{"plaza": 10}, map[model.FleetName]bool{"rooms": true})
	for i := range c.visits {
		c.visits[i].after %= time.Second // nobody gathers for a minute
	}
	slices.SortFunc(c.visits, func(a, b visit) int { return cmp.Compare(a.after, b.after) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var played sync.WaitGroup
	defer played.Wait()
	played.Go(func() {
		defer cancel()
		for c.tally.joined.Load() < 20 && wait(ctx, 10*time.Millisecond) {
		}
		meanwhile()
		for !until(&c.tally) && wait(ctx, 10*time.Millisecond) {
		}
	})
	return c.run(ctx)
}

func TestACurveIsMoved(t *testing.T) {
	t.Parallel()
	p := newPlane(t, 2)
	r := during(t, p, func() { p.drain(0, 1); p.drain(1, 0) }, func(t *tally) bool { return t.rejoined.Load() >= 20 && t.rejoined.Load() == t.moved.Load() })
	if r.Joined != 20 || r.Moved < 20 || r.Rejoined < 20 || r.Fault() != "" {
		t.Errorf("report %+v", r)
	}
}

func TestACurveLosesAServer(t *testing.T) {
	t.Parallel()
	p := newPlane(t, 2)
	r := during(t, p, func() { p.crash(0, 1) }, func(t *tally) bool { return t.rejoined.Load() > 0 && t.rejoined.Load() == t.disconnected.Load() })
	if r.Disconnected == 0 || r.Moved != 0 || r.Rejoined < r.Disconnected || !strings.Contains(r.Fault(), "disconnect") {
		t.Errorf("report %+v", r)
	}
}

// TestACurveEndsWithItsContext: everybody leaves, nobody counts as having failed.
func TestACurveEndsWithItsContext(t *testing.T) {
	t.Parallel()
	p := newPlane(t, 1)
	cfg := p.curveConfig("# step 60s\ntime,route,joins,sessions,stay_seconds\n0,plaza,2000,,3600\n")
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	r := playCurve(t, ctx, cfg)
	if r.Joined == 0 || r.Joined > 1000 || r.Failed != 0 || r.Errors != 0 {
		t.Errorf("report %+v", r)
	}
	p.emptied()
}

func TestACurveCountsWhoIsTurnedAway(t *testing.T) {
	t.Parallel()
	p := newPlane(t, 1)
	p.full = "s2"
	p.queued = 40 * time.Millisecond
	r := playCurve(t, t.Context(), p.curveConfig("# step 1s\ntime,route,joins,sessions,stay_seconds\n0,plaza,20,2,1\n"))
	if r.Failed == 0 || r.Joined+r.Failed != 20 || r.Waited != r.Joined || r.WaitedMS != 40 || !strings.Contains(r.Fault(), "failed") ||
		!strings.Contains(r.Problems[0], "no room") {
		t.Errorf("report %+v, fault %q", r, r.Fault())
	}
}

// TestACurveNoticesLostState: a word that nobody heard is lost, for each who did not.
func TestACurveNoticesLostState(t *testing.T) {
	t.Parallel()
	p := newPlane(t, 1)
	cfg, err := p.curveConfig(evening).check()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Settle = 100 * time.Millisecond
	c := newCurve(cfg, nil, nil)
	c.started = time.Now()
	var both []*visitor
	for _, name := range []string{"ann", "bob"} {
		v := &visitor{curve: c, name: name, key: "a", visit: visit{route: "plaza"}}
		if !v.enter(t.Context()) {
			t.Fatal("not in")
		}
		defer v.room.Leave()
		c.sit(v)
		v.move()
		both = append(both, v)
	}
	both[0].settle()
	if n := c.tally.lostState.Load(); n != 0 {
		t.Fatalf("%d states lost though all were heard", n)
	}
	both[1].serial.Add(1) // a word that bob believes to have said
	both[0].settle()
	both[1].settle()
	if n := c.tally.lostState.Load(); n != 2 {
		t.Errorf("%d states lost, want ann's and bob's own", n)
	}
	c.rise(both[1])
	both[0].settle()
	if n := c.tally.lostState.Load(); n != 2 {
		t.Errorf("%d states lost, though bob has left", n)
	}
}

func TestACurveNeedsItsRoutes(t *testing.T) {
	t.Parallel()
	p := newPlane(t, 1)
	_, err := PlayCurve(t.Context(), p.curveConfig("# step 1s\ntime,route,joins,sessions,stay_seconds\n0,plazza,20,2,1\n"))
	if err == nil || !strings.Contains(err.Error(), `no route "plazza"`) || !strings.Contains(err.Error(), "plaza?") {
		t.Errorf("error %v", err)
	}
}

func TestACurveRefusesNonsense(t *testing.T) {
	cfg := CurveConfig{
		Trace: readTrace(t, "# step 1h\ntime,route,joins,sessions,stay_seconds\n0,plaza,2000000,,36000\n"),
		Speed: -1, Hz: 5000, Transport: "mqtt", Every: time.Millisecond, Windows: []Window{{time.Second, time.Second}}, ValueBytes: -1, Settle: -1,
	}
	err := cfg.Check()
	for _, want := range []string{"2000000 joins", "players at once", "-1x", "hz is 5000", `"mqtt"`, "1ms", "window 1s-1s", "-1 bytes", "negative"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not speak of %s", err, want)
		}
	}
	if (CurveConfig{}).Check() == nil {
		t.Error("no trace at all was taken")
	}
}

// ListRoutes implements the API, as do the following: two routes to one fleet, whose numbers never change.
func (p *plane) ListRoutes(context.Context, *greenroomv1.ListRoutesRequest) (*greenroomv1.ListRoutesResponse, error) {
	return &greenroomv1.ListRoutesResponse{Routes: curveRoutes()}, nil
}

func (p *plane) ListFleets(context.Context, *greenroomv1.ListFleetsRequest) (*greenroomv1.ListFleetsResponse, error) {
	return &greenroomv1.ListFleetsResponse{Fleets: []*greenroomv1.Fleet{curveFleet()}}, nil
}

func (p *plane) ListEvents(_ context.Context, q *greenroomv1.ListEventsRequest) (*greenroomv1.ListEventsResponse, error) {
	doors := timestamppb.New(q.GetSince().AsTime().Add(time.Second))
	ends := timestamppb.New(doors.AsTime().Add(time.Hour))
	return &greenroomv1.ListEventsResponse{Events: []*greenroomv1.Event{
		{Name: "gala", Spec: &greenroomv1.EventSpec{Route: "plaza", DoorsAt: doors, EndsAt: ends}},
		{Name: "fete", Spec: &greenroomv1.EventSpec{Route: "elsewhere", DoorsAt: doors, EndsAt: ends}},
	}}, nil
}

func (p *plane) WatchRoutes(ctx context.Context, _ *greenroomv1.WatchRoutesRequest, stream greenroomv1connect.RouteServiceWatchRoutesServerStream) error {
	for _, r := range curveRoutes() {
		if err := stream.Send(&greenroomv1.WatchRoutesResponse{Type: greenroomv1.ChangeType_CHANGE_TYPE_ADDED, Route: r}); err != nil {
			return err
		}
	}
	if err := stream.Send(&greenroomv1.WatchRoutesResponse{Type: greenroomv1.ChangeType_CHANGE_TYPE_SYNCED}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (p *plane) WatchFleets(ctx context.Context, _ *greenroomv1.WatchFleetsRequest, stream greenroomv1connect.FleetServiceWatchFleetsServerStream) error {
	for _, c := range []*greenroomv1.WatchFleetsResponse{
		{Type: greenroomv1.ChangeType_CHANGE_TYPE_ADDED, Fleet: curveFleet()},
		{Type: greenroomv1.ChangeType_CHANGE_TYPE_ADDED, Fleet: &greenroomv1.Fleet{Name: "others", Status: &greenroomv1.FleetStatus{ServersWanted: 9}}},
		{Type: greenroomv1.ChangeType_CHANGE_TYPE_SYNCED},
	} {
		if err := stream.Send(c); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func curveRoutes() []*greenroomv1.Route {
	spec := &greenroomv1.RouteSpec{Fleets: []*greenroomv1.FleetWeight{{Fleet: "rooms"}}}
	status := &greenroomv1.RouteStatus{Sessions: 7}
	return []*greenroomv1.Route{{Name: "hall", Spec: spec, Status: status}, {Name: "plaza", Spec: spec, Status: status}}
}

func curveFleet() *greenroomv1.Fleet {
	return &greenroomv1.Fleet{
		Name: "rooms", Spec: &greenroomv1.FleetSpec{Capacity: &greenroomv1.ServerCapacity{SeatsPerSession: 10}},
		Status: &greenroomv1.FleetStatus{ServersWanted: 3, Servers: map[string]uint32{"open": 2}, FreeSessionSlots: 5},
	}
}
