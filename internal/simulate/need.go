package simulate

import (
	"context"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/decide/bound"
	"greenroom.dev/greenroom/internal/model"
)

// need is how many servers the demand itself needs over time, whatever a policy does: what the lower bound is made of.
type need struct {
	groups []*group
	route  map[model.RouteName]*group
	inside []int32 // players of keyed sessions, by their numbers
}

// group is fleets that share demand, because a route leads to more than one of them. For the bound its servers are each as
// large as the largest of them.
type group struct {
	fleets []model.FleetName
	server bound.Server
	meter  *bound.Meter // to ask what is needed
	curve  []needed
}

// needed is a number of servers from a time on.
type needed struct {
	at      time.Time
	servers int
}

// passage is a player who comes to a session or leaves it.
type passage struct {
	group   *group
	session uint64        // 0: no key
	stay    time.Duration // of one who comes; 0: who leaves
}

// newNeed plays the demand alone.
func newNeed(ctx context.Context, in *Input) (*need, error) {
	n := &need{route: map[model.RouteName]*group{}}
	n.group(in)
	lead := in.leadSteps()
	start, end := in.Trace.Start.Add(-time.Duration(lead)*in.Trace.Step), in.Trace.End()
	for _, g := range n.groups {
		g.meter = bound.New(g.server, start)
	}
	d := newDemand(&in.Trace, lead, in.seats(), in.Seed)
	a := newAgenda[passage](start.UnixNano())
	for {
		at, visits, more := d.next()
		if !more {
			return n, n.play(ctx, a, end)
		}
		if err := n.play(ctx, a, at); err != nil {
			return nil, err
		}
		for i := range visits {
			v := &visits[i]
			a.put(v.at.Add(v.connect).UnixNano(), passage{group: n.route[v.route], session: v.session, stay: v.stay})
		}
	}
}

// play lets those pass whose time is before until.
func (n *need) play(ctx context.Context, a *agenda[passage], until time.Time) error {
	for end := until.UnixNano(); ; {
		nanos, p, ok := a.take(end)
		if !ok {
			return ctx.Err()
		}
		at := time.Unix(0, nanos).UTC()
		c := bound.Change{Players: 1}
		if p.stay == 0 {
			c.Players = -1
		} else {
			a.put(nanos+int64(p.stay), passage{group: p.group, session: p.session})
		}
		if p.session != 0 {
			c.Sessions = n.pass(p.session, c.Players)
		}
		p.group.change(at, c)
	}
}

// pass counts who is inside a keyed session, and answers by how many the number of those with players changed.
func (n *need) pass(session uint64, players int) int {
	for uint64(len(n.inside)) <= session {
		n.inside = append(n.inside, 0)
	}
	inside := &n.inside[session]
	was := *inside
	*inside += int32(players)
	switch {
	case *inside == 0:
		return -1
	case was == 0:
		return 1
	}
	return 0
}

// change notes what is needed after a change.
func (g *group) change(at time.Time, c bound.Change) {
	g.meter.Add(at, c)
	n := g.meter.Needed()
	switch last := len(g.curve) - 1; {
	case last >= 0 && g.curve[last].servers == n:
	case last >= 0 && g.curve[last].at.Equal(at):
		g.curve[last].servers = n
	default:
		g.curve = append(g.curve, needed{at, n})
	}
}

// group puts fleets together that share a route.
func (n *need) group(in *Input) {
	of := map[model.FleetName]*group{}
	for _, f := range in.Fleets {
		c := f.Spec.Capacity
		of[f.Name] = &group{
			fleets: []model.FleetName{f.Name},
			server: bound.Server{Slots: c.Sessions, Seats: c.Seats, SeatsPerSession: c.SeatsPerSession, Boot: in.Boot.Time, Min: f.Spec.Min},
		}
	}
	for _, r := range in.Routes {
		var first *group
		for _, w := range r.Fleets {
			switch g := of[w.Fleet]; {
			case w.Weight == 0 || g == first:
			case first == nil:
				first = g
			default:
				first.join(g)
				for _, name := range g.fleets {
					of[name] = first
				}
			}
		}
		n.route[r.Name] = first
	}
	for _, f := range in.Fleets {
		if g := of[f.Name]; !slices.Contains(n.groups, g) {
			n.groups = append(n.groups, g)
		}
	}
	for _, r := range in.Routes { // groups may have been joined since
		if g := n.route[r.Name]; g != nil {
			n.route[r.Name] = of[g.fleets[0]]
		}
	}
}

func (g *group) join(other *group) {
	g.fleets = append(g.fleets, other.fleets...)
	a, b := &g.server, other.server
	a.Slots, a.Seats = max(a.Slots, b.Slots), max(a.Seats, b.Seats)
	a.SeatsPerSession, a.Min = max(a.SeatsPerSession, b.SeatsPerSession), a.Min+b.Min
}

// least is the lower bound of the server-hours from start to until, of somebody who had so many servers at the start.
func (n *need) least(start, until time.Time, present map[model.FleetName]int) float64 {
	hours := 0.0
	for _, g := range n.groups {
		had := 0
		for _, name := range g.fleets {
			had += present[name]
		}
		// A need of n servers is one of n sessions on servers of one.
		m := bound.New(bound.Server{Slots: 1, Seats: 1, Boot: g.server.Boot, Min: g.server.Min, Present: had}, start)
		before := 0
		for _, x := range g.curve {
			if !x.at.Before(until) {
				break
			}
			at := x.at
			if at.Before(start) {
				at = start
			}
			m.Add(at, bound.Change{Sessions: x.servers - before})
			before = x.servers
		}
		hours += m.Total(until).ServerHours
	}
	return hours
}

// at is how many servers are needed at a time, which rises from call to call with the same cursor.
func (n *need) at(t time.Time, cursor []int) (servers int) {
	for i, g := range n.groups {
		for cursor[i] < len(g.curve) && !g.curve[cursor[i]].at.After(t) {
			cursor[i]++
		}
		if cursor[i] > 0 {
			servers += g.curve[cursor[i]-1].servers
		}
	}
	return servers
}
