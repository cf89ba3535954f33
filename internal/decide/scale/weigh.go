package scale

import (
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// weighing is one decision's answers in the making, and which of them count.
type weighing struct {
	in      *Input
	census  *census
	before  *Memory // of the last decision
	mem     Memory  // of this one
	windows map[model.Window]timed

	horizon time.Duration // until a server that is started now can be used
	pace    pace
	waiting float64 // sessions that joins wait for
	spare   spare
	slow    float64 // of the policy that is being asked

	answers              []Answer
	free, servers, ready int      // indices of the answers that decide; -1: none asks for it
	silent               []string // policies that have never spoken
}

// weigh asks everybody.
func (x *weighing) weigh(in *Input, c *census) {
	*x = weighing{in: in, census: c, before: &in.Memory, mem: in.Memory, free: -1, servers: -1, ready: -1}
	x.look()
	x.base()
	for i := range in.Spec.Scaling.Policies {
		x.slow = 0
		x.add(x.ask(&in.Spec.Scaling.Policies[i]))
	}
	x.events()
	for _, i := range [...]int{x.free, x.servers, x.ready} {
		if i >= 0 {
			x.answers[i].Decides = true
		}
	}
}

// look takes what can be seen into the memory.
func (x *weighing) look() {
	in, c := x.in, x.census
	x.mem.at, x.mem.Surplus, x.mem.Dispensable = in.Now, nil, nil
	x.mem.Stuck = x.before.rested(in.Now)
	if x.mem.awake.IsZero() || in.Now.Before(x.mem.awake) {
		x.mem.awake = in.Now
	}
	x.mem.wants = make(wants, 0, len(in.Spec.Scaling.Policies))
	x.windows = nil
	x.mem.boot(in)
	x.horizon = horizon(x.mem.boots, c.oldestComing, in.Spec.StartTimeout)
	perSession := 1.0
	if c.sessions > 0 {
		perSession = max(1, float64(c.players)/float64(c.sessions))
	}
	x.waiting = float64(in.Waiting) / perSession
	x.mem.demand.see(in.Now, in.Outlook.Begun, in.Waiting, perSession, x.held())
	x.pace = x.mem.demand.pace()
}

// ask gives one policy's answer.
func (x *weighing) ask(p *model.Policy) Answer {
	switch {
	case p.Buffer != nil:
		return x.buffer(p)
	case p.Occupancy != nil:
		return x.occupancy(p)
	case p.ActiveSessions != nil:
		return x.activeSessions(p)
	case p.Load != nil:
		return x.load(p)
	case p.Schedule != nil:
		return x.schedule(p)
	case p.External != nil:
		return x.external(p)
	case p.Forecast != nil:
		return x.forecast(p)
	case p.Trend != nil:
		return x.trend(p)
	}
	return Answer{Name: p.Name, Reason: "a policy of no kind asks for nothing"}
}

// base adds what every fleet has.
func (x *weighing) base() {
	in := x.in
	x.add(Answer{
		Name: "buffers", Free: in.Spec.Open, Ready: in.Spec.Ready,
		Reason: buffersReason(&in.Spec),
	})
	if in.Waiting > 0 {
		x.add(Answer{Name: "waiting", Free: in.Waiting, Reason: model.Count(in.Waiting, "join") + " waiting"})
	}
	if in.Rehome > 0 {
		x.answers = append(x.answers, Answer{
			Name: "re-home", Free: in.Rehome, Decides: true,
			Reason: model.Count(in.Rehome, "session") + " to re-home, beside whatever else is wanted free",
		})
	}
	if in.Spec.Min > 0 {
		x.answers = append(x.answers, Answer{
			Name: "minimum", Servers: in.Spec.Min, Reason: "never fewer than " + model.Count(in.Spec.Min, "server"),
		})
	}
}

func buffersReason(spec *model.FleetSpec) string {
	var room [80]byte
	s := append(model.AppendCount(room[:0], spec.Open, "slot"), " kept free, "...)
	return string(append(model.AppendCount(s, spec.Ready, "server"), " kept ready"...))
}

// add takes an answer in; of equal ones the first counts.
func (x *weighing) add(a Answer) {
	i := len(x.answers)
	x.answers = append(x.answers, a)
	larger := func(by *int, of func(*Answer) int) {
		if of(&a) > 0 && (*by < 0 || of(&a) > of(&x.answers[*by])) {
			*by = i
		}
	}
	larger(&x.free, func(a *Answer) int { return a.Free })
	larger(&x.servers, func(a *Answer) int { return a.Servers })
	larger(&x.ready, func(a *Answer) int { return a.Ready })
	if a.Kind != "" && a.Kind != "event" {
		spoke := a.Holds == "" || x.before.wants.of(a.Name).spoke
		x.mem.wants = append(x.mem.wants, want{a.Name, spoke, a.Servers, a.Free, a.Ready, x.slow})
	}
}

// holds is the answer of a policy that cannot say: what it last asked for. One that has not spoken since the memory began
// forbids to take anything away, for SilenceLimit.
func (x *weighing) holds(p *model.Policy, why string) Answer {
	last := x.before.wants.of(p.Name)
	a := Answer{Name: p.Name, Kind: p.Kind(), Servers: last.servers, Free: last.free, Ready: last.ready, Holds: why}
	a.Reason = "holds what it last asked for: " + why
	if !last.spoke {
		a.Reason = "cannot say: " + why
		x.silent = append(x.silent, p.Name)
	}
	return a
}

// SilenceLimit is how long a policy that has never spoken forbids to take servers away.
const SilenceLimit = 5 * time.Minute

func (x *weighing) need() int { return x.wantFree() + x.in.Rehome }

func (x *weighing) wantFree() int {
	if x.free < 0 {
		return 0
	}
	return x.answers[x.free].Free
}

func (x *weighing) wantServers() int {
	if x.servers < 0 {
		return 0
	}
	return x.answers[x.servers].Servers
}

func (x *weighing) wantReady() int {
	if x.ready < 0 {
		return 0
	}
	return x.answers[x.ready].Ready
}

// remember gives the memory for the next decision.
func (x *weighing) remember() Memory {
	x.mem.windows = x.windows
	return x.mem
}
