package observe

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"greenroom.dev/greenroom/internal/model"
)

// Outcomes of a join, a closed set of label values.
const (
	JoinSeated   = "seated"
	JoinFull     = "full"
	JoinRefused  = "refused" // the request was wrong
	JoinFailed   = "failed"  // Greenroom was
	JoinCanceled = "canceled"
)

// Metrics counts what happens and prints it, in a set of its own. Its methods are safe for concurrent use.
type Metrics struct {
	set    *metrics.Set
	joins  sync.Map // joinLabels → *joinMetrics
	errors sync.Map // code → *metrics.Counter
}

type joinLabels struct {
	fleet   model.FleetName
	outcome string
}

type joinMetrics struct {
	total *metrics.Counter
	took  *histogram
}

// NewMetrics adds Greenroom's metrics to a set: what the methods below count and, from the census, the fleets as they
// are now.
func NewMetrics(set *metrics.Set, census *Census, tags Tags) *Metrics {
	m := &Metrics{set: set}
	set.RegisterMetricsWriter(func(w io.Writer) { writeCount(w, census.Count()) })
	set.RegisterMetricsWriter(m.writeJoinDurations)
	build := fmt.Sprintf("greenroom_build_info{env=%q,service=%q,version=%q,team=%q}", tags.Env, tags.Service, tags.Version, tags.Team)
	set.NewGauge(build, func() float64 { return 1 })
	return m
}

// Join counts a join that ended with an outcome after `took`. The fleet is empty when there was no seat.
func (m *Metrics) Join(fleet model.FleetName, outcome string, took time.Duration) {
	labels := joinLabels{fleet, outcome}
	v, ok := m.joins.Load(labels)
	if !ok {
		name := fmt.Sprintf("greenroom_joins_total{fleet=%q,outcome=%q}", fleet, outcome)
		v, _ = m.joins.LoadOrStore(labels, &joinMetrics{total: m.set.GetOrCreateCounter(name), took: &histogram{}})
	}
	j := v.(*joinMetrics)
	j.total.Inc()
	j.took.observe(took)
}

// Fault counts an API call that Greenroom answered with an error of this code, such as "not_found".
func (m *Metrics) Fault(code string) {
	v, ok := m.errors.Load(code)
	if !ok {
		v, _ = m.errors.LoadOrStore(code, m.set.GetOrCreateCounter(fmt.Sprintf("greenroom_api_errors_total{code=%q}", code)))
	}
	v.(*metrics.Counter).Inc()
}

func (m *Metrics) writeJoinDurations(w io.Writer) {
	all := map[joinLabels]*joinMetrics{}
	m.joins.Range(func(k, v any) bool {
		all[k.(joinLabels)] = v.(*joinMetrics)
		return true
	})
	sorted := slices.SortedFunc(maps.Keys(all), func(a, b joinLabels) int {
		return cmp.Or(cmp.Compare(a.fleet, b.fleet), cmp.Compare(a.outcome, b.outcome))
	})
	for _, l := range sorted {
		all[l].took.write(w, "greenroom_join_duration_seconds", fmt.Sprintf("fleet=%q,outcome=%q", l.fleet, l.outcome))
	}
}

func writeCount(w io.Writer, c *Count) {
	fleets := slices.Sorted(maps.Keys(c.Fleets))
	gauge := func(name, labels string, v int) {
		metrics.WriteGaugeUint64(w, name+"{"+labels+"}", uint64(max(v, 0)))
	}
	for _, name := range fleets {
		f := c.Fleets[name]
		fleet := fmt.Sprintf("fleet=%q", name)
		for state := model.ServerStarting; state <= model.ServerUnhealthy; state++ {
			gauge("greenroom_servers", fleet+fmt.Sprintf(",state=%q", state), f.Servers[state])
		}
		gauge("greenroom_sessions", fleet, f.Sessions)
		gauge("greenroom_seats", fleet+`,state="reserved"`, f.SeatsReserved)
		gauge("greenroom_seats", fleet+`,state="claimed"`, f.SeatsClaimed)
		gauge("greenroom_free_session_slots", fleet, f.FreeSessionSlots)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Routes)) {
		route := fmt.Sprintf("route=%q", name)
		gauge("greenroom_route_sessions", route, c.Routes[name].Sessions)
		gauge("greenroom_route_players", route, c.Routes[name].Players)
	}
}
