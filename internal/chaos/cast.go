package chaos

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// The fleets and routes that a world begins with. Times are short, so that everything that takes time happens within it.
const (
	doubtAfter   = 4 * time.Second
	startTimeout = 12 * time.Second
	scaleInAfter = 15 * time.Second
	drainWait    = 2 * time.Second
	drainDead    = 15 * time.Second
	maxWait      = 6 * time.Second
)

func fleets() []model.Fleet {
	kinds := []struct {
		name           model.FleetName
		least, most    int
		sessions, each int
	}{{"amber", 22, 30, 4, 6}, {"basil", 16, 24, 4, 6}, {"coral", 12, 20, 2, 8}}
	var out []model.Fleet
	for _, k := range kinds {
		spec := model.FleetSpec{
			Capacity: model.Capacity{Sessions: k.sessions, SeatsPerSession: k.each, Seats: k.sessions * k.each},
			Min:      k.least, Max: k.most, Ready: 1, Open: 3 * k.sessions, DoubtAfter: doubtAfter, StartTimeout: startTimeout,
			ScaleInAfter: scaleInAfter, Drain: model.DrainPolicy{Wait: drainWait, Deadline: drainDead},
		}
		out = append(out, model.Fleet{Name: k.name, Spec: spec.WithDefaults(), Generation: 1, Revision: 1, CreatedAt: begins})
	}
	return out
}

func routes() []model.Route {
	route := func(name model.RouteName, weights ...model.FleetWeight) model.Route {
		return model.Route{Name: name, Fleets: weights, MaxWait: maxWait, MaxWaiting: 200, Generation: 1, CreatedAt: begins}.WithDefaults()
	}
	return []model.Route{
		route("arena", model.FleetWeight{Fleet: "amber", Weight: 600_000}, model.FleetWeight{Fleet: "coral", Weight: 400_000}),
		route("plaza", model.FleetWeight{Fleet: "amber", Weight: 700_000}, model.FleetWeight{Fleet: "basil", Weight: 300_000}),
		route("voice", model.FleetWeight{Fleet: "basil", Weight: 500_000}, model.FleetWeight{Fleet: "coral", Weight: 500_000}),
	}
}

// somewhere draws where a player goes: mostly to a room by its name, sometimes anywhere.
func (w *World) somewhere() (model.RouteName, model.SessionKey) {
	route := w.disk.routes[w.loop.Rand.IntN(len(w.disk.routes))].Name
	if w.loop.Rand.IntN(6) == 0 {
		return route, ""
	}
	return route, model.SessionKey(fmt.Sprintf("room%d", w.loop.Rand.IntN(45)))
}

// drawSkew draws how wrong a clock is.
func (w *World) drawSkew() time.Duration {
	return time.Duration((2*w.loop.Rand.Float64() - 1) * float64(w.faults.skew))
}
