package observe

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync/atomic"

	"greenroom.dev/greenroom/internal/model"
)

// render writes what there is and what happened, at most so many series of it.
func (m *Metrics) render(most int) []byte {
	c := m.cfg.Census.Count()
	m.forget(c)
	p := newPage(most, int(m.size.Load()))
	fleets := slices.Sorted(maps.Keys(c.Fleets))
	counted := make([]FleetCount, len(fleets))
	labels := make([]string, len(fleets))
	for i, name := range fleets {
		counted[i], labels[i] = c.Fleets[name], label("fleet", string(name))
	}
	writeFleets(p, labels, counted)
	routes := append([]model.RouteName{""}, slices.Sorted(maps.Keys(c.Routes))...)
	m.writeRoutes(p, c, routes)
	m.writeHappened(p, fleets, labels)
	m.writeSignals(p)
	m.writeDurations(p, fleets, labels, routes)
	dropped := p.dropped
	p.left = 1
	p.family("greenroom_metrics_series_dropped", "gauge")
	p.add("", float64(dropped))
	m.size.Store(int64(len(p.text) + len(p.text)>>4))
	return p.text
}

// forget lets what was counted for fleets and routes that are gone go. A route "" stands for those that never were.
func (m *Metrics) forget(c *Count) {
	if c.At.IsZero() {
		return
	}
	m.fleets.Range(func(name, _ any) bool {
		if _, there := c.Fleets[name.(model.FleetName)]; !there {
			m.fleets.Delete(name)
		}
		return true
	})
	m.routes.Range(func(name, _ any) bool {
		if _, there := c.Routes[name.(model.RouteName)]; !there && name != model.RouteName("") {
			m.routes.Delete(name)
		}
		return true
	})
}

// gauges are the numbers of a fleet that is counted; those that nothing is known of are left out.
var gauges = []struct {
	name  string
	value func(*FleetCount) float64
	known func(*FleetCount) bool // nil: always
}{
	{"greenroom_servers_wanted", func(f *FleetCount) float64 { return float64(f.Wanted) }, planned},
	{"greenroom_servers_desired", func(f *FleetCount) float64 { return float64(f.Desired) }, planned},
	{"greenroom_servers_max", func(f *FleetCount) float64 { return float64(f.Max) }, nil},
	{"greenroom_sessions", func(f *FleetCount) float64 { return float64(f.Sessions) }, nil},
	{"greenroom_sessions_active", func(f *FleetCount) float64 { return float64(f.SessionsActive) }, nil},
	{"greenroom_sessions_active_ratio", (*FleetCount).ActiveRate, nil},
	{"greenroom_occupancy_ratio", (*FleetCount).Occupancy, nil},
	{"greenroom_session_slots", func(f *FleetCount) float64 { return float64(f.SessionSlots) }, nil},
	{"greenroom_free_session_slots", func(f *FleetCount) float64 { return float64(f.FreeSessionSlots) }, nil},
	{"greenroom_open_seats", func(f *FleetCount) float64 { return float64(f.Seats) }, nil},
	{"greenroom_joins_waiting", func(f *FleetCount) float64 { return float64(f.Waiting) }, nil},
	{"greenroom_planned_timestamp_seconds", func(f *FleetCount) float64 { return float64(f.PlannedAt.UnixMilli()) / 1000 }, everPlanned},
}

func planned(f *FleetCount) bool { return f.Planned }

func everPlanned(f *FleetCount) bool { return !f.PlannedAt.IsZero() }

// writeFleets writes what there is.
func writeFleets(p *page, labels []string, fleets []FleetCount) {
	for _, g := range gauges {
		p.family(g.name, "gauge")
		for i := range fleets {
			if g.known == nil || g.known(&fleets[i]) {
				p.add(labels[i], g.value(&fleets[i]))
			}
		}
	}
	p.family("greenroom_servers", "gauge")
	for i := range fleets {
		for state := model.ServerStarting; state <= model.ServerUnhealthy; state++ {
			p.add(labels[i]+","+label("state", state.String()), float64(fleets[i].Servers[state]))
		}
	}
	p.family("greenroom_seats", "gauge")
	for i := range fleets {
		p.add(labels[i]+`,state="reserved"`, float64(fleets[i].SeatsReserved))
		p.add(labels[i]+`,state="claimed"`, float64(fleets[i].SeatsClaimed))
	}
}

// writeRoutes writes routes as they are, and what happened to their joins. The first of them, "", stands for those that
// there are not.
func (m *Metrics) writeRoutes(p *page, c *Count, routes []model.RouteName) {
	for _, g := range []struct {
		name  string
		value func(RouteCount) int
	}{
		{"greenroom_route_sessions", func(r RouteCount) int { return r.Sessions }},
		{"greenroom_route_sessions_active", func(r RouteCount) int { return r.SessionsActive }},
		{"greenroom_route_players", func(r RouteCount) int { return r.Players }},
		{"greenroom_route_joins_waiting", func(r RouteCount) int { return r.Waiting }},
	} {
		p.family(g.name, "gauge")
		for _, name := range routes[1:] {
			p.add(label("route", string(name)), float64(g.value(c.Routes[name])))
		}
	}
	p.family("greenroom_join_refusals_total", "counter")
	for _, name := range routes {
		v, ok := m.routes.Load(name)
		if !ok {
			continue
		}
		refused := v.(*routeMetrics).counted()
		for _, reason := range slices.Sorted(maps.Keys(refused)) {
			p.add(label("route", string(name))+","+label("reason", reason), float64(refused[reason]))
		}
	}
}

