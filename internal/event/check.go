package event

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// Report is what a check of an event found.
type Report struct {
	Ready  bool // every check is OK
	Checks []Check
}

// Check is one thing that was looked at.
type Check struct {
	Name     string          // "capacity", "maximum", "lead", "overlap", "queue", "servers"
	Fleet    model.FleetName // "": the whole route
	OK       bool
	Sentence string // with the numbers; where it is not OK, with what to do
}

// check is what the checks of one event look at.
type check struct {
	event  model.Event
	route  model.Route
	now    time.Time
	report Report
}

// Check looks whether what stands for an event is what it asks for by now, and whether the rest of its plan can be met:
// maxima, the machine, other events, the time that servers take, the route's queue.
func (s *Service) Check(ctx context.Context, e model.Event) Report {
	c := check{event: e, route: s.cfg.Specs.Specs().Routes[e.Route], now: s.cfg.Now()}
	v := s.look(c.now)
	parts := v.parts[e.Name]
	switch {
	case !c.now.Before(e.EndsAt):
		c.fail("capacity", "", "the event is over since %s; move it, or delete it", clock(e.EndsAt))
		return c.report
	case len(parts) == 0:
		c.fail("capacity", "", "route %s sends no sessions to any fleet: give one of its fleets a weight", e.Route)
	}
	missing := 0
	for _, p := range parts {
		fleet, _ := s.cfg.Specs.Specs().Fleets[p.fleet]
		n := c.need(p, fleet, s.calendar(c.now).byFleet[p.fleet])
		c.capacity(p)
		c.maximum(p, fleet, n)
		c.servers(p, n, s.limit(ctx, fleet))
		c.lead(p, fleet)
		c.overlap(p, n)
		if !c.now.Before(p.dueAt()) {
			missing += (p.wanted - p.standing) * scale.PlayersPerSession(e, fleet.Spec.Capacity)
		}
	}
	if len(parts) > 0 {
		c.queue(missing)
	}
	c.report.Ready = !slices.ContainsFunc(c.report.Checks, func(c Check) bool { return !c.OK })
	return c.report
}

func (s *Service) limit(ctx context.Context, f model.Fleet) Limit {
	if s.cfg.Facts.Limit == nil {
		return Limit{}
	}
	return s.cfg.Facts.Limit(ctx, f)
}

func (c *check) add(name string, fleet model.FleetName, ok bool, format string, args ...any) {
	c.report.Checks = append(c.report.Checks, Check{Name: name, Fleet: fleet, OK: ok, Sentence: fmt.Sprintf(format, args...)})
}

func (c *check) ok(name string, fleet model.FleetName, format string, args ...any) {
	c.add(name, fleet, true, format, args...)
}

func (c *check) fail(name string, fleet model.FleetName, format string, args ...any) {
	c.add(name, fleet, false, format, args...)
}

// need is what a fleet has to have at the height of an event.
type need struct {
	base    int // sessions that are there anyway, today's
	open    int // the open buffer: kept free when everybody has come
	events  int // slots of all events together, at their worst moment within this one
	others  []scale.Event
	servers int // for all of it, with the ready ones
}

// need adds up what the fleet has to hold while the event goes on. Between two ends what is asked for only grows, so its
// worst moment is right before one.
func (c *check) need(p part, f model.Fleet, all []scale.Event) need {
	n := need{base: p.facts.Before, open: f.Spec.Open}
	begin := p.preparesAt()
	for _, at := range all {
		moment := at.EndsAt.Add(-1)
		if at.EndsAt.After(c.event.EndsAt) {
			moment = c.event.EndsAt.Add(-1)
		}
		sum := 0
		for _, e := range all {
			sum += e.Wanted(moment, e.LeadTime(p.facts.Boot)+p.facts.Boot)
		}
		if !moment.Before(begin) {
			n.events = max(n.events, sum)
		}
		if at.Name != c.event.Name && at.EndsAt.After(begin) && at.DoorsAt.Add(-at.LeadTime(p.facts.Boot)-p.facts.Boot).Before(c.event.EndsAt) {
			n.others = append(n.others, at)
		}
	}
	perServer := max(1, f.Spec.Capacity.Sessions)
	n.servers = (n.base+n.open+n.events+perServer-1)/perServer + f.Spec.Ready
	return n
}

// capacity: does what is asked for by now stand.
func (c *check) capacity(p part) {
	switch {
	case p.wanted == 0:
		c.ok("capacity", p.fleet, "nothing is asked for before %s, then %s", clock(p.preparesAt()), model.Count(p.share.Sessions, "session slot"))
	case p.standing == p.wanted:
		c.ok("capacity", p.fleet, "%d of %s stand%s", p.standing, model.Count(p.wanted, "session slot"), c.ofAll(p))
	case c.now.Before(p.dueAt()):
		c.ok("capacity", p.fleet, "%d of %s stand, the rest is due by %s%s", p.standing, model.Count(p.wanted, "session slot"),
			clock(p.dueAt()), missing([]part{p}))
	default:
		c.fail("capacity", p.fleet, "%d of %s stand%s; `greenroom explain %s` says what its keeper does",
			p.standing, model.Count(p.wanted, "session slot"), missing([]part{p}), p.fleet)
	}
}

// ofAll says how many are still to be asked for, where players come over some time.
func (c *check) ofAll(p part) string {
	if p.wanted == p.share.Sessions {
		return ""
	}
	return fmt.Sprintf(", of %d by %s", p.share.Sessions, clock(p.share.StandsAt(p.lead)))
}

