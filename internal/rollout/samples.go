package rollout

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	decide "greenroom.dev/greenroom/internal/decide/rollout"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

const (
	// pointsPerWindow is how finely the past is kept for gates with a window of their own: so many counts over the longest.
	pointsPerWindow = 120
	// queryEvery is the least time between two queries of one gate, and queryTime what an answer may take.
	queryEvery = 5 * time.Second
	queryTime  = 2 * time.Second
)

// counting is what is counted for one rollout in its present step.
type counting struct {
	step    time.Time // when the step began
	since   time.Time // when the counting did
	points  []point   // the first is the start, then oldest first
	earlier []decide.Figures
	answers []answer
	samples []decide.Sample // newest, one for each gate
}

// point is what both fleets had done by a moment.
type point struct {
	at       time.Time
	to, from counters
}

type counters struct {
	registry.Counters
	joins decide.Latencies
}

// answer is what Prometheus last said to a gate.
type answer struct {
	at       time.Time
	to, from decide.Figures
}

// input is what there is to decide about a rollout.
func (s *Service) input(r model.Rollout, route model.Route) decide.Input {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := decide.Input{Now: s.cfg.Now(), Spec: r.Spec, State: r.State, Route: route}
	if c := s.counts[r.Name]; c != nil && c.step.Equal(r.State.StepSince) && len(c.samples) == len(r.Spec.Gates) {
		in.Since, in.Samples = c.since, c.samples
	}
	return in
}

// forget drops what was counted for rollouts that are not among these.
func (s *Service) forget(active []model.Rollout) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := make(map[model.RolloutName]*counting, len(active))
	for _, r := range active {
		if c := s.counts[r.Name]; c != nil {
			keep[r.Name] = c
		}
	}
	s.counts = keep
}

