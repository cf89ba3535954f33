package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/nearest"
	"greenroom.dev/greenroom/internal/trace"
)

// Input is what a simulation plays.
type Input struct {
	Fleets []model.Fleet
	Routes []model.Route
	Events []model.Event
	Trace  trace.Trace
	Seed   uint64
	Boot   Boot
	// Tick is how often the keeper looks at a fleet while no join waits: keeper.SlowTick to MaxTick; 0: DefaultTick.
	Tick time.Duration
	// LeadIn is how long the trace's first minutes are repeated before it, so that it begins in a house that is as full as
	// it would be: whole steps, up to MaxLeadIn; negative: none; 0: DefaultLeadIn. Nothing of it is counted.
	LeadIn time.Duration
}

// Bounds and defaults of a simulation.
const (
	MaxSpan       = 31 * 24 * time.Hour
	MaxJoins      = 20_000_000 // in a trace
	MaxFleets     = 200
	DefaultTick   = time.Second
	MinTick       = 100 * time.Millisecond
	MaxTick       = time.Minute
	DefaultLeadIn = 2 * time.Hour
	MaxLeadIn     = 24 * time.Hour
	DefaultBoot   = 30 * time.Second
	MaxBoot       = time.Hour
	MaxFailures   = 0.9
)

// withDefaults checks the input and fills in what is 0. Fleets and routes come by name afterwards. What is wrong is said in
// a sentence.
func (in Input) withDefaults() (Input, error) {
	if in.Tick == 0 {
		in.Tick = DefaultTick
	}
	if in.LeadIn == 0 {
		in.LeadIn = DefaultLeadIn
	}
	in.LeadIn = max(0, in.LeadIn)
	if in.Boot.Time == 0 {
		in.Boot.Time = DefaultBoot
	}
	if err := in.checkNumbers(); err != nil {
		return Input{}, err
	}
	if err := in.specs(); err != nil {
		return Input{}, err
	}
	return in, in.checkTrace()
}

func (in *Input) checkNumbers() error {
	switch {
	case in.Tick < MinTick || in.Tick > MaxTick:
		return fmt.Errorf("a tick of %s: it is from %s to %s", in.Tick, MinTick, MaxTick)
	case in.LeadIn > MaxLeadIn:
		return fmt.Errorf("a lead-in of %s: it is at most %s", in.LeadIn, MaxLeadIn)
	case in.Boot.Time < 0 || in.Boot.Time > MaxBoot:
		return fmt.Errorf("servers that boot for %s: it is from 0 to %s", in.Boot.Time, MaxBoot)
	case in.Boot.Jitter < 0 || in.Boot.Jitter > MaxBoot:
		return fmt.Errorf("servers that boot for up to %s longer: it is from 0 to %s", in.Boot.Jitter, MaxBoot)
	case !(in.Boot.Failures >= 0 && in.Boot.Failures <= MaxFailures):
		return fmt.Errorf("a share of %v of the starts that fail: it is from 0 to %v", in.Boot.Failures, MaxFailures)
	}
	return nil
}

// specs fills fleets and routes in and checks that they fit together.
func (in *Input) specs() error {
	if len(in.Fleets) == 0 {
		return errors.New("there is no fleet: give a file with at least one fleet and a route to it")
	}
	if len(in.Fleets) > MaxFleets {
		return fmt.Errorf("%d fleets: at most %d are simulated", len(in.Fleets), MaxFleets)
	}
	in.Fleets, in.Routes = slices.Clone(in.Fleets), slices.Clone(in.Routes)
	known := map[model.FleetName]bool{}
	currency := ""
	for i := range in.Fleets {
		f := &in.Fleets[i]
		f.Spec = f.Spec.WithDefaults()
		f.Generation = max(1, f.Generation)
		known[f.Name] = true
		c := f.Spec.Price.Currency
		if c != "" && currency != "" && c != currency {
			return fmt.Errorf("fleet %s has its price in %s, another in %s: give all prices in one currency", f.Name, c, currency)
		}
		currency = max(currency, c)
	}
	used := map[model.FleetName]bool{}
	for i := range in.Routes {
		r := &in.Routes[i]
		*r = r.WithDefaults()
		for _, w := range r.Fleets {
			if !known[w.Fleet] {
				return fmt.Errorf("route %s leads to fleet %s, which is not there: put it into the file", r.Name, w.Fleet)
			}
			used[w.Fleet] = used[w.Fleet] || w.Weight > 0
		}
	}
	for i := range in.Fleets {
		if name := in.Fleets[i].Name; !used[name] {
			return fmt.Errorf("fleet %s has no route: nobody could join it; give it one, or leave it out", name)
		}
	}
	slices.SortFunc(in.Fleets, func(a, b model.Fleet) int { return compare(a.Name, b.Name) })
	slices.SortFunc(in.Routes, func(a, b model.Route) int { return compare(a.Name, b.Name) })
	return nil
}

func compareRefs(a, b model.SessionRef) int {
	return cmp.Or(compare(a.Route, b.Route), compare(a.Key, b.Key))
}

func compare[T ~string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (in *Input) checkTrace() error {
	t := &in.Trace
	if err := t.Check(); err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	if len(t.Rows) == 0 {
		return errors.New("the trace has no row: there is nothing to play")
	}
	if span := t.End().Sub(t.Start); span > MaxSpan {
		return fmt.Errorf("the trace lasts %s: at most %s are simulated; cut it", span, MaxSpan)
	}
	names := map[model.RouteName]bool{}
	for _, r := range in.Routes {
		names[r.Name] = true
	}
	joins := 0
	for i := range t.Rows {
		r := &t.Rows[i]
		if joins += r.Joins; joins > MaxJoins {
			return fmt.Errorf("the trace has more than %d joins: at most so many are simulated; cut it", MaxJoins)
		}
		if !names[r.Route] {
			return &UnknownRouteError{Route: r.Route, Row: i, At: r.At, Routes: in.routeNames()}
		}
	}
	return nil
}

func (in *Input) routeNames() (names []string) {
	for _, r := range in.Routes {
		names = append(names, string(r.Name))
	}
	return names
}

// leadSteps is the lead-in in steps of the trace.
func (in *Input) leadSteps() int { return int(in.LeadIn / in.Trace.Step) }

// seats are those of the smallest sessions behind each route.
func (in *Input) seats() map[model.RouteName]int {
	size := map[model.FleetName]int{}
	for _, f := range in.Fleets {
		size[f.Name] = f.Spec.Capacity.SeatsPerSession
	}
	out := map[model.RouteName]int{}
	for _, r := range in.Routes {
		for _, x := range r.Fleets {
			if n := size[x.Fleet]; x.Weight > 0 && (out[r.Name] == 0 || n < out[r.Name]) {
				out[r.Name] = n
			}
		}
	}
	return out
}

// UnknownRouteError is a trace that joins a route which is not there.
type UnknownRouteError struct {
	Route  model.RouteName
	Row    int // of the trace, from 0
	At     time.Time
	Routes []string // that there are
}

// Error says which are there.
func (e *UnknownRouteError) Error() string {
	return fmt.Sprintf("the trace at %s: %s", e.At.Format(time.RFC3339), e.sentence())
}

func (e *UnknownRouteError) sentence() string {
	if len(e.Routes) == 0 {
		return fmt.Sprintf("there is no route %q, nor any other: put one into the file with the fleets", e.Route)
	}
	return fmt.Sprintf("there is no route %q%s; there are %s",
		e.Route, nearest.DidYouMean(string(e.Route), e.Routes), strings.Join(e.Routes, ", "))
}
