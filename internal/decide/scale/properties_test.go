package scale

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenroom.dev/greenroom/internal/model"
)

// drawScaling draws policies, windows, budgets and limits, contradictory and unreadable ones among them.
func drawScaling(t *rapid.T) model.Scaling {
	window := func(name string) model.Window {
		return model.Window{
			Cron:     rapid.SampledFrom([]string{"0 3 * * *", "* * * * *", "30 2 30 2 *", "nonsense", "0 18 * * FRI"}).Draw(t, name),
			Duration: time.Duration(rapid.IntRange(1, 7200).Draw(t, name+" length")) * time.Second,
			TimeZone: rapid.SampledFrom([]string{"", "Europe/Berlin", "Mars/Olympus"}).Draw(t, name+" zone"),
		}
	}
	all := []model.Policy{
		{Trend: &model.TrendPolicy{HeadroomPercent: float64(rapid.IntRange(-1, 100).Draw(t, "headroom"))}},
		{Buffer: &model.BufferPolicy{FreeSessions: rapid.IntRange(0, 30).Draw(t, "free"), FreePercent: float64(rapid.IntRange(0, 95).Draw(t, "percent")), ReadyServers: rapid.IntRange(0, 3).Draw(t, "warm")}},
		{Occupancy: &model.OccupancyPolicy{Target: rapid.Float64Range(0.01, 1).Draw(t, "occupancy")}},
		{ActiveSessions: &model.ActiveSessionsPolicy{Target: rapid.Float64Range(0.01, 1).Draw(t, "active")}},
		{Load: &model.LoadPolicy{CPUTarget: 0.5, NetworkTarget: 1e6}},
		{Schedule: &model.SchedulePolicy{Window: window("schedule"), Servers: rapid.IntRange(0, 30).Draw(t, "at least")}},
		{External: &model.ExternalPolicy{Signal: "s", Target: 10}},
		{Forecast: &model.ForecastPolicy{}},
	}
	s := model.Scaling{
		Policies:           all[:rapid.IntRange(1, len(all)).Draw(t, "policies")],
		MaxStartsPerMinute: rapid.IntRange(0, 5).Draw(t, "starts"), MaxStopsPerMinute: rapid.IntRange(0, 5).Draw(t, "stops"),
		Stabilization: time.Duration(rapid.IntRange(0, 600).Draw(t, "stabilization")) * time.Second,
	}
	if rapid.Bool().Draw(t, "windows") {
		s.ScaleInWindows = []model.Window{window("scale in")}
	}
	if rapid.Bool().Draw(t, "budgets") {
		w := window("budget")
		s.Budgets = []model.Budget{{Servers: rapid.SampledFrom([]string{"3", "10%", "0", "a few"}).Draw(t, "budget")}, {Servers: "0", Window: &w}}
	}
	return s
}

// drawOutlook draws what others say, nonsense among it.
func drawOutlook(t *rapid.T, at time.Time, begun uint64) Outlook {
	o := Outlook{Begun: begun, Signals: map[string]Signal{}}
	if rapid.Bool().Draw(t, "signal") {
		o.Signals["s"] = Signal{
			rapid.SampledFrom([]float64{0, 35, -4, math.NaN(), math.Inf(1), 1e300}).Draw(t, "value"),
			at.Add(-time.Duration(rapid.IntRange(-10, 300).Draw(t, "age")) * time.Second),
		}
	}
	if rapid.Bool().Draw(t, "event") {
		doors := at.Add(time.Duration(rapid.IntRange(-7200, 7200).Draw(t, "doors")) * time.Second)
		o.Events = []Event{{
			Name: "e", Sessions: rapid.IntRange(0, 500).Draw(t, "announced"), DoorsAt: doors, EndsAt: doors.Add(time.Duration(rapid.IntRange(-60, 7200).Draw(t, "lasts")) * time.Second),
			Ramp: time.Duration(rapid.IntRange(0, 3600).Draw(t, "ramp")) * time.Second,
		}}
	}
	if rapid.Bool().Draw(t, "expected") {
		o.Expected = []Expectation{{at.Add(-time.Hour), 10}, {at.Add(time.Hour), rapid.SampledFrom([]float64{0, 100, math.NaN()}).Draw(t, "expectation")}}
	}
	return o
}

