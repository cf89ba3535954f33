package scale

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"greenroom.dev/greenroom/internal/model"
)

// What consolidation is made of, beside a fleet's settings.
const (
	// mergeMargin is the part of a server's slots that stays free beyond every want when one is given up, so that a want
	// that breathes with the noise does not ask for it again.
	mergeMargin = 0.25
	// mergeRest is how long a server is left alone whose sessions did not move.
	mergeRest = 30 * time.Minute
	// mergeShare is the part of a drain's time within which a server's sessions must be movable at the fleet's pace.
	mergeShare = 4
)

// Donor is a server that is to be emptied by moving its sessions to the others.
type Donor struct {
	ID     model.ServerID
	Reason string
}

// spare is what there is beyond every want, after the empty servers that could go.
type spare struct {
	slots          int // free on serving servers
	living, usable int // servers
}

// consolidate marks the servers whose sessions would find room on the others with every want met, and names those that
// have been marked for long enough, as far as the pace lets them: the emptiest first, of those about as empty the ones on
// the machines with the fewest sessions, so that whole machines become free.
//
// It never asks for what start would undo: what is free afterwards is more than every want by a margin, and empty servers
// that may go are not filled for it.
func (d *Decision) consolidate(in *Input, x *weighing) {
	c, s := in.Spec.Scaling.Consolidation, x.spare
	if c == nil || len(x.census.serving) < 2 || x.census.coming > 0 || len(d.Opens)+len(d.Remove) > 0 {
		return
	}
	if float64(x.census.used()) >= c.Below*float64(x.census.slots) {
		return
	}
	s.slots -= margin(in) + tight(in, x.census)
	if s.living <= 0 || s.usable <= 0 || slices.ContainsFunc(in.Servers, func(v Server) bool { return v.Avoided }) {
		return
	}
	marked := make(map[model.ServerID]time.Time)
	var due []int
	for _, i := range x.census.serving {
		v := &in.Servers[i]
		if v.Sessions == 0 || !v.Movable || v.FreeSlots+v.Sessions > s.slots {
			continue
		}
		marked[v.ID] = in.Memory.since(in.Memory.Dispensable, v.ID, in.Now)
		settled := in.Now.Sub(v.FilledAt) >= c.MinStay && x.mem.Stuck[v.ID].IsZero()
		if settled && in.Now.Sub(marked[v.ID]) >= c.After && quickly(v.Sessions, c, in.Spec.Drain) {
			due = append(due, i)
		}
	}
	x.mem.Dispensable = marked
	if len(due) == 0 {
		return
	}
	d.give(in, x, s, due)
}

// give names the donors among those whose time has come.
func (d *Decision) give(in *Input, x *weighing, s spare, due []int) {
	c := in.Spec.Scaling.Consolidation
	onNode := make(map[string]int)
	merging := 0
	for i := range in.Servers {
		v := &in.Servers[i]
		if v.Node != "" && v.Stage != Leaving {
			onNode[v.Node] += v.Sessions
		}
		if v.Merging {
			merging += v.Sessions
		}
	}
	machine := func(v *Server) int {
		if v.Node == "" {
			return v.Sessions
		}
		return onNode[v.Node]
	}
	slices.SortFunc(due, func(a, b int) int {
		v, w := &in.Servers[a], &in.Servers[b]
		return cmp.Or(cmp.Compare(quarter(v), quarter(w)), cmp.Compare(machine(v), machine(w)),
			cmp.Compare(v.Sessions, w.Sessions), older(w, v))
	})
	left := in.Memory.MovesLeft(in.Now, c)
	var chosen []*Server
	for _, i := range due {
		v := &in.Servers[i]
		first := merging == 0 && left > 0
		if v.FreeSlots+v.Sessions > s.slots || s.living == 0 || s.usable == 0 || !first && merging+v.Sessions > left {
			break
		}
		s.slots -= v.FreeSlots + v.Sessions
		s.living--
		s.usable--
		merging += v.Sessions
		chosen = append(chosen, v)
	}
	if len(chosen) == 0 || !x.mayMerge(len(chosen), &d.Holds) {
		return
	}
	chosen = chosen[:x.allowed(len(chosen), model.ReasonConsolidation, &d.Holds)]
	for _, v := range chosen {
		d.Donors = append(d.Donors, Donor{v.ID, fmt.Sprintf("consolidation: room for its %s on %s, for %s now",
			model.Count(v.Sessions, "session"), model.Count(len(x.census.serving)-len(chosen), "other server"), c.After)})
	}
}

// quarter is how full a server is, in quarters.
func quarter(v *Server) int { return 4 * v.Sessions / max(1, v.Slots) }

// margin is how many slots stay free beyond every want.
func margin(in *Input) int {
	return max(1, roundUp(mergeMargin*float64(in.Spec.Capacity.Sessions)))
}

