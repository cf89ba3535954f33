package main

import (
	"context"
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/simulate"
)

// rivals are the settings that the own policy is held against: from too little to too much.
func rivals() (names []string) {
	for _, n := range []int{1, 2, 4, 8, 16, 32} {
		names = append(names, fmt.Sprintf("agones-buffer:%d", n))
	}
	for _, percent := range []int{10, 20, 30} {
		names = append(names, fmt.Sprintf("agones-buffer:%d%%", percent))
	}
	for _, target := range []float64{0.9, 0.8, 0.7, 0.6, 0.5} {
		names = append(names, fmt.Sprintf("hpa:%g", target))
	}
	return names
}

// atOnce is the name under which it is told what servers would cost that appear when somebody needs them and go when they
// are empty: what is left of the ratio then is spent on sessions that do not move, and no policy saves it.
const atOnce = "at once"

// runHouse runs all policies on a house's demand.
func runHouse(ctx context.Context, h house, in simulate.Input, o options) (*table, error) {
	s, err := simulate.New(ctx, in)
	if err != nil {
		return nil, err
	}
	t := &table{House: h.generator, Slots: in.Fleets[0].Spec.Capacity.Sessions}
	results := map[string]simulate.Result{}
	for _, name := range append([]string{simulate.Own, simulate.OwnMerged}, o.rivals...) {
		p, err := simulate.ParsePolicy(name)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		r, err := s.Run(ctx, p, nil)
		if err != nil {
			return nil, err
		}
		results[name] = r
		t.Rows = append(t.Rows, newRow(r, time.Since(began)))
	}
	if o.atOnce {
		floor, err := runAtOnce(ctx, in)
		if err != nil {
			return nil, err
		}
		floor.Bound = results[simulate.Own].Bound
		t.Rows = append(t.Rows, newRow(floor, 0))
	}
	if o.floors > 0 {
		if t.Floors, err = floors(s, o.floors); err != nil {
			fmt.Printf("%s: no floors: %s\n", h.generator, err)
		}
	}
	if o.plots != "" {
		return t, draw(o.plots, h, in, t, results)
	}
	return t, nil
}

// runAtOnce runs servers that boot in no time.
func runAtOnce(ctx context.Context, in simulate.Input) (simulate.Result, error) {
	in.Boot.Time = time.Millisecond
	in.Events = nil
	s, err := simulate.New(ctx, in)
	if err != nil {
		return simulate.Result{}, err
	}
	return s.Run(ctx, simulate.Policy{Name: atOnce, Spec: &model.FleetSpec{
		Scaling:      model.Scaling{Policies: []model.Policy{{Buffer: &model.BufferPolicy{}}}},
		ScaleInAfter: time.Nanosecond,
	}}, nil)
}
