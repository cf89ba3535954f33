package chaos

import (
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/handover"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/router"
	"greenroom.dev/greenroom/internal/ticket"
)

// Rule is one of the rules of the domain.
type Rule string

// Rules. The first ones hold always; the last ones once the faults are over and everything has had time to come to rest.
const (
	OneHost       Rule = "I1 a session has players on one server only"
	Capacity      Rule = "I2 no more seats than there are"
	NoEarlyEnd    Rule = "I3 nothing is ended before its drain's deadline"
	KnownServer   Rule = "I5 a join goes to a server that is there"
	RollbackHeard Rule = "I6 a rollback reaches every router within a second"
	OneSeat       Rule = "I7 a ticket is good for one seat"
	Conditional   Rule = "I8 a write for an older generation changes nothing"
	OneHolder     Rule = "I8 a lease has one holder"
	NotOnDoubt    Rule = "I9 no server is given up while it serves"
	NobodyCut     Rule = "I10 the control plane's end disconnects nobody"
	StateKept     Rule = "I3 a hand-over keeps the session's state"

	NobodyWaits   Rule = "I4 no client waits for ever"
	GhostsVanish  Rule = "I4 seats of players who are gone become free"
	NoOrphans     Rule = "I4 every session is where the registry has it"
	NoLeaks       Rule = "I4 every server is known, and every known server is there"
	DrainsEnd     Rule = "I4 every drain ends"
	BuffersRefill Rule = "I4 buffers refill"
)

// Violation is a rule that was broken.
type Violation struct {
	Rule Rule
	At   time.Duration // since the world began
	What string
}

// rules looks whether the rules hold, wherever something takes effect. It sees everything, and nothing of the control plane
// sees it.
type rules struct {
	w       *World
	broken  []Violation
	gone    map[place]bool                        // seats that were released, or went with their server
	ended   map[model.SessionRef]ending           // sessions that the control plane ended
	acted   map[model.FleetName]keeping           // who changed a fleet's servers last
	rejoin  map[model.SessionRef]model.Generation // sessions whose machines went away before they could be moved
	greeted map[template]bool                     // of which servers got ready; nil: fleets have one template each
}

// place is a seat on a server: what a ticket is good for.
type place struct {
	server model.ServerID
	seat   model.SeatID
}

// ending is a session's end.
type ending struct {
	gen    model.Generation // that it had
	stream uint64           // the last one that had begun by then: those that begin later tell of it
}

// keeping is a keeper's last act.
type keeping struct {
	keeper *node
	at     time.Time
}

// maxBroken bounds what is told of one world.
const maxBroken = 8

func (r *rules) broke(rule Rule, what string, args ...any) {
	if len(r.broken) >= maxBroken {
		return
	}
	v := Violation{Rule: rule, At: r.w.loop.Now().Sub(begins), What: fmt.Sprintf(what, args...)}
	r.broken = append(r.broken, v)
	r.w.note("BROKEN", string(rule), v.What, 0)
}

// reserved looks at a seat that a router gets for a player.
func (r *rules) reserved(from *node, sent time.Time, req *registry.Reserve, res *registry.Reservation) {
	w := r.w
	s, err := w.registry.GetServer(background, res.Server)
	if err != nil || s.State.Terminal() || s.State < model.ServerOpen || s.State == model.ServerEmpty && !r.overdue(&s) {
		r.broke(KnownServer, "%s seats %s on server %s, which the registry has as %q (%v)", from.name, req.Players[0], res.Server, s.State, err)
		return
	}
	if s.State == model.ServerDraining {
		w.cover(joinRacedDrain)
	}
	x, err := w.registry.GetSession(background, res.Session)
	if err != nil {
		r.broke(KnownServer, "%s seats %s in %s, which the registry does not have", from.name, req.Players[0], res.Session)
		return
	}
	if len(x.Seats) > x.Capacity || s.Sessions > max(s.SessionCapacity, 1) && res.Created {
		r.broke(Capacity, "%s has %d seats of %d, its server %d sessions of %d", res.Session, len(x.Seats), x.Capacity, s.Sessions, s.SessionCapacity)
	}
	for _, seat := range res.Seats {
		if !slices.ContainsFunc(x.Seats, func(y model.Seat) bool { return y.ID == seat.ID && y.Player == seat.Player }) {
			r.broke(Capacity, "%s is given seat %d of %s, which the registry has not", seat.Player, seat.ID, res.Session)
		}
	}
	if res.Created && x.CreatedAt.Equal(req.Now) {
		r.placed(from, sent, res)
	}
}

// placed looks at a new session: its fleet must have a share of the route's.
func (r *rules) placed(from *node, sent time.Time, res *registry.Reservation) {
	since, none := r.w.disk.zero[routeFleet{res.Session.Route, res.Fleet}]
	if !none {
		return
	}
	limit := since.Add(time.Second)
	if from.trouble.After(since.Add(-5 * time.Second)) { // what was lost or late is tried again
		limit = model.Later(limit, from.trouble.Add(2*storePatience+time.Second))
	}
	if sent.After(limit) {
		r.broke(RollbackHeard, "%s begins %s on fleet %s, %s after its weight became 0", from.name, res.Session, res.Fleet, sent.Sub(since))
	}
}

