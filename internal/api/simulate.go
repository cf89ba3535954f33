package api

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/manifest"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/simulate"
	"greenroom.dev/greenroom/internal/trace"
)

// progressEvery is the least progress of a simulation that is told.
const progressEvery = 0.01

type simulations struct{ *API }

var _ greenroomv1connect.SimulateServiceHandler = simulations{}

// Simulate implements SimulateService. It works in the caller's goroutine, which is one processor's work, and ends with the
// call.
func (s simulations) Simulate(ctx context.Context, r *greenroomv1.SimulateRequest, stream greenroomv1connect.SimulateServiceSimulateServerStream) error {
	select {
	case s.simulating <- struct{}{}:
		defer func() { <-s.simulating }()
	default:
		return connect.NewError(connect.CodeResourceExhausted, "another simulation is running; try again when it is done")
	}
	in, policies, err := s.simulation(ctx, r)
	if err != nil {
		return err
	}
	prepared, err := simulate.New(ctx, in)
	if err != nil {
		return s.badDemand(ctx, r, err)
	}
	told := 0.0
	for i, p := range policies {
		var gone error
		ctx, stop := context.WithCancel(ctx)
		result, err := prepared.Run(ctx, p, func(done float64) {
			progress := (float64(i) + done) / float64(len(policies))
			if progress-told < progressEvery {
				return
			}
			told = progress
			if gone = stream.Send(&greenroomv1.SimulateResponse{Progress: progress}); gone != nil {
				stop()
			}
		})
		stop()
		switch {
		case gone != nil:
			return gone
		case err != nil:
			return err
		}
		answer := &greenroomv1.SimulateResponse{Progress: float64(i+1) / float64(len(policies)), Result: result.Proto()}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
	return nil
}

// simulation is what a request asks to be played, and under which policies.
func (s simulations) simulation(ctx context.Context, r *greenroomv1.SimulateRequest) (in simulate.Input, policies []simulate.Policy, err error) {
	in.Seed = r.GetSeed()
	in.Boot = simulate.Boot{Time: r.GetBoot().AsDuration(), Jitter: r.GetBootJitter().AsDuration(), Failures: r.GetBootFailures()}
	refuse := func(path string, err error) error {
		return badRequest(r, []rules.Violation{{Path: path, Sentence: err.Error()}})
	}
	if r.GetManifest() == "" {
		s.presentHouse(&in)
	} else {
		objects, err := manifest.Parse("manifest", []byte(r.GetManifest()), s.cfg.Rules)
		if err != nil {
			return in, nil, refuse("manifest", err)
		}
		in.Add(objects)
	}
	names := r.GetPolicies()
	if len(names) == 0 {
		names = []string{simulate.Own}
	}
	for _, name := range names {
		p, err := simulate.ParsePolicy(name)
		if err != nil {
			return in, nil, refuse("policies", err)
		}
		policies = append(policies, p)
	}
	switch demand := r.GetDemand().(type) {
	case *greenroomv1.SimulateRequest_TraceCsv:
		if in.Trace, err = trace.Read(bytes.NewReader(demand.TraceCsv)); err != nil {
			return in, nil, refuse("trace_csv", err)
		}
	case *greenroomv1.SimulateRequest_Generator:
		made, err := trace.Generate(demand.Generator, trace.Options{Seed: r.GetSeed()})
		if err != nil {
			return in, nil, refuse("generator", err)
		}
		in.Adopt(made)
	case *greenroomv1.SimulateRequest_Recorded:
		if in.Trace, err = s.recorded(ctx, demand.Recorded); err != nil {
			return in, nil, err
		}
	}
	return in, policies, nil
}

// presentHouse takes the fleets that are there and have a route, with their routes and events.
func (s simulations) presentHouse(in *simulate.Input) {
	specs := s.cfg.Specs.Specs()
	used := map[model.FleetName]bool{}
	for _, name := range slices.Sorted(maps.Keys(specs.Routes)) {
		route := specs.Routes[name]
		in.Routes = append(in.Routes, route)
		for _, w := range route.Fleets {
			used[w.Fleet] = used[w.Fleet] || w.Weight > 0
		}
	}
	for _, f := range specs.Fleets {
		if used[f.Name] {
			in.Fleets = append(in.Fleets, f)
		}
	}
	in.Events = slices.Clone(specs.Events)
}

// recorded is what players did in a span of the past; by default, of the last day.
func (s simulations) recorded(ctx context.Context, r *greenroomv1.RecordedDemand) (trace.Trace, error) {
	since, until, err := s.span(r, 24*time.Hour, simulate.MaxSpan)
	if err != nil {
		return trace.Trace{}, err
	}
	t, err := s.cfg.History.Trace(ctx, since, until, nil)
	if err == nil && len(t.Rows) == 0 {
		err = connect.Errorf(connect.CodeFailedPrecondition, "nothing was recorded between %s and %s; simulate another time, a generated demand or a trace file",
			since.Format(time.RFC3339), until.Format(time.RFC3339))
	}
	return t, err
}

// badDemand is what to answer when fleets and demand do not fit together; in a trace file, with its line.
func (s simulations) badDemand(ctx context.Context, r *greenroomv1.SimulateRequest, err error) error {
	if ctx.Err() != nil {
		return err
	}
	path := "manifest"
	if csv := r.GetTraceCsv(); csv != nil {
		if at := simulate.Locate(csv, err); at != err {
			path, err = "trace_csv", at
		}
	}
	return badRequest(r, []rules.Violation{{Path: path, Sentence: err.Error()}})
}
