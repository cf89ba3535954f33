package observe

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// Outcomes of a join, a closed set of label values.
const (
	JoinSeated   = "seated"
	JoinFull     = "full"
	JoinRefused  = "refused" // the request was wrong
	JoinFailed   = "failed"  // Greenroom was
	JoinCanceled = "canceled"
)

// Join is how a join ended.
type Join struct {
	Route   model.RouteName // "": there is none of the name that was asked for
	Fleet   model.FleetName // "": there was no seat
	Outcome string
	Reason  string        // why there was no seat, a word of a closed set; "" for Seated
	Took    time.Duration // until the answer
	Waited  time.Duration // for room
}

// MetricsConfig is what Metrics works with. Only Set and Census are required.
type MetricsConfig struct {
	Set     *metrics.Set
	Census  *Census
	Tags    Tags
	Signals func() map[string]scale.Signal // the numbers from outside; nil: none
	Now     func() time.Time               // nil: time.Now
	// Tally is what fleets have seen; nil: nothing.
	Tally func(context.Context) (registry.Tally, error)
}

// Metrics counts what happens and prints it with what there is, by fleet and by route: no session, player or server is a
// label. Its methods are safe for concurrent use.
type Metrics struct {
	cfg    MetricsConfig
	fleets sync.Map     // model.FleetName → *fleetMetrics
	routes sync.Map     // model.RouteName → *routeMetrics
	joins  sync.Map     // outcome → *atomic.Uint64, of joins without a fleet
	size   atomic.Int64 // of the page, about, in bytes
	errors sync.Map     // code → *metrics.Counter
}

// NewMetrics adds Greenroom's metrics to a set: what the methods below count and, from the census, the fleets as they
// are now.
func NewMetrics(cfg MetricsConfig) *Metrics {
	if cfg.Signals == nil {
		cfg.Signals = func() map[string]scale.Signal { return nil }
	}
	if cfg.Tally == nil {
		cfg.Tally = func(context.Context) (registry.Tally, error) { return registry.Tally{}, nil }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	m := &Metrics{cfg: cfg}
	cfg.Set.RegisterMetricsWriter(func(w io.Writer) { _, _ = w.Write(m.render(MaxSeries)) })
	t := cfg.Tags
	build := fmt.Sprintf("greenroom_build_info{env=%q,service=%q,version=%q,team=%q}", t.Env, t.Service, t.Version, t.Team)
	cfg.Set.NewGauge(build, func() float64 { return 1 })
	return m
}

// Joined counts a join that ended.
func (m *Metrics) Joined(j Join) {
	if j.Fleet != "" {
		f := m.fleet(j.Fleet)
		f.seated.Add(1)
		f.join.observe(j.Took)
	} else {
		v, ok := m.joins.Load(j.Outcome)
		if !ok {
			v, _ = m.joins.LoadOrStore(j.Outcome, new(atomic.Uint64))
		}
		v.(*atomic.Uint64).Add(1)
		m.route(j.Route).refuse(j.Reason)
	}
	if j.Waited > 0 {
		m.route(j.Route).wait.observe(j.Waited)
	}
}

// JoinLatencies is how long the joins took that a fleet seated, each from its request to its answer.
func (m *Metrics) JoinLatencies(fleet model.FleetName) rollout.Latencies {
	v, ok := m.fleets.Load(fleet)
	if !ok {
		return rollout.Latencies{}
	}
	return v.(*fleetMetrics).join.counted()
}

// Fault counts an API call that Greenroom answered with an error of this code, such as "not_found".
func (m *Metrics) Fault(code string) {
	v, ok := m.errors.Load(code)
	if !ok {
		v, _ = m.errors.LoadOrStore(code, m.cfg.Set.GetOrCreateCounter(fmt.Sprintf("greenroom_api_errors_total{code=%q}", code)))
	}
	v.(*metrics.Counter).Inc()
}

// Decided counts a decision of a fleet's keeper about so many servers, and whether it went well.
func (m *Metrics) Decided(fleet model.FleetName, verb plan.Verb, servers int, ok bool) {
	m.fleet(fleet).decide(verb, max(1, servers), ok)
}

// Became counts that a server of a fleet is in another state than before; ServerStateUnknown: it is new.
func (m *Metrics) Became(from model.ServerState, s model.Server) { m.fleet(s.Fleet).became(from, &s) }

func (m *Metrics) fleet(name model.FleetName) *fleetMetrics {
	if v, ok := m.fleets.Load(name); ok {
		return v.(*fleetMetrics)
	}
	v, _ := m.fleets.LoadOrStore(name, newFleetMetrics())
	return v.(*fleetMetrics)
}

func (m *Metrics) route(name model.RouteName) *routeMetrics {
	if v, ok := m.routes.Load(name); ok {
		return v.(*routeMetrics)
	}
	v, _ := m.routes.LoadOrStore(name, newRouteMetrics())
	return v.(*routeMetrics)
}
