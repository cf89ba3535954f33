package app

import (
	"testing"
	"time"
)

// gathering is an event as the API tells it, as far as these tests ask.
type gathering struct {
	Spec   struct{ DoorsAt, EndsAt time.Time }
	Status struct {
		Phase, Summary             string
		SlotsWanted, SlotsStanding int
		PreparesAt                 time.Time
	}
}

func (a *testApp) event(name string) gathering {
	a.t.Helper()
	var got struct{ Event gathering }
	a.must("EventService/GetEvent", map[string]string{"name": name}, &got)
	return got.Event
}

// announce applies an event for 12 players, two a session and two sessions a server: three servers.
func (a *testApp) announce(name string, doors time.Time, lasts time.Duration, lead string) {
	a.t.Helper()
	a.must("EventService/ApplyEvent", map[string]any{"event": map[string]any{"name": name, "spec": map[string]any{
		"route": "hall", "doors_at": doors.Format(time.RFC3339Nano), "ends_at": doors.Add(lasts).Format(time.RFC3339Nano),
		"attendance": 12, "players_per_session": 2, "lead": lead,
	}}}, &struct{}{})
}

// hall applies a fleet that has no server of its own will, and a route to it.
func (a *testApp) hall() {
	a.t.Helper()
	a.must("ApplyService/Apply", map[string]any{
		"fleets": []any{map[string]any{"name": "halls", "spec": map[string]any{
			"capacity": map[string]any{"sessions": 2, "seats_per_session": 4}, "max_servers": 5, "scale_in_after": "0.5s",
			"scaling": map[string]any{"policies": []any{map[string]any{"buffer": map[string]any{}}}},
		}}},
		"routes": []any{map[string]any{"name": "hall", "spec": map[string]any{"fleets": []any{map[string]string{"fleet": "halls"}}}}},
	}, &struct{}{})
}

// open counts the open servers.
func (a *testApp) open() (names []string) {
	a.t.Helper()
	for _, c := range a.children() {
		if c.State == "SERVER_STATE_OPEN" {
			names = append(names, c.Name)
		}
	}
	return names
}

// TestAnEventOnRealServers: what an event needs stands before its doors, is held while nobody comes, over a move of its
// doors and a restart of the control plane, and goes after its end.
func TestAnEventOnRealServers(t *testing.T) {
	cfg := testConfig(t)
	cfg.Demo, cfg.StopServers = false, false
	a := start(t, cfg)
	a.hall()
	if n := len(a.children()); n != 0 {
		t.Fatalf("%d servers though nobody wants any", n)
	}
	a.announce("gala", time.Now().Add(time.Hour), 3*time.Second, "3600s")
	eventually(t, "the servers to stand", func() bool { return a.event("gala").Status.Phase == "EVENT_PHASE_PREPARED" })
	before := a.open()
	if st := a.event("gala").Status; len(before) != 3 || st.SlotsWanted != 6 || st.SlotsStanding != 6 {
		t.Fatalf("%d servers for %+v", len(before), st)
	}
	var check struct {
		Ready  bool
		Checks []struct{ Name, Sentence string }
	}
	a.must("EventService/CheckEvent", map[string]string{"name": "gala"}, &check)
	if !check.Ready {
		t.Errorf("not ready: %+v", check.Checks)
	}

	a.stop()
	cfg.StopServers = true
	a = start(t, cfg)
	eventually(t, "the servers to be found again", func() bool { return a.event("gala").Status.Phase == "EVENT_PHASE_PREPARED" })
	a.announce("gala", time.Now().Add(time.Second), 2*time.Second, "3600s") // moved
	open := false
	for a.event("gala").Status.Phase != "EVENT_PHASE_OVER" {
		now := a.open()
		open = open || a.event("gala").Status.Phase == "EVENT_PHASE_OPEN"
		if len(now) != 3 && time.Now().Before(a.event("gala").Spec.EndsAt) {
			t.Fatalf("%d servers stand while it goes on: %s", len(now), a.event("gala").Status.Summary)
		}
		for i := range min(len(now), 3) {
			if now[i] != before[i] {
				t.Fatalf("servers %v, were %v", now, before)
			}
		}
		<-time.After(50 * time.Millisecond)
	}
	if !open {
		t.Error("its doors were never seen open")
	}
	eventually(t, "the servers to go", func() bool { return len(a.children()) == 0 })
}

// TestACancelledEventReleasesItsServers also adds two events up on the way.
func TestACancelledEventReleasesItsServers(t *testing.T) {
	cfg := testConfig(t)
	cfg.Demo = false
	a := start(t, cfg)
	a.hall()
	doors := time.Now().Add(time.Hour)
	a.announce("gala", doors, time.Hour, "3600s")
	a.announce("market", doors.Add(time.Minute), time.Hour, "7200s")
	eventually(t, "five servers, which is the maximum", func() bool { return len(a.open()) == 5 })
	eventually(t, "the market to be told what is missing", func() bool {
		return a.event("market").Status.SlotsStanding == 4 && a.event("gala").Status.SlotsStanding == 6
	})
	if st := a.event("market").Status; st.Phase != "EVENT_PHASE_PREPARING" {
		t.Errorf("%+v", st)
	}
	var check struct {
		Ready  bool
		Checks []struct {
			Name, Sentence string
			OK             bool
		}
	}
	a.must("EventService/CheckEvent", map[string]string{"name": "market"}, &check)
	if check.Ready || check.Checks[1].Name != "maximum" || check.Checks[1].OK {
		t.Errorf("check: %+v", check)
	}
	a.must("EventService/DeleteEvent", map[string]string{"name": "gala"}, &struct{}{})
	eventually(t, "the market's servers alone", func() bool { return len(a.children()) == 3 })
	if st := a.event("market").Status; st.Phase != "EVENT_PHASE_PREPARED" {
		t.Errorf("%+v", st)
	}
	a.must("EventService/DeleteEvent", map[string]string{"name": "market"}, &struct{}{})
	eventually(t, "no server", func() bool { return len(a.children()) == 0 })
}
