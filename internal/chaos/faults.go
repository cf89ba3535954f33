package chaos

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/keeper"
	"greenroom.dev/greenroom/internal/model"
)

// calmStart is how long a world has no faults, so that it is a world.
const calmStart = 8 * time.Second

// plan is which faults a seed has, and how many.
type plan struct {
	skew   time.Duration
	base   weather
	stalls float64
	ghosts float64
	kinds  []trouble
}

// trouble is a kind of fault that comes again and again.
type trouble struct {
	every time.Duration // on average
	do    func(*World)
}

// troubles are the faults that come by themselves, with the shortest mean time between two of them.
func troubles() []trouble {
	return []trouble{
		{6 * time.Second, (*World).cutArrow},
		{8 * time.Second, (*World).badArrow},
		{8 * time.Second, (*World).killServer},
		{40 * time.Second, (*World).killBox},
		{20 * time.Second, func(w *World) { g := w.routers[w.loop.Rand.IntN(Routers)]; w.restartRouter(g) }},
		{20 * time.Second, func(w *World) { k := w.keepers[w.loop.Rand.IntN(Keepers)]; w.restartKeeper(k) }},
		{40 * time.Second, (*World).restartHub},
		{45 * time.Second, (*World).restartPlane},
		{15 * time.Second, func(w *World) {
			w.machines.failing = w.loop.Now().Add(w.between(500*time.Millisecond, 8*time.Second))
		}},
		{15 * time.Second, func(w *World) {
			w.machines.slow = w.loop.Now().Add(w.between(time.Second, 10*time.Second))
		}},
		{15 * time.Second, func(w *World) {
			w.machines.duds = 0.1 + 0.5*w.loop.Rand.Float64()
			w.loop.After(w.between(5*time.Second, 20*time.Second), func() { w.machines.duds = 0 })
		}},
		{12 * time.Second, func(w *World) {
			w.disk.failing = w.loop.Now().Add(w.between(50*time.Millisecond, 5*time.Second))
		}},
		{12 * time.Second, func(w *World) { w.pause(w.someProcess(), w.between(200*time.Millisecond, 9*time.Second)) }},
		{15 * time.Second, (*World).stepClock},
		{2 * time.Second, (*World).drain},
		{8 * time.Second, (*World).undrain},
		{8 * time.Second, (*World).changeWeights},
		{20 * time.Second, (*World).changeFleet},
		{6 * time.Second, (*World).breakConnections},
	}
}

// drawFaults draws what a world has to bear.
func (w *World) drawFaults() {
	r := w.loop.Rand
	often := func(p float64) bool { return r.Float64() < p }
	p := &w.faults
	if often(0.7) {
		p.skew = time.Duration(r.Float64() * float64(maxSkew))
	}
	if often(0.6) {
		p.base.lost = 0.004 * r.Float64() * r.Float64()
	}
	if often(0.6) {
		p.base.twice = 0.08 * r.Float64() * r.Float64()
	}
	if often(0.6) {
		p.base.late, p.base.lateBy = 0.02*r.Float64()*r.Float64(), time.Duration(r.Float64()*float64(4*time.Second))
	}
	if often(0.5) {
		p.stalls = 0.001 * r.Float64()
	}
	if often(0.7) {
		p.ghosts = 0.2 * r.Float64()
	}
	for _, t := range troubles() {
		if often(0.6) {
			t.every = time.Duration(float64(t.every) * (1 + 3*r.Float64()))
			p.kinds = append(p.kinds, t)
		}
	}
	for _, n := range w.processes() {
		n.skew = w.drawSkew()
	}
}

// processes are those of the control plane.
func (w *World) processes() []*node {
	out := []*node{w.registry.node, w.hub.node}
	for _, g := range w.routers {
		out = append(out, g.node)
	}
	for _, k := range w.keepers {
		out = append(out, k.node)
	}
	return out
}

func (w *World) someProcess() *node {
	all := w.processes()
	return all[w.loop.Rand.IntN(len(all))]
}

// beginFaults is the end of the calm.
func (w *World) beginFaults() {
	w.net.calm = false
	w.net.base, w.stalls, w.ghosts = w.faults.base, w.faults.stalls, w.faults.ghosts
	for _, t := range slices.Concat(w.faults.kinds, w.operators()) {
		w.loop.After(w.between(0, 2*t.every), func() { w.strike(t) })
	}
}

func (w *World) strike(t trouble) {
	if w.net.calm {
		return
	}
	t.do(w)
	w.loop.After(w.between(t.every/10, 2*t.every), func() { w.strike(t) })
}

// endFaults has everything well again. What was going wrong by then goes on to its end.
func (w *World) endFaults() {
	w.note("the faults end", "", "", 0)
	now := w.loop.Now()
	w.net.calm, w.net.episodes = true, nil
	w.closing = true
	w.stalls, w.ghosts = 0, 0
	w.machines.failing, w.machines.slow, w.machines.duds, w.disk.failing = now, now, 0, now
	w.finishChanges()
	w.loop.After(Rest/3, w.makeRoom) // a seat that is reserved with it has time to expire
}

