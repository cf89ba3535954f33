// Package plan owns what the keeper of a fleet does next. Make is pure: it looks at the fleet's wish, at the servers the
// registry and the provider know, and at what it remembers from the last time, and gives a list of actions that leave
// nothing to choose when they are carried out, each with its reason in a sentence.
//
// A server is declared dead on evidence of two independent kinds only (rule I9): the provider saw its end; or the
// provider has not known it for MissingAfter and its link is silent. Silence alone, however long, cordons a server that
// may have sessions and no more.
package plan

import (
	"time"

	"greenroom.dev/greenroom/internal/decide/drain"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// Bounds of a plan, beside those of a fleet's spec.
const (
	// QuickDeath is the age below which a server's end counts as a failed start, which backs off.
	QuickDeath = 30 * time.Second
	// FirstBackOff is the pause after the first quick death; it doubles with each further one up to MaxBackOff.
	FirstBackOff = time.Second
	MaxBackOff   = time.Minute
	// ProbeAfter is the number of quick deaths in a row from which on servers are started one at a time.
	ProbeAfter = 2
	// MissingAfter is how long the provider must not know a silent server before it is dead.
	MissingAfter = 5 * time.Second
	// RecoveryGrace is how long servers that were found again after a restart of the control plane are waited for
	// before anything is started or opened in their place.
	RecoveryGrace = 5 * time.Second
	// StallAfter is the gap between two plans that makes the planner doubt itself and not the servers: silence is
	// counted from the later plan.
	StallAfter = 3 * time.Second
	// KeepDead and MaxDead bound the dead instances whose logs are kept.
	KeepDead = 10 * time.Minute
	MaxDead  = 20
)

// Verb is what an action does. The words are those of greenroom.v1.PlannedAction.
type Verb string

// Verbs.
const (
	Start     Verb = "start"     // a new server
	Open      Verb = "open"      // Ready → Open
	Cordon    Verb = "cordon"    // no new sessions: it is in doubt
	Uncordon  Verb = "uncordon"  // it reports again
	Drain     Verb = "drain"     // → Draining, with the action's Drain
	Undrain   Verb = "undrain"   // Draining → Open: the drain is taken back
	HandOver  Verb = "hand over" // the action's Sessions to other servers
	End       Verb = "end"       // the action's Sessions, at the drain's deadline
	Empty     Verb = "empty"     // → Empty
	Stop      Verb = "stop"      // tell the provider to stop it
	Stopped   Verb = "stopped"   // its instance ended as it should: → Stopped
	Unhealthy Verb = "unhealthy" // its instance ended otherwise: → Unhealthy, and its sessions find a new place
	Remove    Verb = "remove"    // drop the ended server from the registry
	Forget    Verb = "forget"    // drop the ended instance and its log from the provider
	Retire    Verb = "retire"    // the deleted fleet has no server left: it goes
	Avoid     Verb = "avoid"     // sessions come to it last
	Welcome   Verb = "welcome"   // and no longer last
	Prove     Verb = "prove"     // note that a server of the action's Revision was ready
	Halt      Verb = "halt"      // note why the upgrade to the action's Revision stopped by itself
	Thaw      Verb = "thaw"      // its sessions that were frozen before a restart go on
)

// Action is one thing to do. Carrying it out twice or late does no harm: it holds only for the generations it names.
type Action struct {
	Verb       Verb
	Server     model.ServerID   // "" for Retire, and for Start but of a static fleet's
	Generation model.Generation // of the server
	Revision   uint64           // for Start, Prove and Halt: of the fleet's template; 0: the present one
	Drain      *model.Drain     // for Drain
	Unused     bool             // for Drain: only if no session began on the server since
	Abandon    bool             // for Empty: players of sessions that moved off it may wait on it still
	Sessions   []drain.Session  // for HandOver and End
	Rejoin     bool             // for End: players are told to join again, not that it is over
	Reason     string
}

// Plan is what was seen, what is to be done, and what would be done if it were allowed.
type Plan struct {
	Facts   []string
	Actions []Action
	Holds   []string
	Answers []scale.Answer // what each policy, buffer and event asked for
	Boot    scale.Boot     // zero while nothing can be decided
	Size    Size
	Upgrade Upgrade // zero for a fleet without revisions
}

// Instance is what the provider knows of a server.
type Instance struct {
	ID       model.ServerID
	Running  bool
	Stopping bool   // it was told to stop
	Exit     string // how it ended, "" when nobody saw it
	Doubt    string // why the provider thinks that it does not serve, "" when it does
	// BareAt is when the server said last that it has no session; zero: it did not, or has said otherwise since.
	BareAt time.Time
}

// IdleSession is a session of a server without a link, which does not say when it ends.
type IdleSession struct {
	drain.Session
	JoinedAt time.Time // the last join
}

// Moves is what is being carried out for the sessions of a draining server.
type Moves struct {
	InFlight int
	LastAt   time.Time // end of the last hand-over; zero for none
}

// Input is all that a plan depends on. Make changes nothing in it.
type Input struct {
	Now       time.Time
	Fleet     model.Fleet    // its Spec with defaults
	Servers   []model.Server // of this fleet, by ID
	Instances []Instance     // of this fleet
	// Sessions are those of draining servers.
	Sessions map[model.ServerID][]drain.Session
	Moves    map[model.ServerID]Moves
	// Idle are those of a static fleet's servers without a link.
	Idle map[model.ServerID][]IdleSession
	// Homeless counts the fleet's sessions that lost their server and have no new one yet.
	Homeless int
	// Waiting counts the joins that wait for room on this fleet.
	Waiting int
	// Outlook is what is known of the fleet beside its servers.
	Outlook scale.Outlook
	// FreeElsewhere counts session slots on other fleets that this fleet's sessions may move to.
	FreeElsewhere int
	// Found says when servers that have not greeted since were found again after a restart of the control plane.
	Found map[model.ServerID]time.Time
	// FoundBy is until when servers of all fleets that were found again and not heard of are waited for; not after Now: there
	// are none.
	FoundBy time.Time
	// Frozen are servers that were found again and heard of. An earlier control plane may have frozen sessions on them, which
	// were not told to go on yet.
	Frozen map[model.ServerID]bool
	// Leaving are the machines that go away, by name.
	Leaving map[string]model.NodeLeave
	// Revisions are the fleet's templates, the present one first, then those used last.
	Revisions []model.FleetRevision
	// NoNode says why no server can be started at all for now; "": one can, as far as is known.
	NoNode string
	// Busy are servers whose start is being carried out: that the provider does not know them yet means nothing.
	Busy  map[model.ServerID]bool
	State State
	// Sheet is what the plan is reckoned on; nil: a new one.
	Sheet *Sheet
}

// Sheet is memory that the plans of a fleet are reckoned on, one after the other: a large fleet's would be thrown away
// each time. Its zero value is ready. Nothing of a plan is on it once the plan is made.
type Sheet struct {
	capacity []scale.Server
	planner  planner
	scale    scale.Sheet
	said     sentences
}

// State is what a fleet's planner remembers between two plans. Its zero value is that of a planner that just started.
type State struct {
	PlannedAt time.Time
	AwakeAt   time.Time // start of the planner's present run of plans without a stall
	BackOff   BackOff
	Scale     scale.Memory
	Trial     Trial
	Missing   map[model.ServerID]time.Time // unknown to the provider, since when
	Counted   map[model.ServerID]bool      // deaths that the back-off knows
	DeadSince map[model.ServerID]time.Time // ended instances, by when this was first seen
}

// Make gives the plan, and the state to be given to the next one.
func Make(in Input) (Plan, State) {
	p := newPlanner(in)
	defer func() { *p = planner{} }()
	p.beginUpgrade()
	for i := range in.Servers {
		p.judge(&in.Servers[i])
	}
	p.backOff()
	p.judgeTrial()
	p.drains()
	p.endIdle()
	if in.Fleet.Deleted {
		p.plan.Size = Size{Known: true}
		p.retire()
	} else {
		p.scale()
	}
	p.avoidances()
	p.forget()
	p.thaw()
	p.progress()
	p.facts()
	return p.plan, p.next
}
