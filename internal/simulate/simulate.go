// Package simulate owns the control plane on a virtual clock: the real router, keeper, hand-over, registry and decisions,
// with a virtual provider, virtual servers and virtual players, in one goroutine and from one seed. It says what a day of
// demand would have cost under a policy, and what its players would have waited. docs/SIMULATE.md says what is real in it
// and what is not.
//
// A Loop (loop.go) has the clock and calls everything that happens in order; a World (world.go) is what happens. The same
// input gives the same run, which the hash in its Result shows.
package simulate

import (
	"context"
	"fmt"
	"time"
)

// Result is what a policy did.
type Result struct {
	Policy      string
	From        time.Time // what is counted begins with the trace
	Until       time.Time // and ends with it, or where the simulation was stopped
	Bound       float64   // server-hours: the least anybody could have spent on this demand (internal/decide/bound)
	Hours       float64   // of servers, from their start to their end
	IdleHours   float64   // of them, without a session: the sum of the next three
	BootHours   float64   // of them, until servers were ready
	UnusedHours float64   // from then until their first session, or their end
	EmptyHours  float64   // after a session, with none: kept free for more, or about to go
	SpreadHours float64   // not of the idle ones: with sessions that would have filled fewer servers, had they been moved
	Currency    string    // "": no fleet has a price
	Cost        float64
	PlayerHours float64 // of players who were inside
	Joins       uint64
	Waited      uint64        // joins that were not answered at once
	Failed      uint64        // that got no seat
	Cut         uint64        // players whose session was ended under them
	Sessions    uint64        // that began
	Moved       uint64        // that were handed over
	P50, P99    time.Duration // of the joins' waits, those that did not wait and those that failed among them
	Longest     time.Duration
	Peak        int // servers at once, of the points
	Hash        uint64
	Happened    uint64 // events on the virtual clock
	Points      []Point
}

// GCPercent is what whoever runs long simulations in a process of its own sets its collector to: what a simulation throws
// away is much beside what it keeps, and collecting it less often saves a sixth of the time.
const GCPercent = 400

// MaxPoints bounds the points of a result.
const MaxPoints = 1500

// Simulation is a demand and the fleets that are to meet it. It may be run under several policies, one after the other.
type Simulation struct {
	in   Input
	need *need
}

// New checks the input and works out what its demand needs, which takes about a second for a million joins. Errors are about
// the input, in a sentence, or ctx's.
func New(ctx context.Context, in Input) (*Simulation, error) {
	in, err := in.withDefaults()
	if err != nil {
		return nil, err
	}
	n, err := newNeed(ctx, &in)
	if err != nil {
		return nil, err
	}
	return &Simulation{in: in, need: n}, nil
}

// Run plays the demand under a policy. progress, if it is not nil, is told now and then how much of it is done, from 0 to
// 1. When ctx ends, the result up to there is answered with ctx's error. Any other error is a mistake of the simulation.
func (s *Simulation) Run(ctx context.Context, p Policy, progress func(float64)) (Result, error) {
	w := newWorld(&s.in, p)
	err := w.play(ctx, progress)
	r := w.result(p, s.need)
	if err == nil && w.broken != nil {
		err = fmt.Errorf("simulate %s: %w", p.Name, w.broken)
	}
	return r, err
}

// play runs the loop: the lead-in, then the trace.
func (w *World) play(ctx context.Context, progress func(float64)) error {
	start, end := w.in.Trace.Start, w.in.Trace.End()
	from := w.loop.Now()
	tell := func() {
		if progress != nil {
			progress(min(1, w.loop.Now().Sub(from).Seconds()/end.Sub(from).Seconds()))
		}
	}
	run := func(until time.Time) error {
		for w.broken == nil && w.loop.Now().Before(until) {
			next := w.loop.Now().Add(5 * time.Minute)
			if next.After(until) {
				next = until
			}
			if err := w.loop.Run(ctx, next); err != nil {
				return err
			}
			tell()
		}
		return nil
	}
	if err := run(start); err != nil {
		return err
	}
	w.begin()
	return run(end)
}

// result says what happened from the beginning of the trace until now.
func (w *World) result(p Policy, n *need) Result {
	now := w.loop.Now()
	for _, s := range w.machine.order {
		w.pay(s)
	}
	m := w.meter
	m.count(now, 0)
	r := Result{
		Policy: p.Name, From: w.in.Trace.Start, Until: now, PlayerHours: m.playerSeconds / 3600,
		Joins: m.joins, Waited: m.waited, Failed: m.failures, Cut: m.cut, Moved: m.moved,
		P50: m.quantile(0.5), P99: m.quantile(0.99), Longest: m.quantile(1),
		Hash: w.loop.Hash(), Happened: w.loop.Done(), Points: m.points,
	}
	if !m.on {
		return r
	}
	for _, f := range w.order {
		if paid := m.servers[f.Name]; paid != nil {
			r.Hours += paid.seconds / 3600
			paid.settle(now, max(1, f.Spec.Capacity.Sessions))
			r.BootHours += paid.booting / 3600
			r.UnusedHours += paid.unused / 3600
			r.EmptyHours += paid.emptied / 3600
			r.SpreadHours += paid.spread / 3600
			r.Cost += paid.seconds / 3600 * f.Spec.Price.PerServerHour
		}
		if f.Spec.Price.PerServerHour > 0 {
			r.Currency = f.Spec.Price.Currency
		}
	}
	r.IdleHours = r.BootHours + r.UnusedHours + r.EmptyHours
	r.Sessions = w.begun() - w.begunBefore
	r.Bound = n.least(r.From, now, m.present)
	cursor := make([]int, len(n.groups))
	for i := range r.Points {
		r.Points[i].Needed = n.at(r.Points[i].At, cursor)
		r.Peak = max(r.Peak, r.Points[i].Servers)
	}
	return r
}

// Ratio is what was spent for each server-hour that nobody could have saved; 0 when there was none.
func (r *Result) Ratio() float64 {
	if r.Bound == 0 {
		return 0
	}
	return r.Hours / r.Bound
}

// CostPerPlayerHour is 0 without players.
func (r *Result) CostPerPlayerHour() float64 {
	if r.PlayerHours == 0 {
		return 0
	}
	return r.Cost / r.PlayerHours
}