// conditional looks at a write that took effect: it must have named the generation that was there.
func (r *rules) conditional(what string, have, given uint64) {
	if have != given {
		r.broke(Conditional, "%s was made for generation %d and took effect at %d", what, given, have)
	}
}

// stateChanged looks at a server that the control plane put into another state.
func (r *rules) stateChanged(from *node, after *model.Server) {
	w := r.w
	if from.kind == aKeeper {
		if r.acted == nil {
			r.acted = map[model.FleetName]keeping{}
		}
		last := r.acted[after.Fleet]
		if last.keeper != nil && last.keeper != from && w.loop.Now().Sub(last.at) < 5*time.Second {
			w.cover(twoKeepersActed)
		}
		r.acted[after.Fleet] = keeping{from, w.loop.Now()}
	}
	s := w.machines.servers[after.ID]
	if s == nil || !s.instance.Running || s.excused {
		return
	}
	players := s.players()
	switch {
	case players == 0:
	case after.State.Terminal():
		r.broke(NotOnDoubt, "%s declares server %s %s (%s) while %d players are on it", from.name, after.ID, after.State, after.Reason, players)
	case after.State == model.ServerEmpty && !r.overdue(after):
		r.broke(NoEarlyEnd, "%s declares server %s empty (%s) while %d players are on it", from.name, after.ID, after.Reason, players)
	}
}

// overdue tells whether a server's drain is at its deadline, by whichever clock.
func (r *rules) overdue(s *model.Server) bool {
	return s.Drain != nil && !r.w.loop.Now().Before(s.Drain.DeadlineAt.Add(-2*maxSkew))
}

// players counts those who are connected, but for those whose session is over or elsewhere.
func (s *server) players() (n int) {
	for _, x := range s.list {
		if x.leaving() {
			s.w.cover(newsTooLate)
			continue
		}
		for i := range x.seats {
			if x.seats[i].conn != 0 && !x.seats[i].player.ghost {
				n++
			}
		}
	}
	return n
}

// leaving tells whether the session was ended at its drain's deadline, or is live elsewhere: its players have been told so, or
// will be, and the news is late.
func (r *room) leaving() bool {
	w := r.server.w
	return r.gen <= w.rules.ended[r.ref].gen ||
		r.frozen && slices.ContainsFunc(w.hosts[r.ref], func(other *room) bool { return other.gen > r.gen })
}

// sessionEnded looks at a session that a keeper ended.
func (r *rules) sessionEnded(x *model.Session) {
	r.ended[x.SessionRef] = ending{x.Generation, r.w.hub.numbers}
	s, err := r.w.registry.GetServer(background, x.Server)
	if err != nil {
		return
	}
	if s.Drain != nil && s.Drain.Cause == model.DrainNode {
		r.dismissed(x)
	}
	if s.Drain != nil && s.Drain.Cause == model.DrainConsolidation {
		r.broke(MergeEndsNone, "session %s on server %s is ended %s after the drain's deadline: %s", x.SessionRef, s.ID, r.w.loop.Now().Sub(s.Drain.DeadlineAt), s.Drain.Reason)
	}
	if !r.overdue(&s) {
		r.broke(NoEarlyEnd, "session %s on server %s, which is %s, is ended; its drain is %+v", x.SessionRef, s.ID, s.State, s.Drain)
	}
}

// leased looks at a lease that changes hands.
func (r *rules) leased(name string, last granted, holder string, now time.Time) {
	if now.Before(last.until) {
		r.broke(OneHolder, "the lease %s is given to %s at %s while %s has it until %s", name, holder, now, last.holder, last.until)
	}
}

// lateReport looks at what a report did that came after a newer one.
func (r *rules) lateReport(before, after *model.Server, report *registry.Report) {
	if before.Sessions != after.Sessions || before.SeatsClaimed != after.SeatsClaimed || before.SeatsReserved != after.SeatsReserved {
		r.broke(Conditional, "a late report of server %s on stream %d changed its %d sessions, %d claimed and %d reserved seats to %d, %d and %d",
			before.ID, report.Stream, before.Sessions, before.SeatsClaimed, before.SeatsReserved, after.Sessions, after.SeatsClaimed, after.SeatsReserved)
	}
}

// stopped looks at a server that the provider is told to stop.
func (r *rules) stopped(s *server) {
	known, err := r.w.registry.GetServer(background, s.instance.ID)
	if n := s.players(); n > 0 && !s.excused && (err != nil || !r.overdue(&known)) {
		r.broke(NoEarlyEnd, "server %s is stopped while %d players are on it", s.instance.ID, n)
	}
}