// tight is how many of the free slots no session of full size would find its seats in, where servers have fewer seats
// than their sessions together.
func tight(in *Input, c *census) (n int) {
	each := in.Spec.Capacity.SeatsPerSession
	for _, i := range c.serving {
		v := &in.Servers[i]
		if each > 0 && v.Seats > 0 {
			n += max(0, v.FreeSlots-max(0, v.Seats-v.Players)/each)
		}
	}
	return n
}

// quickly tells whether so many sessions are moved well before a drain's deadline, at the fleet's pace.
func quickly(sessions int, c *model.Consolidation, policy model.DrainPolicy) bool {
	takes := time.Duration(sessions) * time.Minute / time.Duration(max(1, c.MaxMovesPerMinute))
	return takes <= policy.Deadline/mergeShare
}

// mayMerge tells whether now is in one of the consolidation's own windows; a window that cannot be read is closed.
func (x *weighing) mayMerge(n int, holds *[]string) bool {
	why := x.closed(x.in.Spec.Scaling.Consolidation.Windows, "consolidation")
	if why != "" && n > 0 {
		*holds = append(*holds, fmt.Sprintf("would consolidate %s: %s", model.Count(n, "server"), why))
	}
	return why == ""
}

// takeBack names the servers that are being emptied for consolidation and are better kept: as many as are wanted again,
// since they serve at once and a new one would not; and all of them where consolidation is forbidden by now, or when they
// are not empty by the middle of their drain, so that no session is ever ended for it.
func (d *Decision) takeBack(in *Input, x *weighing) {
	var merging []int
	for i := range in.Servers {
		if in.Servers[i].Merging {
			merging = append(merging, i)
		}
	}
	if len(merging) == 0 {
		return
	}
	slices.SortFunc(merging, func(a, b int) int { // those with the most sessions first: the least was done for them
		v, w := &in.Servers[a], &in.Servers[b]
		return cmp.Or(cmp.Compare(w.Sessions, v.Sessions), older(v, w))
	})
	forbidden := x.forbidden()
	for _, i := range merging {
		v := &in.Servers[i]
		switch {
		case forbidden != "":
			d.takeOneBack(x, i, "consolidation is taken back: "+forbidden)
		case !in.Now.Before(v.MergeBy):
			d.takeOneBack(x, i, fmt.Sprintf("consolidation is taken back: %s left at the middle of the drain", model.Count(v.Sessions, "session")))
			x.mem.stuck(v.ID, in.Now)
		case d.Free < d.Need:
			d.takeOneBack(x, i, "consolidation is taken back, which is quicker than a new server: "+x.slotsReason(d.Free))
		case x.census.usable() < x.wantServers():
			d.takeOneBack(x, i, "consolidation is taken back, which is quicker than a new server: "+x.serversReason(x.census.usable(), "server"))
		}
	}
}

// forbidden says why nothing may be consolidated now; "" when it may.
func (x *weighing) forbidden() string {
	c := x.in.Spec.Scaling.Consolidation
	if c == nil {
		return "the fleet does not ask for it any more"
	}
	if why := x.outsideWindows(); why != "" {
		return why
	}
	return x.closed(c.Windows, "consolidation")
}

func (d *Decision) takeOneBack(x *weighing, i int, reason string) {
	v := &x.in.Servers[i]
	d.Back = append(d.Back, Donor{v.ID, reason})
	c := x.census
	c.serving = append(c.serving, i)
	c.living++
	c.gone--
	free := max(0, v.Slots-v.Sessions)
	c.free += free
	c.slots += v.Slots
	d.Free += free
	d.Need -= v.Sessions
}

// rested gives the servers whose sessions did not move, without those that were left alone for long enough.
func (m *Memory) rested(now time.Time) map[model.ServerID]time.Time {
	var out map[model.ServerID]time.Time
	for id, at := range m.Stuck {
		if ago := now.Sub(at); ago >= 0 && ago < mergeRest {
			if out == nil {
				out = make(map[model.ServerID]time.Time)
			}
			out[id] = at
		}
	}
	return out
}

// stuck notes that a server's sessions did not move; the map is the memory's own.
func (m *Memory) stuck(id model.ServerID, now time.Time) {
	if m.Stuck == nil {
		m.Stuck = make(map[model.ServerID]time.Time)
	}
	m.Stuck[id] = now
}

// Moved notes that n hand-overs for consolidation were begun at now.
func (m *Memory) Moved(now time.Time, n int) { m.moves = m.moves.add(now, n) }

// MovesLeft is how many more hand-overs for consolidation may begin at now.
func (m *Memory) MovesLeft(now time.Time, c *model.Consolidation) int {
	return max(0, c.MaxMovesPerMinute-m.moves.count(now))
}

// since is since when a server is marked. A mark that lies ahead was made before the clock was put back.
func (m *Memory) since(marks map[model.ServerID]time.Time, id model.ServerID, now time.Time) time.Time {
	if t, ok := marks[id]; ok && !t.After(now) {
		return t
	}
	return now
}