// TestSafety lives through faults of every kind: clocks that are set, counters that begin anew, nonsense from outside. A
// fleet is never taken below its minimum nor brought above its maximum, only empty servers go, limits and unreadable
// budgets hold, and what is remembered stays small.
func TestSafety(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.IntRange(0, 4).Draw(t, "min")
		spec := model.FleetSpec{
			Capacity: model.Capacity{Sessions: rapid.SampledFrom([]int{1, 10}).Draw(t, "slots"), SeatsPerSession: 10},
			Min:      low, Max: rapid.IntRange(max(1, low), 20).Draw(t, "max"),
			Ready: rapid.IntRange(0, 2).Draw(t, "ready"), Open: rapid.IntRange(0, 20).Draw(t, "open"), Scaling: drawScaling(t),
		}.WithDefaults()
		w := &story{now: now, spec: spec, boot: 3 * time.Second, players: 1, outlook: Outlook{}}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			w.now = w.now.Add(time.Duration(rapid.SampledFrom([]int{1, 1, 1, 1, 30, 70, 3600, -1, -3600}).Draw(t, "step")) * time.Second)
			w.outlook = drawOutlook(t, w.now, w.outlook.Begun)
			if n := rapid.IntRange(-5, 20).Draw(t, "sessions"); n > 0 {
				w.waiting += n
			} else {
				w.end(-n)
			}
			if rapid.IntRange(0, 20).Draw(t, "restarts") == 0 {
				w.outlook.Begun = 0
			}
			checkSafety(t, w)
		}
	})
}

// end ends up to n sessions, on the emptiest servers first.
func (w *story) end(n int) {
	for range n {
		for _, s := range w.servers {
			if s.Sessions > 0 {
				w.change(s, -1)
				break
			}
		}
	}
}

func checkSafety(t *rapid.T, w *story) {
	living := func() (n int) {
		for _, s := range w.servers {
			if s.Stage != Leaving {
				n++
			}
		}
		return n
	}
	before := living()
	w.step()
	d, spec := w.last, w.spec
	removed, started := len(d.Remove), 0
	for _, s := range d.Starts {
		started += s.Count
	}
	for _, id := range d.Remove {
		for _, s := range w.servers {
			if s.ID == id && !s.Empty {
				t.Fatalf("%s is taken away with %d sessions", id, s.Sessions)
			}
		}
	}
	switch {
	case removed > 0 && before-removed < spec.Min:
		t.Fatalf("%d of %d servers are taken away, minimum %d", removed, before, spec.Min)
	case started > 0 && len(w.servers) > spec.Max:
		t.Fatalf("%d servers, maximum %d", len(w.servers), spec.Max)
	case removed > 0 && (started > 0 || len(d.Opens) > 0):
		t.Fatalf("servers are taken away and started at once: %+v", d)
	case spec.Scaling.MaxStartsPerMinute > 0 && w.memory.starts.count(w.now) > spec.Scaling.MaxStartsPerMinute:
		t.Fatalf("%d starts within a minute, at most %d", w.memory.starts.count(w.now), spec.Scaling.MaxStartsPerMinute)
	case spec.Scaling.MaxStopsPerMinute > 0 && w.memory.stops.count(w.now) > spec.Scaling.MaxStopsPerMinute:
		t.Fatalf("%d stops within a minute, at most %d", w.memory.stops.count(w.now), spec.Scaling.MaxStopsPerMinute)
	case removed > 0 && len(spec.Scaling.Budgets) > 0 && spec.Scaling.Budgets[0].Servers == "a few":
		t.Fatal("a budget that cannot be read let a server go")
	}
	for _, a := range d.Answers {
		if a.Free < 0 || a.Servers < 0 || a.Ready < 0 || a.Reason == "" {
			t.Fatalf("%+v", a)
		}
	}
	m := &w.memory
	if len(m.boots) > maxBoots || len(m.peaks) > peakParts+2 || len(m.starts) > 61 || len(m.stops) > 61 ||
		len(m.wants) > len(spec.Scaling.Policies) || len(m.Surplus) > len(w.servers) || len(m.coming) > len(w.servers) || len(m.windows) > 8 {
		t.Fatalf("the memory grows: %d boots, %d peaks, %d starts, %d wants, %d surplus, %d windows",
			len(m.boots), len(m.peaks), len(m.starts), len(m.wants), len(m.Surplus), len(m.windows))
	}
}

// step lets the servers live, decides, and carries it out, without telling it.
func (w *story) step() {
	for _, s := range w.servers {
		if at, goes := w.goneAt[s.ID]; goes && !w.now.Before(at) {
			s.Stage = Leaving
		}
	}
	w.second()
}

