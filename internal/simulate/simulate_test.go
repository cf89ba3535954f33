package simulate

import (
	"context"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/trace"
)

// house is a fleet for voice parties with a route to it.
func house(change func(*model.FleetSpec)) Input {
	f := model.Fleet{Name: "rooms", Spec: model.FleetSpec{
		Capacity: model.Capacity{Sessions: 50, SeatsPerSession: 8}, Max: 2000, Min: 2, Open: 40,
		Price: model.Price{PerServerHour: 0.1},
	}}
	if change != nil {
		change(&f.Spec)
	}
	return Input{
		Fleets: []model.Fleet{f}, Seed: 1, Boot: Boot{Time: 30 * time.Second, Jitter: 10 * time.Second},
		Routes: []model.Route{{Name: "voice", Fleets: []model.FleetWeight{{Fleet: "rooms", Weight: model.Whole}}}},
	}
}

func generated(t testing.TB, name string, o trace.Options) trace.Trace {
	t.Helper()
	g, err := trace.Generate(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return g.Trace
}

func run(t testing.TB, in Input, policy string) Result {
	t.Helper()
	p, err := ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(context.Background(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestX(t *testing.T) {
	in := house(nil)
	in.Trace = generated(t, "voice-day", trace.Options{Seed: 1})
	for _, p := range []string{"own", "agones-buffer:3", "hpa:0.7"} {
		start := time.Now()
		r := run(t, in, p)
		r.Points = nil
		t.Logf("%v ratio %.3f %+v", time.Since(start), r.Ratio(), r)
	}
}
