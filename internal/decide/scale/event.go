package scale

import (
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// gathering is what is remembered of the events that are being prepared or held.
type gathering struct {
	base  int // sessions that were there when the first of them began to be prepared
	names []model.EventName
}

// eventSlack is how much later than it was an event's preparation may seem to begin without being begun anew.
const eventSlack = 5 * time.Minute

// announced is an event as it is now.
type announced struct {
	*Event
	prepares time.Time // what is started then is there in time
	wanted   int       // sessions, by the time a server started now can be used
	arrived  int       // sessions, if they came as announced
}

// announce looks at an event; begun tells that it was under way at the last decision.
func (x *weighing) announce(e *Event, begun bool) announced {
	now, lead := x.in.Now, e.LeadTime(x.horizon)
	ahead := lead + x.horizon
	if begun { // although servers turned out to be quicker than it seemed, and it could have waited
		ahead = max(ahead, e.DoorsAt.Sub(now))
	}
	return announced{
		Event: e, prepares: e.DoorsAt.Add(-lead - x.horizon),
		wanted: e.Wanted(now, ahead), arrived: e.Wanted(now, 0),
	}
}

// events asks for what is announced. What is wanted for all events that are under way is added up, to the sessions that
// were there before, so that who arrives uses it up; it is held until the last of them ends.
func (x *weighing) events() {
	var active []announced
	for i := range x.in.Outlook.Events {
		e := &x.in.Outlook.Events[i]
		if e.Sessions <= 0 || !x.in.Now.Before(e.EndsAt) {
			continue
		}
		begun := slices.Contains(x.before.event.names, e.Name)
		a := x.announce(e, begun)
		begins := a.prepares
		if begun {
			begins = begins.Add(-eventSlack)
		}
		if x.in.Now.Before(begins) {
			x.early(a)
			continue
		}
		active = append(active, a)
	}
	x.gather(active)
	if len(active) == 0 {
		return
	}
	sum := 0
	for _, a := range active {
		sum += a.wanted
	}
	base, has := x.mem.event.base, x.held()
	for _, a := range active {
		free := max(0, base+sum-has)
		x.add(Answer{
			Name: string(a.Name), Kind: "event", Free: free, Reason: a.reason(x, len(active), sum, free),
			Numbers: map[string]float64{
				"announced": float64(a.Sessions), "wanted": float64(a.wanted), "wanted_by_all_events": float64(sum),
				"sessions_before": float64(base), "sessions": float64(has),
			},
		})
	}
}

// early asks for a slot for who comes before the event's capacity stands: from as long before it as that stands before the
// doors.
func (x *weighing) early(a announced) {
	if x.in.Now.Before(a.prepares.Add(-a.LeadTime(x.horizon))) {
		return
	}
	x.add(Answer{
		Name: string(a.Name), Kind: "event", Free: 1,
		Reason: fmt.Sprintf("doors at %s, a slot for who comes early; the %s announced are prepared from %s on",
			a.DoorsAt.UTC().Format("15:04 MST"), model.Count(a.Sessions, "session"), a.prepares.UTC().Format("15:04:05 MST")),
		Numbers: map[string]float64{"announced": float64(a.Sessions)},
	})
}

func (a *announced) reason(x *weighing, events, sum, free int) string {
	r := fmt.Sprintf("doors at %s, %d of %s wanted now", a.DoorsAt.UTC().Format("15:04 MST"), a.wanted, model.Count(a.Sessions, "session"))
	if events > 1 {
		r += fmt.Sprintf(", %d by %s", sum, model.Count(events, "event"))
	}
	return r + fmt.Sprintf(", beside %d there before; %d are there: %s", x.mem.event.base, x.held(), model.Count(free, "slot"))
}

// held is how many sessions there are, with the slots whose seats others have taken.
func (x *weighing) held() int { return x.census.sessions + x.census.seatBound }

// gather keeps the base of the events that are under way. Without a memory of before, what is there less what should have
// arrived is the base, and what stands is taken to have been wanted; when one of several ends, what it left behind belongs
// to the base from then on.
func (x *weighing) gather(active []announced) {
	g, has := x.before.event, x.held()
	var names []model.EventName
	wanted, arrived := 0, 0
	for _, a := range active {
		names = append(names, a.Name)
		wanted += a.wanted
		arrived += a.arrived
	}
	ended := slices.ContainsFunc(g.names, func(n model.EventName) bool { return !slices.Contains(names, n) })
	switch {
	case len(active) == 0:
		g.base = 0
	case x.before.at.IsZero():
		stands := x.census.slots + (x.census.coming+len(x.census.warm))*max(1, x.in.Spec.Capacity.Sessions)
		g.base = max(0, has-arrived, min(has, stands-wanted))
	case len(g.names) == 0:
		g.base = has
	case ended:
		g.base = max(g.base, has-wanted)
	}
	g.names = names
	x.mem.event = g
}
