package scale

import (
	"fmt"
	"math"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// buffer keeps so much free, whatever happens.
func (x *weighing) buffer(p *model.Policy) Answer {
	b := p.Buffer
	used := x.census.used()
	share := roundUp(b.FreePercent / (100 - b.FreePercent) * float64(used))
	a := Answer{Name: p.Name, Kind: p.Kind(), Free: max(b.FreeSessions, share), Ready: b.ReadyServers}
	a.Reason = fmt.Sprintf("%s kept free", model.Count(a.Free, "slot"))
	if share >= b.FreeSessions && share > 0 {
		a.Reason = fmt.Sprintf("%g%% of the slots kept free: %d beside %d in use", b.FreePercent, share, used)
	}
	if b.ReadyServers > 0 {
		a.Reason += fmt.Sprintf(", %s kept ready", model.Count(b.ReadyServers, "server"))
	}
	a.Numbers = map[string]float64{"slots_in_use": float64(used)}
	return a
}

// occupancy keeps players ÷ seats at or below its target.
func (x *weighing) occupancy(p *model.Policy) Answer {
	players, each := x.census.players, max(1, x.in.Spec.Capacity.Seats)
	a := x.share(p, players, each, p.Occupancy.Target)
	a.Reason = fmt.Sprintf("%s, %d seats a server filled to %g: %s",
		model.Count(players, "player"), each, p.Occupancy.Target, model.Count(a.Servers, "server"))
	return a
}

// activeSessions keeps sessions with players ÷ session slots at or below its target.
func (x *weighing) activeSessions(p *model.Policy) Answer {
	active, each := x.census.active, max(1, x.in.Spec.Capacity.Sessions)
	a := x.share(p, active, each, p.ActiveSessions.Target)
	a.Reason = fmt.Sprintf("%s with players, %d slots a server filled to %g: %s",
		model.Count(active, "session"), each, p.ActiveSessions.Target, model.Count(a.Servers, "server"))
	return a
}

func (x *weighing) share(p *model.Policy, has, each int, target float64) Answer {
	return Answer{
		Name: p.Name, Kind: p.Kind(), Servers: atLeast(float64(has) / (float64(each) * target)),
		Numbers: map[string]float64{"has": float64(has), "each": float64(each), "target": target},
	}
}

// load keeps the mean load of open servers at or below its targets: of n servers with the mean m, n·m ÷ target.
func (x *weighing) load(p *model.Policy) Answer {
	l, open := x.census.load, len(x.census.serving)
	a := Answer{Name: p.Name, Kind: p.Kind(), Numbers: map[string]float64{"open_servers": float64(open)}}
	if open == 0 {
		a.Reason = "no open server has a load"
		return a
	}
	cpu, network := p.Load.CPUTarget > 0, p.Load.NetworkTarget > 0
	if cpu && l.cpuKnown == 0 || network && l.known == 0 {
		return x.holds(p, fmt.Sprintf("none of %s has said its load within %s", model.Count(open, "open server"), LoadMaxAge))
	}
	if cpu {
		mean := l.cpu / float64(l.cpuKnown)
		a.Numbers["cpu"], a.Numbers["cpu_known"] = mean, float64(l.cpuKnown)
		a.Servers = atLeast(float64(open) * mean / p.Load.CPUTarget)
		a.Reason = fmt.Sprintf("the cores of %s are used to %.0f%%, target %.0f%%: %s",
			model.Count(open, "open server"), 100*mean, 100*p.Load.CPUTarget, model.Count(a.Servers, "server"))
	}
	if network {
		mean := l.network / float64(l.known)
		a.Numbers["bytes_per_second"], a.Numbers["network_known"] = mean, float64(l.known)
		if n := atLeast(float64(open) * mean / p.Load.NetworkTarget); n > a.Servers || !cpu {
			a.Servers = n
			a.Reason = fmt.Sprintf("%.0f bytes/s on each of %s, target %.0f: %s",
				mean, model.Count(open, "open server"), p.Load.NetworkTarget, model.Count(n, "server"))
		}
	}
	return a
}

// external wants roundUp(value ÷ target) servers, and holds when there is no value to believe.
func (x *weighing) external(p *model.Policy) Answer {
	e := p.External
	s, known := x.in.Outlook.Signals[e.Signal]
	age := x.in.Now.Sub(s.At)
	switch {
	case !known:
		return x.holds(p, fmt.Sprintf("signal %s is not set", e.Signal))
	case !finite(s.Value):
		return x.holds(p, fmt.Sprintf("signal %s is %v", e.Signal, s.Value))
	case age > e.MaxAge:
		return x.holds(p, fmt.Sprintf("signal %s is %s old, more than %s", e.Signal, age.Round(time.Second), e.MaxAge))
	}
	n := atLeast(s.Value / e.Target)
	return Answer{
		Name: p.Name, Kind: p.Kind(), Servers: n,
		Reason:  fmt.Sprintf("signal %s is %g, %g a server: %s", e.Signal, s.Value, e.Target, model.Count(n, "server")),
		Numbers: map[string]float64{"value": s.Value, "target": e.Target, "age_seconds": age.Seconds()},
	}
}

// atLeast is a number of servers that is large enough, up to maxServers.
func atLeast(f float64) int { return roundUp(math.Min(math.Max(0, f), maxServers)) }

// maxServers bounds what a number from outside can ask for.
const maxServers = 1 << 20
