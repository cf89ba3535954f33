package history

import (
	"sync"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/store"
)

// Join is how a join ended.
type Join struct {
	Route   model.RouteName
	Players int
	Fleet   model.FleetName // "": no seat
	Keyed   bool            // it named its session
	Created bool            // the session is new
	Waited  time.Duration   // for room; 0: answered at once
}

// joins are those that ended since the recorder last looked.
type joins struct {
	mu     sync.Mutex
	fleets map[model.FleetName]*model.HistoryRecord
	routes map[model.RouteName]*model.HistoryRecord
}

// Joined counts a join that ended. It takes no longer than to count it. Who asks for a route that there is not is not
// counted.
func (r *Recorder) Joined(j Join) {
	route, ok := r.cfg.Specs().Routes[j.Route]
	if !ok {
		return
	}
	fleet := j.Fleet
	if fleet == "" {
		fleet = heaviest(route.Fleets)
	}
	one := model.HistoryRecord{}
	switch {
	case j.Fleet == "":
		one.Refusals = int64(j.Players)
	case j.Waited > 0:
		ms := j.Waited.Milliseconds()
		one.Waits, one.WaitTime, one.WaitMax = int64(j.Players), ms*int64(j.Players), ms
	}
	r.joins.mu.Lock()
	defer r.joins.mu.Unlock()
	if r.joins.fleets == nil {
		r.joins.fleets, r.joins.routes = map[model.FleetName]*model.HistoryRecord{}, map[model.RouteName]*model.HistoryRecord{}
	}
	add(r.joins.fleets, fleet, &one)
	if j.Keyed && j.Created {
		one.SessionsKeyed = 1
	}
	add(r.joins.routes, j.Route, &one)
}

// heaviest is the fleet that a refusal counts for: the one that most new sessions of the route go to.
func heaviest(fleets []model.FleetWeight) (name model.FleetName) {
	most := model.PPM(0)
	for _, f := range fleets {
		if f.Weight > most {
			name, most = f.Fleet, f.Weight
		}
	}
	return name
}

func add[N comparable](to map[N]*model.HistoryRecord, name N, one *model.HistoryRecord) {
	if to[name] == nil {
		to[name] = &model.HistoryRecord{}
	}
	to[name].Add(one)
}

// take moves the joins that ended into the present step. The prices are those of now, as counters cost nothing.
func (r *Recorder) take(specs *store.Specs) {
	r.joins.mu.Lock()
	fleets, routes := r.joins.fleets, r.joins.routes
	r.joins.fleets, r.joins.routes = nil, nil
	r.joins.mu.Unlock()
	for name, one := range fleets {
		r.happened(specs, name, one)
	}
	for name, one := range routes {
		r.of(model.HistoryRoute, string(name), model.Price{}).Add(one)
	}
}

// happened adds what happened on a fleet to its record and to the total.
func (r *Recorder) happened(specs *store.Specs, fleet model.FleetName, one *model.HistoryRecord) {
	r.of(model.HistoryTotal, "", model.Price{}).Add(one)
	if fleet != "" {
		r.of(model.HistoryFleet, string(fleet), specs.Fleets[fleet].Spec.Price).Add(one)
	}
}

// counted takes in by how much the registry's counters rose since the last look. They begin at 0 with every registry.
func (r *Recorder) counted(tally registry.Tally) {
	specs := r.cfg.Specs()
	for name, now := range tally.Fleets {
		if one, any := rise(r.tally.Fleets[name], now); any {
			r.happened(specs, name, &one)
		}
	}
	for name, now := range tally.Routes {
		if one, any := rise(r.tally.Routes[name], now); any {
			r.of(model.HistoryRoute, string(name), model.Price{}).Add(&one)
		}
	}
	r.tally = tally
}

// rise is what was counted between two readings; a counter that fell was begun anew.
func rise(was, is registry.Counters) (one model.HistoryRecord, any bool) {
	if is.SessionsBegun < was.SessionsBegun || is.SeatsTaken < was.SeatsTaken || is.SeatsFreed < was.SeatsFreed {
		was = registry.Counters{}
	}
	one.SessionsBegun = int64(is.SessionsBegun - was.SessionsBegun)
	one.Joins, one.Left = int64(is.SeatsTaken-was.SeatsTaken), int64(is.SeatsFreed-was.SeatsFreed)
	return one, is != was
}
