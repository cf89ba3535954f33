package rollout

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"greenroom.dev/greenroom/internal/model"
)

// story is one rollout from fleet old to fleet new, on a route whose weights are as its last move left them.
type story struct {
	at time.Duration // since noon
	in Input
}

func noon() time.Time { return time.Date(2026, 12, 5, 12, 0, 0, 0, time.UTC) }

// TestStories plays the files of testdata:
//
//	begin route=old:700000,third:300000 steps=100000/1m,1000000/1m [gates=reconnects,…] [pause] [patience=5m] [drain]
//	look [after=1m] [to=BAD/ALL] [from=BAD/ALL] [slow=N] [crashes=N] [open=N] [value=V|none] [counted=12:03]
//	pause | resume | promote [to=PPM] | rollback [drain] | restart
//	route WEIGHTS            somebody else changes the route
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &story{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return s.do(t, d) })
	})
}

func (s *story) do(t *testing.T, d *datadriven.TestData) string {
	var after string
	d.MaybeScanArgs(t, "after", &after)
	if step, err := time.ParseDuration(after); err == nil {
		s.at += step
	}
	s.in.Now = noon().Add(s.at)
	switch d.Cmd {
	case "begin":
		return s.begin(t, d)
	case "route":
		s.in.Route.Fleets = parseWeights(d.CmdArgs[0].Key)
		s.in.Route.Generation++
		return fmt.Sprintf("generation %d\n", s.in.Route.Generation)
	case "restart":
		s.in.Since, s.in.Samples = s.in.Now, make([]Sample, len(s.in.Spec.Gates))
		return "counting anew\n"
	case "look":
		s.samples(t, d)
		return s.look()
	case "pause":
		next, err := Pause(s.in, "asked for", "ann")
		return s.take(next, nil, err)
	case "resume":
		next, err := Resume(s.in, "ann")
		return s.take(next, nil, err)
	case "promote":
		weight := 0
		d.MaybeScanArgs(t, "to", &weight)
		next, weights, err := Promote(s.in, model.PPM(weight), "ann")
		return s.take(next, weights, err)
	case "rollback":
		next, weights, changed := Rollback(s.in, d.HasArg("drain"), "black screens", "ann")
		if !changed {
			return "nothing to do\n"
		}
		return s.take(next, weights, nil)
	}
	t.Fatalf("unknown command %s", d.Cmd)
	return ""
}

func (s *story) begin(t *testing.T, d *datadriven.TestData) string {
	spec := model.RolloutSpec{Route: "plaza", To: "new", Pause: d.HasArg("pause"), DrainBack: d.HasArg("drain")}
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "route":
			s.in.Route = model.Route{Name: "plaza", Fleets: parseWeights(strings.Join(a.Vals, ",")), Generation: 7}
		case "steps":
			for _, v := range a.Vals {
				weight, hold, _ := strings.Cut(v, "/")
				w, err := strconv.Atoi(weight)
				h, err2 := time.ParseDuration(hold)
				if err != nil || err2 != nil {
					t.Fatal(err, err2)
				}
				spec.Steps = append(spec.Steps, model.RolloutStep{Weight: model.PPM(w), Hold: h})
			}
		case "gates":
			for _, v := range a.Vals {
				spec.Gates = append(spec.Gates, gateOf(v))
			}
		case "patience":
			spec.Patience, _ = time.ParseDuration(a.Vals[0])
		}
	}
	s.at, s.in.Now, s.in.Since = 0, noon(), time.Time{}
	s.in.Spec = spec.WithDefaults()
	s.in.Samples = make([]Sample, len(s.in.Spec.Gates))
	state, err := Begin(s.in.Spec, s.in.Route, s.in.Now)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	s.in.State = state
	return s.look()
}

func gateOf(kind string) model.Gate {
	most := 10.0
	return map[string]model.Gate{
		"connect-errors": {ConnectErrors: &model.RatioGate{}},
		"reconnects":     {Reconnects: &model.RatioGate{}},
		"join-latency":   {JoinLatency: &model.LatencyGate{}},
		"crashes":        {Crashes: &model.CrashGate{}},
		"prometheus":     {Prometheus: &model.PrometheusGate{Max: &most, MaxRatio: 2}},
		"max":            {Name: "max", ConnectErrors: &model.RatioGate{Max: 0.02, MaxMore: 1}},
	}[kind]
}

func parseWeights(text string) (out []model.FleetWeight) {
	for _, part := range strings.Split(text, ",") {
		name, weight, _ := strings.Cut(part, ":")
		n, err := strconv.Atoi(weight)
		if err != nil {
			panic(err)
		}
		out = append(out, model.FleetWeight{Fleet: model.FleetName(name), Weight: model.PPM(n)})
	}
	return out
}

// samples gives every gate the same counts.
func (s *story) samples(t *testing.T, d *datadriven.TestData) {
	side := func(arg string) (f Figures) {
		var counts, value string
		d.MaybeScanArgs(t, arg, &counts)
		if bad, all, ok := strings.Cut(counts, "/"); ok {
			f.Bad, _ = strconv.ParseUint(bad, 10, 64)
			f.All, _ = strconv.ParseUint(all, 10, 64)
		}
		bounds := []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond}
		f.Joins = Latencies{Bounds: bounds, Counts: []uint64{f.All - f.Bad, 0, f.Bad, 0}}
		f.Earlier = arg == "from" && d.HasArg("earlier")
		d.MaybeScanArgs(t, arg+"-value", &value)
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			f.Value = &v
		} else {
			f.Problem = "the answer is empty"
		}
		return f
	}
	one := Sample{To: side("to"), From: side("from")}
	d.MaybeScanArgs(t, "crashes", &one.To.Crashes)
	d.MaybeScanArgs(t, "open", &one.To.Open)
	for i := range s.in.Samples {
		s.in.Samples[i] = one
	}
}

// look decides, prints what follows, and writes it as the store does.
func (s *story) look() string {
	view, out := Look(s.in), Decide(s.in)
	var b strings.Builder
	for _, g := range view.Gates {
		fmt.Fprintf(&b, "%s %s: %s\n", g.Name, g.Verdict, g.Sentence)
	}
	if out.State != nil {
		b.WriteString(s.take(out.State, out.Weights, nil))
		return b.String()
	}
	return b.String() + string(s.in.State.Phase) + ": " + view.Sentence + "\n"
}

// take writes a state and weights, as the store does.
func (s *story) take(next *model.RolloutState, weights []model.FleetWeight, err error) string {
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	if next.StepSince != s.in.State.StepSince { // another step is counted anew
		s.in.Samples, s.in.Since = make([]Sample, len(s.in.Spec.Gates)), next.StepSince
	}
	if next.Serial != s.in.State.Serial+1 {
		panic("serial")
	}
	if weights != nil {
		s.in.Route.Fleets = weights
		s.in.Route.Generation++
		next.RouteGeneration, next.Weights = s.in.Route.Generation, weights
	}
	s.in.State = *next
	move := next.LastMove()
	return fmt.Sprintf("%s by %s: %s\n%s: %s\nroute %s\n", move.What, move.Actor, move.Reason, next.Phase, Look(s.in).Sentence, Weights(s.in.Route.Fleets))
}
