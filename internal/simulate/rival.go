package simulate

import (
	"time"

	"greenroom.dev/greenroom/internal/decide/rival"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// signalName is the signal by which a rival says how many servers it wants.
const signalName = "rival"

// wanted is a rival at work on one fleet.
type wanted struct {
	fleet   *model.Fleet
	servers int
	memory  rival.Memory
}

// driven is a fleet that follows a rival: as many servers as the signal says, all of them open, and no other reason for
// any. An empty server that is too many goes at once, as it does there.
func driven(spec model.FleetSpec) model.FleetSpec {
	spec.Ready, spec.Open = 0, 0
	spec.ScaleInAfter = time.Nanosecond
	spec.Scaling = model.Scaling{Policies: []model.Policy{{
		Name: signalName, External: &model.ExternalPolicy{Signal: signalName, Target: 1, MaxAge: time.Hour},
	}}}
	return spec.WithDefaults()
}

// drive has a rival look at every fleet as often as it does, from now on.
func (w *World) drive(p Policy) {
	w.signals = map[model.FleetName]map[string]scale.Signal{}
	all := make([]*wanted, len(w.order))
	for i := range w.order {
		all[i] = &wanted{fleet: &w.order[i], servers: max(1, w.order[i].Spec.Min)}
	}
	var look func()
	look = func() {
		for _, x := range all {
			x.servers = w.ask(p, x)
			w.signals[x.fleet.Name] = map[string]scale.Signal{signalName: {Value: float64(x.servers), At: w.loop.Now()}}
		}
		w.loop.After(p.every(), look)
	}
	look()
}

// ask answers how many servers the rival wants now.
func (w *World) ask(p Policy, x *wanted) int {
	counts, err := w.registry.Count(w.ctx)
	w.must("count", err)
	c := counts.Fleets[x.fleet.Name]
	spec := &x.fleet.Spec
	if p.HPA == nil {
		b := *p.Buffer
		b.Min, b.Max = spec.Min, spec.Max
		open := c.Servers[model.ServerReady] + c.Servers[model.ServerOpen]
		return b.Replicas(max(0, open-w.idle(x.fleet.Name)))
	}
	h := *p.HPA
	h.Min, h.Max = spec.Min, spec.Max
	seen := rival.Seen{Servers: x.servers, Ready: c.Servers[model.ServerOpen]}
	if c.SessionSlots > 0 {
		seen.Value = float64(c.SessionSlots-c.FreeSessionSlots) / float64(c.SessionSlots)
	}
	if c.Seats > 0 {
		seen.Value = max(seen.Value, float64(c.OpenPlayers)/float64(c.Seats))
	}
	n, memory := h.Replicas(x.memory, w.loop.Now(), seen)
	x.memory = memory
	return n
}

// idle counts the fleet's servers that serve and have no session.
func (w *World) idle(fleet model.FleetName) (n int) {
	for _, s := range w.machine.order {
		if s.instance.Fleet == fleet && s.greeted && s.instance.Running && !s.instance.Stopping && len(s.rooms) == 0 {
			n++
		}
	}
	return n
}
