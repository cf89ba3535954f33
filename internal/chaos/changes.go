package chaos

import (
	"math/rand/v2"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// change is a kind of change that operators make of a world while it bears its faults, beside drains, specs and weights, which
// every world may have.
type change uint8

// Kinds of changes.
const (
	upgrades   change = 1 << iota // templates change (upgrades.go)
	rollouts                      // routes move from fleet to fleet in steps (rollouts.go)
	leaving                       // machines go away with notice (leaving.go)
	merging                       // sessions are put together at low load (merging.go)
	changesEnd                    // as many as there are
)

// changeStream is the random source from which a seed's kinds of changes are drawn.
const changeStream = 3

// changesOf draws what operators change in the world of a seed: most worlds have one kind, some two, and some none. Its random
// source is its own, so that a world without any is what it would be if there were no such changes.
func changesOf(seed uint64) (drawn change) {
	r := rand.New(rand.NewPCG(seed, changeStream))
	kinds := 0
	for k := change(1); k < changesEnd; k <<= 1 {
		kinds++
	}
	for range [...]int{0, 0, 1, 1, 1, 1, 1, 2}[r.IntN(8)] {
		drawn |= 1 << r.IntN(kinds)
	}
	return drawn
}

// prepareChanges has the world begin with what its changes need.
func (w *World) prepareChanges() {
	if w.changing(rollouts) {
		w.addCanary()
	}
	if w.changing(merging) {
		w.consolidate()
	}
	if w.changing(upgrades) {
		w.disk.keepTemplates()
		w.rules.greeted = map[template]bool{}
	}
}

func (w *World) changing(c change) bool { return w.changes&c != 0 }

// operators are the acts of those who make the world's changes.
func (w *World) operators() (out []trouble) {
	if w.changing(upgrades) {
		out = append(out, upgrading()...)
	}
	if w.changing(rollouts) {
		out = append(out, rollingOut()...)
	}
	if w.changing(leaving) {
		out = append(out, leavings()...)
	}
	if w.changing(merging) {
		out = append(out, mergings()...)
	}
	return out
}

// finishChanges is what operators do when the faults are over, so that everything can come to an end.
func (w *World) finishChanges() {
	if w.changes == 0 {
		return
	}
	for _, f := range w.disk.fleets { // a full fleet goes on one server at a time, or not at all
		f.Spec.Max += roomToFinish
		w.disk.putFleet(f)
	}
	if w.changing(upgrades) {
		w.endUpgrades()
	}
	if w.changing(rollouts) {
		w.endRollouts()
	}
	if w.changing(leaving) {
		w.endLeaving()
	}
}

// makeRoom is what operators do who read that sessions have no place and that their fleet is at its maximum: while a world comes to
// rest nobody leaves, and what a full fleet lost a place for would wait for ever. Each such session may need a server of its own. A
// fleet below its maximum gets nothing: there it is the keeper's to start a server. An upgrade that has no room to replace all old
// servers at once goes on one at a time, or waits, and gets that room: no world lasts as long.
func (w *World) makeRoom() {
	moving, _ := w.registry.ListSessions(background, registry.SessionFilter{Moving: true})
	for _, f := range w.disk.fleets {
		servers, _ := w.registry.ListServers(background, f.Name)
		homeless := 0
		for i := range moving {
			if moving[i].Fleet == f.Name && moving[i].Server == "" {
				homeless++
			}
		}
		if homeless > 0 && len(servers) >= f.Spec.Max {
			w.note("room for sessions", string(f.Name), "", uint64(homeless))
			f.Spec.Max = len(servers) + homeless
			w.disk.putFleet(f)
		}
	}
	for _, f := range w.disk.fleets {
		servers, _ := w.registry.ListServers(background, f.Name)
		if enough := len(servers) + oldServers(&f, servers); w.changing(upgrades) && f.Spec.Max < enough && enough > len(servers) {
			w.note("room for an upgrade", string(f.Name), "", uint64(f.Spec.Max))
			f.Spec.Max = enough
			w.disk.putFleet(f)
		}
	}
}

// oldServers counts the servers that are not of their fleet's present template.
func oldServers(f *model.Fleet, servers []model.Server) (n int) {
	for i := range servers {
		if servers[i].TemplateNumber() != f.Revision {
			n++
		}
	}
	return n
}

func (w *World) someFleet() model.Fleet { return w.disk.fleets[w.loop.Rand.IntN(len(w.disk.fleets))] }

// rest is how long everything may take to come to rest once the faults are over. Servers go a few at a time, and a seat
// for which nobody comes any more is free a minute after the last of them.
func (w *World) rest() time.Duration {
	if w.changes != 0 {
		return Rest + model.TicketTTL
	}
	return Rest
}

// roomToFinish is how many servers more each fleet may have once the faults are over.
const roomToFinish = 24
