package bot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/load"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room/server"
	"greenroom.dev/greenroom/sdk/go/client"
)

// seatsIn starts a room server of so many seats a room, and gives them out.
func seatsIn(t *testing.T, seats int) func(context.Context, string, string) (client.Place, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	plane := &server.Standalone{Room: model.RoomSettings{Tick: 10 * time.Millisecond}}
	s, err := server.New(server.Config{
		Standalone: plane, Listeners: map[string]net.Listener{"ws": l}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return func(_ context.Context, _, player string) (client.Place, error) {
		ticket := plane.Ticket(model.SessionRef{Route: "bots", Key: "capacity"}, model.PlayerID(player), seats)
		return client.Place{URL: "ws://" + l.Addr().String() + "/room", Ticket: ticket, Player: player}, nil
	}
}

func objectives(t *testing.T, text string) SLO {
	t.Helper()
	slo, err := ParseSLO(text)
	if err != nil {
		t.Fatal(err)
	}
	return slo
}

// TestFindCapacity: a room that holds all there are says so, and what it took.
func TestFindCapacity(t *testing.T) {
	t.Parallel()
	var steps []int
	capacity, err := FindCapacity(t.Context(), CapacityConfig{
		Seat: seatsIn(t, 100), PID: os.Getpid(), SLO: objectives(t, "p99<5s,cpu<1000%,gaps<=0"), Hz: 20, MaxPlayers: 12,
		Measure: 200 * time.Millisecond, Progress: func(s CapacityStep) { steps = append(steps, s.Players) },
	})
	if err != nil {
		t.Fatal(err)
	}
	at := capacity.At
	if capacity.Players != 12 || capacity.Least != 0 || at == nil || len(steps) != 2 || steps[1] != 12 {
		t.Fatalf("%+v after steps %v", capacity, steps)
	}
	if at.ServerCPU == nil || *at.ServerCPU <= 0 || at.P50 <= 0 || at.P50 > at.P99 || at.P99 > at.Max || at.Deliveries == 0 || at.Bytes == 0 || at.Packets == 0 {
		t.Errorf("measured %+v", at)
	}
	var table bytes.Buffer
	if err := capacity.WriteTable(&table); err != nil || !strings.Contains(table.String(), "At least 12 players a room at p99<5000ms") {
		t.Errorf("%v\n%s", err, table.String())
	}
}

// TestCapacityIsTheSeats: where seats end, so does the search, and it says why.
func TestCapacityIsTheSeats(t *testing.T) {
	t.Parallel()
	for _, seats := range []int{11, 3} { // more than the first step's players, and fewer
		capacity, err := FindCapacity(t.Context(), CapacityConfig{
			Seat: seatsIn(t, seats), SLO: objectives(t, "p99<5s"), Hz: 20, Measure: 100 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		if capacity.Players != seats || capacity.Least != seats+1 || capacity.Bottleneck.Name != "seats" {
			t.Errorf("%d seats: %d players, broke at %d, bottleneck %+v", seats, capacity.Players, capacity.Least, capacity.Bottleneck)
		}
	}
}

// TestCapacityOfNothing: objectives that not even one player meets.
func TestCapacityOfNothing(t *testing.T) {
	t.Parallel()
	capacity, err := FindCapacity(t.Context(), CapacityConfig{
		Seat: seatsIn(t, 100), SLO: objectives(t, "p99<1us"), Hz: 100, MaxPlayers: 1, Measure: 100 * time.Millisecond,
	})
	if err != nil || capacity.Players != 0 || capacity.Least != 1 || len(capacity.Above.Broke) != 1 {
		t.Errorf("%+v, %v", capacity, err)
	}
}

func TestCapacityNeedsWhatItMeasures(t *testing.T) {
	t.Parallel()
	p := newPlane(t, 1) // its servers have no metrics
	api := client.New(p.config().API)
	_, err := FindCapacity(t.Context(), CapacityConfig{
		Seat: func(ctx context.Context, endpoint, player string) (client.Place, error) {
			joined, err := api.Join(ctx, "plaza", "room-1", player)
			if err != nil {
				return client.Place{}, err
			}
			return client.PlaceOf(joined, endpoint, player)
		},
		SLO: objectives(t, "cpu<30%"), Hz: 20, Measure: 100 * time.Millisecond,
	})
	if err == nil || !strings.Contains(err.Error(), "leave cpu out") {
		t.Errorf("a server that does not tell its CPU time: %v", err)
	}
	away := errors.New("nobody is there")
	_, err = FindCapacity(t.Context(), CapacityConfig{
		Seat: func(context.Context, string, string) (client.Place, error) { return client.Place{}, away }, SLO: objectives(t, "p99<1s"), Hz: 20,
	})
	if !errors.Is(err, away) {
		t.Errorf("no seats: %v", err)
	}
	for _, bad := range []CapacityConfig{
		{Hz: 10}, {SLO: objectives(t, "gaps<1")}, {SLO: objectives(t, "gaps<1"), Hz: 10, Wire: "smoke"}, {SLO: objectives(t, "gaps<1"), Hz: 10, MaxPlayers: -1},
	} {
		if err := bad.Check(); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// TestCapacityInterrupted: what was measured before Ctrl-C is told.
func TestCapacityInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	capacity, err := FindCapacity(ctx, CapacityConfig{
		Seat: seatsIn(t, 100), SLO: objectives(t, "p99<5s"), Hz: 20, Measure: 100 * time.Millisecond,
		Progress: func(CapacityStep) { cancel() },
	})
	if err != nil || !capacity.Interrupted || capacity.Players != firstPlayers || len(capacity.Steps) != 1 {
		t.Errorf("%+v, %v", capacity, err)
	}
	if text := capacity.sentences(); !strings.HasPrefix(text, "At least 10 players") || !strings.Contains(text, "interrupted") {
		t.Errorf("it says %q", text)
	}
}

func TestJudge(t *testing.T) {
	cpu := 31.04
	good := CapacityStep{P50: 10, P95: 20, P99: 79, Max: 99, Timed: 1, ServerCPU: &cpu}
	for text, broke := range map[string]string{
		"p99<80ms":            "",
		"p99<79ms":            "p99 is 79ms, not <79ms",
		"cpu<=30%":            "cpu is 31%, not <=30%",
		"cpu<31.1%,p50<=10ms": "",
		"loss<1%,gaps<=0":     "",
		"max<90ms,p95<10ms":   "max is 99ms, not <90ms; p95 is 20ms, not <10ms",
	} {
		step := good
		step.judge(objectives(t, text))
		if got := strings.Join(step.Broke, "; "); got != broke || step.Met != (broke == "") {
			t.Errorf("%s: %q, want %q", text, got, broke)
		}
	}
	silent := CapacityStep{}
	if silent.judge(objectives(t, "p99<80ms")); silent.Met {
		t.Error("a room that delivers nothing meets a latency")
	}
	left := good
	left.Lost = 2
	if left.judge(objectives(t, "p99<80ms")); left.Met {
		t.Error("a room that cuts players off is fine")
	}
}

func TestBottleneck(t *testing.T) {
	percent := func(v float64) *float64 { return &v }
	slo := objectives(t, "p99<80ms,cpu<30%")
	for _, c := range []struct {
		what string
		step CapacityStep
		want string
	}{
		{"refused", CapacityStep{Refused: "session is full"}, "seats"},
		{"CPU objective", CapacityStep{ServerCPU: percent(31), SentLateP99: 90}, "cpu"},
		{"late bots", CapacityStep{ServerCPU: percent(20), SentLateP99: 30, MachineIdle: 2}, "bots"},
		{"very late bots on a machine with time left", CapacityStep{ServerCPU: percent(20), SentLateP99: 60, MachineIdle: 40}, "bots"},
		{"bots on time", CapacityStep{ServerCPU: percent(20), SentLateP99: 2, MachineIdle: 2}, "unknown"},
		{"ENA packets", CapacityStep{Allowances: map[string]float64{"pps_allowance_exceeded": 3}}, "packets"},
		{"ENA bandwidth", CapacityStep{Allowances: map[string]float64{"bw_out_allowance_exceeded": 3}}, "bandwidth"},
		{"full link", CapacityStep{ServerCPU: percent(20), LinkUse: 90}, "bandwidth"},
		{"nothing broke", CapacityStep{Met: true, ServerCPU: percent(12), LinkUse: 3}, "cpu"},
		{"nothing broke, link fuller", CapacityStep{Met: true, ServerCPU: percent(12), LinkUse: 33}, "bandwidth"},
		{"nothing broke, nothing known", CapacityStep{Met: true}, "unknown"},
	} {
		if got := bottleneckOf(c.step, slo); got.Name != c.want || got.Why == "" {
			t.Errorf("%s: %+v, want %s", c.what, got, c.want)
		}
	}
	if got := bottleneckOf(CapacityStep{ServerCPU: percent(97)}, objectives(t, "p99<80ms")); got.Name != "cpu" {
		t.Errorf("a full core: %+v", got)
	}
}

// TestFill: what was used between two readings, by its side that knows best.
func TestFill(t *testing.T) {
	at := time.Unix(0, 0)
	before := reading{
		at: at, cpu: time.Second, hasCPU: true, packets: 100, hasPackets: true, bytes: 1000, hasBytes: true, busy: time.Second, idle: time.Second,
		allowances: map[string]uint64{"pps_allowance_exceeded": 5, "bw_in_allowance_exceeded": 1},
	}
	after := reading{
		at: at.Add(2 * time.Second), cpu: 1500 * time.Millisecond, hasCPU: true, packets: 300, hasPackets: true, bytes: 5000, hasBytes: true,
		busy: 4 * time.Second, idle: 2 * time.Second, linkBytesPerSecond: 10_000,
		allowances: map[string]uint64{"pps_allowance_exceeded": 8, "bw_in_allowance_exceeded": 1},
	}
	s := CapacityStep{Players: 10}
	s.fill(load.Result{Elapsed: 2 * time.Second, Sent: 40, Delivered: 390, Bytes: 9, Reads: 9}, before, after, time.Second)
	if *s.ServerCPU != 25 || s.Packets != 100 || s.Bytes != 2000 || s.Counted != "server" || s.BotsCPU != 50 || s.MachineIdle != 25 {
		t.Errorf("%+v, CPU %v", s, *s.ServerCPU)
	}
	if s.Loss < 2.49 || s.Loss > 2.51 || s.Deliveries != 195 || s.LinkUse != 20 || len(s.Allowances) != 1 || s.Allowances["pps_allowance_exceeded"] != 3 {
		t.Errorf("%+v", s)
	}
	s.fill(load.Result{Elapsed: 2 * time.Second, Bytes: 8, Reads: 4}, reading{at: at}, reading{at: after.at}, 0)
	if s.Counted != "bots" || s.Packets != 2 || s.Bytes != 4 {
		t.Errorf("%+v", s)
	}
}