// maximum: does max_servers allow for everything.
func (c *check) maximum(p part, f model.Fleet, n need) {
	needs := fmt.Sprintf("%s of %s for %s", model.Count(n.servers, "server"), model.Count(max(1, f.Spec.Capacity.Sessions), "session"), n)
	if f.Spec.Ready > 0 {
		needs += fmt.Sprintf(", %d of them kept ready", f.Spec.Ready)
	}
	if n.servers <= f.Spec.Max {
		c.ok("maximum", p.fleet, "needs at least %s; max_servers is %d", needs, f.Spec.Max)
		return
	}
	c.fail("maximum", p.fleet, "needs at least %s, and max_servers is %d: raise it to %d or more", needs, f.Spec.Max, n.servers)
}

// String lists what is needed: "200 session slots of events, 12 in use anyway and 5 kept free".
func (n need) String() string {
	out := model.Count(n.events, "session slot") + " of events"
	if len(n.others) == 0 {
		out = model.Count(n.events, "session slot") + " of this event"
	}
	if n.base > 0 {
		out += fmt.Sprintf(", %d in use anyway", n.base)
	}
	if n.open > 0 {
		out += fmt.Sprintf(", %d kept free", n.open)
	}
	return out
}

// servers: does the machine hold them.
func (c *check) servers(p part, n need, limit Limit) {
	switch {
	case limit.Servers == 0 && limit.Because == "":
		c.ok("servers", p.fleet, "%s needed; nothing is known that ends before", model.Count(n.servers, "server"))
	case n.servers <= limit.Servers:
		c.ok("servers", p.fleet, "%s needed, this machine holds %d: %s", model.Count(n.servers, "server"), limit.Servers, limit.Because)
	default:
		c.fail("servers", p.fleet, "%s needed, and this machine holds %d: %s; give it more, or spread the route over more fleets",
			model.Count(n.servers, "server"), limit.Servers, limit.Because)
	}
}

// lead: is there enough time to start what is missing.
func (c *check) lead(p part, f model.Fleet) {
	perServer := max(1, f.Spec.Capacity.Sessions)
	starts := max(0, (p.share.Sessions-p.standing+perServer-1)/perServer-p.facts.Ready-p.facts.Starting)
	takes := p.facts.Boot
	if perMinute := f.Spec.Scaling.MaxStartsPerMinute; perMinute > 0 && starts > 0 {
		takes += time.Duration((starts-1)/perMinute) * time.Minute
	}
	left := min(c.event.DoorsAt.Sub(c.now), p.lead+p.facts.Boot)
	sentence := fmt.Sprintf("starting %s takes %s (%s)", model.Count(starts, "server"), short(takes), pace(p.facts, f))
	switch {
	case starts == 0:
		c.ok("lead", p.fleet, "no server has to be started any more")
	case left <= 0:
		c.fail("lead", p.fleet, "the doors are open and %s: move the doors, or let players wait", sentence)
	case takes <= left:
		c.ok("lead", p.fleet, "%s; there are %s before the doors", sentence, short(left))
	case left < p.lead+p.facts.Boot:
		c.fail("lead", p.fleet, "%s, and there are %s before the doors: move the doors, or let players wait", sentence, short(left))
	default:
		c.fail("lead", p.fleet, "%s, and there are %s before the doors: raise lead", sentence, short(left))
	}
}

// pace says how fast a fleet's servers can be started: "30s each, at most 2 a minute".
func pace(facts Fleet, f model.Fleet) string {
	out := short(facts.Boot) + " each"
	if facts.Seen == 0 {
		out += " by guess: none was started lately"
	}
	if n := f.Spec.Scaling.MaxStartsPerMinute; n > 0 {
		out += fmt.Sprintf(", at most %d a minute", n)
	}
	return out
}

// overlap names the other events that ask for the fleet at the same time. What they need together is the maximum's matter.
func (c *check) overlap(p part, n need) {
	if len(n.others) == 0 {
		c.ok("overlap", p.fleet, "no other event asks for %s at the same time", p.fleet)
		return
	}
	names := make([]string, 0, len(n.others))
	for _, e := range n.others[:min(len(n.others), 5)] {
		names = append(names, fmt.Sprintf("%s (%s from %s)", e.Name, model.Count(e.Sessions, "session slot"), clock(e.DoorsAt)))
	}
	more := ""
	if rest := len(n.others) - len(names); rest > 0 {
		more = fmt.Sprintf(" and %d more", rest)
	}
	c.ok("overlap", p.fleet, "adds up with %s%s", strings.Join(names, ", "), more)
}

// queue: can those wait for whom there should be a seat by now and is none.
func (c *check) queue(missing int) {
	r := c.route
	bounds := fmt.Sprintf("the queue of %s takes %d joins for %s", r.Name, r.MaxWaiting, short(r.MaxWait))
	if missing == 0 {
		c.ok("queue", "", "%s; nobody has to wait for what stands", bounds)
		return
	}
	waiting := min(c.event.Attendance, missing)
	if waiting <= r.MaxWaiting {
		c.ok("queue", "", "%s, more than the %d that are without a seat so far", bounds, waiting)
		return
	}
	c.fail("queue", "", "%s, and %d are without a seat so far: raise spec.queue.max_waiting, or they are turned away", bounds, waiting)
}

// short prints a duration without what nobody reads.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		d = d.Round(time.Second)
	case d >= time.Second:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(time.Millisecond)
	}
	return model.Duration(d)
}
