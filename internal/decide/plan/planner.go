package plan

import (
	"slices"
	"strings"
	"time"

	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/model"
)

// planner is one plan in the making.
type planner struct {
	in   Input
	at   int  // in in.Instances, behind the one that was asked for last
	byID bool // they are by ID; false: not known
	plan Plan
	next State

	capacity   []scale.Server
	decision   scale.Decision
	draining   []*model.Server // alive
	newDead    int             // quick deaths seen for the first time
	steady     bool            // a server that was started after the last death has proved itself
	waitingFor int             // found-again servers within their grace
	doubtful   int
	lost       int // sessions on servers whose instance has ended
	noticed    int // sessions on servers whose drain begins in this plan because of their machine
	merged     int // hand-overs that begin in this plan for consolidation

	up      *upgrade                  // nil: the fleet has one template
	lastEnd string                    // how a server of the present template ended
	avoided map[model.ServerID]string // why
	given   int                       // slots promised to sessions of draining servers
}

func newPlanner(in Input) *planner {
	if in.Sheet == nil {
		in.Sheet = &Sheet{}
	}
	in.Sheet.capacity = slices.Grow(in.Sheet.capacity[:0], len(in.Servers))
	p := &in.Sheet.planner
	*p = planner{in: in, capacity: in.Sheet.capacity}
	p.next = State{
		PlannedAt: in.Now,
		AwakeAt:   in.State.AwakeAt,
		BackOff:   in.State.BackOff,
		Scale:     in.State.Scale,
	}
	if in.State.PlannedAt.IsZero() || in.Now.Sub(in.State.PlannedAt) > StallAfter {
		p.next.AwakeAt = in.Now
	}
	return p
}

func byID(a, b Instance) int { return strings.Compare(string(a.ID), string(b.ID)) }

// instance is what the provider knows of a server. Servers are asked for in their order, so that the next instance is
// nearly always the one.
func (p *planner) instance(id model.ServerID) (i Instance, known bool) {
	if p.at >= len(p.in.Instances) || p.in.Instances[p.at].ID != id {
		if p.at, known = slices.BinarySearchFunc(p.instances(), Instance{ID: id}, byID); !known {
			return Instance{}, false
		}
	}
	p.at++
	return p.in.Instances[p.at-1], true
}

// instances are all of them, by ID.
func (p *planner) instances() []Instance {
	if !p.byID && !slices.IsSortedFunc(p.in.Instances, byID) {
		p.in.Instances = slices.SortedFunc(slices.Values(p.in.Instances), byID)
	}
	p.byID = true
	return p.in.Instances
}

// act adds an action on a server.
func (p *planner) act(v Verb, s *model.Server, reason string) {
	p.plan.Actions = append(p.plan.Actions, Action{Verb: v, Server: s.ID, Generation: s.Generation, Reason: reason})
}

func (p *planner) hold(sentence string) { p.plan.Holds = append(p.plan.Holds, sentence) }

// count notes what a server gives to the fleet's capacity.
func (p *planner) count(s *model.Server, stage scale.Stage) {
	if stage == scale.Doubtful {
		p.doubtful++
	}
	players := s.SeatsReserved + s.SeatsClaimed
	c := scale.Server{
		ID: s.ID, Stage: stage, FreeSlots: freeSlots(s), Slots: s.SessionCapacity, Sessions: s.Sessions,
		Active: s.SessionsActive, Players: players, Seats: s.SeatCapacity, Load: s.Load,
		Empty: s.Sessions == 0 && players == 0, CreatedAt: s.CreatedAt, FilledAt: s.FilledAt, Node: s.Node,
		Movable: s.Linked && !s.Linkless, Avoided: s.Avoided, Merging: merges(s), MergeBy: mergeBy(s),
	}
	p.marks(s, &c)
	p.capacity = append(p.capacity, c)
}

// freeSlots is how many further sessions would each find their share of the server's seats.
func freeSlots(s *model.Server) int {
	free := s.FreeSlots()
	if s.SeatCapacity <= 0 {
		return free
	}
	seats := max(0, s.SeatCapacity-s.SeatsReserved-s.SeatsClaimed)
	return min(free, seats*s.SessionCapacity/s.SeatCapacity)
}

// silence is how long nothing was heard of a server that is expected to report; 0 for one that never has a link.
func (p *planner) silence(s *model.Server) time.Duration {
	if s.Linkless {
		return 0
	}
	heard := model.Later(s.ReportedAt, model.Later(s.CreatedAt, p.next.AwakeAt))
	return max(0, p.in.Now.Sub(heard))
}