// sample counts for a rollout. Only Tick calls it.
func (s *Service) sample(ctx context.Context, r model.Rollout, tally registry.Tally) {
	now := s.cfg.Now()
	of := func(f model.FleetName) counters { return counters{tally.Fleets[f], s.cfg.Joins(f)} }
	p := point{at: now, to: of(r.Spec.To), from: of(r.State.From)}
	s.mu.Lock()
	c := s.counts[r.Name]
	s.mu.Unlock()
	if c == nil || !c.step.Equal(r.State.StepSince) || len(c.answers) != len(r.Spec.Gates) {
		c = s.recount(c, r, p)
	}
	next := *c
	next.points = thin(append(append([]point(nil), c.points...), p), longest(r.Spec.Gates))
	next.answers = s.ask(ctx, r, &next, now)
	next.samples = make([]decide.Sample, len(r.Spec.Gates))
	next.earlier = append([]decide.Figures(nil), c.earlier...)
	for i := range r.Spec.Gates {
		next.samples[i] = s.sampleGate(&r.Spec.Gates[i], r, &next, p, i)
		next.remember(&r.Spec.Gates[i], i)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[r.Name] = &next
}

// recount begins to count a step. What came before this Service is not known to it.
func (s *Service) recount(before *counting, r model.Rollout, p point) *counting {
	c := &counting{step: r.State.StepSince, since: r.State.StepSince, points: []point{p}}
	if c.since.Before(s.began) {
		c.since = p.at
	}
	c.answers = make([]answer, len(r.Spec.Gates))
	c.earlier = make([]decide.Figures, len(r.Spec.Gates))
	if before != nil && len(before.earlier) == len(c.earlier) {
		copy(c.earlier, before.earlier)
	}
	return c
}

// sampleGate takes the differences between now and the beginning of the gate's window.
func (s *Service) sampleGate(g *model.Gate, r model.Rollout, c *counting, now point, i int) decide.Sample {
	then := c.points[0]
	if g.Window > 0 {
		for _, p := range c.points[1:] {
			if p.at.After(now.at.Add(-g.Window)) {
				break
			}
			then = p
		}
	}
	if g.Prometheus != nil {
		return decide.Sample{To: c.answers[i].to, From: c.answers[i].from}
	}
	out := decide.Sample{To: figures(g, now.to, then.to), From: figures(g, now.from, then.from)}
	out.To.Open, out.From.Open = s.cfg.Open(r.Spec.To), s.cfg.Open(r.State.From)
	if least := uint64(g.MinSamples); g.Crashes == nil && count(out.From) < least && count(c.earlier[i]) >= least {
		out.From = c.earlier[i]
		out.From.Earlier = true
	}
	return out
}

// remember keeps From's figures of this step while there are enough, for steps in which it gets no sessions any more.
func (c *counting) remember(g *model.Gate, i int) {
	if from := c.samples[i].From; !from.Earlier && count(from) >= uint64(g.MinSamples) {
		c.earlier[i] = from
	}
}

func count(f decide.Figures) uint64 { return max(f.All, f.Joins.Total()) }

// figures is what a fleet did between two counts, as a gate looks at it.
func figures(g *model.Gate, now, then counters) decide.Figures {
	a, b := now.Connections, then.Connections
	switch {
	case g.ConnectErrors != nil:
		bad := since(a.Refused, b.Refused) + since(now.SeatsExpired, then.SeatsExpired)
		return decide.Figures{Bad: bad, All: bad + since(a.Admitted, b.Admitted)}
	case g.Reconnects != nil:
		lost, all := since(a.Lost, b.Lost), since(a.Admitted, b.Admitted)+since(a.Resumed, b.Resumed)
		return decide.Figures{Bad: min(lost, all), All: all} // a connection of before the step may be lost within it
	case g.JoinLatency != nil:
		return decide.Figures{Joins: now.joins.Since(then.joins)}
	case g.Crashes != nil:
		return decide.Figures{Crashes: since(now.Crashes, then.Crashes)}
	}
	return decide.Figures{}
}

func since(now, then uint64) uint64 { return now - min(now, then) }

// thin keeps the start and as many of the newer points as the longest window needs.
func thin(points []point, window time.Duration) []point {
	newest := points[len(points)-1]
	kept := points[:1]
	for _, p := range points[1:] {
		last := kept[len(kept)-1]
		if window > 0 && p.at.Sub(last.at) >= window/pointsPerWindow && newest.at.Sub(p.at) <= window+2*window/pointsPerWindow {
			kept = append(kept, p)
		}
	}
	return kept
}

func longest(gates []model.Gate) (d time.Duration) {
	for _, g := range gates {
		d = max(d, g.Window)
	}
	return d
}

// ask asks Prometheus for the gates whose answers are old, all at once.
func (s *Service) ask(ctx context.Context, r model.Rollout, c *counting, now time.Time) []answer {
	out := append([]answer(nil), c.answers...)
	hold := r.Spec.Steps[min(r.State.Step, len(r.Spec.Steps)-1)].Hold
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	var asked sync.WaitGroup
	for i, g := range r.Spec.Gates {
		if g.Prometheus == nil || now.Sub(out[i].at) < min(queryEvery, hold/5) {
			continue
		}
		out[i].at = now
		window := g.Window
		if window == 0 {
			window = max(time.Second, now.Sub(c.since))
		}
		asked.Go(func() { out[i].to = s.query(ctx, g.Prometheus, r.Spec.To, window) })
		if g.Prometheus.MaxRatio > 0 {
			asked.Go(func() { out[i].from = s.query(ctx, g.Prometheus, r.State.From, window) })
		}
	}
	asked.Wait()
	return out
}

func (s *Service) query(ctx context.Context, g *model.PrometheusGate, fleet model.FleetName, window time.Duration) decide.Figures {
	text := strings.NewReplacer("$fleet", string(fleet), "$window", fmt.Sprintf("%ds", int(window.Seconds()))).Replace(g.Query)
	v, err := s.cfg.Query(ctx, g.URL, text)
	if err != nil {
		return decide.Figures{Problem: err.Error()}
	}
	return decide.Figures{Value: &v}
}
