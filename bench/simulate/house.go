package main

import (
	"os"
	"path/filepath"
	"time"

	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/manifest"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/simulate"
	"greenroom.dev/greenroom/internal/trace"
)

// house is a demand and the fleets that are to meet it.
type house struct {
	generator string
	scale     int
	fleets    string // file
}

func houses() []house {
	return []house{
		{"voice-day", 20_000, "voice.yaml"},
		{"flash-crowd", 1_200, "voice.yaml"},
		{"big-event", 20_000, "space.yaml"},
	}
}

// variation is what is tried beside the houses as they are.
type variation struct {
	seed   uint64
	scale  float64
	slots  int
	spread float64
	boot   time.Duration
}

// input makes the demand and reads the fleets.
func (h house) input(folder string, v variation) (simulate.Input, error) {
	made, err := trace.Generate(h.generator, trace.Options{Seed: v.seed, Scale: max(1, int(float64(h.scale)*v.scale))})
	if err != nil {
		return simulate.Input{}, err
	}
	if v.spread > 0 {
		for i := range made.Trace.Rows {
			made.Trace.Rows[i].Spread = v.spread
		}
	}
	in := simulate.Input{Trace: made.Trace, Events: made.Events, Seed: v.seed, Boot: simulate.Boot{Time: v.boot}}
	file := filepath.Join(folder, h.fleets)
	text, err := os.ReadFile(file)
	if err != nil {
		return simulate.Input{}, err
	}
	check, err := rules.New()
	if err != nil {
		return simulate.Input{}, err
	}
	objects, err := manifest.Parse(file, text, check)
	if err != nil {
		return simulate.Input{}, err
	}
	for _, f := range manifest.Fleets(objects) {
		fleet := convert.FleetModel(f)
		if v.slots > 0 {
			fleet.Spec.Capacity.Sessions = v.slots
		}
		fleet.Spec.StartTimeout = max(model.DefaultStartTimeout, 2*v.boot) // a server that boots for longer is given up
		in.Fleets = append(in.Fleets, fleet)
	}
	for _, r := range manifest.Routes(objects) {
		in.Routes = append(in.Routes, convert.RouteModel(r))
	}
	return in, nil
}
