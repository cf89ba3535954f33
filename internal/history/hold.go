package history

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/observe"
)

// hold takes in that something was so from a time on, for so long, in every step that this touches.
func (r *Recorder) hold(from time.Time, long time.Duration, s sample) {
	for long > 0 {
		at := floor(from, Step)
		part := min(long, at.Add(Step).Sub(from))
		r.begin(at)
		r.during(part.Milliseconds(), s)
		from, long = from.Add(part), long-part
	}
}

// during takes in that something was so for some milliseconds of the present step.
func (r *Recorder) during(ms int64, s sample) {
	all := r.of(model.HistoryTotal, "", model.Price{})
	all.Covered += ms
	sessions, players := 0, 0
	for _, f := range s.count.Fleets {
		one := fleetDuring(&f, ms)
		all.Add(&one)
		sessions, players = sessions+f.Sessions, players+f.Players()
	}
	all.SessionsMax, all.PlayersMax = max(all.SessionsMax, int64(sessions)), max(all.PlayersMax, int64(players))
	for _, name := range r.atMost(MaxFleets, "fleets", names(s.count.Fleets)) {
		f := s.count.Fleets[model.FleetName(name)]
		one := fleetDuring(&f, ms)
		one.Covered = ms
		r.of(model.HistoryFleet, name, s.price(model.FleetName(name))).Add(&one)
	}
	for _, name := range r.atMost(MaxRoutes, "routes", names(s.count.Routes)) {
		c := s.count.Routes[model.RouteName(name)]
		one := model.HistoryRecord{
			Covered: ms, Sessions: ms * int64(c.Sessions), Active: ms * int64(c.SessionsActive), Players: ms * int64(c.Players),
			SessionsMax: int64(c.Sessions), PlayersMax: int64(c.Players),
		}
		r.of(model.HistoryRoute, name, model.Price{}).Add(&one)
	}
}

// fleetDuring is what a fleet had for some milliseconds, Covered left out.
func fleetDuring(f *observe.FleetCount, ms int64) model.HistoryRecord {
	so := func(many int) int64 { return ms * int64(many) }
	wanted := f.Wanted
	if !f.Planned { // not known: what there is
		wanted = f.Living()
	}
	return model.HistoryRecord{
		Wanted: so(wanted), Starting: so(f.Servers[model.ServerStarting]), Ready: so(f.Servers[model.ServerReady]),
		Open:    so(f.Servers[model.ServerOpen]),
		Leaving: so(f.Servers[model.ServerCordoned] + f.Servers[model.ServerDraining] + f.Servers[model.ServerEmpty]),
		Idle:    so(f.ServersIdle), Sessions: so(f.Sessions), Active: so(f.SessionsActive), Slots: so(f.SessionSlots),
		Seats: so(f.Seats), Players: so(f.Players()), SessionsMax: int64(f.Sessions), PlayersMax: int64(f.Players()),
	}
}

// price is what a server of the fleet cost then.
func (s *sample) price(fleet model.FleetName) model.Price { return s.specs.Fleets[fleet].Spec.Price }

func names[N ~string, V any](of map[N]V) []string {
	all := make([]string, 0, len(of))
	for name := range maps.Keys(of) {
		all = append(all, string(name))
	}
	return all
}

// atMost bounds what is recorded; that something is left out is logged once.
func (r *Recorder) atMost(most int, what string, names []string) []string {
	if len(names) <= most {
		return names
	}
	if !r.crowded {
		r.crowded = true
		r.log.Warn("not everything is recorded", "what", what, "there_are", len(names), "recorded", most)
	}
	slices.SortFunc(names, cmp.Compare)
	return names[:most]
}
