// Package chaos owns the proof that nobody is harmed: the real routers, keepers, hand-overs, registry and decisions, several of
// them side by side, on one thread and a virtual clock, over a network that loses, delays, doubles and reorders what they say,
// among processes, servers and machines that pause and die. The rules of the domain are looked at wherever something takes
// effect (rules.go), and when the faults stop everything has to come to rest (rest.go). One seed decides everything: the same
// seed gives the same hash, always.
//
// What is real: router.Router, keeper.Keeper, handover.Mover, memory.Memory, store.SpecCache and all of decide. What is virtual:
// the network (network.go), the store (store.go), the provider (provider.go), the streams (hub.go), servers (server.go, room.go, door.go)
// and clients (client.go), written after the real ones.
package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/simulate"
	"greenroom.dev/greenroom/internal/ticket"
)

// The world's size.
const (
	Routers = 3
	Keepers = 2
	Servers = 50 // with which it begins
	Clients = 500
	// Faults is how long there are faults, and Rest how long everything may take to come to rest after them.
	Faults = 60 * time.Second
	Rest   = 110 * time.Second
	// arriving is how long it takes until all clients came for the first time.
	arriving = 8 * time.Second
	// maxSkew bounds how wrong a node's clock is.
	maxSkew = 1500 * time.Millisecond
)

// begins is when every world does.
var begins = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// World is one control plane with its servers and players.
type World struct {
	loop    *simulate.Loop
	net     *network
	current *task     // that runs now; nil: the loop itself
	threads []*thread // that have nothing to do
	alarms  []*alarm  // that are not set
	bugs    Bug
	met     Cover
	rules   *rules
	trace   *trace

	registry *authority
	disk     *disk
	machines *machines
	hub      *hub
	routers  []*gateway
	keepers  []*warden
	clients  []*client
	turns    [Clients]uint64 // the clients', together: most alarms find them changed, and nothing else to do

	faults    plan
	changes   change
	counted   registry.Count // what was counted of the registry in the event of countedAt
	countedAt uint64
	joins     map[model.FleetName][]uint64 // by how long they took, in latencyBounds; of worlds with rollouts
	ghosts    float64                      // the share of players who fall silent
	stalls    float64                      // how likely a process pauses before it makes a call
	dawn      time.Time                    // until then it is night
	states    []byte                       // memory for sessions' states
	closing   bool                         // faults are over and no client leaves or comes any more

	hosts    map[model.SessionRef][]*room
	tickets  [][]ticket.Claims
	keys     uint64
	requests uint64
	conns    uint64
	forged   uint64
}

// newWorld builds a world of a seed.
func newWorld(seed uint64, bugs Bug) *World {
	w := &World{loop: simulate.NewLoop(begins, seed), bugs: bugs, changes: changesOf(seed), hosts: map[model.SessionRef][]*room{}, joins: map[model.FleetName][]uint64{}}
	w.trace = &trace{w: w}
	w.rules = &rules{w: w, gone: map[place]bool{}, ended: map[model.SessionRef]ending{}}
	w.net = &network{w: w, calm: true}
	w.registry = &authority{w: w, node: w.newNode(aRegistry, "registry")}
	w.disk = &disk{w: w, node: w.newNode(aStore, "store"), zero: map[routeFleet]time.Time{}}
	w.machines = &machines{w: w, node: w.newNode(aProvider, "provider"), servers: map[model.ServerID]*server{}}
	w.hub = &hub{w: w, node: w.newNode(aHub, "hub")}
	w.disk.fleets, w.disk.routes = fleets(), routes()
	w.prepareChanges()
	for i := range Keepers {
		w.keepers = append(w.keepers, &warden{w: w, number: i, node: w.newNode(aKeeper, fmt.Sprintf("keeper-%d", i))})
	}
	for i := range Routers {
		w.routers = append(w.routers, &gateway{w: w, number: i, node: w.newNode(aRouter, fmt.Sprintf("router-%d", i)), heldBy: w.keepers[i%Keepers]})
	}
	for i := range Clients {
		id := model.PlayerID(fmt.Sprintf("p%d", i))
		c := &client{w: w, id: id, turn: &w.turns[i], party: []model.PlayerID{id}, node: w.newNode(aClient, string(id))}
		c.node.born()
		w.clients = append(w.clients, c)
	}
	w.drawFaults()
	w.begin()
	return w
}

// begin starts everything.
func (w *World) begin() {
	w.disk.node.born()
	w.machines.node.born()
	w.registry.begin()
	w.hub.begin()
	for _, k := range w.keepers {
		k.begin()
	}
	for _, g := range w.routers {
		g.begin()
	}
	for _, c := range w.clients {
		w.loop.After(w.between(2*time.Second, arriving), c.come)
	}
	w.loop.Then = w.then
	w.loop.After(calmStart, w.beginFaults)
}

// then wakes the routers in which joins wait when the registry has changed.
func (w *World) then() {
	if !w.registry.changed() {
		return
	}
	for _, g := range w.routers {
		if g.node.up && len(g.waiting) > 0 {
			g.lookSoon()
		}
	}
}

// unhost takes a room off the list of those that are somewhere.
func (w *World) unhost(r *room) {
	list := slices.DeleteFunc(w.hosts[r.ref], func(x *room) bool { return x == r })
	if len(list) == 0 {
		delete(w.hosts, r.ref)
		return
	}
	w.hosts[r.ref] = list
}

// between draws a duration.
func (w *World) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.loop.Rand.Int64N(int64(most-least)+1))
}

// breathe is where a process may be paused: it has decided, and not yet acted. A task calls it.
func (w *World) breathe(n *node) {
	if w.stalls > 0 && !w.net.calm && n.kind != aServer && w.loop.Rand.Float64() < w.stalls {
		w.pause(n, w.between(300*time.Millisecond, 8*time.Second))
	}
	if n.paused.After(w.loop.Now()) {
		t := w.current
		n.after(0, t.resume)
		t.wait()
	}
}

// play runs the world: the faults, and the rest after them.
func (w *World) play(ctx context.Context, alive func()) error {
	step := func(until time.Time) error {
		alive()
		return w.loop.Run(ctx, until)
	}
	for end := begins.Add(calmStart + Faults); w.loop.Now().Before(end) && len(w.rules.broken) == 0; {
		if err := step(w.loop.Now().Add(time.Second)); err != nil {
			return err
		}
	}
	if len(w.rules.broken) > 0 {
		return nil
	}
	w.endFaults()
	for end := w.loop.Now().Add(w.rest()); ; {
		if err := step(w.loop.Now().Add(2 * time.Second)); err != nil {
			return err
		}
		atEnd := !w.loop.Now().Before(end)
		left := w.unrest(atEnd)
		if len(left) == 0 || len(w.rules.broken) > 0 {
			return nil
		}
		if atEnd {
			for _, c := range left {
				w.rules.broke(c.rule, "%s", c.what)
			}
			return nil
		}
	}
}

// end ends every task, so that nothing of the world is left.
func (w *World) end() {
	nodes := []*node{w.registry.node, w.disk.node, w.machines.node, w.hub.node}
	for _, g := range w.routers {
		nodes = append(nodes, g.node)
	}
	for _, k := range w.keepers {
		nodes = append(nodes, k.node)
	}
	for _, n := range nodes {
		n.die()
	}
	for _, h := range w.threads {
		h.stop()
	}
	w.registry.cancel()
}