// TestInputIsNotChanged: the same input decides the same, twice.
func TestInputIsNotChanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := model.FleetSpec{Capacity: model.Capacity{Sessions: 10, SeatsPerSession: 10}, Max: 50, Scaling: drawScaling(t)}.WithDefaults()
		in := Input{Spec: spec, Servers: busyFleet(rapid.IntRange(0, 20).Draw(t, "servers"), now), Now: now, Waiting: rapid.IntRange(0, 9).Draw(t, "waiting")}
		for range 3 {
			in.Now = in.Now.Add(time.Second)
			in.Outlook = drawOutlook(t, in.Now, in.Outlook.Begun+3)
			first, second := Decide(in), Decide(in)
			first.Memory.windows, second.Memory.windows = nil, nil
			if fmt.Sprintf("%+v", first) != fmt.Sprintf("%+v", second) {
				t.Fatalf("decided\n%+v\nand then\n%+v", first, second)
			}
			in.Memory = second.Memory
		}
	})
}

// TestAnswersRiseWithTheLoad: more sessions, players and load never ask for less.
func TestAnswersRiseWithTheLoad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := model.FleetSpec{Capacity: model.Capacity{Sessions: 20, SeatsPerSession: 10}, Max: 100, Scaling: model.Scaling{Policies: []model.Policy{
			{Buffer: &model.BufferPolicy{FreePercent: float64(rapid.IntRange(0, 95).Draw(t, "percent"))}},
			{Occupancy: &model.OccupancyPolicy{Target: rapid.Float64Range(0.1, 1).Draw(t, "occupancy")}},
			{ActiveSessions: &model.ActiveSessionsPolicy{Target: rapid.Float64Range(0.1, 1).Draw(t, "active")}},
			{Load: &model.LoadPolicy{CPUTarget: rapid.Float64Range(0.1, 1).Draw(t, "cpu"), NetworkTarget: 1e6}},
		}}}.WithDefaults()
		n := rapid.IntRange(1, 10).Draw(t, "servers")
		less, more := busyFleet(n, now), busyFleet(n, now)
		for i := range less {
			used := rapid.IntRange(0, 20).Draw(t, "used")
			and := rapid.IntRange(used, 20).Draw(t, "more")
			for s, u := range map[*Server]int{&less[i]: used, &more[i]: and} {
				s.Sessions, s.Active, s.Players, s.FreeSlots, s.Empty = u, u, 4*u, 20-u, u == 0
				s.Load = &model.Load{At: now, CPU: float64(u) / 20, CPULimit: 1, Sent: float64(u) * 1e5}
			}
		}
		a, b := Decide(Input{Spec: spec, Servers: less, Now: now}).Answers, Decide(Input{Spec: spec, Servers: more, Now: now}).Answers
		for i := range a {
			if b[i].Free < a[i].Free || b[i].Servers < a[i].Servers || b[i].Ready < a[i].Ready {
				t.Fatalf("with more it asks for less:\n%+v\n%+v", a[i], b[i])
			}
		}
	})
}

// TestNoFlapping: under a demand that does not change, no server comes or goes; under one that changes by chance alone,
// whose sessions vary by about a server's worth, few do.
func TestNoFlapping(t *testing.T) {
	even := make(map[int][]float64)
	for second := 0; second < 3*3600; second += 5 {
		even[second] = []float64{1500}
	}
	for _, c := range []struct {
		what string
		d    day
		most int
	}{
		{"as even as a clock", day{sessions: even}, 0},
		{"by chance", day{demand: steady(0.2), stay: 1500}, 15},
	} {
		d, begun := c.d, 0
		d.spec, d.boot, d.seconds, d.seed, d.warm = fleetOf(20), [2]int{30, 40}, 3*3600, 7, 17
		d.onSecond = func(second int, w *dayWorld, _ Decision) {
			if second == 3600 {
				begun = w.out.starts
			}
		}
		s := d.run()
		if again := s.starts - begun; again > c.most {
			t.Errorf("%s: %d servers of %d were started within two hours, at most %d: %s", c.what, again, s.peak, c.most, s)
		}
	}
}

// TestMemoryIsAValue: a decision does not change the memory that it was given.
func TestMemoryIsAValue(t *testing.T) {
	spec := model.FleetSpec{Capacity: model.Capacity{Sessions: 20, SeatsPerSession: 10}, Max: 100, Scaling: everything()}.WithDefaults()
	in := Input{Spec: spec, Servers: busyFleet(30, now), Now: now}
	for range 100 {
		in.Now = in.Now.Add(time.Second)
		in.Outlook.Begun += 2
		before := fmt.Sprintf("%+v", in.Memory)
		d := Decide(in)
		d.Memory.Started(in.Now, 2)
		d.Memory.Stopped(in.Now, 1)
		if after := fmt.Sprintf("%+v", in.Memory); after != before {
			t.Fatalf("the memory became\n%s\nof\n%s", after, before)
		}
		if reflect.DeepEqual(in.Memory, d.Memory) {
			t.Fatal("nothing was remembered")
		}
		in.Memory = d.Memory
	}
}
