package simulate

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

// house is a fleet for voice parties with a route to it.
func house(change func(*model.FleetSpec)) Input {
	f := model.Fleet{Name: "rooms", Spec: model.FleetSpec{
		Capacity: model.Capacity{Sessions: 50, SeatsPerSession: 8}, Max: 2000,
		Price: model.Price{PerServerHour: 0.1},
	}}
	if change != nil {
		change(&f.Spec)
	}
	return Input{
		Fleets: []model.Fleet{f}, Seed: 1, Boot: Boot{Time: 30 * time.Second, Jitter: 10 * time.Second},
		Routes: []model.Route{{Name: "voice", Fleets: []model.FleetWeight{{Fleet: "rooms", Weight: model.Whole}}}},
	}
}

func generated(t testing.TB, name string, o trace.Options) trace.Trace {
	t.Helper()
	g, err := trace.Generate(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return g.Trace
}

func run(t testing.TB, in Input, policy string) Result {
	t.Helper()
	p, err := ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(context.Background(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// evening is a few hours of a small house, with starts that fail.
func evening(t testing.TB) Input {
	in := house(func(s *model.FleetSpec) { s.Capacity.Sessions = 10 })
	in.Trace = generated(t, "voice-day", trace.Options{Seed: 3, Scale: 2000})
	in.Trace.Rows = in.Trace.Rows[:100]
	in.LeadIn = time.Hour
	in.Boot.Failures = 0.1
	return in
}

func TestASeedGivesOneRun(t *testing.T) {
	in := evening(t)
	first, again := run(t, in, Own), run(t, in, Own)
	if first.Hash != again.Hash || first.Hours != again.Hours || first.Joins == 0 {
		t.Errorf("hash %x, then %x; %.3f server-hours, then %.3f; %d joins", first.Hash, again.Hash, first.Hours, again.Hours, first.Joins)
	}
	in.Seed++
	if other := run(t, in, Own); other.Hash == first.Hash {
		t.Error("another seed gives the same hash")
	}
}

// TestAProcessGivesTheSameRun runs this test in two further processes: the order of maps differs from one to the next.
func TestAProcessGivesTheSameRun(t *testing.T) {
	const child = "GREENROOM_TEST_HASH"
	if os.Getenv(child) != "" {
		r := run(t, evening(t), Own)
		t.Logf("hash=%016x", r.Hash)
		return
	}
	hash := func() string {
		cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		_, after, found := strings.Cut(string(out), "hash=")
		if err != nil || !found || len(after) < 16 {
			t.Fatalf("%v: %s", err, out)
		}
		return after[:16]
	}
	if a, b := hash(), hash(); a != b {
		t.Errorf("hash %s in one process, %s in another", a, b)
	}
}

func TestWhatIsSpentIsNeverBelowTheBound(t *testing.T) {
	in := evening(t)
	for _, policy := range []string{Own, "agones-buffer:2", "hpa:0.7"} {
		r := run(t, in, policy)
		if least := r.BootHours + r.UnusedHours + r.EmptyHours + r.SpreadHours; r.BootHours <= 0 || r.SpreadHours <= 0 || least > r.Hours-r.Bound*0.9 {
			t.Errorf("%s: %.2f of %.2f server-hours were booting, unused, empty or spread; at least %.2f were needed", policy, least, r.Hours, r.Bound)
		}
		if r.Hours < r.Bound || r.Bound == 0 || r.IdleHours > r.Hours || r.PlayerHours == 0 || r.Cost == 0 || r.Sessions == 0 {
			t.Errorf("%s: %.2f server-hours, %.2f idle, bound %.2f, %.1f player-hours, cost %.2f, %d sessions",
				policy, r.Hours, r.IdleHours, r.Bound, r.PlayerHours, r.Cost, r.Sessions)
		}
		if n := len(r.Points); n == 0 || n > MaxPoints {
			t.Errorf("%s: %d points", policy, n)
		}
	}
}

// TestNobodyIsServedByAnEmptyHouse: without a server a join waits for a boot, or fails where it may not wait so long.
func TestNobodyIsServedByAnEmptyHouse(t *testing.T) {
	at := time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)
	in := house(nil)
	in.LeadIn = -1
	in.Boot = Boot{Time: 30 * time.Second}
	in.Trace = trace.Trace{Start: at, Step: time.Minute, Rows: []trace.Row{
		{At: at, Route: "voice", Joins: 1, Sessions: 1, Stay: 5 * time.Minute},
		{At: at.Add(4 * time.Minute), Route: "voice"},
	}}
	if r := run(t, in, Own); r.Waited != 1 || r.Failed != 0 || r.Longest < 30*time.Second || r.Longest > 33*time.Second {
		t.Errorf("%d waited, %d failed, the longest %s", r.Waited, r.Failed, r.Longest)
	}
	in.Routes[0].MaxWait = 10 * time.Second
	if r := run(t, in, Own); r.Failed != 1 {
		t.Errorf("%d failed", r.Failed)
	}
}

func TestBadInputIsSaid(t *testing.T) {
	at := time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		change func(*Input)
		want   string
	}{
		{func(in *Input) { in.Fleets = nil }, "there is no fleet"},
		{func(in *Input) { in.Routes = nil }, "has no route"},
		{func(in *Input) { in.Routes[0].Fleets[0].Fleet = "moon" }, "leads to fleet moon, which is not there"},
		{func(in *Input) { in.Trace.Rows[0].Route = "voise" }, `no route "voise" (did you mean voice?)`},
		{func(in *Input) { in.Trace.Rows = nil }, "a trace without a row"},
		{func(in *Input) { in.Boot.Failures = 1 }, "share of 1"},
		{func(in *Input) { in.Tick = time.Hour }, "a tick of 1h0m0s"},
		{func(in *Input) { in.LeadIn = 1000 * time.Hour }, "a lead-in of 1000h0m0s"},
	} {
		in := house(nil)
		in.Trace = trace.Trace{Start: at, Step: time.Minute, Rows: []trace.Row{{At: at, Route: "voice", Joins: 1, Sessions: 1, Stay: time.Minute}}}
		c.change(&in)
		if _, err := New(context.Background(), in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.want, err)
		}
	}
}

func TestStopping(t *testing.T) {
	s, err := New(context.Background(), evening(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r, err := s.Run(ctx, Policy{Name: Own}, func(done float64) {
		if done > 0.5 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || r.Joins == 0 || !r.Until.Before(s.in.Trace.End()) {
		t.Errorf("%v, after %d joins, until %s", err, r.Joins, r.Until)
	}
}