// writeHappened writes what happened on fleets, so far as anything did.
func (m *Metrics) writeHappened(p *page, fleets []model.FleetName, labels []string) {
	each := func(do func(f *fleetMetrics, labels string)) {
		for i, name := range fleets {
			if v, ok := m.fleets.Load(name); ok {
				do(v.(*fleetMetrics), labels[i])
			}
		}
	}
	p.family("greenroom_joins_total", "counter")
	each(func(f *fleetMetrics, l string) { p.add(l+`,outcome="seated"`, float64(f.seated.Load())) })
	for _, outcome := range []string{JoinFull, JoinRefused, JoinFailed, JoinCanceled} {
		if v, ok := m.joins.Load(outcome); ok {
			p.add(`fleet="",`+label("outcome", outcome), float64(v.(*atomic.Uint64).Load()))
		}
	}
	for _, c := range []struct {
		name  string
		value func(*fleetMetrics) uint64
	}{
		{"greenroom_server_starts_total", func(f *fleetMetrics) uint64 { return f.started.Load() }},
		{"greenroom_server_start_failures_total", func(f *fleetMetrics) uint64 { return f.startFailed.Load() }},
		{"greenroom_server_deaths_total", func(f *fleetMetrics) uint64 { return f.died.Load() }},
		{"greenroom_drains_begun_total", func(f *fleetMetrics) uint64 { return f.begun.Load() }},
		{"greenroom_drains_finished_total", func(f *fleetMetrics) uint64 { return f.finished.Load() }},
		{"greenroom_drains_taken_back_total", func(f *fleetMetrics) uint64 { return f.takenBack.Load() }},
		{"greenroom_drains_forced_total", func(f *fleetMetrics) uint64 { return f.ends.Load() }},
	} {
		p.family(c.name, "counter")
		each(func(f *fleetMetrics, l string) { p.add(l, float64(c.value(f))) })
	}
	m.writeConnections(p, fleets, labels)
	p.family("greenroom_decisions_total", "counter")
	each(func(f *fleetMetrics, l string) {
		all := f.counted()
		for _, d := range slices.SortedFunc(maps.Keys(all), compareDecisions) {
			result := "failed"
			if d.ok {
				result = "ok"
			}
			p.add(l+","+label("verb", string(d.verb))+","+label("result", result), float64(all[d]))
		}
	})
}

// writeConnections writes what servers say of their connections, and the seats that nobody came for.
func (m *Metrics) writeConnections(p *page, fleets []model.FleetName, labels []string) {
	tally, err := m.cfg.Tally(context.Background())
	if err != nil {
		return // a scrape has no better answer than none
	}
	p.family("greenroom_connections_total", "counter")
	for i, name := range fleets {
		c := tally.Fleets[name].Connections
		if c == (model.Connections{}) {
			continue
		}
		for _, o := range []struct {
			outcome string
			n       uint64
		}{{"admitted", c.Admitted}, {"lost", c.Lost}, {"refused", c.Refused}, {"resumed", c.Resumed}} {
			p.add(labels[i]+","+label("outcome", o.outcome), float64(o.n))
		}
	}
	p.family("greenroom_seats_expired_total", "counter")
	for i, name := range fleets {
		if n := tally.Fleets[name].SeatsExpired; n > 0 {
			p.add(labels[i], float64(n))
		}
	}
}

func compareDecisions(a, b decision) int {
	if a.verb == b.verb && a.ok != b.ok {
		if a.ok {
			return 1
		}
		return -1
	}
	return cmp.Compare(a.verb, b.verb)
}

// writeSignals writes the numbers from outside, and how old they are.
func (m *Metrics) writeSignals(p *page) {
	all := m.cfg.Signals()
	now := m.cfg.Now()
	names := slices.Sorted(maps.Keys(all))
	p.family("greenroom_signal_age_seconds", "gauge")
	for _, name := range names {
		p.add(label("signal", name), max(0, now.Sub(all[name].At).Seconds()))
	}
	p.family("greenroom_signal_value", "gauge")
	for _, name := range names {
		p.add(label("signal", name), all[name].Value)
	}
}

// writeDurations writes the histograms, which have the most series.
func (m *Metrics) writeDurations(p *page, fleets []model.FleetName, labels []string, routes []model.RouteName) {
	p.family("greenroom_join_wait_seconds", "histogram")
	for _, name := range routes {
		if v, ok := m.routes.Load(name); ok {
			v.(*routeMetrics).wait.write(p, label("route", string(name)))
		}
	}
	for _, h := range []struct {
		name string
		of   func(*fleetMetrics) *histogram
	}{
		{"greenroom_join_duration_seconds", func(f *fleetMetrics) *histogram { return f.join }},
		{"greenroom_server_boot_seconds", func(f *fleetMetrics) *histogram { return f.boot }},
	} {
		p.family(h.name, "histogram")
		for i, name := range fleets {
			if v, ok := m.fleets.Load(name); ok {
				h.of(v.(*fleetMetrics)).write(p, labels[i])
			}
		}
	}
}
