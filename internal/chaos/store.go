package chaos

import (
	"context"
	"errors"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

const (
	// storePatience is how long a call of the store is waited for.
	storePatience = 2 * time.Second
	// tellAgain is how soon a change is told again to whom the news did not reach.
	tellAgain = 200 * time.Millisecond
)

var errStoreDown = errors.New("store: database is locked")

// disk is the node that has the durable facts. It dies only with the whole control plane, and forgets nothing.
type disk struct {
	w         *World
	node      *node
	fleets    []model.Fleet // by name
	routes    []model.Route
	revision  uint64
	watchers  []*watcher
	failing   time.Time // until then it answers with errors
	rollouts  []model.Rollout
	leaves    []model.NodeLeave                         // operators' notices
	builds    int                                       // of all templates so far
	revisions map[model.FleetName][]model.FleetRevision // nil: fleets have one template each
	paused    map[model.FleetName]time.Time             // since when an upgrade is
	// zero notes since when a fleet gets no new session of a route.
	zero map[routeFleet]time.Time

	fleetLists calls[[]model.Fleet]
	routeLists calls[[]model.Route]
}

type routeFleet struct {
	route model.RouteName
	fleet model.FleetName
}

// watcher is who is told of changes.
type watcher struct {
	node *node
	life int
	told uint64
	tell func()
}

// specs is the disk as a node of the network reaches it. It is a keeper.Fleets, and as much of a store.Store as a
// store.SpecCache needs.
type specs struct {
	store.Store // nil: nothing else is asked of it
	from        *node
	at          *disk
}

func fromDisk[T any](s specs, do func() (T, error)) (T, error) {
	return wait(s.from, s.at.node, storePatience, func() (T, error) { return onDisk(s, do) })
}

// onDisk does what is asked of the disk, if it can at all.
func onDisk[T any](s specs, do func() (T, error)) (T, error) {
	d := s.at
	if d.failing.After(d.w.loop.Now()) {
		d.w.cover(storeFailed)
		s.from.troubled(d.w.loop.Now())
		return *new(T), errStoreDown
	}
	return do()
}

// ListFleets implements keeper.Fleets. The answer is shared.
func (s specs) ListFleets(context.Context) ([]model.Fleet, error) {
	d := s.at
	return d.fleetLists.wait(s.from, d.node, storePatience, func() ([]model.Fleet, error) {
		return onDisk(s, func() ([]model.Fleet, error) { return d.fleets, nil })
	})
}

// ListRoutes implements keeper.Fleets. The answer is shared.
func (s specs) ListRoutes(context.Context) ([]model.Route, error) {
	d := s.at
	return d.routeLists.wait(s.from, d.node, storePatience, func() ([]model.Route, error) {
		return onDisk(s, func() ([]model.Route, error) { return d.routes, nil })
	})
}

// ListEvents implements store.Store; no event is announced.
func (s specs) ListEvents(context.Context, time.Time, time.Time) ([]model.Event, error) {
	return nil, nil
}

// ListRollouts implements store.Rollouts. Whoever asks may change the answer.
func (s specs) ListRollouts(context.Context) ([]model.Rollout, error) {
	if !s.at.w.changing(rollouts) {
		return nil, nil
	}
	return fromDisk(s, func() ([]model.Rollout, error) { return slices.Clone(s.at.rollouts), nil })
}

// RemoveFleet implements keeper.Fleets.
func (s specs) RemoveFleet(_ context.Context, name model.FleetName) error {
	_, err := fromDisk(s, func() (struct{}, error) { return struct{}{}, s.at.removeFleet(name) })
	return err
}

// Watch implements keeper.Fleets; the disk tells its watchers by itself.
func (s specs) Watch(context.Context) <-chan struct{} { return nil }

func (d *disk) removeFleet(name model.FleetName) error {
	d.fleets = slices.DeleteFunc(slices.Clone(d.fleets), func(f model.Fleet) bool { return f.Name == name && f.Deleted })
	d.changed()
	return nil
}

// watch has tell called at a node after each change, for as long as the node lives.
func (d *disk) watch(n *node, tell func()) {
	d.watchers = slices.DeleteFunc(d.watchers, func(w *watcher) bool { return w.node == n })
	d.watchers = append(d.watchers, &watcher{node: n, life: n.life, told: d.revision, tell: tell})
}

// changed tells everybody. Who is not reached is told again: that is what a Watch promises.
func (d *disk) changed() {
	d.revision++
	for _, w := range d.watchers {
		d.tell(w, d.revision)
	}
}

func (d *disk) tell(to *watcher, revision uint64) {
	if revision != d.revision || to.told >= revision || !to.node.up || to.node.life != to.life {
		return // a newer change is on its way, or nobody listens
	}
	again := func() { d.w.loop.After(tellAgain, func() { d.tell(to, revision) }) }
	d.w.net.send(d.node, to.node, func() {
		if to.told < revision {
			to.told = revision
			to.tell()
		}
	}, again)
}

// route gives a route to be changed by put.
func (d *disk) route(name model.RouteName) model.Route {
	r := d.routes[slices.IndexFunc(d.routes, func(r model.Route) bool { return r.Name == name })]
	r.Fleets = slices.Clone(r.Fleets)
	return r
}

// putRoute writes a route, and answers it.
func (d *disk) putRoute(r model.Route) model.Route {
	d.w.rules.weigh(&r)
	now := d.w.loop.Now()
	r.Generation++
	d.routes = slices.Clone(d.routes)
	d.routes[slices.IndexFunc(d.routes, func(x model.Route) bool { return x.Name == r.Name })] = r
	for i := range d.fleets {
		name := d.fleets[i].Name
		k := routeFleet{r.Name, name}
		_, was := d.zero[k]
		switch {
		case slices.ContainsFunc(r.Fleets, func(f model.FleetWeight) bool { return f.Fleet == name && f.Weight > 0 }):
			delete(d.zero, k)
		case !was:
			d.zero[k] = now
		}
	}
	d.changed()
	return r
}

// fleet gives a fleet to be changed by putFleet.
func (d *disk) fleet(name model.FleetName) model.Fleet {
	return d.fleets[slices.IndexFunc(d.fleets, func(f model.Fleet) bool { return f.Name == name })]
}

// putFleet writes a fleet's spec.
func (d *disk) putFleet(f model.Fleet) {
	f.Generation++
	d.revise(&f)
	d.fleets = slices.Clone(d.fleets)
	d.fleets[slices.IndexFunc(d.fleets, func(x model.Fleet) bool { return x.Name == f.Name })] = f
	d.changed()
}