// The arrows that can be bad.
var arrows = [...][2]kind{
	{aClient, aRouter},
	{aClient, aServer},
	{aRouter, aRegistry},
	{aRouter, aStore},
	{aKeeper, aRegistry},
	{aKeeper, aStore},
	{aKeeper, aProvider},
	{aKeeper, aHub},
	{aServer, aHub},
	{aHub, aRegistry},
}

// somebody draws a node of a kind, or all of it.
func (w *World) somebody(k kind) matcher {
	r := w.loop.Rand
	if r.IntN(3) == 0 {
		return matcher{kind: k}
	}
	switch k {
	case aRouter:
		return matcher{k, w.routers[r.IntN(Routers)].node}
	case aKeeper:
		return matcher{k, w.keepers[r.IntN(Keepers)].node}
	case aServer:
		if s := w.someServer(); s != nil {
			return matcher{k, s.node}
		}
	}
	return matcher{kind: k}
}

func (w *World) someServer() *server {
	all := w.machines.running()
	if len(all) == 0 {
		return nil
	}
	return all[w.loop.Rand.IntN(len(all))]
}

// episode makes an arrow bad for a while.
func (w *World) episode(e episode, lasts time.Duration) {
	a := arrows[w.loop.Rand.IntN(len(arrows))]
	w.bend(w.somebody(a[0]), w.somebody(a[1]), e, lasts)
}

// bend makes the arrow between two bad, as e says: this way, that way, or both.
func (w *World) bend(from, to matcher, e episode, lasts time.Duration) {
	add := func(from, to matcher) {
		x := e
		x.from, x.to = from, to
		w.net.episodes = append(w.net.episodes, &x)
		w.loop.After(lasts, func() {
			w.net.episodes = slices.DeleteFunc(w.net.episodes, func(y *episode) bool { return y == &x })
		})
	}
	way := w.loop.Rand.IntN(4)
	if way != 1 {
		add(from, to)
	}
	if way != 0 {
		add(to, from)
	}
	w.note("bad arrow", kindNames[from.kind], kindNames[to.kind], uint64(way))
}

func (w *World) cutArrow() {
	w.cover(partitioned)
	w.episode(episode{cut: true}, w.between(100*time.Millisecond, 9*time.Second))
}

func (w *World) badArrow() {
	r := w.loop.Rand
	w.episode(episode{weather: weather{
		lost: 0.3 * r.Float64(), twice: 0.3 * r.Float64(), late: 0.5 * r.Float64(), lateBy: w.between(50*time.Millisecond, 5*time.Second),
	}}, w.between(500*time.Millisecond, 12*time.Second))
}

// pause stops a process for a while.
func (w *World) pause(n *node, d time.Duration) {
	if !n.up {
		return
	}
	w.cover(paused)
	n.paused = w.loop.Now().Add(d)
	n.troubled(n.paused)
	w.note("paused", n.name, "", uint64(d.Milliseconds()))
}

func (w *World) stepClock() {
	n := w.someProcess()
	n.skew = time.Duration((2*w.loop.Rand.Float64() - 1) * float64(maxSkew))
	w.cover(clockStepped)
	w.note("clock stepped", n.name, "", uint64(n.skew.Milliseconds()))
}

// killServer ends a server; now and then one that drains.
func (w *World) killServer() {
	s := w.someServer()
	if w.loop.Rand.IntN(3) == 0 {
		for _, x := range w.machines.running() {
			if x.want == model.ServerDraining && len(x.list) > 0 {
				s = x
				break
			}
		}
	}
	if s != nil {
		w.cover(serverDied)
		if s.want == model.ServerDraining && len(s.list) > 0 {
			w.cover(drainMetCrash)
		}
		if w.beingUpgraded(s.instance.Fleet) {
			w.cover(upgradeMetDeath)
		}
		w.machines.end(s, "signal: killed")
	}
}

// killBox ends all servers of a machine; the provider may forget that they were.
func (w *World) killBox() {
	w.cover(boxDied)
	box, forgets := w.loop.Rand.IntN(boxes), w.loop.Rand.IntN(2) == 0
	if w.machines.leaves(box) {
		w.cover(noticedBoxDied)
	}
	w.note("box died", "", "", uint64(box))
	w.loseBox(box, forgets)
}

// loseBox ends all servers of a machine.
func (w *World) loseBox(box int, forgets bool) {
	for _, s := range w.machines.running() {
		switch {
		case s.box != box:
		case forgets:
			w.machines.lose(s)
		default:
			w.machines.end(s, "signal: killed")
		}
	}
}

