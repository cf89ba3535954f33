package scale

import (
	"fmt"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// clock shows a time of a window.
const clock = "Mon 15:04 MST"

// schedule wants what it says within its window, and before it for as long as is needed to have it then.
func (x *weighing) schedule(p *model.Policy) Answer {
	s := p.Schedule
	early := s.Lead + x.horizon.Truncate(time.Second)
	w := s.Window
	w.Duration += early // one that began earlier, seen from as much later
	span, in, _, err := x.inside(w, x.in.Now.Add(early))
	if err != nil {
		return x.holds(p, "its window cannot be read: "+err.Error())
	}
	a := Answer{Name: p.Name, Kind: p.Kind()}
	if !in {
		a.Reason = fmt.Sprintf("outside its window %q", s.Window.Cron)
		return a
	}
	a.Servers, a.Free, a.Ready = s.Servers, s.FreeSessions, s.ReadyServers
	a.Reason = fmt.Sprintf("its window %q is from %s to %s", s.Window.Cron, span.Begin.Format(clock), span.End.Add(-early).Format(clock))
	if x.in.Now.Before(span.Begin) {
		a.Reason += fmt.Sprintf(", prepared %s before", early)
	}
	return a
}

// forecast wants what earlier weeks saw until a server started now can be used; Outlook.Expected is scaled to today.
func (x *weighing) forecast(p *model.Policy) Answer {
	a := Answer{Name: p.Name, Kind: p.Kind()}
	points := x.in.Outlook.Expected
	now, ok := expectedAt(points, x.in.Now)
	if !ok {
		a.Reason = "too little is known of earlier weeks"
		return a
	}
	ahead := now
	end := x.in.Now.Add(x.horizon + forecastReach)
	for _, e := range points {
		if e.At.After(x.in.Now) && !e.At.After(end) {
			ahead = max(ahead, e.Sessions)
		}
	}
	if later, ok := expectedAt(points, end); ok {
		ahead = max(ahead, later)
	}
	total := ahead * (1 + max(0, p.Forecast.HeadroomPercent)/100)
	a.Free = max(0, roundUp(total)-x.held())
	a.Reason = fmt.Sprintf("earlier weeks had %.0f sessions by now and up to %.0f by %s; %.0f with headroom, %d are there: %s",
		now, ahead, end.UTC().Format("15:04 MST"), total, x.held(), model.Count(a.Free, "slot"))
	a.Numbers = map[string]float64{"sessions": float64(x.held()), "expected_now": now, "expected_ahead": ahead, "wanted": total}
	return a
}

// forecastReach is how far beyond the time servers take the forecast looks.
const forecastReach = 2 * time.Minute

// expectedAt reads the points between two of them as a line; false outside of them.
func expectedAt(points []Expectation, at time.Time) (float64, bool) {
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		if at.Before(a.At) || at.After(b.At) || !b.At.After(a.At) {
			continue
		}
		part := at.Sub(a.At).Seconds() / b.At.Sub(a.At).Seconds()
		v := a.Sessions + part*(b.Sessions-a.Sessions)
		return v, finite(v)
	}
	return 0, false
}
