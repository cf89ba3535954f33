package chaos

import (
	"fmt"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
)

// complaint is why a world has not come to rest.
type complaint struct {
	rule Rule
	what string
}

// unrest tells what has not come to rest, once the faults are over: nobody waits, nothing drains, nothing is left over, and the
// registry and the servers agree on every session and every seat. All of it is told at the end only; until then it is enough
// that there is something.
func (w *World) unrest(all bool) (out []complaint) {
	add := func(rule Rule, what string, args ...any) {
		if len(out) < maxBroken {
			out = append(out, complaint{rule, fmt.Sprintf(what, args...)})
		}
	}
	w.restlessClients(add)
	if !all {
		w.restlessSeats(add) // nearly always what comes to rest last
	}
	if len(out) > 0 {
		return out // the rest is looked at when it can be true
	}
	for _, look := range []func(complain){w.restlessServers, w.restlessRollouts, w.restlessMachines, w.restlessSessions} {
		if look(add); len(out) > 0 && !all {
			return out
		}
	}
	return out
}

type complain func(rule Rule, what string, args ...any)

func (w *World) restlessClients(add complain) {
	for _, c := range w.clients {
		if c.phase == joining || c.phase == walking {
			add(NobodyWaits, "%s waits to come into %s/%s since %s", c.id, c.route, c.key, w.loop.Now().Sub(c.since))
		}
	}
	for _, g := range w.routers {
		if len(g.waiting) > 0 {
			add(NobodyWaits, "%s has %d joins in its queues", g.node.name, len(g.waiting))
		}
	}
}

// restlessSeats finds seats that are reserved still, of which restlessSessions tells the whole.
func (w *World) restlessSeats(add complain) {
	count, _ := w.registry.Count(background)
	reserved := 0
	for _, f := range count.Fleets {
		reserved += f.SeatsReserved
	}
	if reserved > 0 {
		add(GhostsVanish, "%d seats are reserved", reserved)
	}
}

func (w *World) restlessServers(add complain) {
	servers, _ := w.registry.ListServers(background, "")
	w.restlessUpgrades(servers, add)
	known := map[model.ServerID]bool{}
	free, ready, alive := map[model.FleetName]int{}, map[model.FleetName]int{}, map[model.FleetName]int{}
	for i := range servers {
		s := &servers[i]
		known[s.ID] = true
		at := w.machines.servers[s.ID]
		alive[s.Fleet]++
		if s.State >= model.ServerDraining && s.State <= model.ServerStopped && w.loop.Now().Sub(s.StateSince) < drainDead {
			continue // surplus goes all the time
		}
		switch {
		case s.State == model.ServerDraining, s.State == model.ServerEmpty:
			add(DrainsEnd, "server %s is %s: %s", s.ID, s.State, s.Reason)
		case s.State == model.ServerReady:
			ready[s.Fleet]++
		case s.State != model.ServerOpen:
			add(NoLeaks, "server %s is %s since %s: %s", s.ID, s.State, w.loop.Now().Sub(s.StateSince), s.Reason)
		default:
			free[s.Fleet] += s.FreeSlots()
		}
		if at == nil || !at.instance.Running {
			add(NoLeaks, "server %s is known as %s and does not run", s.ID, s.State)
		}
	}
	for _, s := range w.machines.running() {
		if !known[s.instance.ID] {
			add(NoLeaks, "server %s runs and is not known", s.instance.ID)
		}
	}
	for _, f := range w.disk.fleets {
		if alive[f.Name] < f.Spec.Max && (free[f.Name] < f.Spec.Open || ready[f.Name] < f.Spec.Ready) {
			add(BuffersRefill, "fleet %s has %d free slots of %d and %d ready servers of %d, with %d servers of %d",
				f.Name, free[f.Name], f.Spec.Open, ready[f.Name], f.Spec.Ready, alive[f.Name], f.Spec.Max)
		}
	}
}

func (w *World) restlessSessions(add complain) {
	sessions, _ := w.registry.ListSessions(background, registry.SessionFilter{})
	where := map[model.SessionRef]*model.Session{}
	claimed, reserved := 0, 0
	for i := range sessions {
		x := &sessions[i]
		where[x.SessionRef] = x
		claimed += x.SeatsClaimed
		reserved += x.SeatsReserved
		if x.State != model.SessionLive {
			add(NoOrphans, "session %s is moving, on server %q at generation %d", x.SessionRef, x.Server, x.Generation)
			continue
		}
		at := w.machines.servers[x.Server]
		if x.SeatsReserved == 0 && (at == nil || at.rooms[x.SessionRef] == nil) {
			add(NoOrphans, "session %s is on server %s by the registry, which does not have it", x.SessionRef, x.Server)
		}
	}
	there := 0
	for _, s := range w.machines.running() {
		if n := s.book.Len(); n != len(s.list) {
			add(NoOrphans, "server %s has %d sessions in its book and %d rooms", s.instance.ID, n, len(s.list))
		}
		for _, r := range s.list {
			there += len(r.seats)
			x := where[r.ref]
			switch {
			case x == nil:
				add(NoOrphans, "server %s has %s with %d seats at generation %d, which the registry has not", s.instance.ID, r.ref, len(r.seats), r.gen)
			case x.Server != s.instance.ID || x.Generation != r.gen:
				add(NoOrphans, "server %s has %s with %d seats at generation %d; by the registry it is on %s at %d", s.instance.ID, r.ref, len(r.seats), r.gen, x.Server, x.Generation)
			case s.book.Session(r.ref) != r.held || r.held.Seats() != len(r.seats):
				add(GhostsVanish, "session %s has %d seats on server %s, and another number in its book", r.ref, len(r.seats), s.instance.ID)
			case len(r.seats) != x.SeatsClaimed:
				add(GhostsVanish, "session %s has %d seats on server %s, and %d claimed ones by the registry", r.ref, len(r.seats), s.instance.ID, x.SeatsClaimed)
			case r.frozen:
				add(NobodyWaits, "session %s is frozen on server %s with %d seats", r.ref, s.instance.ID, len(r.seats))
			}
		}
	}
	in := 0
	for _, c := range w.clients {
		if c.phase != inside {
			continue
		}
		in++
		if !c.room.holds(c, c.conn) {
			add(NobodyWaits, "%s takes itself for inside %s on server %s, which does not", c.id, c.room.ref, c.server.instance.ID)
		}
	}
	if claimed != in || there != in || reserved > 0 {
		add(GhostsVanish, "%d players are inside; servers have %d claimed seats, the registry %d, and %d reserved ones", in, there, claimed, reserved)
	}
}