// restart ends a process and begins it again after a while.
func (w *World) restart(n *node, begin func()) {
	if !n.up {
		return
	}
	w.note("died", n.name, "", 0)
	n.die()
	w.loop.After(w.between(100*time.Millisecond, 6*time.Second), func() {
		if !n.up {
			w.note("begins", n.name, "", 0)
			begin()
		}
	})
}

func (w *World) restartRouter(g *gateway) {
	w.cover(routerDied)
	w.restart(g.node, g.begin)
}

func (w *World) restartKeeper(k *warden) {
	w.cover(keeperDied)
	w.restart(k.node, k.begin)
}

// restartHub breaks every stream.
func (w *World) restartHub() {
	if !w.hub.node.up {
		return
	}
	w.cover(hubDied)
	w.dropStreams()
	w.restart(w.hub.node, w.hub.begin)
}

// dropStreams is the end of the hub as its servers notice it.
func (w *World) dropStreams() {
	for _, s := range w.machines.running() {
		if st := s.stream; st != nil {
			st.broken = true
			w.loop.After(w.between(10*time.Millisecond, 2*time.Second), func() {
				s.node.awake(st.serverLife, func() { s.streamLost(st) })
			})
		}
	}
}

// restartPlane ends every process of the control plane. The registry begins with nothing in it.
func (w *World) restartPlane() {
	if !w.registry.node.up {
		return
	}
	w.cover(planeDied)
	w.note("the control plane dies", "", "", 0)
	w.dropStreams()
	for _, n := range w.processes() {
		n.die()
	}
	w.loop.After(w.between(200*time.Millisecond, 4*time.Second), func() {
		w.note("the control plane begins", "", "", 0)
		w.registry.begin()
		w.hub.begin()
		for _, k := range w.keepers {
			k.begin()
		}
		for _, g := range w.routers {
			g.begin()
		}
	})
}

// breakConnections breaks some clients' connections.
func (w *World) breakConnections() {
	for range 10 {
		c := w.clients[w.loop.Rand.IntN(Clients)]
		if c.phase == inside {
			c.cut(c.conn)
		}
	}
}

// What follows are operators' acts.

// drain drains a server, through one of the keepers.
func (w *World) drain() {
	s, k := w.someServer(), w.keepers[w.loop.Rand.IntN(Keepers)]
	if s == nil || !k.node.up {
		return
	}
	w.cover(drainAsked)
	policy := keeper.DrainPolicy{}
	if w.loop.Rand.IntN(3) == 0 { // it is in a hurry
		least, most := time.Duration(0), w.between(200*time.Millisecond, 3*time.Second)
		policy = keeper.DrainPolicy{Wait: &least, Deadline: &most}
	}
	k.node.run("drain", func() { _, _ = k.keeper.Drain(background, s.instance.ID, policy, "") })
}

// undrain takes a drain back.
func (w *World) undrain() {
	k := w.keepers[w.loop.Rand.IntN(Keepers)]
	if !k.node.up {
		return
	}
	for _, s := range w.machines.running() {
		if s.want == model.ServerDraining {
			k.node.run("undrain", func() {
				if _, err := k.keeper.Undrain(background, s.instance.ID); err == nil {
					w.cover(drainTakenBack)
				}
			})
			return
		}
	}
}

// changeWeights gives a route other weights; now and then one fleet gets nothing any more: a rollback.
func (w *World) changeWeights() {
	r := w.disk.routes[w.loop.Rand.IntN(len(w.disk.routes))]
	r = w.disk.route(r.Name)
	share := model.PPM(w.loop.Rand.Uint64N(uint64(model.Whole)))
	switch w.loop.Rand.IntN(4) {
	case 0:
		share = 0
	case 1:
		share = model.Whole
	}
	w.cover(weightsChanged)
	if share == 0 || share == model.Whole {
		w.cover(rolledBack)
	}
	both := r.Fleets[0].Weight + r.Fleets[1].Weight // others keep theirs
	share = model.PPM(uint64(share) * uint64(both) / uint64(model.Whole))
	r.Fleets[0].Weight, r.Fleets[1].Weight = share, both-share
	w.note("weights", string(r.Name), string(r.Fleets[0].Fleet), uint64(share))
	w.disk.putRoute(r)
}

// changeFleet asks for more or fewer servers, or another buffer.
func (w *World) changeFleet() {
	f := w.disk.fleets[w.loop.Rand.IntN(len(w.disk.fleets))]
	f.Spec.Min = max(4, f.Spec.Min+w.loop.Rand.IntN(9)-5)
	f.Spec.Max = f.Spec.Min + 8
	f.Spec.Open = f.Spec.Capacity.Sessions * (1 + w.loop.Rand.IntN(4))
	f.Spec.Ready = w.loop.Rand.IntN(3)
	w.cover(fleetChanged)
	w.note("fleet", string(f.Name), "", uint64(f.Spec.Min))
	w.disk.putFleet(f)
}