// claimed looks at a player who came in.
func (r *rules) claimed(at *room, c *ticket.Claims, who *client) {
	w := r.w
	w.note("entered", string(who.id), string(at.server.instance.ID)+"/"+string(at.ref.Key), uint64(c.Seat))
	if r.gone[place{at.server.instance.ID, c.Seat}] {
		r.broke(OneSeat, "%s comes into %s on %s by the ticket of seat %d, which was released", who.id, at.ref, at.server.instance.ID, c.Seat)
	}
	mine, all := 0, 0
	for _, x := range at.seats {
		if x.player == who {
			mine++
		}
	}
	used := 0
	for _, x := range at.server.list {
		all += len(x.seats)
		if len(x.seats) > 0 && !x.leaving() { // an empty one that the registry gave up already goes by itself
			used++
		}
	}
	s := at.server
	if mine > 1 {
		r.broke(OneSeat, "%s has %d seats in %s on %s", who.id, mine, at.ref, s.instance.ID)
	}
	if len(at.seats) > c.Capacity || all > s.capacity.Seats || used > s.capacity.Sessions {
		r.broke(Capacity, "server %s has %d players of %d in %s, %d in all and %d sessions; it holds %+v", s.instance.ID, len(at.seats), c.Capacity, at.ref, all, used, s.capacity)
	}
	if r.unheard(at) {
		return
	}
	for _, other := range w.hosts[at.ref] {
		if other == at || !other.accepts() || other.excused || at.excused || other.gen <= r.ended[at.ref].gen {
			continue
		}
		if slices.ContainsFunc(other.seats, func(x seat) bool { return x.conn != 0 && x.player != who && !x.player.ghost }) {
			r.broke(OneHost, "%s comes into %s on server %s at generation %d while %d players are in it on server %s at generation %d",
				who.id, at.ref, s.instance.ID, at.gen, len(other.seats), other.server.instance.ID, other.gen)
		}
	}
}

// unheard tells whether a session was ended and its server was not told yet, as far as its streams say: it lets in whoever has a ticket,
// and sends them on when it hears, like those who are inside.
func (r *rules) unheard(at *room) bool {
	e, st := r.ended[at.ref], at.server.stream
	return at.gen <= e.gen && (st == nil || !st.welcomed || st.number <= e.stream)
}

// released notes that a seat is free again.
func (r *rules) released(s *server, id model.SeatID) { r.gone[place{s.instance.ID, id}] = true }

// closed looks at a session that a server closed because it was told to.
func (r *rules) closed(at *room, to *handover.Redirect, why string) {
	r.sentOff(at, to, why)
	if to == nil || to.Server != "" || len(at.seats) == 0 || at.gen <= r.ended[at.ref].gen {
		return
	}
	if _, err := r.w.registry.GetSession(background, at.ref); err == nil {
		return
	}
	for _, other := range r.w.hosts[at.ref] {
		if other != at && other.gen >= at.gen {
			return
		}
	}
	r.broke(NobodyCut, "server %s gives up %s with %d players (%s), and nobody else has it", at.server.instance.ID, at.ref, len(at.seats), why)
}

// brought looks at a session that comes to a server, by a hand-over if it is complete.
func (r *rules) brought(at *room, complete bool) {
	if !complete {
		return
	}
	last := model.Generation(0) // where it came from: what older ones froze has been elsewhere since, and went on there
	for _, other := range r.w.hosts[at.ref] {
		if other != at && other.gen < at.gen {
			last = max(last, other.gen)
		}
	}
	for _, other := range r.w.hosts[at.ref] {
		if other == at || other.gen >= at.gen || other.opening || other.excused || other.gen <= r.ended[at.ref].gen {
			continue
		}
		switch {
		case !other.frozen && len(other.seats) > 0 && other.server.node.up:
			r.broke(StateKept, "%s is opened on server %s while it is not frozen on server %s", at.ref, at.server.instance.ID, other.server.instance.ID)
		case other.frozen && other.gen == last && other.final != at.value:
			r.broke(StateKept, "%s is opened on server %s with state %d; server %s froze it with %d", at.ref, at.server.instance.ID, at.value, other.server.instance.ID, other.final)
		}
	}
}

// unheld looks who was not heard of when a router stops waiting for the servers after a restart.
func (r *rules) unheld() {
	w := r.w
	for _, s := range w.machines.running() {
		if w.registry.heardOf(s).stream == 0 {
			s.excused = true // what its tickets open from now on may have begun anew elsewhere too
			for _, r := range s.list {
				r.excused = true
			}
			if len(s.list) > 0 {
				w.cover(serverCameTooLate)
			}
		}
	}
}

// toldFull looks at a client who is told that there is no room.
func (r *rules) toldFull(c *client, full *router.FullError) {
	if full.Waited > maxWait+2*maxSkew+10*time.Second {
		r.broke(NobodyWaits, "%s is told after %s that there is no room: %v", c.id, full.Waited, full)
	}
}
