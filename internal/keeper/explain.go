package keeper

import (
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/decide/plan"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// ok is the result of an action that went well.
const ok = "ok"

// Explanation is what a fleet's keeper last saw, did and held back, and why.
type Explanation struct {
	Fleet     model.FleetName
	PlannedAt time.Time // zero before the first plan
	Facts     []string
	Actions   []Action // of the last plan that did more than clear away what had ended
	Holds     []string
	Answers   []scale.Answer // what each policy, buffer and event asked for; their Numbers are shared and not to be changed
	Boot      scale.Boot     // how long servers take; zero before it could be reckoned
	Size      plan.Size
	History   []Decision // newest first, at most MaxHistory
}

// Action is one action of a plan with what became of it.
type Action struct {
	At     time.Time
	Verb   plan.Verb
	Server model.ServerID // "" for Retire
	Reason string
	Result string // "" while it is under way, then "ok" or the error's sentence
}

// Decision is what a plan did for one reason, for the feed. Removing and forgetting what has ended is not worth a line.
type Decision struct {
	At       time.Time
	Verb     plan.Verb
	Servers  []model.ServerID
	Reason   string
	Sentence string // "opened 2 servers: 3 free session slots, buffer 5"
	Result   string // "" while an action is under way, then "ok" or the first error's sentence
}

// told is an action in the making of an explanation.
type told struct {
	Action
	sessions int      // of a hand over or an end
	done     int      // of them
	failed   string   // the first error of one
	part     *decided // nil for what is not worth a line
}

// decided is a decision in the making.
type decided struct {
	at      time.Time
	actions []*told
	open    int // of them, without a result
}

// Explain answers a copy of the fleet's explanation, false for a fleet that is not kept here.
func (k *Keeper) Explain(name model.FleetName) (Explanation, bool) {
	k.mu.Lock()
	f := k.fleets[name]
	k.mu.Unlock()
	if f == nil {
		return Explanation{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e := Explanation{
		Fleet: name, PlannedAt: f.plannedAt, Facts: slices.Clone(f.facts), Holds: slices.Clone(f.holds), Size: f.size,
		Answers: slices.Clone(f.answers), Boot: f.boot,
	}
	for _, a := range f.actions {
		e.Actions = append(e.Actions, a.Action)
	}
	for i := len(f.history) - 1; i >= 0; i-- {
		e.History = append(e.History, f.history[i].decision())
	}
	return e, true
}

// Size answers what the fleet's last plan makes of its number of servers, and when that was; not known for a fleet that is
// not kept here. It costs far less than Explain.
func (k *Keeper) Size(name model.FleetName) (plan.Size, time.Time) {
	k.mu.Lock()
	f := k.fleets[name]
	k.mu.Unlock()
	if f == nil {
		return plan.Size{}, time.Time{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size, f.plannedAt
}

// explain takes a new plan into the explanation and gives its actions, whose results are still to come.
func (f *fleet) explain(now time.Time, p plan.Plan) []*told {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plannedAt, f.facts, f.holds, f.size, f.answers, f.boot = now, p.Facts, p.Holds, p.Size, p.Answers, p.Boot
	f.upgrade = p.Upgrade
	actions := make([]*told, 0, len(p.Actions))
	worthALine := false
	for _, a := range p.Actions {
		actions = append(actions, &told{
			Action:   Action{At: now, Verb: a.Verb, Server: a.Server, Reason: a.Reason},
			sessions: len(a.Sessions),
		})
		worthALine = worthALine || !tidies(a.Verb)
	}
	if worthALine {
		f.actions = actions
		f.remember(now)
	}
	return actions
}

// tidies tells whether a verb only clears away what has ended, or only notes something.
func tidies(v plan.Verb) bool {
	return v == plan.Remove || v == plan.Forget || v == plan.Prove || v == plan.Thaw
}

// remember adds the plan's actions to the history, those of one verb and reason together.
func (f *fleet) remember(now time.Time) {
	var last *decided
	for _, a := range f.actions {
		if tidies(a.Verb) {
			continue
		}
		if last == nil || last.actions[0].Verb != a.Verb || last.actions[0].Reason != a.Reason {
			last = &decided{at: now}
			f.history = append(f.history, last)
		}
		last.actions, last.open, a.part = append(last.actions, a), last.open+1, last
	}
	if extra := len(f.history) - MaxHistory; extra > 0 {
		f.history = slices.Delete(f.history, 0, extra)
	}
}

// cannot says that no plan could be made.
func (f *fleet) cannot(now time.Time, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plannedAt, f.facts, f.holds, f.size = now, nil, []string{"no plan could be made: " + err.Error()}, plan.Size{}
	f.answers = nil
}

// elsewhere says that another keeper has the fleet.
func (f *fleet) elsewhere(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plannedAt, f.facts, f.holds, f.actions = now, []string{"another Greenroom keeps this fleet"}, nil, nil
	f.size, f.answers = plan.Size{}, nil
}

// named notes the name of a server that is being started.
func (f *fleet) named(a *told, id model.ServerID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a.Server = id
}

// result notes how an action ended, and tells of its decision when it was the last of it.
func (f *fleet) result(a *told, err error) {
	f.mu.Lock()
	a.Result = ok
	if err != nil {
		a.Result = err.Error()
	}
	f.ended(a)
}

// sessionResult notes how one of an action's sessions fared.
func (f *fleet) sessionResult(a *told, ref model.SessionRef, err error) {
	f.mu.Lock()
	if err != nil && a.failed == "" {
		a.failed = ref.String() + ": " + err.Error()
	}
	if a.done++; a.done < a.sessions {
		f.mu.Unlock()
		return
	}
	a.Result = ok
	if a.failed != "" {
		a.Result = a.failed
	}
	f.ended(a)
}

// ended tells of a decision when its last action has a result. It gives f.mu back before.
func (f *fleet) ended(a *told) {
	var d Decision
	if a.part != nil {
		a.part.open--
		if a.part.open == 0 {
			d = a.part.decision()
		}
	}
	f.mu.Unlock()
	if d.Verb != "" && f.tell != nil {
		f.tell(f.name, d)
	}
}
